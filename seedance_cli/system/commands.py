"""A command of the user's, for what it prints: bounded in time and size."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from queue import SimpleQueue
    from subprocess import Popen

MAX_OUTPUT = 65536
"""Bytes; who is asked for a word and prints more did not understand the question."""


class CannotRunError(Exception):
    """A command that could not be started; its text says why, and nothing of the command."""


def run(argv: Sequence[str], env: Mapping[str, str], limit: float) -> tuple[int | None, bytes]:
    """Run a command to its end.

    It gets no shell, no stdin and no way to our stderr; it and all that it started in its process
    group are ended when the time is up.

    Args:
        argv: program and arguments.
        env: its environment.
        limit: seconds, for everything.

    Returns:
        Its exit status, None where it ran out of time, and what it printed, cut just above
        `MAX_OUTPUT`.

    Raises:
        CannotRunError: it could not be started.
    """
    from queue import Empty, SimpleQueue
    from subprocess import TimeoutExpired
    from threading import Thread

    deadline = time.monotonic() + limit
    answer: SimpleQueue[bytes] = SimpleQueue()
    with _started(argv, env) as (process, pipe):
        # A thread, since Windows cannot wait for a pipe with a deadline. A daemon that owns its end
        # of the pipe, since a process that left the group may keep the other end open for ever.
        Thread(target=_read, args=(pipe, answer), daemon=True, name="command").start()
        try:
            output = answer.get(timeout=limit)
            if len(output) > MAX_OUTPUT:
                return 0, output
            return process.wait(timeout=max(0.0, deadline - time.monotonic())), output
        except (Empty, TimeoutExpired):
            return None, b""


def _read(pipe: int, answer: SimpleQueue[bytes]) -> None:
    """Put everything the command prints, up to the limit, into the queue as one piece."""
    output = b""
    with open(pipe, "rb", buffering=0) as stream:
        while len(output) <= MAX_OUTPUT and (piece := stream.read(MAX_OUTPUT)):
            output += piece
    answer.put(output)


@contextmanager
def _started(argv: Sequence[str], env: Mapping[str, str]) -> Iterator[tuple[Popen[bytes], int]]:
    """The running command and the pipe it prints to; ended on the way out, whatever happened."""
    import subprocess

    pipe, theirs = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            env=dict(env),
            process_group=None if sys.platform == "win32" else 0,
        )
    except (OSError, ValueError) as error:
        os.close(pipe)
        why = error.strerror if isinstance(error, OSError) else "an argument cannot be passed on"
        raise CannotRunError(why) from None  # the cause holds the command line
    finally:
        os.close(theirs)
    try:
        yield process, pipe
    finally:
        _end(process)


def _end(process: Popen[bytes]) -> None:
    """Kill the command's whole group, unless the command ended by itself, and reap it."""
    if process.returncode is not None:
        return
    if sys.platform == "win32":
        process.kill()
    else:
        import signal
        from contextlib import suppress

        # Not reaped yet, so the number is still this group's, even if the command itself is gone.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
