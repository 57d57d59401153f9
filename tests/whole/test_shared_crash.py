"""A submit to a shared ledger that is struck at any statement: nothing lost, nothing paid twice.

`benchmarks/shared_crash.py` is the long form with a table.
"""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

import pytest

from support import farm
from support.counting_provider import CountingProvider
from support.postgres import running
from support.runner import in_process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


def here(words: Sequence[str], env: Mapping[str, str]) -> tuple[int, str]:
    """Ask in this process, which is another one than the one that was struck."""
    result = in_process(*words, env=env)
    return result.code, result.out


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[farm.Farm]:
    """Two machines, a server and a provider."""
    with CountingProvider() as provider, running() as server:
        yield farm.Farm(tmp_path, server, provider, here)


def strike_all(machines: farm.Farm, blows: Sequence[farm.Blow]) -> list[farm.Left]:
    """Strike; nothing is lost, nothing is paid for twice, nothing else is amiss."""
    found = [machines.strike(blow) for blow in blows]
    assert [one for one in found if one.lost or one.second or one.wrong] == []
    return found


def test_fault_55_struck_around_the_post(machines: farm.Farm) -> None:
    """The process, its session or the server: every task is known, and none is bought twice."""
    strike_all(machines, [farm.Blow("process", 36), farm.Blow("server", 19)])


@pytest.mark.full
def test_fault_55_struck_at_many_moments(machines: farm.Farm) -> None:
    """The same more often."""
    statements, seconds = machines.measure()
    found = strike_all(machines, farm.blows(statements, seconds, 40, random.Random(7)))
    assert any(one.tasks for one in found)
    assert any(one.unknown for one in found)
