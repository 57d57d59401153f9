"""The sandbox for one command, or for other clients: where each provider lies in it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from seedance_cli.sandbox.options import Options, require, seconds_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from seedance_cli.sandbox.web.server import Running

_STUB_KEY = "sandbox"


@contextmanager
def running(state_dir: Path, seconds: float | None = None) -> Iterator[str]:
    """Serve the sandbox on a free loopback port, for the length of one command.

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
    takes = seconds_from(os.environ) if seconds is None else seconds
    with serving(state_dir, "127.0.0.1", 0, Options(seconds=takes)) as server:
        yield server.url


@contextmanager
def serving(
    state_dir: Path,
    host: str,
    port: int,
    options: Options,
    *,
    log: Callable[[str], None] | None = None,
    videos_dir: Path | None = None,
) -> Iterator[Running]:
    """Serve the sandbox as long as the block runs. It answers before the block begins.

    Args:
        state_dir: the state folder of this program; the sandbox takes `sandbox/` in it.
        host: the address to bind to, or a name of this machine.
        port: 0 takes any free one.
        options: how it behaves.
        log: takes a line for every request and callback, in the server's thread.
        videos_dir: where rendered videos are kept, if not in the state folder.

    Raises:
        ConfigError: the extra is not installed.
        UsageError: the address or the port cannot be had.
        WriteFailed: the state folder cannot be used.
    """
    require()
    from seedance_cli.sandbox.web import server

    with server.serving(
        state_dir, host, port, options, log=log, videos_dir=videos_dir
    ) as answering:
        yield answering


def base_urls(root: str) -> dict[str, str]:
    """For each provider's name, the base URL that a client has to be given."""
    from seedance_cli.sandbox.dialects._registry import every

    return {dialect.name: root + dialect.base_path for dialect in every()}


def environment(root: str) -> dict[str, str]:
    """The variables that point this program at the sandbox: base URLs, and keys that do."""
    from seedance_cli.sandbox.dialects._registry import every

    found = {}
    for dialect in every():
        info = dialect.info
        found[info.base_url_env] = root + dialect.base_path
        found[info.key_env] = _STUB_KEY
    return found


def exports(root: str) -> list[str]:
    """The same as lines for a shell."""
    from shlex import quote

    # The brackets of an IPv6 address are a pattern to a shell.
    return [f"export {name}={quote(value)}" for name, value in environment(root).items()]
