"""The Typer app, and `main`: the only place where an error becomes text and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import __version__, signals
from seedance_cli.clock import SystemClock
from seedance_cli.commands import (
    _options,
    cancel,
    generate,
    ledger,
    login,
    logout,
    price,
    profile,
    providers,
    recover,
    sandbox,
    status,
    wait,
)
from seedance_cli.commands._options import App
from seedance_cli.errors import Interrupted, SeedanceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.clock import Clock

_BUG_CODE = 1
_USAGE_CODE = 2

app = typer.Typer(
    name="seedance",
    help="Make video with ByteDance's Seedance models, at any of the services that sell it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(value: bool) -> None:
    if value:
        sys.stdout.write(f"seedance {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "-V", "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


for _module, _command in (
    (generate, generate.generate),
    (status, status.status),
    (wait, wait.wait),
    (cancel, cancel.cancel),
    (price, price.price),
    (providers, providers.providers),
    (ledger, ledger.list_tasks),
    (recover, recover.recover),
    (login, login.login),
    (logout, logout.logout),
    (sandbox, sandbox.sandbox),
):
    app.command("list" if _module is ledger else None, epilog=_options.examples(*_module.EXAMPLES))(_command)
app.add_typer(profile.app, name="profile", epilog=_options.examples(*profile.EXAMPLES))


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
    with signals.installed():
        try:
            return _run(arguments, state)
        except SeedanceError as error:
            return _fail(state, arguments, error, error.exit_code)
        except Interrupted as stop:
            return _fail(state, arguments, stop.error, stop.exit_code)
        except Exception as error:  # noqa: BLE001 - the last boundary: a bug keeps its traceback
            return _bug(state, arguments, error)


def _run(arguments: list[str], state: App) -> int:
    try:
        code = app(arguments, obj=state, prog_name="seedance", standalone_mode=False)
    except typer.TyperException as error:
        if error.exit_code != _USAGE_CODE:
            raise
        raise UsageError(error.format_message(), hint=_help_line(error)) from error
    except typer.Abort:
        import signal

        raise Interrupted(signal.SIGINT) from None
    return code if isinstance(code, int) else 0


def _help_line(error: Exception) -> str:
    path = getattr(getattr(error, "ctx", None), "command_path", "seedance")
    return f"{path} --help"


def _fail(state: App, arguments: list[str], error: SeedanceError, exit_code: int) -> int:
    from seedance_cli.output import Output, silence_stdout

    # Before the options are read, the words themselves tell whether JSON was asked for.
    out = state.out or Output(json="--json" in arguments)
    error.exit_code = exit_code
    if getattr(error, "broken_pipe", False):
        silence_stdout()
    if not getattr(error, "quiet", False):
        out.error(error)
    return exit_code


def _bug(state: App, arguments: list[str], error: Exception) -> int:
    import traceback

    text = "".join(traceback.format_exception(error))
    from seedance_cli.output import Output

    out = state.out or Output(json="--json" in arguments)
    for line in text.splitlines():
        out.always(line)
    told = SeedanceError(
        f"a bug in seedance: {type(error).__name__}",
        hint="`seedance list` and `seedance recover` show what was submitted; please report this",
        retry_safe=False,
    )
    return _fail(state, arguments, told, _BUG_CODE)
