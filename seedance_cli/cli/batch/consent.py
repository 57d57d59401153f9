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


def agreed(out: Output, question: str, *, stdin: bool) -> bool:
    """Whether the user says yes. Only a person at a terminal is asked.

    Args:
        out: takes the question, on stderr.
        question: in one line.
        stdin: whether stdin is free for the answer.

    Raises:
        UsageError: there is nobody to ask.
    """
    if not (stdin and is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise UsageError(
            "this has to be agreed to, and there is no terminal to ask at; nothing was sent",
            hint="--yes, or --max-cost '20 USD', which bounds what is spent",
        )
    out.always(f"{question} [y/N] ")
    return sys.stdin.readline(_LONGEST).strip().lower() in _YES
