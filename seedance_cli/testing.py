"""For other projects' tests: a pytest fixture that serves the sandbox.

In `conftest.py`: `from seedance_cli.testing import sandbox_server`. A test that takes the fixture
gets a `SandboxServer`: every provider's API on a free port, with any key, no cost and no network.
Needs the extra `sandbox` and pytest; nothing else in this package imports pytest.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from seedance_cli.sandbox import Options, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seedance_cli.sandbox import Sandbox

__all__ = ["Options", "SandboxServer", "sandbox_server", "serve_sandbox"]


@dataclass(slots=True)
class SandboxServer:
    """A sandbox that answers."""

    url: str
    """Its root, without a trailing slash; a browser shows the tasks there."""
    base_urls: dict[str, str]
    """For each provider's name, the base URL to give to a client of it."""
    env: dict[str, str]
    """`RUNBASE_BASE_URL`, `RUNBASE_API_KEY` and so on, for every provider."""
    _sandbox: Sandbox = field(repr=False, compare=False)

    @property
    def seconds(self) -> float:
        """How long a task takes that is submitted from now on."""
        return self._sandbox.options.seconds

    @seconds.setter
    def seconds(self, value: float) -> None:
        self.options = replace(self.options, seconds=value)

    @property
    def options(self) -> Options:
        """How it behaves; other options may be set while it runs."""
        return self._sandbox.options

    @options.setter
    def options(self, value: Options) -> None:
        self._sandbox.options = value


@contextmanager
def serve_sandbox(
    folder: Path, options: Options | None = None, *, videos: Path | None = None
) -> Iterator[SandboxServer]:
    """Serve the sandbox on a free port of 127.0.0.1, in a thread, as long as the block runs.

    Args:
        folder: where its tasks are kept; another server on the same folder knows them, too.
        options: how it behaves; without: every task has ended as soon as it is submitted.
        videos: where rendered videos are kept, if not in that folder.

    Raises:
        ConfigError: the extra `sandbox` is not installed.
        WriteFailed: the folder cannot be used.
    """
    options = Options(seconds=0) if options is None else options
    with serve.serving(folder, "127.0.0.1", 0, options, videos_dir=videos) as running:
        root = running.url
        yield SandboxServer(root, serve.base_urls(root), serve.environment(root), running.sandbox)


@pytest.fixture
def sandbox_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxServer]:
    """A sandbox of the test's own. A task has ended as soon as it is submitted.

    `sandbox_server.seconds = 2` makes the tasks after it take 2 seconds. All options can be given
    by `@pytest.mark.parametrize("sandbox_server", [Options(seed=7)], indirect=True)`. Rendered
    videos are kept for the whole session.
    """
    videos = tmp_path_factory.getbasetemp() / "seedance-videos"
    folder = tmp_path_factory.mktemp("seedance")
    with serve_sandbox(folder, getattr(request, "param", None), videos=videos) as server:
        yield server
