"""What to type instead of words that Typer refuses. Imported only where it has."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from seedance_cli import providers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer


def way_out(error: typer.TyperException, arguments: Sequence[str]) -> str:
    """The hint for a command line that Typer refuses."""
    missing: Any = getattr(error, "param", None)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "seedance"
    message = error.format_message()
    if message.startswith("Missing argument") and missing is not None:
        return _with_arguments(path, missing, context)
    surplus = message.startswith("Got unexpected extra argument")
    if surplus and any(word.startswith("-") for word in _after_dashes(arguments)[1:]):
        return f"after -- nothing is an option: {path} [OPTIONS] -- TEXT"
    if surplus and path.endswith(" generate"):
        return 'a prompt of several words goes into quotes: seedance generate "a paper boat"'
    if message.startswith("No such option") and path.endswith(" generate"):
        return f'{path} --help; a PROMPT that begins with - goes after --: {path} ... -- "$prompt"'
    return f"{path} --help"


def _after_dashes(arguments: Sequence[str]) -> list[str]:
    return list(itertools.dropwhile(lambda word: word != "--", arguments))[1:]


def _with_arguments(path: str, missing: Any, context: Any) -> str:
    """The command with all of its arguments; where a provider is missing, which there are."""
    arguments = [one for one in context.command.params if one.param_type_name == "argument"]
    words = [one.make_metavar(ctx=context).strip("{}") for one in arguments if not one.hidden]
    line = " ".join([path, *words])
    if missing.name == "provider":
        return f"{line}; the providers are {', '.join(providers.names())}"
    return f"{line}; {path} --help says more"
