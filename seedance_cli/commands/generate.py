"""`seedance generate`: one paid task."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from seedance_cli.commands import _options, _wishes
from seedance_cli.errors import Interrupted, OutcomeUnknown, Stopped, WriteFailed

if TYPE_CHECKING:
    from seedance_cli.commands._follow import Wanted
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import HttpRequest, Submission, VideoRequest
    from seedance_cli.pricing import Limit
    from seedance_cli.profiles import Settings
    from seedance_cli.providers._base import Provider
    from seedance_cli.session import Session
    from seedance_cli.spend import Spent

EXAMPLES = (
    'seedance generate "a paper boat on a rainy street" -d 8 -r 720p',
    'seedance generate "a paper boat" --download -o boat.mp4 --max-cost 56',
    'id=$(seedance generate -f prompt.txt) && seedance wait "$id" --download',
    'seedance generate "a paper boat" --sandbox --download',
)


class _Asked(NamedTuple):
    """The options that shape the submit, besides the request itself."""

    limit: Limit | None
    again: bool
    wanted: Wanted | None
    """None: print the ref and be done."""


class _Order(NamedTuple):
    """A request that may be sent: checked, and worded by its provider."""

    settings: Settings
    provider: Provider
    video: VideoRequest
    request: HttpRequest


def generate(
    ctx: typer.Context,
    prompt: _wishes.Prompt = None,
    *,
    prompt_file: _wishes.PromptFile = None,
    model: _wishes.Model = None,
    duration: _wishes.Duration = None,
    resolution: _wishes.Resolution = None,
    aspect_ratio: _wishes.AspectRatio = None,
    audio: _wishes.Audio = None,
    fixed_lens: _wishes.FixedLens = None,
    image: _wishes.Images = None,
    callback_url: _wishes.CallbackUrl = None,
    metadata: _wishes.Metadata = None,
    param: _wishes.Params = None,
    no_validate: _wishes.NoValidate = False,
    dry_run: _wishes.DryRun = False,
    max_cost: _wishes.MaxCost = None,
    again: _wishes.Again = False,
    wait: _options.Wait = False,
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
    from seedance_cli import pricing
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
    asked = _Asked(
        limit=None if max_cost is None else pricing.parse_limit(max_cost),
        again=again,
        wanted=wanted,
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
    spent: Spent | None = None
    try:
        with Session(
            run.env, run.clock, run.out, provider=provider, profile=profile, sandbox=sandbox
        ) as session:
            order = _order(session, typed, free=no_validate)
            if dry_run:
                return _dry_run(session, order, asked)
            spent = _pay(session, order, asked)
            return _report(session, spent, asked)
    except Interrupted as stop:
        if spent is not None and stop.error.ref is None:  # it came in between, or at the very end
            run.out.always(f"submitted {spent.submission.ref}")
            stop.error = _runs_on(spent.submission)
        raise


def _order(session: Session, typed: VideoRequest, *, free: bool) -> _Order:
    """Choose provider and model, fill in the profile's defaults, and check everything."""
    from dataclasses import replace

    from seedance_cli import addresses, providers, validate
    from seedance_cli.commands._request import with_defaults

    settings = session.settings()
    provider = providers.get(settings.provider)
    info = provider.info
    video = with_defaults(typed, settings, info, session.out)
    model, chosen = validate.model_for(info, video.model, free=free)
    video = replace(video, model=model)
    loopback = settings.sandbox or addresses.is_loopback(settings.endpoint)
    validate.check(info, video, endpoint_is_loopback=loopback, free=free)
    if chosen:
        session.out.note(f"model {model} (the first that {info.name} lists; -m chooses another)")
    return _Order(settings, provider, video, provider.request(video))


def _dry_run(session: Session, order: _Order, asked: _Asked) -> int:
    from seedance_cli import pricing
    from seedance_cli.commands import _dry_run

    settings, request = order.settings, order.request
    price = pricing.expected(
        order.provider,
        settings.endpoint,
        request.body,
        session.ledger(),
        sandbox=settings.sandbox,
        limit=asked.limit,
    )
    _dry_run.show(session.out, settings, order.provider.info, request, price)
    if asked.limit is not None:
        pricing.check(asked.limit, price, order.provider)
    return 0


