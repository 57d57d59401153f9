"""Numbers on the command line: plain ASCII digits, as every other program reads them.

Python reads more than that, `2_8` and digits of other scripts among it, and a slip would become a
number that nobody typed.
"""

from __future__ import annotations

import re
from copy import copy
from typing import TYPE_CHECKING, Any

import typer

from seedance_cli.models import told

if TYPE_CHECKING:
    from collections.abc import Iterable

_KINDS = frozenset({"IntParamType", "FloatParamType"})
"""The classes of a parameter's type that Typer has for numbers; those with a range inherit."""
_PLAIN = r"[+-]?([0-9]{1,18}(\.[0-9]{1,18})?|\.[0-9]{1,18})"


def hold(params: Iterable[Any]) -> None:
    """Have the numbers among a command's options and arguments take plain digits alone."""
    for param in params:
        kind = param.type
        if _KINDS.isdisjoint(one.__name__ for one in type(kind).__mro__):
            continue
        if not hasattr(kind, "plain"):
            param.type = _plain(kind)


def _plain(kind: Any) -> Any:
    """A parameter's type that refuses all but plain digits, and then does what it did."""
    plain = copy(kind)  # several parameters may share one
    plain.plain = True

    def convert(value: Any, param: Any, ctx: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(_PLAIN, value):
            plain.fail(f"{told(value)} is not a plain number.", param, ctx)
        try:
            return kind.convert(value, param, ctx)
        except typer.BadParameter:
            least, most = getattr(kind, "min", None), getattr(kind, "max", None)
            if least is None or most is None:
                raise
            plain.fail(f"{told(str(value))} is not within {least} and {most}.", param, ctx)

    plain.convert = convert
    return plain
