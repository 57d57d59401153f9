"""`seedance sandbox`: serve the sandbox over HTTP for other clients."""

from __future__ import annotations

import math
import re
from typing import Annotated

import typer

from seedance_cli import models, system
from seedance_cli import sandbox as emulation
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import Interrupted, SeedanceError, Stopped, UsageError

EXAMPLES = (
    "seedance sandbox",
    "seedance sandbox --port 0 --json",
    "seedance sandbox --seconds 1 --seed 7 --port 9000",
    "seedance sandbox --url-seconds 60",
)

_LOOK_SECONDS = 0.5
_HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_LONGEST_NAME = 253


@command()
def sandbox(
    run: Run,
    *,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            "--port",  # before 0.28 Typer takes a metavar that is the name for the option itself
            metavar="PORT",
            min=0,
            max=65535,
            help="The port to listen on; 0: any free one.",
        ),
    ] = 8765,
    seconds: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="How many seconds a task takes. [default: SEEDANCE_SANDBOX_SECONDS, or 5]",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(metavar="N", help="Same request and same seed: the same video, byte by byte."),
    ] = 0,
    url_seconds: Annotated[
        float | None,
        typer.Option(
            metavar="N", help="A video URL stops working N seconds after it was handed out."
        ),
    ] = None,
    allow_callbacks: Annotated[
        bool,
        typer.Option(
            "--allow-callbacks", help="Call callback URLs of other machines, not only of this one."
        ),
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Answer requests to this host name, too; addresses and localhost always are.",
        ),
    ] = None,
) -> None:
    """Serve the sandbox over HTTP: every provider, no key needed, nothing charged.

    The first line on stdout is its URL, once it answers; a browser shows the tasks there. It runs
    until Ctrl-C. Its tasks are those of --sandbox, and last.
    """
    taken = emulation.seconds_from(run.env) if seconds is None else _number("--seconds", seconds)
    options = emulation.Options(
        seconds=taken,
        seed=seed,
        url_seconds=None if url_seconds is None else _number("--url-seconds", url_seconds),
        allow_callbacks=allow_callbacks,
        allow_hosts=_host_names(allow_host or []),
    )
    out = run.out
    out.check_stdout()
    log = out.log if out.verbose else None
    serve = emulation.serve
    with serve.serving(system.state_dir(run.env), host, port, options, log=log) as server:
        if out.json:
            out.event({"url": server.url, "providers": serve.base_urls(server.url)})
        else:
            out.result(server.url)
        if not models.is_loopback(f"http://{server.netloc}"):
            out.warn(f"{server.netloc} can be reached from other machines: anybody may use it")
            if not options.allow_hosts:
                out.note("it answers to its address; to a host name only with --allow-host NAME")
        out.note("to point another shell's seedance at it:")
        for line in serve.exports(server.url):
            out.note(f"  {line}")
        out.note("Ctrl-C ends it")
        try:
            # Looking up now and then lets a signal through where waiting cannot be interrupted.
            while not server.ended.wait(_LOOK_SECONDS):
                pass
        except Interrupted as stop:  # what the line above asked for is no error to a person
            stopped = Stopped("the sandbox was interrupted").but(quiet=not out.json)
            raise Interrupted(stop.signum, stopped) from None
        raise SeedanceError(f"the sandbox ended by itself: {server.failure() or 'no reason given'}")


def _host_names(given: list[str]) -> tuple[str, ...]:
    """The names as they come in a `Host` header: in small letters, without a last dot."""
    found = []
    for text in given:
        try:
            name = text.removesuffix(".").encode("idna").decode().lower()
        except UnicodeError:  # a label that is empty or too long
            name = ""
        if len(name) > _LONGEST_NAME or not _HOST_NAME.fullmatch(name):
            raise UsageError(
                "--allow-host takes a host name alone", hint="e.g. --allow-host box.example"
            )
        found.append(name)
    return tuple(found)


def _number(option: str, value: float) -> float:
    if not math.isfinite(value) or value < 0:
        raise UsageError(f"{option} is not a number of seconds", hint=f"e.g. {option} 5")
    return value
