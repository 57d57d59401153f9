"""`seedance generate`: one paid task."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from seedance_cli import cli
from seedance_cli.cli import options as _options
from seedance_cli.cli import request_options as _wishes
from seedance_cli.cli.command import Run, command

if TYPE_CHECKING:
    from seedance_cli.cli.buy import Order, Terms
    from seedance_cli.cli.session import Session
    from seedance_cli.tasks import Payment

EXAMPLES = (
    'seedance generate "a paper boat on a rainy street" -d 8 -r 720p',
    'seedance generate "a paper boat" --download -o boat.mp4 --max-cost "0.5 USD"',
    'seedance generate "a paper boat" --name boat --download',
    'id=$(seedance generate -f prompt.txt) && seedance wait "$id" --download',
    'seedance generate "a paper boat" --sandbox --download',
)


@command(remote=True)
def generate(
    run: Run,
    prompt: _wishes.Prompt = None,
    *,
    prompt_file: _wishes.PromptFile = None,
    video: _wishes.VideoOptions,
    extra: _wishes.ExtraOptions,
    no_validate: _wishes.NoValidate = False,
    dry_run: _wishes.DryRun = False,
    pay: _wishes.PayOptions,
    naming: _wishes.NameOptions,
    wait: _options.Wait = False,
    result: _options.ResultOptions,
) -> int:
    """Submit one task: prints its ref, with --wait the video URL, with --download the file."""
    terms = cli.buy.terms(pay, cli.wait_request.for_generate(run.out, result, wait=wait), naming)
    typed = cli.request.typed(cli.request.prompt_text(prompt, prompt_file), video, extra)
    with run.session(write=not dry_run) as session:
        order = cli.buy.order(session, session.settings(), typed, free=no_validate)
        if dry_run:
            return cli.dry_run.dry_run(session, order, terms)
        run.out.owe(partial(cli.buy.document, run.payment))
        cli.promise(session, partial(cli.buy.document, run.payment))
        cli.buy.pay(session, order, terms, run.payment)
        code = _report(session, order, run.payment, terms)
        run.payment.done = True
        return code


def _report(session: Session, order: Order, payment: Payment, terms: Terms) -> int:
    """Give the user what was asked for beyond the ref."""
    submission = payment.submission
    assert submission is not None
    cli.kin.tell_of_kin(session, order, payment, terms)
    if terms.wanted is not None:
        return cli.follow.follow(session, [submission], terms.wanted)
    if submission.status in {"failed", "cancelled", "expired"}:  # words of the `Status` enum
        verb = "makes" if submission.sandbox else "pays for"
        again = f"; --retry-failed {verb} another attempt" if submission.name is not None else ""
        session.out.warn(f"{submission.ref} is {submission.status} already{again}")
    if session.out.json:
        session.out.document(cli.buy.document(payment))
    return 0
