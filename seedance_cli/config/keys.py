"""Where an API key comes from once its place is known, and the one type that carries it.

A key is only ever inside a `Secret`, whose `repr` and `str` are masked, so that neither a traceback
nor a log line can show it. No message of this module holds any part of a key or of what a key
command printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.errors import ConfigError
from seedance_cli.models import Secret
from seedance_cli.system import commands

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COMMAND_LIMIT = 9.5
"""Seconds for an `api_key_command`; with the time to end it, the promised 10 s hold."""
MAX_KEY = 4096
"""Characters; longer than any key, shorter than what a server takes as one header field."""


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
    try:
        status, output = commands.run(argv, env, limit)
    except commands.CannotRunError as error:
        raise ConfigError(
            f"the command of {place} cannot be run: {error}",
            hint="it is a list of program and arguments, and no shell reads it",
        ) from None  # the cause holds the command line
    if status is None:
        raise ConfigError(
            f"the command of {place} did not finish within {limit:.0f} s",
            hint="run it by hand once; it must not ask anything",
        )
    if len(output) > commands.MAX_OUTPUT:
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
