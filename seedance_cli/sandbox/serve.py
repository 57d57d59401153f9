"""The sandbox for other clients: where each provider lies in it, and how to point one there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from seedance_cli.sandbox import require, seconds_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from seedance_cli.sandbox.server import Running

_STUB_KEY = "sandbox"


@contextmanager
def serving(
    state_dir: Path,
    host: str,
    port: int,
    env: Mapping[str, str],
    log: Callable[[str], None] | None = None,
) -> Iterator[Running]:
    """Serve the sandbox as long as the block runs.

    Args:
        state_dir: the state folder of this program; the sandbox takes `sandbox/` in it.
        host: the address to bind to.
        port: 0 takes any free one.
        env: where `SEEDANCE_SANDBOX_SECONDS` is looked up.
        log: takes a line for every request, in the server's thread.

    Raises:
        ConfigError: the extra is not installed, or the variable is no number.
        UsageError: the address or the port cannot be had.
        WriteFailed: the state folder cannot be used.
    """
    require()
    from seedance_cli.sandbox import server

    with server.serving(state_dir, host, port, seconds_from(env), log) as running:
        yield running


def base_urls(root: str) -> dict[str, str]:
    """For each provider's name, the base URL that a client has to be given."""
    from seedance_cli.sandbox.dialects import every

    return {dialect.name: root + dialect.base_path for dialect in every()}


def exports(root: str) -> list[str]:
    """The lines that point this program, in another shell, at the sandbox."""
    from seedance_cli.sandbox.dialects import every

    lines = []
    for dialect in every():
        info = dialect.info
        lines.append(f"export {info.base_url_env}={root}{dialect.base_path}")
        lines.append(f"export {info.key_env}={_STUB_KEY}")
    return lines
