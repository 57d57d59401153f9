"""Where the page goes, and putting it there."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli import models, system, tasks
from seedance_cli.cli.output.counter import Counter
from seedance_cli.errors import Closed, UsageError, WriteFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from seedance_cli.cli.gallery.page import Page
    from seedance_cli.cli.session import Session

NAME = "gallery.html"
"""The page's name in a folder."""


def place(session: Session, output: str | None, batch: str | None, *, force: bool) -> Path | None:
    """The page's file; None: stdout.

    Args:
        session: clock, current folder and stdout.
        output: `-o`.
        batch: `--batch`, which may stand in the name.
        force: whether a file that is there may be replaced.

    Raises:
        UsageError: there is no `-o`, a file exists already, or it cannot be written.
        WriteFailed: no stdout, or no current folder.
    """
    out = session.out
    if output is None:
        raise UsageError(
            "-o is missing: where the page goes", hint=f"seedance gallery -o {NAME}; - is stdout"
        )
    if output != "-":
        output = models.from_home(output)
    if output == "-" or tasks.descriptor(Path(output)) == tasks.STDOUT:
        if out.json:
            raise UsageError("-o - and --json both want stdout", hint="give one of them")
        if out.stdout_terminal:
            raise UsageError(
                "-o - would write a page to the terminal", hint="pipe it, or give a file"
            )
        out.check_stdout()
        return None
    now = session.clock.now().astimezone(UTC)
    facts = {"date": f"{now:%Y-%m-%d}", "time": f"{now:%H%M%S}", "batch": batch or models.NONE}
    path = models.page_target(output, default=NAME, facts=facts, cwd=session.base(output))
    tasks.check_target(path, force=force)
    return path


def write(session: Session, page: Page, path: Path | None, *, force: bool) -> int:
    """Write the page, showing how far it is; how many bytes it has.

    Args:
        session: clock and streams.
        page: what is written.
        path: as `place` says.
        force: as there.

    Raises:
        UsageError: meanwhile something else is there.
        WriteFailed: it cannot be written.
    """
    counter = Counter(session.out, session.clock, "videos", len(page.choice.shown))
    size = 0
    try:
        with _opened(session, path, force=force) as stream, counter:
            for text, videos in page.pieces():
                content = text.encode()
                stream.write(content)
                size += len(content)
                counter.add(videos)
            stream.flush()
    except BrokenPipeError as error:
        raise Closed(f"{path or 'stdout'} was closed by its reader") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise WriteFailed(f"{path or 'stdout'} cannot be written: {why}") from error
    return size


@contextmanager
def _opened(session: Session, path: Path | None, *, force: bool) -> Iterator[BinaryIO]:
    """What takes the page; a file has its name only once it is whole."""
    if path is None:
        yield session.out.binary()
    elif tasks.is_stream(path):
        with tasks.open_stream(path, system.Cancellation(), session.clock) as stream:
            yield stream
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        with system.files.publish(path, session.clock) as stream:
            yield stream
            tasks.check_target(path, force=force)
