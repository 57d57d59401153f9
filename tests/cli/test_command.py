"""`@command`: what it adds to a function, and what the function is handed."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import typer

from seedance_cli.cli.app import App
from seedance_cli.cli.command import Run, command
from seedance_cli.system import SystemClock


class Size(NamedTuple):
    wide: Annotated[int, typer.Option("--wide", help="Columns.")] = 1
    high: Annotated[str | None, typer.Option("--high", help="Lines.")] = None


class Seen(NamedTuple):
    run: Run
    what: str
    size: Size
    late: bool


def built(seen: list[Seen], *, remote: bool) -> Any:
    @command(remote=remote)
    def draw(
        run: Run,
        what: Annotated[str, typer.Argument(metavar="WHAT")],
        *,
        size: Size,
        late: Annotated[bool, typer.Option("--late")] = False,
    ) -> int:
        """Draw it."""
        seen.append(Seen(run, what, size, late))
        return 7

    app = typer.Typer(add_completion=False)
    app.command()(draw)
    return typer.main.get_command(app)


def names(tree: Any) -> list[str]:
    return [one.name for one in tree.params]


def call(tree: Any, *words: str) -> int:
    app = App({"NAME": "value"}, SystemClock())
    code: int = tree(list(words), obj=app, standalone_mode=False)
    return code


def test_the_options_stand_in_the_order_of_the_function() -> None:
    """A group's fields in its place, then the provider's options, then those of every command."""
    shared = ["json", "quiet", "verbose"]
    own = ["what", "wide", "high", "late"]
    remote = ["provider", "profile", "sandbox"]
    assert names(built([], remote=False)) == [*own, *shared]
    assert names(built([], remote=True)) == [*own, *remote, *shared]
    assert built([], remote=False).help == "Draw it."


def test_a_group_of_options_is_handed_over_as_one() -> None:
    """With its defaults where nothing was typed; what is returned is the exit code."""
    seen: list[Seen] = []
    tree = built(seen, remote=False)
    assert call(tree, "boat") == 7
    assert call(tree, "boat", "--high", "9", "--late") == 7
    assert [(one.what, one.size, one.late) for one in seen] == [
        ("boat", Size(), False),
        ("boat", Size(1, "9"), True),
    ]


def test_the_run_has_what_the_shared_options_say() -> None:
    """Its output is as `--json -q -v` say; a remote command's session is as the others say."""
    seen: list[Seen] = []
    words = ("boat", "--json", "-v", "-p", "runbase", "--profile", "work", "--sandbox")
    call(built(seen, remote=True), *words)
    run = seen[0].run
    assert (run.out.json, run.out.quiet, run.out.verbose) == (True, False, True)
    assert run.env == {"NAME": "value"}
    with run.session() as session:
        assert session.provider_option == "runbase"
        assert session.profile_option == "work"
        assert session.sandbox_option is True
