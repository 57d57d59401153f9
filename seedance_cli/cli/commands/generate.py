"""`seedance generate`: one paid task."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import typer

from seedance_cli.cli import options as _options
from seedance_cli.cli import request_options as _wishes
from seedance_cli.errors import OutcomeUnknown, WriteFailed
from seedance_cli.models import price_text
from seedance_cli.tasks import Payment

if TYPE_CHECKING:
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.cli.wanted import Wanted
    from seedance_cli.config import Settings
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import HttpRequest, Submission, VideoRequest
    from seedance_cli.providers import Provider
    from seedance_cli.tasks import Limit

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
    from seedance_cli.cli import request as _request
    from seedance_cli.cli.session import Session
    from seedance_cli.tasks import pricing

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
    with Session(
        run.env,
        run.clock,
        run.out,
        provider=provider,
        profile=profile,
        sandbox=sandbox,
        write=not dry_run,
    ) as session:
        order = _order(session, typed, free=no_validate)
        if dry_run:
            return _dry_run(session, order, asked)
        _pay(session, order, asked, run.payment)
        code = _report(session, run.payment, wanted)
        run.payment.done = True
        return code


def _order(session: Session, typed: VideoRequest, *, free: bool) -> _Order:
    """Choose provider and model, fill in the profile's defaults, and check everything."""
    from dataclasses import replace

    from seedance_cli import providers
    from seedance_cli.cli.request import with_defaults
    from seedance_cli.models import addresses
    from seedance_cli.tasks import validate

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
    from seedance_cli.cli import dry_run as _dry_run
    from seedance_cli.tasks import pricing

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


def _pay(session: Session, order: _Order, asked: _Asked, payment: Payment) -> None:
    """Send the request, once nothing is left that would keep its result from the user."""
    out = session.out
    out.check_stdout()
    _check_target(session, order, asked.wanted)
    channel = session.channel(order.settings)
    ledger = session.ledger_for_paying()
    if asked.limit is not None:
        _check_price(session, order, asked.limit, ledger)
    from seedance_cli.tasks import submit

    out.owe(partial(_document, payment))
    try:
        submit(
            channel,
            order.video,
            order.request,
            ledger,
            session.clock,
            payment=payment,
            announce=partial(_announce, out, payment, on_stdout=not (asked.wanted or out.json)),
            again=asked.again,
        )
    except OutcomeUnknown as error:
        if payment.submission is None:  # an earlier one's outcome, which forbids this one
            out.owe(partial(_document, Payment(_row(ledger, error.intent))))
        raise


def _document(payment: Payment) -> object | None:
    """What stdout has to have with `--json`, whatever ends the command."""
    if payment.submission is None or not payment.bought:
        return None
    from seedance_cli.cli.output.documents import task_object

    return task_object(payment.submission)


def _announce(out: Output, payment: Payment, *, on_stdout: bool) -> None:
    """Put the ref on a stream, at once where both are read.

    Args:
        out: the streams.
        payment: whose ref it is; takes note that it is told.
        on_stdout: whether it is the command's result.

    Raises:
        WriteFailed: stdout, whose result it is, did not take it; stderr was tried then.
    """
    ref, lost = payment.ref or "", payment.error is not None
    if lost or not (on_stdout and out.ready()):
        payment.told = out.always(f"submitted {ref}")
    if not on_stdout and (out.json or not lost):
        return
    try:
        out.result(ref)
    except WriteFailed:
        if not payment.told:
            payment.told = out.always(f"submitted {ref}")
        if not lost:
            raise
    else:
        payment.told = True


def _check_target(session: Session, order: _Order, wanted: Wanted | None) -> None:
    """Find a file that exists or cannot be written before anything is paid."""
    if wanted is None or not wanted.download or wanted.output == "-":
        return
    from seedance_cli.cli.places import target_of
    from seedance_cli.models import Status, Submission, Task
    from seedance_cli.tasks import check_target

    settings = order.settings
    # A name that has the task's id in it is only known later; its folder is known now.
    one, other = (
        target_of(
            session,
            Submission(
                provider=settings.provider,
                endpoint=settings.endpoint,
                sandbox=settings.sandbox,
                request=order.video,
                task=Task(task_id=task_id, status=Status.UNKNOWN),
            ),
            1,
            wanted.output,
        )
        for task_id in ("a", "b")
    )
    check_target(one, force=wanted.force or one != other)


def _check_price(session: Session, order: _Order, limit: Limit, ledger: Ledger) -> None:
    from seedance_cli.tasks import pricing

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
        session.out.note(f"expected: {price_text(price)}, the most charged for one like it")


def _row(ledger: Ledger, intent: str | None) -> Submission | None:
    """The submission whose outcome is unknown, as the ledger has it."""
    if intent is None:
        return None
    with suppress(WriteFailed):
        return next(iter(ledger.get(intent)), None)
    return None


def _report(session: Session, payment: Payment, wanted: Wanted | None) -> int:
    """Give the user what was asked for beyond the ref."""
    submission = payment.submission
    assert submission is not None
    _tell_of_kin(session, payment)
    if wanted is not None:
        from seedance_cli.cli.follow import follow

        return follow(session, [submission], wanted)
    if submission.status in {"failed", "cancelled", "expired"}:  # words of the `Status` enum
        session.out.warn(f"{submission.ref} is {submission.status} already")
    if session.out.json:
        session.out.document(_document(payment))
    return 0


def _tell_of_kin(session: Session, payment: Payment) -> None:
    """Say what else the ledger has of this request."""
    from seedance_cli.models import timestamp

    submission = payment.submission
    assert submission is not None
    ref, when = submission.ref, timestamp(submission.submitted_at)
    if payment.found:
        session.out.note(
            f"nothing was sent: the same request was accepted at {when} as {ref}, and the command"
            " that sent it ended before it could say so; --again pays for another one"
        )
    with suppress(WriteFailed):
        kin = session.ledger().kin(submission)
        if kin.first is not None:
            since = timestamp(kin.first.submitted_at or kin.first.created_at)
            session.out.note(
                f"{ref} is known since {since}: {submission.provider} took this request and that"
                " one for the same"
            )
        if kin.running is not None:
            since = timestamp(kin.running.submitted_at)
            session.out.note(
                f"the same request runs already as {kin.running.ref}, submitted at {since}"
            )
