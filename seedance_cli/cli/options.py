"""The options that commands share, and the start that every command makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli.cli import completion as _tab
from seedance_cli.cli.app import App, Run

if TYPE_CHECKING:
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.wanted import Wanted

provider_names = _tab.provider_names
profile_names = _tab.profile_names


def begin(ctx: typer.Context, *, json: bool, quiet: bool, verbose: bool) -> Run:
    """Take the options that every command has."""
    from seedance_cli.cli.output.sink import Output

    app: App = ctx.obj
    app.out = Output(json=json, quiet=quiet, verbose=verbose, keys=lambda: app.keys)
    return Run(app.env, app.clock, app.out, app.payment)


def examples(*lines: str) -> str:
    """The end of a command's help."""
    from seedance_cli.cli import help as _help

    return _help.examples(lines)


def wanted_result(
    out: Output,
    *,
    wait: bool,
    download: bool,
    output: str | None,
    force: bool,
    timeout: str | None,
    interval: str | None,
) -> Wanted | None:
    """What `generate` is asked to wait for; None: nothing.

    Raises:
        UsageError: an option of the wait without a wait, or one that cannot be used.
    """
    from dataclasses import replace

    from seedance_cli.errors import UsageError

    if not (wait or download or output is not None):
        for option, given in (
            ("--force", force),
            ("--timeout", timeout is not None),
            ("--interval", interval is not None),
        ):
            if given:
                raise UsageError(f"{option} needs --wait", hint="add --wait, or --download")
        return None
    wanted = wanted_wait(
        out, download=download, output=output, force=force, timeout=timeout, interval=interval
    )
    return replace(wanted, one=True, submitted=True)


def wanted_wait(
    out: Output,
    *,
    download: bool,
    output: str | None,
    force: bool,
    timeout: str | None,
    interval: str | None,
) -> Wanted:
    """The options that `wait` and `generate --wait` share, as values.

    Raises:
        UsageError: one that cannot be used.
    """
    from seedance_cli.cli.wanted import Wanted
    from seedance_cli.errors import UsageError
    from seedance_cli.models import check_template, parse_duration, parse_interval

    output = _place(output)
    if output == "-":
        if out.json:
            raise UsageError("-o - and --json both want stdout", hint="give one of them")
        if out.stdout_terminal:
            raise UsageError(
                "-o - would write a video to the terminal", hint="pipe it, or give a file"
            )
    elif output is not None:
        check_template(output)
    if force and not (download or output is not None):
        raise UsageError("--force needs --download", hint="it replaces an existing file")
    return Wanted(
        download=download or output is not None,
        output=output,
        force=force,
        timeout=None if timeout is None else parse_duration(timeout, "--timeout"),
        interval=None if interval is None else parse_interval(interval),
    )


def _place(output: str | None) -> str | None:
    """`-o` with `~` as the home, and any name of this program's stdout as `-`."""
    if output is None or output == "-":
        return output
    from pathlib import Path

    from seedance_cli.models import from_home
    from seedance_cli.tasks import STDOUT, descriptor

    output = from_home(output)
    return "-" if descriptor(Path(output)) == STDOUT else output


Refs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[REF]...",
        help="Tasks; none: every unfinished one.",
        autocompletion=_tab.refs,
    ),
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document on stdout.", rich_help_panel="Output"),
]
Quiet = Annotated[
    bool,
    typer.Option("-q", "--quiet", help="Only errors on stderr.", rich_help_panel="Output"),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "-v", "--verbose", help="Log each HTTP exchange to stderr.", rich_help_panel="Output"
    ),
]
Provider = Annotated[
    str | None,
    typer.Option(
        "-p",
        "--provider",
        metavar="NAME",
        help="Which service to use.",
        autocompletion=_tab.provider_names,
        rich_help_panel="Provider",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="A named set of defaults, endpoints and keys.",
        autocompletion=_tab.profile_names,
        rich_help_panel="Provider",
    ),
]
Sandbox = Annotated[
    bool | None,
    typer.Option(
        "--sandbox/--no-sandbox",
        help="The embedded emulation: no key, no cost.",
        show_default=False,
        rich_help_panel="Provider",
    ),
]
Wait = Annotated[
    bool, typer.Option("-w", "--wait", help="Wait for the video URL.", rich_help_panel="Result")
]
Download = Annotated[
    bool,
    typer.Option(
        "--download", help="Save the video; generate waits for it.", rich_help_panel="Result"
    ),
]
OutputPath = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="PATH",
        help="A file, a folder/, a template such as {date}-{slug}.mp4, or - for stdout; "
        "implies --download.",
        rich_help_panel="Result",
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace an existing file.", rich_help_panel="Result")
]
Timeout = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="DURATION",
        help="Stop watching after 90, 90s, 10m, 1h; 0 asks once. Never cancels.",
        rich_help_panel="Result",
    ),
]
Interval = Annotated[
    str | None,
    typer.Option(
        "--interval",
        metavar="SECONDS",
        help="Between two polls; by default short at first, then longer.",
        rich_help_panel="Result",
    ),
]
