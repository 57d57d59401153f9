"""Where an API key comes from once its place is known, and the one type that carries it.

A key is only ever inside a `Secret`, whose `repr` and `str` are masked, so that neither a traceback
nor a log line can show it. No message of this module holds any part of a key or of what a key
command printed.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from seedance_cli.errors import ConfigError
from seedance_cli.models import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from queue import SimpleQueue
    from subprocess import Popen

COMMAND_LIMIT = 9.5
"""Seconds for an `api_key_command`; with the time to end it, the promised 10 s hold."""
MAX_KEY = 4096
"""Characters; longer than any key, shorter than what a server takes as one header field."""
_MAX_OUTPUT = 65536
"""Bytes read from a key command; one that prints more is no key command."""


def fault(text: str) -> str | None:
    """Why a text cannot be a key, in words that do not repeat it; None if it can."""
    if not text:
        return "is empty"
    if any(character.isspace() for character in text):
        return "has a space or a line break in it"
    if not text.isascii():
        return "has a character outside ASCII"
    if not text.isprintable():
        return "has a control character in it"
    if len(text) > MAX_KEY:
        return f"is longer than {MAX_KEY} characters"
    return None


def cleaned(text: str) -> str:
    """The text without what files and editors put around a key: a byte order mark, line ends.

    The one rule for variables, files, commands, stdin and prompts; the rest is up to `fault`.
    """
    return text.removeprefix("\ufeff").strip("\r\n")


def checked(text: str, place: str) -> Secret:
    """The text as a key, cleaned.

    Args:
        text: what was found.
        place: where it was found, for the message, e.g. `RUNBASE_API_KEY`.

    Raises:
        ConfigError: it cannot be a key; the text is not repeated.
    """
    text = cleaned(text)
    problem = fault(text)
    if problem is not None:
        raise ConfigError(f"the key in {place} {problem}", hint="a key is one word, as issued")
    return Secret(text)


def one_line(text: str) -> str | None:
    """The text, cleaned; None if a line break remains inside."""
    text = cleaned(text)
    return None if "\n" in text or "\r" in text else text


def from_command(
    argv: Sequence[str],
    place: str,
    env: Mapping[str, str],
    *,
    limit: float = COMMAND_LIMIT,
) -> Secret:
    """The key that a command prints as its one line.

    The command gets no shell, no stdin and no way to our stderr; it and all that it started in its
    process group are ended when the time is up.

    Args:
        argv: program and arguments.
        place: the configuration key that names it, for messages.
        env: the command's environment.
        limit: seconds, for everything.

    Raises:
        ConfigError: it cannot be run, fails, takes longer, or prints anything but one key.
    """
    status, output = _run(argv, place, env, limit)
    if status is None:
        raise ConfigError(
            f"the command of {place} did not finish within {limit:.0f} s",
            hint="run it by hand once; it must not ask anything",
        )
    if len(output) > _MAX_OUTPUT:
        raise ConfigError(f"the command of {place} printed more than one key")
    if status != 0:
        raise ConfigError(
            f"the command of {place} failed with exit status {status}",
            hint="run it by hand to see why; its output is not shown here, for it may hold the key",
        )
    # An undecodable byte becomes a character that `fault` refuses.
    line = one_line(output.decode("utf-8", errors="replace"))
    if line is None:
        raise ConfigError(f"the command of {place} printed more than one line")
    return checked(line, f"the output of the command of {place}")


def _run(
    argv: Sequence[str], place: str, env: Mapping[str, str], limit: float
) -> tuple[int | None, bytes]:
    """Exit status (None: out of time) and output (cut just above the size limit)."""
    from queue import Empty, SimpleQueue
    from subprocess import TimeoutExpired
    from threading import Thread

    deadline = time.monotonic() + limit
    answer: SimpleQueue[bytes] = SimpleQueue()
    with _started(argv, place, env) as (process, pipe):
        # A thread, since Windows cannot wait for a pipe with a deadline. A daemon that owns its end
        # of the pipe, since a process that left the group may keep the other end open for ever.
        Thread(target=_read, args=(pipe, answer), daemon=True, name="key command").start()
        try:
            output = answer.get(timeout=limit)
            if len(output) > _MAX_OUTPUT:
                return 0, output
            return process.wait(timeout=max(0.0, deadline - time.monotonic())), output
        except (Empty, TimeoutExpired):
            return None, b""


def _read(pipe: int, answer: SimpleQueue[bytes]) -> None:
    """Put everything the command prints, up to the limit, into the queue as one piece."""
    output = b""
    with open(pipe, "rb", buffering=0) as stream:
        while len(output) <= _MAX_OUTPUT and (piece := stream.read(_MAX_OUTPUT)):
            output += piece
    answer.put(output)


@contextmanager
def _started(
    argv: Sequence[str], place: str, env: Mapping[str, str]
) -> Iterator[tuple[Popen[bytes], int]]:
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
        raise ConfigError(
            f"the command of {place} cannot be run: {why}",
            hint="it is a list of program and arguments, and no shell reads it",
        ) from None  # the cause holds the command line
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