def _pay(session: Session, order: _Order, asked: _Asked) -> Spent:
    """Send the request, once nothing is left that would keep its result from the user."""
    out = session.out
    out.check_stdout()
    _check_target(session, order, asked.wanted)
    channel = session.channel(order.settings)
    ledger = session.ledger_for_paying()
    if asked.limit is not None:
        _check_price(session, order, asked.limit, ledger)
    from seedance_cli.spend import submit
    from seedance_cli.task_json import task_object

    known: Submission | None = None
    try:
        return submit(channel, order.video, order.request, ledger, session.clock, again=asked.again)
    except WriteFailed as error:
        known = _lost(session, order, error)
        if known is not None and not out.json:
            with suppress(WriteFailed):  # stderr has it
                out.result(known.ref or "")
        raise
    except OutcomeUnknown as error:
        known = _row(ledger, error.intent)
        raise
    except Interrupted as stop:
        if isinstance(stop.error, OutcomeUnknown):
            known = _row(ledger, stop.error.intent)
        raise
    finally:
        if known is not None and out.json:
            with suppress(WriteFailed):  # what stopped the command goes first
                out.document(task_object(known))


def _check_target(session: Session, order: _Order, wanted: Wanted | None) -> None:
    """Find a file that exists or cannot be written before anything is paid."""
    if wanted is None or not wanted.download or wanted.output == "-":
        return
    from seedance_cli._targets import check_target
    from seedance_cli.naming import target

    # A name that has the task's id in it is only known later; its folder is known now.
    one, other = (
        target(
            wanted.output,
            provider=order.settings.provider,
            task_id=task_id,
            index=1,
            prompt=order.video.prompt,
            created=session.clock.now(),
            cwd=Path.cwd(),
        )
        for task_id in ("a", "b")
    )
    check_target(one, force=wanted.force or one != other)


def _check_price(session: Session, order: _Order, limit: Limit, ledger: Ledger) -> None:
    from seedance_cli import pricing

    settings = order.settings
    price = pricing.expected(
        order.provider,
        settings.endpoint,
        order.request.body,
        ledger,
        sandbox=settings.sandbox,
        limit=limit,
    )
    pricing.check(limit, price, order.provider)
    if price is not None and price.basis == "charged":
        session.out.note(f"expected: {pricing.price_text(price)}, the most charged for one like it")


def _lost(session: Session, order: _Order, error: WriteFailed) -> Submission | None:
    """The task that was accepted and that the ledger could not take; its ref goes to stderr."""
    if error.ref is None:
        return None
    from seedance_cli.models import IntentState, Status, Submission, Task
    from seedance_cli.refs import parse_ref

    session.out.always(f"submitted {error.ref}")
    settings = order.settings
    return Submission(
        provider=settings.provider,
        endpoint=settings.endpoint,
        sandbox=settings.sandbox,
        intent=error.intent,
        state=IntentState.UNKNOWN,
        profile=settings.profile,
        request=order.video,
        task=Task(task_id=parse_ref(error.ref)[1], status=Status.QUEUED),
        submitted_at=session.clock.now(),
    )


def _row(ledger: Ledger, intent: str | None) -> Submission | None:
    """The submission whose outcome is unknown, as the ledger has it."""
    if intent is None:
        return None
    with suppress(WriteFailed):
        return next(iter(ledger.get(intent)), None)
    return None


def _report(session: Session, spent: Spent, asked: _Asked) -> int:
    """Give the user the result of a task that is paid for; on failure at least its ref."""
    out = session.out
    submission = spent.submission
    ref = submission.ref or ""
    on_stderr = asked.wanted is not None or out.json
    try:
        if on_stderr:
            out.always(f"submitted {ref}")
        else:
            out.result(ref)
        spent.tell()
        if spent.signum is None and asked.wanted is not None:
            from seedance_cli.commands._follow import follow

            return follow(session, [submission], asked.wanted)
        if out.json:
            from seedance_cli.task_json import task_object

            out.document(task_object(submission))
    except WriteFailed as error:
        if not on_stderr:
            out.always(f"submitted {ref}")
        _keep(error, submission)
        raise
    if spent.signum is not None:
        raise Interrupted(spent.signum, _runs_on(submission))
    return 0


def _keep(error: WriteFailed, submission: Submission) -> None:
    """Make the error say that the task is paid for and not lost."""
    from seedance_cli.output import Closed

    if isinstance(error, Closed):
        error.quiet = False  # the reader that left took the result with it
    error.ref = submission.ref
    error.intent = submission.intent
    error.retry_safe = False
    error.hint = f"the task is paid for and kept: seedance wait {submission.ref}"


def _runs_on(submission: Submission) -> Stopped:
    return Stopped(
        "interrupted; the task was accepted and runs on",
        hint=f"seedance wait {submission.ref}",
        provider=submission.provider,
        ref=submission.ref,
        intent=submission.intent,
        retry_safe=False,
    )
