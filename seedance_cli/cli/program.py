"""The Typer app, and `main`: the only place where an error becomes text and an exit code."""

from __future__ import annotations

import errno
import itertools
import os
import sys
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import CompletionItem, TyperGroup  # type: ignore[attr-defined]  # only imported

from seedance_cli.cli import completion as _tab
from seedance_cli.cli import shells as _shells
from seedance_cli.cli import version
from seedance_cli.cli import words as _words
from seedance_cli.cli.app import App
from seedance_cli.cli.help import examples as _examples
from seedance_cli.cli.shells import SCRIPTS
from seedance_cli.errors import Closed, Interrupted, SeedanceError, UsageError, WriteFailed
from seedance_cli.models import masked, told
from seedance_cli.system import SystemClock, signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.output.sink import Output
    from seedance_cli.system import Clock

_USAGE_CODE = 2

# The commands in the order of the help text, and where each is: a module of `commands`, and in it a
# function, or an app of its own.
_COMMANDS = {
    "generate": ("generate", "generate"),
    "status": ("status", "status"),
    "wait": ("wait", "wait"),
    "cancel": ("cancel", "cancel"),
    "price": ("price", "price"),
    "providers": ("providers", "providers"),
    "list": ("list", "list_tasks"),
    "recover": ("recover", "recover"),
    "retry": ("retry", "retry"),
    "download": ("download", "download"),
    "dismiss": ("dismiss", "dismiss"),
    "batch": ("batch", "batch"),
    "spend": ("spend", "spend"),
    "gallery": ("gallery", "gallery"),
    "ledger": ("ledger", "app"),
    "login": ("login", "login"),
    "logout": ("logout", "logout"),
    "sandbox": ("sandbox", "sandbox"),
    "profile": ("profile", "app"),
}


