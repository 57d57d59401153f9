"""A batch that is killed again and again while two processes work at it: is every row bought once?

    storm = Storm(folder, server.env, 12, made, ask)
    storm.rage([0.8, 1.1])
    ask(*storm.words)
    assert storm.faults(made_of_all) == []

After each kill every submission whose outcome is unknown is settled as its user would, who looks at
the provider's own list: `recover --adopt` where there is a task of that row, else `--discard`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

PROVIDER = "seedance2ink"
_ARRIVES = 0.3
"""Seconds in which what a killed process has sent reaches the provider."""
_PATIENCE = 600.0


@dataclass(slots=True)
class Storm:
    """A file of rows, and the processes that work at it."""

    folder: Path
    env: Mapping[str, str]
    """Of the provider."""
    rows: int
    made: Callable[[str], str | None]
    """The task that the provider made of a row."""
    ask: Callable[..., str]
    """Runs the program to its end, by its words; its stdout."""
    options: tuple[str, ...] = ()
    machines: tuple[Mapping[str, str], ...] = ({},)
    """Of each, what its processes' environment has besides; they take turns."""
    kills: int = 0
    """Processes that were killed while they ran."""
    unknown: int = 0
    """Submissions that had to be settled."""
    _started: int = 0
    _begun: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "storm.csv").open("w", encoding="utf-8") as file:
            file.write("id,prompt,duration,resolution,metadata.row,_note\n")
            for key in self.keys:
                file.write(f"{key},a boat,4,480p,{key},of {key}\n")

    @property
    def keys(self) -> list[str]:
        """The ids of the rows."""
        return [f"r{number:05}" for number in range(self.rows)]

    @property
    def words(self) -> tuple[str, ...]:
        """The command."""
        file = str(self.folder / "storm.csv")
        results = str(self.folder / "storm.jsonl")
        return ("batch", file, "-p", PROVIDER, "--yes", "--results", results, *self.options)

    def start(self) -> subprocess.Popen[bytes]:
        """One process at the batch."""
        machine = self.machines[self._started % len(self.machines)]
        self._started += 1
        return subprocess.Popen(
            [sys.executable, "-m", "seedance_cli", *self.words],
            cwd=self.folder,
            env={**os.environ, **self.env, **machine},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def rage(self, pauses: Sequence[float]) -> None:
        """Keep two processes at work, and kill the older one after each pause."""
        self._begun = [self.start(), self.start()]
        for number, pause in enumerate(pauses, 1):
            time.sleep(pause)
            victim = self._begun.pop(0)
            victim.send_signal(signal.SIGKILL)
            self.kills += victim.wait() == -signal.SIGKILL
            self.settle()
            if number < len(pauses):
                self._begun.append(self.start())
        for process in self._begun:
            process.wait(_PATIENCE)

    def settle(self) -> None:
        """Settle every unknown outcome by what the provider made."""
        time.sleep(_ARRIVES)
        for row in json.loads(self.ask("recover", "--json")):
            self.unknown += 1
            task = self.made(row["row"])
            if task is None:
                self.ask("recover", "--discard", row["intent"])
            else:
                self.ask("recover", "--adopt", row["intent"], task)

    def results(self) -> list[dict[str, Any]]:
        """The file of the results."""
        text = (self.folder / "storm.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def faults(self, made: Iterable[str]) -> list[str]:
        """What is not as promised.

        Args:
            made: the row of each task that the provider has.
        """
        counts = Counter(made)
        found = [f"{key}: {counts[key]} tasks" for key in self.keys if counts[key] != 1]
        found += [f"a task of {key!r}" for key in counts if key not in self.keys]
        lines = self.results()
        if [line["id"] for line in lines] != self.keys:
            found.append("the results have other rows")
        for line in lines:
            path = line["file"] and self.folder / line["file"]
            if line["status"] != "succeeded" or not path or not path.is_file():
                found.append(f"{line['id']} is {line['status']}, {line['file']}")
        files = len(list((self.folder / "storm").iterdir()))
        if files != self.rows:
            found.append(f"{files} files for {self.rows} rows")
        return found
