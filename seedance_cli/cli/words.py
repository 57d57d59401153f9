"""The words of a command line, looked at before Typer takes them apart.

Typer takes any word that begins with `-` for options: a prompt `-old man` for `-o 'ld man'`, one
`-high angle` for a request for help. In a loop over a file of prompts that pays for something else,
or prints the help where a ref is expected. So a word is refused here where it may be text, and the
user is told how to say which it is.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

from seedance_cli._named import NamedTuple
from seedance_cli.cli import numbers
from seedance_cli.cli.help import Helped
from seedance_cli.errors import UsageError
from seedance_cli.models import holds_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_GLUED = r"(?s)-|.*([0-9/\\{]|[.:]\w).*"
"""What may be glued to a short option: `-d8`, `-oboat.mp4`, `-o-`. Plain letters may be prose."""
_SHOWN = 60
"""Characters of a word that are repeated."""
_SECRET = frozenset({"login", "logout"})
"""Commands whose words are not repeated: one may be a key."""


class _Options(NamedTuple):
    """The options of one command."""

    takes: dict[str, int]
    """How many values an option takes, by its name as it is typed."""
    alone: frozenset[str]
    """Those that end the command, and so count as words of their own only: `-h`, `-V`."""


class _WordsFirst:
    """A command whose words are looked at first."""

    def parse_args(self: Any, ctx: Any, args: list[str]) -> list[str]:
        """Look at the words, then take them apart."""
        if not ctx.resilient_parsing:  # Tab: there is nobody to be told
            check(
                args,
                self.get_params(ctx),
                path=ctx.command_path,
                interspersed=ctx.allow_interspersed_args,
            )
        numbers.hold(self.get_params(ctx))
        return super().parse_args(ctx, args)  # type: ignore[misc,no-any-return]  # the class beside it has one

    def shell_complete(self: Any, ctx: Any, incomplete: str) -> Any:
        """What Tab offers; of `--no-audio` it does not say what `--audio` does."""
        found = super().shell_complete(ctx, incomplete)  # type: ignore[misc]  # as above
        negative = {name for one in self.get_params(ctx) for name in one.secondary_opts}
        for one in found:
            if one.value in negative and one.help:
                one.help = f"not: {one.help[0].lower()}{one.help[1:]}"
        return found


class Command(_WordsFirst, Helped, TyperCommand):
    """One command."""


class Group(_WordsFirst, Helped, TyperGroup):
    """A group of commands."""


def check(words: Sequence[str], params: Iterable[Any], *, path: str, interspersed: bool) -> None:
    """Refuse words that begin with a dash and may be text.

    Args:
        words: of the command, without its name.
        params: the command's options and arguments, as Typer has them.
        path: the command's name with those before it: `seedance generate`.
        interspersed: options may come after other words; else the first other word ends them.

    Raises:
        UsageError: names the word, and says how to type it as text, or as an option.
    """
    params = list(params)
    options = _options(params)
    text = next((_name(one) for one in params if one.param_type_name == "argument"), None)
    left = deque(words)
    while left:
        word = left.popleft()
        if word == "--":
            return
        if word == "-" or not word.startswith("-"):
            if interspersed:
                continue
            return
        name, equals, _ = word.partition("=")
        if name.startswith("--") and name in options.takes:
            values = options.takes[name] - bool(equals)
        elif any(char.isspace() for char in word):
            raise _no_option(word, path, text)
        elif name.startswith("--"):
            return  # Typer refuses it, and knows similar ones
        else:
            found = _cluster(word, options, path, text)
            if found is None:
                return  # Typer refuses it
            name, values = found
        for value in (left.popleft() for _ in range(min(values, len(left)))):
            _check_value(name, value, options)


def _cluster(word: str, options: _Options, path: str, text: str | None) -> tuple[str, int] | None:
    """What a word of short options still wants: the last option, and how many values it takes.

    None: there is an unknown one among them.
    """
    option = word
    for place, letter in enumerate(word[1:], 1):
        option = f"-{letter}"
        takes = options.takes.get(option)
        if takes is None:
            return None
        if option in options.alone and len(word) > 2:  # noqa: PLR2004 - a dash and one letter
            raise UsageError(
                f"{option} counts only as a word of its own, not as a part of {_shown(word, path)}",
                hint=_way(word, path, text),
            )
        glued = word[place + 1 :]
        if takes and glued:
            if re.fullmatch(_GLUED, glued) is None or glued.startswith("="):
                raise _glued(word, option, glued, path, text)
            return option, takes - 1
        if takes:
            return option, takes
    return option, 0


def _check_value(option: str, value: str, options: _Options) -> None:
    name, _, _ = value.partition("=")
    if value == "--" or value in options.takes or (name[:2] == "--" and name in options.takes):
        raise UsageError(
            f"{option} needs a value, and {name if holds_key(value) else _cut(value)} is an option",
            hint="--option=VALUE says that it is the value all the same",
        )


def _no_option(word: str, path: str, text: str | None) -> UsageError:
    why = "" if text is None else f": a {text} that begins with - goes after --"
    return UsageError(f"{_shown(word, path)} is not an option{why}", hint=_way(word, path, text))


def _glued(word: str, option: str, glued: str, path: str, text: str | None) -> UsageError:
    value = _shown(glued.removeprefix("="), path, "VALUE")
    return UsageError(
        f"{_shown(word, path)} may be {option} with its value, or a {text or 'word'}",
        hint=f"{option} {value}; or, {_way(word, path, text)}",
    )


def _way(word: str, path: str, text: str | None) -> str:
    """How to type the word as text."""
    if text is None:
        return f"{path} --help"
    shown = f'"${text.lower()}"' if len(word) > _SHOWN else _shown(word, path, text)
    return f"all options first, then the {text}: {path} ... -- {shown}"


def _shown(word: str, path: str, instead: str = "a word") -> str:
    """The word, quoted for a shell, as far as it may be repeated."""
    if path.rsplit(" ", 1)[-1] in _SECRET or holds_key(word):
        return instead
    from shlex import quote  # only a slip needs it

    return quote(_cut(word))


def _cut(word: str) -> str:
    return word if len(word) <= _SHOWN else f"{word[: _SHOWN - 1]}…"


def _options(params: Iterable[Any]) -> _Options:
    takes: dict[str, int] = {}
    alone: set[str] = set()
    for one in params:
        if one.param_type_name != "option":
            continue
        values = 0 if one.is_flag or one.count else one.nargs
        names = (*one.opts, *one.secondary_opts)
        takes.update(dict.fromkeys(names, values))
        if one.is_eager and not values:
            alone.update(names)
    return _Options(takes, frozenset(alone))


def _name(argument: Any) -> str:
    """What the help calls it: `PROMPT`, `REF`."""
    return str(argument.metavar or argument.name.upper()).strip("[].")
