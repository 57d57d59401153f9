"""`seedance generate`: one paid task."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from seedance_cli import tasks
from seedance_cli.cli import options as _options
from seedance_cli.cli import request_options as _wishes

if TYPE_CHECKING:
    from seedance_cli.cli.buy import Order
    from seedance_cli.cli.session import Session
    from seedance_cli.cli.wanted import Wanted
    from seedance_cli.tasks import Limit, Payment

EXAMPLES = (
    'seedance generate "a paper boat on a rainy street" -d 8 -r 720p',
    'seedance generate "a paper boat" --download -o boat.mp4 --max-cost 56',
    'id=$(seedance generate -f prompt.txt) && seedance wait "$id" --download',
    'seedance generate "a paper boat" --sandbox --download',
)


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
    from seedance_cli.cli import buy
    from seedance_cli.cli import request as _request
    from seedance_cli.cli.session import Session

    wanted = _options.wanted_result(
        run.out,
        wait=wait,
        download=download,
        output=output,
        force=force,
        timeout=timeout,
        interval=interval,
    )
    limit = None if max_cost is None else tasks.pricing.parse_limit(max_cost)
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
        order = buy.order(session, session.settings(), typed, free=no_validate)
        if dry_run:
            return _dry_run(session, order, limit)
        run.out.owe(partial(buy.document, run.payment))
        buy.pay(session, order, buy.Terms(limit, again, wanted), run.payment)
        code = _report(session, run.payment, wanted)
        run.payment.done = True
        return code


def _dry_run(session: Session, order: Order, limit: Limit | None) -> int:
    from seedance_cli.cli import buy, dry_run

    price = buy.price(session, order, limit)
    dry_run.show(session.out, order, price)
    if limit is not None:
        tasks.pricing.check(limit, price, order.provider)
    return 0


def _report(session: Session, payment: Payment, wanted: Wanted | None) -> int:
    """Give the user what was asked for beyond the ref."""
    from seedance_cli.cli import buy

    submission = payment.submission
    assert submission is not None
    buy.tell_of_kin(session, payment)
    if wanted is not None:
        from seedance_cli.cli.follow import follow

        return follow(session, [submission], wanted)
    if submission.status in {"failed", "cancelled", "expired"}:  # words of the `Status` enum
        session.out.warn(f"{submission.ref} is {submission.status} already")
    if session.out.json:
        session.out.document(buy.document(payment))
    return 0
