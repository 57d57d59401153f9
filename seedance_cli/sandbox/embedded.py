"""The sandbox for the length of one command."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from seedance_cli.sandbox.options import Options, require, seconds_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def running(state_dir: Path, seconds: float | None = None) -> Iterator[str]:
    """Serve the sandbox on a free loopback port.

    Args:
        state_dir: the state folder of this program; the sandbox takes `sandbox/` in it.
        seconds: how long a task takes; None: as `SEEDANCE_SANDBOX_SECONDS` says.

    Yields:
        Its root, `http://127.0.0.1:PORT`; a provider lies below `/NAME` and the path of its own
        base URL.

    Raises:
        ConfigError: the extra is not installed, or the variable is no number.
        WriteFailed: the state folder cannot be used.
    """
    require()
    from seedance_cli.sandbox.web.server import serving

    takes = seconds_from(os.environ) if seconds is None else seconds
    with serving(state_dir, "127.0.0.1", 0, Options(seconds=takes)) as server:
        yield server.url
