"""Answers that came while the shared ledger was away: files of this machine, until it is back.

What a provider answered to a paid request is known to nobody else. Each file holds one intent's
answer, is written whole and durable, and goes away once the ledger has it.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.ledger.learned import read
from seedance_cli.ledger.rows import read_task, task_columns
from seedance_cli.ledger.stored import dump, parsed, text
from seedance_cli.models import IntentState
from seedance_cli.system import check_ours, files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seedance_cli.ledger.learned import Learned
    from seedance_cli.models import JsonObject, Task
    from seedance_cli.system import Clock

FOLDER = "answers"
"""Below the state folder."""
_NAME = re.compile(r"[0-9a-f]{32}\.json")
_MOST = 1 << 20


class LateAnswer(NamedTuple):
    """What became of an intent."""

    intent: str
    state: IntentState
    """`accepted`, with a task; or as `Submissions.settle` takes it."""
    task: Task | None
    evidence: JsonObject
    told: bool = False
    """Whether the task's ref is on a stream."""


class LateAnswers:
    """Those of one machine."""

    def __init__(self, state: Path, clock: Clock) -> None:
        """Take the state folder; nothing is made yet."""
        self._folder = state / FOLDER
        self._clock = clock

    def keep(self, ledger: str, answer: LateAnswer) -> Path:
        """Write an answer down; its file.

        Args:
            ledger: whose intent it is: the ledger's own id.
            answer: what is known.

        Raises:
            OSError: the disk cannot take it.
            NotOurs: somebody else has a hand in the folder.
        """
        path = self._folder / f"{answer.intent}.json"
        check_ours(self._folder, path.name)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {
            "ledger": ledger,
            "intent": answer.intent,
            "state": answer.state.value,
            "task": None if answer.task is None else task_columns(answer.task),
            "evidence": answer.evidence,
            "told": answer.told,
        }
        files.replace(path, dump(content).encode("ascii"), self._clock)
        files.sync_folder(self._folder.parent)
        return path

    def of(self, ledger: str) -> Iterator[LateAnswer]:
        """The answers to intents of a ledger. What is no such file is left alone.

        Args:
            ledger: its own id.
        """
        with suppress(OSError):
            for path in sorted(self._folder.iterdir()):
                if not _NAME.fullmatch(path.name):
                    continue
                with suppress(OSError, ValueError, KeyError, TypeError):
                    check_ours(self._folder, path.name)
                    with open(files.open_to_read(path), encoding="ascii") as file:  # noqa: PTH123 - a descriptor
                        found = json.loads(file.read(_MOST))
                    if found["ledger"] != ledger or f"{found['intent']}.json" != path.name:
                        continue
                    task = None if found["task"] is None else read_task(found["task"])
                    state = IntentState(text(found["state"]))
                    evidence = parsed(json.dumps(found["evidence"]))
                    told = found["told"] is True
                    yield LateAnswer(found["intent"], state, task, evidence, told)

    def keep_learned(self, ledger: str, learned: dict[str, object]) -> Path:
        """Write down what a watch learned; its file. See `keep`."""
        path = self._folder / f"learned-{os.urandom(8).hex()}.json"
        check_ours(self._folder, path.name)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = dump({"ledger": ledger, **learned}).encode("ascii")
        files.replace(path, content, self._clock)
        return path

    def learned(self, ledger: str) -> Iterator[tuple[Path, Learned]]:
        """What watches of this machine learned for a ledger; each with its file."""
        with suppress(OSError):
            for path in sorted(self._folder.glob("learned-*.json")):
                with suppress(OSError, ValueError, KeyError, TypeError):
                    check_ours(self._folder, path.name)
                    with open(files.open_to_read(path), encoding="ascii") as file:  # noqa: PTH123 - a descriptor
                        found = json.loads(file.read())
                    if found["ledger"] == ledger:
                        yield path, read(found)

    def drop(self, intent: str) -> None:
        """Take an answer away: the ledger has it."""
        with suppress(OSError):
            (self._folder / f"{intent}.json").unlink()

    def set_aside(self, intent: str) -> Path:
        """Keep an answer that the ledger will never take, under another name; its file."""
        path = self._folder / f"{intent}.json"
        aside = path.with_suffix(".lost")
        with suppress(OSError):
            path.rename(aside)
        return aside
