"""`seedance generate`: one paid task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli.commands import _options
from seedance_cli.errors import Interrupted, Stopped, WriteFailed

if TYPE_CHECKING:
    from seedance_cli.commands._follow import Wanted
    from seedance_cli.models import HttpRequest, Price, Submission, VideoRequest
    from seedance_cli.output import Output
    from seedance_cli.profiles import Settings
    from seedance_cli.session import Session

EXAMPLES = (
    'seedance generate "a paper boat on a rainy street" -d 8 -r 720p',
    'seedance generate "a paper boat" --download -o boat.mp4 --max-cost 56',
    'id=$(seedance generate -f prompt.txt) && seedance wait "$id" --download',
    'seedance generate "a paper boat" --sandbox --download',
)
_REQUEST = "Request"
_MONEY = "Money"
_RESULT = "Result"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The options that shape the submit, besides the request itself."""

    free: bool
    dry_run: bool
    max_cost: str | None
    again: bool
    wanted: Wanted | None
    """None: print the ref and be done."""


def generate(
    ctx: typer.Context,
    prompt: Annotated[
        str | None, typer.Argument(metavar="[PROMPT]", help="What to show; - reads stdin.")
    ] = None,
    *,
    prompt_file: Annotated[
        Path | None,
        typer.Option(
            "-f",
            "--prompt-file",
            metavar="FILE",
            help="Read it from a file.",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    model: _options.Model = None,
    duration: _options.Duration = None,
    resolution: _options.Resolution = None,
    aspect_ratio: Annotated[
        str | None,
        typer.Option(
            "-a",
            "--aspect-ratio",
            metavar="W:H",
            help="16:9, 9:16, 1:1, …",
            autocompletion=_options.aspect_ratios,
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    audio: _options.Audio = None,
    fixed_lens: Annotated[
        bool | None,
        typer.Option(
            "--fixed-lens/--no-fixed-lens",
            help="Keep the camera still.",
            show_default=False,
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            "-i",
            "--image",
            metavar="URL",
            help="A reference image; repeatable, order kept.",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    callback_url: Annotated[
        str | None,
        typer.Option(
            "--callback-url",
            metavar="URL",
            help="Called when the task ends.",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    metadata: Annotated[
        list[str] | None,
        typer.Option(
            "--metadata",
            metavar="KEY=VALUE",
            help="Stored with the task; repeatable.",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            metavar="KEY=JSON",
            help="A field this program does not know; repeatable.",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    no_validate: Annotated[
        bool,
        typer.Option(
            "--no-validate",
            help="Send values that the documents do not list.",
            rich_help_panel=_REQUEST,
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print the exact request and its price; send nothing.",
            rich_help_panel=_MONEY,
        ),
    ] = False,
    max_cost: Annotated[
        str | None,
        typer.Option(
            "--max-cost",
            metavar="AMOUNT",
            help="Refuse to pay more: 56, or '56 credits'.",
            rich_help_panel=_MONEY,
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Submit although an identical request is unresolved.",
            rich_help_panel=_MONEY,
        ),
    ] = False,
    wait: Annotated[
        bool,
        typer.Option("-w", "--wait", help="Wait for the video URL.", rich_help_panel=_RESULT),
    ] = False,
    download: _options.Download = False,
    output: _options.OutputPath = None,
    force: _options.Force = False,
    timeout: _options.Timeout = None,
    interval: _options.Interval = None,
    provider: _options.Provider = None,
    profile: _options.Profile = None,
    sandbox: _options.Sandbox = None,
    json: _options.Json = False,
    quiet: _options.Quiet = False,
    verbose: _options.Verbose = False,
) -> int:
    """Submit one task: prints its ref, with --wait the video URL, with --download the file."""
    run = _options.begin(ctx, json=json, quiet=quiet, verbose=verbose)
    from seedance_cli.commands import _request
    from seedance_cli.session import Session

    wanted = _options.wanted_result(
        run.out,
        wait=wait,
        download=download,
        output=output,
        force=force,
        timeout=timeout,
        interval=interval,
    )
    typed = _request.typed(
        prompt=_request.prompt_text(prompt, prompt_file),
        model=model,
        duration=duration,
        resolution=resolution,
        aspect_ratio=aspect_ratio,
        audio=audio,
        fixed_lens=fixed_lens,
        images=image or [],
        callback_url=callback_url,
        metadata=metadata or [],
        params=param or [],
    )
    asked = _Asked(free=no_validate, dry_run=dry_run, max_cost=max_cost, again=again, wanted=wanted)
    with Session(
        run.env, run.clock, run.out, provider=provider, profile=profile, sandbox=sandbox
    ) as session:
        return _submit(session, typed, asked)


def _submit(session: Session, typed: VideoRequest, asked: _Asked) -> int:
    from seedance_cli import pricing, providers, validate
    from seedance_cli.commands._request import with_defaults

    out = session.out
    settings = session.settings()
    provider = providers.get(settings.provider)
    info = provider.info
    video = with_defaults(typed, settings, info, out)
    model, chosen = validate.model_for(info, video.model, free=asked.free)
    video = replace(video, model=model)
    validate.check(info, video, endpoint_is_loopback=_is_loopback(settings), free=asked.free)
    request = provider.request(video)
    limit = None if asked.max_cost is None else pricing.parse_limit(asked.max_cost)
    if chosen:
        out.note(f"model {model} (the first that {info.name} lists; -m chooses another)")
    if asked.dry_run:
        price = pricing.expected(
            provider, settings.endpoint, request.body, session.ledger(), sandbox=settings.sandbox
        )
        _show(out, settings, info.base_url, request, price)
        return 0
    channel = session.channel(settings)
    _check_output(session, settings, asked)
    ledger = session.ledger_for_paying()
    if limit is not None:
        price = pricing.expected(
            provider, settings.endpoint, request.body, ledger, sandbox=settings.sandbox
        )
        pricing.check(limit, price, provider)
        if price is not None and price.basis == "charged":
            out.note(f"expected: {pricing.price_text(price)}, the most charged for one like it")
    from seedance_cli.spend import submit

    try:
        spent = submit(channel, video, request, ledger, session.clock, again=asked.again)
    except WriteFailed as error:
        if error.ref is not None:  # accepted, and the ledger cannot take the id: never lose it
            out.always(f"submitted {error.ref}")
            out.result(error.ref)
        raise
    return _report(session, spent.submission, spent.signum, asked)


def _report(session: Session, submission: Submission, signum: int | None, asked: _Asked) -> int:
    from seedance_cli.task_json import task_object

    out = session.out
    ref = submission.ref
    try:
        if asked.wanted is not None or out.json:
            out.always(f"submitted {ref}")
        elif ref is not None:
            out.result(ref)
        if signum is not None:
            if out.json:
                out.document(task_object(submission))
            stopped = Stopped(
                "interrupted; the task was accepted and runs on",
                hint=f"seedance wait {ref}",
                provider=submission.provider,
                ref=ref,
                intent=submission.intent,
                retry_safe=False,
            )
            raise Interrupted(signum, stopped)
        if asked.wanted is None:
            if out.json:
                out.document(task_object(submission))
            return 0
        from seedance_cli.commands._follow import follow

        return follow(session, [submission], asked.wanted)
    except WriteFailed as error:
        error.ref = ref
        error.intent = submission.intent
        error.retry_safe = False
        error.hint = f"the task is paid for and kept: seedance wait {ref}"
        out.always(f"submitted {ref}")
        raise


def _check_output(session: Session, settings: Settings, asked: _Asked) -> None:
    """Find what cannot be written before anything is paid."""
    out = session.out
    out.check_stdout()
    wanted = asked.wanted
    if wanted is None or not wanted.download or wanted.output == "-":
        return
    from seedance_cli.download import check_target
    from seedance_cli.naming import names_one, target

    # A name that has the task's id in it is only known later; its folder is known now.
    path = target(
        wanted.output,
        provider=settings.provider,
        task_id="id",
        index=1,
        prompt=None,
        created=session.clock.now(),
        cwd=Path.cwd(),
    )
    fixed = names_one(wanted.output, Path.cwd())
    check_target(path, force=wanted.force or not fixed)


def _is_loopback(settings: Settings) -> bool:
    from seedance_cli.addresses import is_loopback

    return settings.sandbox or is_loopback(settings.endpoint)


def _show(
    out: Output, settings: Settings, base_url: str, request: HttpRequest, price: Price | None
) -> None:
    """Print what would be sent, the key masked."""
    from urllib.parse import urlsplit

    from seedance_cli import pricing
    from seedance_cli.http import encode
    from seedance_cli.net import USER_AGENT

    endpoint = settings.endpoint
    if settings.sandbox:
        endpoint = f"http://127.0.0.1:PORT/{settings.provider}{urlsplit(base_url).path}"
    url = endpoint + request.path
    headers = {
        "Authorization": "Bearer ****",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": USER_AGENT,
    }
    cost = "unknown" if price is None else f"{pricing.price_text(price)} ({price.basis})"
    if out.json:
        out.document(
            {
                "method": request.method,
                "url": url,
                "headers": headers,
                "body": request.body,
                "price": None if price is None else pricing.price_object(price),
            }
        )
        return
    out.result(f"{request.method} {url}")
    for name, value in headers.items():
        out.result(f"{name}: {value}")
    out.result("")
    out.result(encode(request.body).decode())
    out.result("")
    out.result(f"price: {cost}")
    out.note("nothing was sent")
