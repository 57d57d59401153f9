"""Disturbs a paid submit at every place after `sending`, one place a run, and says what was left.

`sweep_launcher` is the process that forks the runs.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState
from support.counting_provider import MODEL, PROVIDER
from support.fake_clock import FakeClock
from support.runner import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seedance_cli.models import Submission
    from support.counting_provider import CountingProvider

APART = 0.6
"""Seconds between two signals that count as two (contract, 6.8)."""


@dataclass(frozen=True, slots=True)
class Way:
    """How the runs of one sweep are disturbed."""

    options: tuple[str, ...] = ()
    """Of `generate`."""
    signals: tuple[int, ...] = ()
    """One or two. None: an unforeseen error instead."""
    gap: int = 1
    """Calls and returns of functions between the two signals."""
    apart: float = APART
    """Seconds that seem to pass between them."""
    full: bool = False
    """Whether the ledger cannot take the id."""
    since: str = "accept"
    """The step of the ledger's from which on they are disturbed."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one run left."""

    at: int
    result: Result
    made: list[str]
    """Ids of the tasks that the provider made of it."""
    rows: list[Submission]
    seen: list[str]
    """The places that were counted, `file:line`; of an undisturbed run."""
    told: bool
    """Whether the ledger knows that the ref was told."""

    def faults(self, way: Way) -> list[str]:
        """Whatever is not as the contract promises (6.1, 6.3, 6.8, sections 4 and 5)."""
        found = [*self._ended(way), *(self._bought(way) if self.made else self._not_sent())]
        return [f"at {self.at}: {fault}; {self.result}" for fault in found]

    def _ended(self, way: Way) -> Iterator[str]:
        allowed = {0, 8, 9, 10} if self.made else set()
        if self.result.code not in allowed | {128 + one for one in way.signals[:1]}:
            yield f"exit {self.result.code}"
        if ("Traceback" in self.result.err) > (not way.signals):
            yield "a traceback"
        if len(self.made) > 1 or len(self.rows) != 1:
            yield f"{len(self.made)} tasks, {len(self.rows)} rows"

    def _not_sent(self) -> Iterator[str]:
        for row in self.rows:
            if row.state not in {IntentState.NOT_SENT, IntentState.PREPARED}:
                yield f"nothing was sent, and the row is {row.state}"

    def _bought(self, way: Way) -> Iterator[str]:
        result, ref = self.result, f"{PROVIDER}:{self.made[0]}"
        on_a_stream = ref in (*result.out.split(), *result.err.split())
        if not on_a_stream:
            yield "the ref is on no stream"
        if self.told != on_a_stream and (self.told or way.signals):
            yield f"the ledger's word on whether it was told is {self.told}"
        wanted = (IntentState.UNKNOWN, None) if way.full else (IntentState.ACCEPTED, ref)
        for row in self.rows:
            taken = (row.state, row.ref)
            # An error that is met while the ledger takes the id is one of a ledger that cannot.
            adopt = not way.signals and f"--adopt {row.intent} {ref}" in result.err
            if taken != wanted and not (adopt and row.state is IntentState.UNKNOWN):
                yield f"the row is {row.state} {row.ref}"
            if "--json" in way.options:
                yield from self._json(ref, row.intent)
        if result.code and "seedance wait" not in result.err and "--adopt" not in result.err:
            yield "no way back is told"

    def _json(self, ref: str, intent: str | None) -> Iterator[str]:
        if not self.result.out or self.result.json["ref"] != ref:
            yield "the document has another ref"
        if self.result.code:
            lines = self.result.err.splitlines()
            if not lines or not lines[-1].startswith('{"error": '):
                yield "the last line of stderr is no JSON"
                return
            error = self.result.error
            if (error["retry_safe"], error["ref"]) != (False, ref):
                yield "the error line says that it is safe to pay again"
            if (error["intent"], error["exit_code"]) != (intent, self.result.code):
                yield "the error line has another intent or code"


class Sweep:
    """The runs at one provider. A context manager."""

    def __init__(self, folder: Path, provider: CountingProvider) -> None:
        """Start the launcher.

        Args:
            folder: empty; each run gets a folder in it.
            provider: counts.
        """
        self._folder = folder
        self._provider = provider
        self._number = 0
        launcher = Path(__file__).with_name("sweep_launcher.py")
        root = launcher.parents[2]
        self._launcher = subprocess.Popen(
            [sys.executable, "-X", "faulthandler=0", str(launcher)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join((str(root), str(launcher.parents[1]))),
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._launcher as launcher:
            assert launcher.stdin is not None
            launcher.stdin.close()
            launcher.wait(60)

    def run(self, way: Way, at: int) -> Swept:
        """One run, disturbed at the line, or the call, of this number; 0: not at all."""
        self._number += 1
        folder = self._folder / f"run-{self._number}"
        folder.mkdir()
        prompt = f"a boat, number {self._number}"
        job = {
            "argv": ["generate", prompt, "-p", PROVIDER, "-m", MODEL, *way.options],
            "env": {
                **self._provider.env,
                "HOME": str(folder),
                "SEEDANCE_STATE_DIR": str(folder / "state"),
                "SEEDANCE_CONFIG": str(folder / "config" / "config.toml"),
            },
            "signals": [int(one) for one in way.signals],
            "error": not way.signals,
            "at": at,
            "gap": way.gap,
            "apart": way.apart,
            "full": way.full,
            "since": way.since,
            **{name: str(folder / name) for name in ("out", "err", "seen")},
        }
        code = self._ask(job)
        out, err = ((folder / name).read_bytes() for name in ("out", "err"))
        self._provider.settle()
        with Ledger.open(folder / "state", FakeClock(), create=False) as ledger:
            rows = ledger.rows(all_states=True)
        with closing(sqlite3.connect(folder / "state" / "ledger.db")) as db:
            told = [bool(one) for (one,) in db.execute("SELECT told FROM intents")]
        seen = folder / "seen"
        return Swept(
            at,
            Result(code, out.decode(), err.decode("utf-8", "replace"), out, err),
            self._provider.made(prompt),
            rows,
            seen.read_text().splitlines() if seen.exists() else [],
            told == [True],
        )

    def faults(self, way: Way, places: Sequence[int]) -> list[str]:
        """What is wrong after a run at each of these places."""
        return [fault for at in places for fault in self.run(way, at).faults(way)]

    def _ask(self, job: dict[str, Any]) -> int:
        assert self._launcher.stdin is not None
        assert self._launcher.stdout is not None
        self._launcher.stdin.write(json.dumps(job) + "\n")
        self._launcher.stdin.flush()
        return int(self._launcher.stdout.readline())
