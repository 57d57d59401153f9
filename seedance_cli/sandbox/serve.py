"""The sandbox for other clients: where each provider lies in it, and how to point one there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from seedance_cli.sandbox.options import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from seedance_cli.sandbox.options import Options
    from seedance_cli.sandbox.web.server import Running

_STUB_KEY = "sandbox"


@contextmanager
def serving(
    state_dir: Path,
    host: str,
    port: int,
    options: Options,
    log: Callable[[str], None] | None = None,
) -> Iterator[Running]:
    """Serve the sandbox as long as the block runs.

    Args:
        state_dir: the state folder of this program; the sandbox takes `sandbox/` in it.
        host: the address to bind to.
        port: 0 takes any free one.
        options: how it behaves.
        log: takes a line for every request, in the server's thread.

    Raises:
        ConfigError: the extra is not installed.
        UsageError: the address or the port cannot be had.
        WriteFailed: the state folder cannot be used.
    """
    require()
    from seedance_cli.sandbox.web import server

    with server.serving(state_dir, host, port, options, log=log) as running:
        yield running


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
