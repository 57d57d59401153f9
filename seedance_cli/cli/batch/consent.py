"""Asking for the user's consent before money is spent."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from seedance_cli.errors import UsageError
from seedance_cli.system import is_terminal

if TYPE_CHECKING:
    from seedance_cli.cli.output.sink import Output

_YES = frozenset({"y", "yes"})
_LONGEST = 100


def agreed(out: Output, question: str, *, bounds: str, stdin: bool) -> bool:
    """Whether the user says yes. Only a person at a terminal is asked.

    Args:
        out: takes the question, on stderr.
        question: in one line.
        bounds: the `--max-cost` that would do, as it is typed; empty: none would.
        stdin: whether stdin is free for the answer.

    Raises:
        UsageError: there is nobody to ask.
    """
    if not (stdin and is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise UsageError(
            "this has to be agreed to, and there is no terminal to ask at; nothing was sent",
            hint=f"--yes, or {bounds}, which bounds what is spent" if bounds else "--yes",
        )
    out.always(f"{question} [y/N] ")
    return sys.stdin.readline(_LONGEST).strip().lower() in _YES
