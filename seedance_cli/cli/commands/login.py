"""`seedance login`: store a key."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import config, models, providers
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import UsageError

EXAMPLES = (
    "seedance login runbase",
    "seedance login runbase --profile work",
    "pass show runbase | seedance login runbase --key-stdin",
)

if TYPE_CHECKING:
    from seedance_cli.config import Choice, KeyPlace

_MAX_PIPED = 65536
"""Bytes read from stdin; a key is shorter."""

ProviderArgument = Annotated[
    str,
    typer.Argument(
        metavar="PROVIDER",
        help=f"Whose key it is: {', '.join(providers.names())}.",
        show_default=False,
        autocompletion=_options.provider_names,
    ),
]
# Typer would repeat an argument too many in its error, and here that may be a key.
Surplus = Annotated[list[str] | None, typer.Argument(hidden=True, metavar="")]


@command()
def login(
    run: Run,
    provider: ProviderArgument,
    surplus: Surplus = None,
    *,
    key_stdin: Annotated[
        bool, typer.Option("--key-stdin", help="Read the key from stdin, on a terminal too.")
    ] = False,
    profile: _options.Profile = None,
) -> None:
    """Store the key of a provider in a profile.

    The key is asked for without showing it; where stdin is no terminal, it is read from there.
    It goes to credentials.toml, readable by you only, and never into an argument.
    """
    check_words(provider, surplus)
    files = config.resolve.load(run.env)
    for warning in files.warnings:
        run.out.warn(warning)
    where = files.paths
    name, source = config.resolve.profile_name(files, run.env, profile)
    if name not in files.profiles:
        config.edit.check_name(name)
    key = _key(provider, forced=key_stdin)
    change = config.edit.store_key(where, run.clock, name, provider, key)

    files = config.resolve.load(run.env)
    choice = config.resolve.Choice(name, source, files.profiles[name], files)
    place = config.resolve.key_place(choice, run.env, providers.get(provider).info)
    beaten = place.source.origin is not config.resolve.Origin.CREDENTIALS
    run.out.note(f"stored the key for {provider} in profile {name} ({change.path})")
    if beaten:
        run.out.warn(_instead(choice, place))
    elif change.backup is not None:
        run.out.note(f"the file had comments; it was copied to {change.backup}")
    if run.out.json:
        run.out.document(
            {
                "provider": provider,
                "profile": name,
                "path": str(change.path),
                "overridden_by": config.source_object(place.source) if beaten else None,
            }
        )


def check_words(provider: str, surplus: list[str] | None) -> None:
    """Refuse anything but the name of a provider, without repeating what may be a key."""
    if surplus:
        raise UsageError(
            "a key is never taken from an argument, where the shell's history keeps it",
            hint="type the key when asked, or pipe it in; replace it if it was real",
        )
    if provider not in providers.names():
        raise UsageError(
            "there is no such provider",
            hint=f"the providers are {', '.join(providers.names())}; a key is asked for, not typed",
        )


def _instead(choice: Choice, place: KeyPlace) -> str:
    """What is used instead of the key that was stored."""
    if place.source.name == place.variable:
        import shlex  # a name in the user's file may be anything

        return (
            f"{place.variable} is set and is used instead of it; "
            f"`--profile {shlex.quote(choice.name)}` makes the stored key win"
        )
    return f"{place.place} names a key too, and that is used instead of it"


def _key(provider: str, *, forced: bool) -> models.Secret:
    """The key, from a hidden prompt or from stdin."""
    if sys.stdin is None:
        raise UsageError("there is no key: stdin is closed", hint=_pipe(provider))
    text = _piped() if forced or not sys.stdin.isatty() else _typed(provider)
    line = config.keys.one_line(text)
    if line is None:
        raise UsageError("there is more than one line, and a key is one", hint=_pipe(provider))
    if not line:
        raise UsageError("no key was given", hint=_pipe(provider))
    fault = config.keys.fault(line)
    if fault is not None:
        raise UsageError(f"the key {fault}; it was not stored", hint="a key is one word, as issued")
    return models.Secret(line)


def _pipe(provider: str) -> str:
    return f"for example: pass show {provider} | seedance login {provider}"


def _typed(provider: str) -> str:
    """What is typed at a prompt that does not show it."""
    import getpass
    import warnings

    with warnings.catch_warnings():
        # Where the terminal cannot hide what is typed, getpass warns and shows it.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(f"Key for {provider} (not shown): ")
        except EOFError:
            return ""
        except getpass.GetPassWarning:
            raise UsageError(
                "this terminal would show the key as it is typed", hint=_pipe(provider)
            ) from None


def _piped() -> str:
    """All of stdin; from a terminal, one line."""
    stream = sys.stdin.buffer
    raw = stream.readline(_MAX_PIPED) if sys.stdin.isatty() else stream.read(_MAX_PIPED)
    # A byte that is no UTF-8 becomes a character that no key has.
    return raw.decode("utf-8", errors="replace")
