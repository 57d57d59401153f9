"""A key that is missing, or cannot be had, is told of once, however many tasks need it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.ledger.record import Ledger
from support import ledgers

if TYPE_CHECKING:
    from support.fake_clock import FakeClock
    from support.runner import Run

COMMAND = '[profiles.default.providers.runbase]\napi_key_command = ["false"]\n'


def configure(text: str) -> None:
    """Write `config.toml`."""
    place = Path(os.environ["SEEDANCE_CONFIG"])
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    place.chmod(0o600)


@pytest.mark.parametrize("config", ["", COMMAND], ids=["none", "a command that fails"])
@pytest.mark.parametrize(
    "words", [["wait"], ["status"], ["wait", "runbase:t1", "runbase:t2", "runbase:t3"]]
)
def test_a_key_is_missed_once(run: Run, clock: FakeClock, words: list[str], config: str) -> None:
    """Exit 3; how many more tasks need it is one line."""
    configure(config)
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        for task in ("t1", "t2", "t3"):
            ledgers.submit(ledger, task, endpoint="https://runbase.net/api/v1")
    result = run(*words, clock=clock)
    assert (result.code, result.out) == (3, "")
    assert result.err.count("error:") == 1, result.err
    assert result.err.count("2 more tasks need that key") == 1


def test_a_command_that_gives_no_key_is_no_refusal(run: Run, clock: FakeClock) -> None:
    """No provider was asked."""
    configure(COMMAND)
    for form in ((), ("--json",)):
        result = run("providers", "--check", "runbase", *form, clock=clock)
        assert result.code == 3
        assert ("no usable key" in result.out) is not bool(form)
        assert "refused" not in result.out + result.err
    assert result.json[0]["check"]["state"] == "unusable"
