"""httpx without its own command line: the rest of this room imports it from here.

`import httpx` imports httpx's command line as well, wherever it can: where `click`, `rich` and
`pygments` are installed, as they are beside the extra `sandbox`. That is a third of what the import
costs, for a name that nobody here calls. To go when httpx does so no longer (0.28 does).
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["httpx"]

_COMMAND_LINE = "httpx._main"


@contextmanager
def _without_its_command_line() -> Iterator[None]:
    """Keep it from being imported; httpx has a stub for where it cannot be.

    Only meanwhile: whoever shares the process with us may want the real one.
    """
    if "httpx" in sys.modules:
        yield
        return
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # so Python marks what is not there
    try:
        yield
    finally:
        del sys.modules[_COMMAND_LINE]


with _without_its_command_line():
    import httpx
