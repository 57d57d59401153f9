"""The options that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from seedance_cli._named import NamedTuple
from seedance_cli.cli import completion as _tab

provider_names = _tab.provider_names
profile_names = _tab.profile_names


OUTPUT_FIELDS = (
    "{name} {provider} {model} {task_id} {index} {slug} {date} {time} {seed} {duration}"
    " {resolution} {image} {batch} {row}"
)
"""Those of `models.naming`, which no start of the program needs."""
Refs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[REF]...",
        help="Tasks, each by its ref, name, id or @N; none: every unfinished one.",
        autocompletion=_tab.refs,
    ),
]
NamedRefs = Annotated[
    list[str],
    typer.Argument(
        metavar="REF...",
        help="Tasks, each by its ref, name, id or @N.",
        autocompletion=_tab.refs,
    ),
]
BatchName = Annotated[
    str | None,
    typer.Option(
        "--batch",
        metavar="NAME",
        help="Only the tasks of this batch.",
        autocompletion=_tab.batches,
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="TIME",
        help="Only what was submitted then or later: 2026-11-25 (UTC), 2026-11-25T10:30, or 7d,"
        " 24h, 90m ago.",
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
        help="Which service to use; seedance providers lists them.",
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
        "--download",
        help="Save the video; generate and retry wait for it.",
        rich_help_panel="Result",
    ),
]
OutputPath = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="PATH",
        help="A file, a folder/, a template such as {date}-{slug}.mp4, or - for stdout; "
        f"implies --download. Fields: {OUTPUT_FIELDS}.",
        rich_help_panel="Result",
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace an existing file.", rich_help_panel="Result")
]
Sidecar = Annotated[
    bool,
    typer.Option(
        "--sidecar",
        help="Beside each saved file a FILE.json with all that is known of its task.",
        rich_help_panel="Result",
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Exit 9 where a saved video is not what was asked for: length, size, sound.",
        rich_help_panel="Result",
    ),
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


class ResultOptions(NamedTuple):
    """How long a task is waited for, and what becomes of its videos."""

    download: Download = False
    output: OutputPath = None
    force: Force = False
    sidecar: Sidecar = False
    strict: Strict = False
    timeout: Timeout = None
    interval: Interval = None