class _Commands(_words.Group):
    """The commands, each imported and built when it is first asked for.

    Typer builds all of them at each start otherwise, which takes longer than most of them run.
    """

    @property
    def more_help(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """What its help has besides options and commands."""
        from seedance_cli.cli.exit_codes import EXIT_CODES

        return {"Exit codes": EXIT_CODES}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base class's parameter
        """All of them, in the order of the help text."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of them; None if there is none of this name."""
        if cmd_name not in _COMMANDS:
            # Typer suggests the nearest of `commands`.
            for name in _COMMANDS:
                self.get_command(ctx, name)
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = _built(cmd_name)
        return self.commands[cmd_name]

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """The names, for which no command is built, and where a script shows it what each does."""
        about: dict[str, str] = {}
        if os.environ.get(_shells.ABOUT):
            from seedance_cli.cli import summaries

            about = summaries.SUMMARIES
        fitting = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        options = super(TyperGroup, self).shell_complete(ctx, incomplete)
        return [*(CompletionItem(name, help=about.get(name)) for name in fitting), *options]


def _built(name: str) -> Any:
    module_name, attribute = _COMMANDS[name]
    module = import_module(f"seedance_cli.cli.commands.{module_name}")
    found = getattr(module, attribute)
    # Typer builds groups of commands: here one of a single command.
    group = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    epilog = _examples(*module.EXAMPLES)
    if isinstance(found, typer.Typer):
        for one in found.registered_commands:
            one.cls = _words.Command
        group.add_typer(found, name=name, cls=_words.Group, epilog=epilog)
    else:
        group.command(name, cls=_words.Command, epilog=epilog)(found)
    return typer.main.get_group(group).commands[name]


app = typer.Typer(
    name="seedance",
    cls=_Commands,
    help="Make video with ByteDance's Seedance models, at any of the services that sell it.",
    epilog=_examples(
        'seedance generate "a paper boat on a rainy street" --sandbox --download',
        "seedance price --all -d 5 -r 720p",
        "seedance login seedanceapi",
        "seedance generate 'a boat' --name boat --download --max-cost '28 credits'",
        "seedance wait --download",
        "seedance COMMAND --help",
    ),
    no_args_is_help=True,
    add_completion=False,  # `cli/shells.py` says why
    rich_markup_mode=None,  # `cli/help.py` lays it out
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(ctx: typer.Context, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        _stream().page(version.answer(["--version"]) or "")
        raise typer.Exit


def _print_script(ctx: typer.Context, shell: str | None) -> None:
    if shell is None or ctx.resilient_parsing:
        return
    if shell not in SCRIPTS:
        raise UsageError(
            f"there is no completion for {told(shell)}", hint=f"allowed: {', '.join(SCRIPTS)}"
        )
    out = _stream()
    for line in SCRIPTS[shell].splitlines():
        out.result(line)
    raise typer.Exit


@app.callback()
def _root(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "-V",
            "--version",
            help="Print the version; with -v, also which seedance this is and where it lies.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
    show_completion: Annotated[
        str | None,
        typer.Option(
            "--show-completion",
            metavar="SHELL",
            help="Print the Tab completion script of bash, zsh, fish or powershell.",
            callback=_print_script,
            autocompletion=_tab.shells,
            is_eager=True,
        ),
    ] = None,
) -> None:
    pass


@cache
def _program() -> Any:
    """The root of the command tree, built once a process."""
    return typer.main.get_command(app)


def main(argv: Sequence[str] | None = None, *, clock: Clock | None = None) -> int:
    """Run one command.

    Args:
        argv: the words after the program's name; None takes the process's own.
        clock: for tests.

    Returns:
        The exit code (contract, section 5).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    state = App(os.environ, clock or SystemClock())
    tab = bool(os.environ.get(_shells.ASKED))
    work = _completed if tab else _run
    with signals.installed():
        try:
            code = signals.interruptible(partial(work, arguments, state))
        # From here on no signal raises anything: what ended the command is told in full.
        except SeedanceError as error:
            code = _fail(state, arguments, error)
        except Interrupted as stop:
            code = stop.exit_code if tab else _interrupted(state, arguments, stop)
        except Exception as error:  # noqa: BLE001 - the last boundary: a bug keeps its traceback
            code = _fail(state, arguments, state.payment.broken(error))
    _let_go_of_stdout()
    return code


def _completed(arguments: list[str], state: App) -> int:
    """Answer Tab. Whatever goes wrong, the user is typing: nothing may appear in between."""
    with suppress(Exception):  # as the docstring says
        _shells.answer(lambda: _typed(arguments, state), os.environ)
    return 0


def _stream() -> Output:
    """The output of a text that needs no command."""
    from seedance_cli.cli.output.sink import Output

    return Output()


def _let_go_of_stdout() -> None:
    # What a full disk did not take is still in the buffer; the interpreter would try again at its
    # end, and exit 120.
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        from seedance_cli.cli.output.sink import silence_stdout

        silence_stdout()


def _run(arguments: list[str], state: App) -> int:
    told = version.answer(arguments)
    if told is not None:
        _stream().page(told)
        return 0
    try:
        code = _typed(arguments, state)
    except typer.TyperException as error:
        if error.exit_code != _USAGE_CODE:
            raise
        message = error.format_message()
        if not message:  # a command group alone: its help has been printed
            return 0
        from seedance_cli.cli import usage

        raise UsageError(
            masked(message, arguments), hint=usage.way_out(error, arguments)
        ) from error
    except SystemExit as error:
        return _ended(error)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EIO, errno.EBADF}:
            raise WriteFailed(f"the output could not be written: {error.strerror}") from error
        raise
    except typer.Abort:
        import signal

        raise Interrupted(signal.SIGINT) from None
    return code if isinstance(code, int) else 0


def _typed(arguments: list[str], state: App) -> Any:
    return _program()(arguments, obj=state, prog_name="seedance", standalone_mode=False)


def _ended(error: SystemExit) -> int:
    """What it means that Typer ends the program by itself."""
    if not error.code:
        return 0

    raise Closed("stdout was closed by its reader") from error  # the reader of a help text


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether JSON was asked for, told by the words themselves: the options are not read yet."""
    return "--json" in itertools.takewhile(lambda word: word != "--", arguments)


def _interrupted(state: App, arguments: list[str], stop: Interrupted) -> int:
    error = stop.error
    if error is None or (error.ref is None and state.payment.submission is not None):
        error = state.payment.interrupted()
    return _fail(state, arguments, error, stop.exit_code)


def _fail(
    state: App, arguments: list[str], error: SeedanceError, exit_code: int | None = None
) -> int:
    """The program's last words: whatever was paid for, then what happened.

    Args:
        state: of this run.
        arguments: the words of the command line.
        error: what happened.
        exit_code: instead of the error's own.

    Returns:
        The exit code.
    """
    from seedance_cli.cli.output.sink import silence_stdout

    out, payment = _output(state, arguments), state.payment
    out.leave()
    if error.bug is not None:
        _trace(out, error.bug)
    error = payment.concerned(error)
    if exit_code is not None:
        error = error.as_exit(exit_code)
    if error.broken_pipe:
        silence_stdout()
    if payment.ref is not None and not payment.told:
        payment.told = out.always(f"submitted {payment.ref}")
    with suppress(WriteFailed):  # what ended the command goes first
        out.settle()
    if not error.quiet:
        out.error(error)
    return error.exit_code


def _trace(out: Output, bug: Exception) -> None:
    import traceback

    for line in "".join(traceback.format_exception(bug)).splitlines():
        out.always(line)


def _output(state: App, arguments: list[str]) -> Output:
    if state.out is None:
        from seedance_cli.cli.output.sink import Output

        # Before the options are read, the words themselves tell whether JSON was asked for.
        state.out = Output(json=_wants_json(arguments), keys=lambda: state.keys)
    return state.out
