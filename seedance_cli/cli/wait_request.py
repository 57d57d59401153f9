"""What the user asked of a wait, for `wait` and `generate --wait`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli import tasks
from seedance_cli._named import NamedTuple
from seedance_cli.errors import UsageError
from seedance_cli.models import check_template, from_home, parse_duration, parse_interval

if TYPE_CHECKING:
    from seedance_cli.cli.options import ResultOptions
    from seedance_cli.cli.output.sink import Output


class WaitRequest(NamedTuple):
    """What the user asked of the wait."""

    download: bool = False
    output: str | None = None
    force: bool = False
    sidecar: bool = False
    strict: bool = False
    timeout: float | None = None
    """Seconds; None: none."""
    interval: float | None = None
    """Seconds; None: as `schedule` says."""
    fail_fast: bool = False
    any: bool = False
    events: bool = False
    ended: bool = False
    """Tasks that have not ended are not waited for."""
    one: bool = False
    """One task was named: with `--json` the document is an object, not an array."""
    submitted: bool = False
    """These tasks were paid for by this very command."""
    bare: tuple[str, ...] | None = None
    """The command that takes all these tasks without a ref (`wait`); None: they were named."""
    repeatable: bool = False
    """That command, given again, can pay nothing a second time."""


def for_generate(out: Output, options: ResultOptions, *, wait: bool) -> WaitRequest | None:
    """What a command that pays is asked to wait for; None: nothing.

    Raises:
        UsageError: an option of the wait without a wait, or one that cannot be used.
    """
    if not (wait or options.download or options.output is not None):
        for option, given in (
            ("--force", options.force),
            ("--timeout", options.timeout is not None),
            ("--interval", options.interval is not None),
        ):
            if given:
                raise UsageError(f"{option} needs --wait", hint="add --wait, or --download")
        _check_a_file_is_saved(options, download=False)
        return None
    return for_wait(out, options)._replace(one=True, submitted=True)


def for_wait(out: Output, options: ResultOptions) -> WaitRequest:
    """The options of a wait, as values.

    Raises:
        UsageError: one that cannot be used.
    """
    output = _place(options.output)
    download = options.download or output is not None
    if output == "-":
        if out.json:
            raise UsageError("-o - and --json both want stdout", hint="give one of them")
        if out.stdout_terminal:
            raise UsageError(
                "-o - would write a video to the terminal", hint="pipe it, or give a file"
            )
    elif output is not None:
        check_template(output)
    _check_a_file_is_saved(options, download=download)
    if options.sidecar and output == "-":
        raise UsageError("--sidecar needs a file, and -o - is stdout", hint="give -o a file")
    timeout, interval = options.timeout, options.interval
    return WaitRequest(
        download=download,
        output=output,
        force=options.force,
        sidecar=options.sidecar,
        strict=options.strict,
        timeout=None if timeout is None else parse_duration(timeout, "--timeout"),
        interval=None if interval is None else parse_interval(interval),
    )


def _check_a_file_is_saved(options: ResultOptions, *, download: bool) -> None:
    for option, given, why in (
        ("--force", options.force, "it replaces an existing file"),
        ("--sidecar", options.sidecar, "it lies beside the saved file"),
        ("--strict", options.strict, "it looks into the saved file"),
    ):
        if given and not download:
            raise UsageError(f"{option} needs --download", hint=why)


def _place(output: str | None) -> str | None:
    """`-o` with `~` as the home, and any name of this program's stdout as `-`."""
    if output is None or output == "-":
        return output
    output = from_home(output)
    return "-" if tasks.descriptor(Path(output)) == tasks.STDOUT else output
