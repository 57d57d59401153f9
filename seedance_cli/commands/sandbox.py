"""`seedance sandbox`: serve the sandbox over HTTP for other clients."""

from __future__ import annotations

from typing import Annotated

import typer

from seedance_cli.commands import _options
from seedance_cli.errors import SeedanceError

EXAMPLES = (
    "seedance sandbox",
    "seedance sandbox --port 0 --json",
    "SEEDANCE_SANDBOX_SECONDS=1 seedance sandbox --port 9000",
)

_LOOK_SECONDS = 0.5


def sandbox(
    ctx: typer.Context,
    *,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0: any free one.")
    ] = 8765,
    json: _options.Json = False,
    quiet: _options.Quiet = False,
    verbose: _options.Verbose = False,
) -> None:
    """Serve the sandbox over HTTP: every provider, no key needed, nothing charged.

    The first line on stdout is its URL, once it answers. It runs until Ctrl-C. Its tasks are those
    of --sandbox, and last.
    """
    run = _options.begin(ctx, json=json, quiet=quiet, verbose=verbose)
    from seedance_cli.addresses import is_loopback
    from seedance_cli.profiles import state_dir
    from seedance_cli.sandbox import serve

    out = run.out
    out.check_stdout()
    log = out.log if verbose else None
    with serve.serving(state_dir(run.env), host, port, run.env, log) as server:
        if json:
            out.event({"url": server.url, "providers": serve.base_urls(server.url)})
        else:
            out.result(server.url)
        if not is_loopback(f"http://{server.netloc}"):
            out.warn(f"{server.netloc} can be reached from other machines: anybody may use it")
        out.note("to point another shell's seedance at it:")
        for line in serve.exports(server.url):
            out.note(f"  {line}")
        out.note("Ctrl-C ends it")
        # Looking up now and then lets a signal through where waiting cannot be interrupted.
        while not server.ended.wait(_LOOK_SECONDS):
            pass
        raise SeedanceError(f"the sandbox ended by itself: {server.failure() or 'no reason given'}")
