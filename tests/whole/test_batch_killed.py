"""A batch that is killed at any moment, any number of times, by several processes (fault 50).

The long form is `benchmarks/batch.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.batches import PROVIDER, Storm
from support.scripted_provider import ScriptedProvider, done

if TYPE_CHECKING:
    from seedance_cli.ledger import SharedLedger
    from support.runner import Run


@pytest.mark.parametrize("ledger", ["sqlite", pytest.param("postgres", marks=pytest.mark.full)])
def test_fault_50_killed_by_two_processes_every_row_is_bought_once(
    run: Run, server: ScriptedProvider, request: pytest.FixtureRequest, ledger: str
) -> None:
    """A task, a file and a line of the results for each row, and not one task more.

    With a ledger on a server the two are on two machines.
    """
    server.unscripted = done()
    env = server.env(PROVIDER)
    machines: tuple[dict[str, str], ...] = ({},)
    if ledger == "postgres":
        shared: SharedLedger = request.getfixturevalue("shared")
        env["SEEDANCE_LEDGER"] = shared.url.reveal()
        machines = ({}, {"SEEDANCE_STATE_DIR": str(shared.folder.with_name("other"))})

    def bought() -> dict[str, str]:
        return {body["metadata"]["row"]: task for task, body in server.bodies.items()}

    storm = Storm(
        Path.cwd(),
        {name: value for name, value in env.items() if value is not None},
        12,
        lambda row: bought().get(row),
        lambda *words: run(*words, env=env).out,
        machines=machines,
    )
    storm.rage([1.2, 0.8])
    assert run(*storm.words, env=env).code == 0
    assert storm.faults(body["metadata"]["row"] for body in server.bodies.values()) == []
