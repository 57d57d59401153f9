"""`seedance recover`: submissions whose outcome is unknown."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import cli, models, providers, tasks
from seedance_cli.cli import completion as _tab
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import UsageError, WriteFailed

if TYPE_CHECKING:
    from datetime import datetime

    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission, VideoRequest

EXAMPLES = (
    "seedance recover",
    "seedance recover --adopt 4f3a91c2 req_1234567890",
    "seedance recover --discard 4f3a91c2",
)


_ANSWER_LINES = 3
"""Lines of an answer that a person is shown; a pipe and --json have as much as was kept."""


@command(remote=True)
def recover(
    run: Run,
    task_id: Annotated[
        str | None,
        typer.Argument(metavar="[TASK_ID]", help="With --adopt: the task's id or ref."),
    ] = None,
    *,
    adopt: Annotated[
        str | None,
        typer.Option(
            "--adopt",
            metavar="INTENT",
            help="This submission became the task TASK_ID.",
            autocompletion=_tab.intents,
        ),
    ] = None,
    discard: Annotated[
        str | None,
        typer.Option(
            "--discard",
            metavar="INTENT",
            help="This submission was never accepted.",
            autocompletion=_tab.intents,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Adopt although the provider does not confirm it.")
    ] = False,
) -> int:
    """Show every submission whose outcome is unknown, and settle one."""
    if adopt is not None and discard is not None:
        raise UsageError("--adopt and --discard were both given", hint="give one of them")
    if (task_id is not None) != (adopt is not None):
        raise UsageError(
            "--adopt INTENT goes with the task's id", hint="seedance recover --adopt INTENT TASK_ID"
        )
    if force and adopt is None:
        raise UsageError("--force goes with --adopt")
    with run.session() as session:
        if adopt is not None and task_id is not None:
            return _adopt(session, adopt, task_id, force=force)
        if discard is not None:
            return _discard(session, discard)
        return _show(session)


def _show(session: Session) -> int:
    wanted = session.sandbox if session.sandbox_option is not None else None
    found = [
        one
        for one in session.readable_ledger().unknown(sandbox=wanted)
        if session.provider_option in {None, one.provider}
    ]
    if session.out.json:
        session.out.document([cli.recovery_object(one) for one in found])
        return 0
    if not found:
        session.out.note("no submission with an unknown outcome")
    for one in found:
        _tell(session.out, one, session.clock.now())
    if len(found) > 1:
        session.out.note(f"{len(found)} submissions; a line each: seedance list --status unknown")
    return 0


def _tell(out: Output, one: Submission, now: datetime) -> None:
    """What is known of it, what is not, and what to do: on stdout, it is this command's result."""
    left = bool(one.evidence.get("left"))
    fields = [
        ("name", one.name),
        ("sent", _sent(one, now, local=out.has_columns)),
        ("provider", f"{one.provider} at {one.endpoint}"),
        ("prompt", None if one.request is None else one.request.prompt),
        (
            "request",
            None if one.request is None else _request_line(one.request, whole=not out.has_columns),
        ),
        ("answer", _answer_line(one)),
        (
            "known",
            "the request left, and no clear answer came"
            if left
            else "the program ended while the request was on its way",
        ),
        (
            "unknown",
            "whether a task was made; "
            + (
                "nothing is charged in the sandbox"
                if one.sandbox
                else "whether you were charged for it"
            ),
        ),
    ]
    task_id = one.evidence.get("task_id")  # named in an unclear answer
    named = models.make_ref(one.provider, task_id) if isinstance(task_id, str) else "TASK_ID"
    adopt = f"seedance recover --adopt {one.intent} {named}"
    discard = f"seedance recover --discard {one.intent}"
    out.result(f"intent    {one.intent}")
    if out.has_columns:
        _lay_out(out, [(name, text) for name, text in fields if text])
        out.result("if the provider's site shows it:")
        out.result(f"  {adopt}")
        out.result("if you are sure it does not:")
        out.result(f"  {discard}")
    else:
        for name, text in fields:
            if text:
                out.result(f"{name:<8}  {text}")
        out.result(f"if the provider's site shows it: {adopt}")
        out.result(f"if you are sure it does not:     {discard}")
    out.result("")


def _lay_out(out: Output, fields: list[tuple[str, str]]) -> None:
    """For a person: what is known stays whole; a prompt and an answer may be of any length."""
    room = out.width - len("provider  ")
    most = {"prompt": room, "answer": room * _ANSWER_LINES}
    out.table(
        ("", ""),
        [
            (name, cli.fitted(" ".join(text.split()), most[name]) if name in most else text)
            for name, text in fields
        ],
    )


def _sent(one: Submission, now: datetime, *, local: bool) -> str:
    """In UTC for a program; for a person in local time, and how long ago."""
    when = one.submitted_at or one.created_at
    if when is None:
        return "unknown"
    if local:
        return f"{when.astimezone():%Y-%m-%d %H:%M:%S %Z}, {models.age(when, now)} ago"
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


def _request_line(request: VideoRequest, *, whole: bool) -> str:
    """What was asked for; `whole`: with the names of what tells itself, too."""
    parts = {
        "model": request.model,
        "duration": None if request.duration is None else f"{request.duration}s",
        "resolution": request.resolution,
        "aspect-ratio": request.aspect_ratio,
        "seed": request.seed,
        "images": len(request.images) or None,
        "first-frame": None if request.first_frame is None else "given",
        "last-frame": None if request.last_frame is None else "given",
        "reference-videos": len(request.reference_videos) or None,
        "reference-audios": len(request.reference_audios) or None,
    }
    plain = () if whole else ("duration", "resolution", "aspect-ratio")
    words = [
        str(value) if name in plain else f"{name} {value}"
        for name, value in parts.items()
        if value is not None
    ]
    for name, on in (("audio", request.audio), ("watermark", request.watermark)):
        words += [] if on is None else [f"with {name}" if on else f"no {name}"]
    return ", ".join(words) or "-"


def _answer_line(one: Submission) -> str:
    evidence = one.evidence
    parts = []
    if evidence.get("http_status") is not None:
        parts.append(f"HTTP {evidence['http_status']}")
    if evidence.get("fault"):
        parts.append(str(evidence["fault"]))
    if evidence.get("body"):
        parts.append(f"body: {evidence['body']}")
    return "; ".join(parts) or "none: the program ended before one came"


def _discard(session: Session, intent: str) -> int:
    row = tasks.unsettled(session.readable_ledger(), intent)
    assert row.intent is not None
    after = session.ledger().discard(row.intent)
    if session.out.json:
        session.out.document(cli.task_object(after))
    else:
        session.out.result(row.intent)
    session.out.note(
        f"discarded; if {row.provider} did accept it, its task can still be found on its site"
    )
    return 0


def _adopt(session: Session, intent: str, named: str, *, force: bool) -> int:
    provider, task_id = models.parse_ref(named, providers.names())
    row = tasks.find_intent(session.readable_ledger(), intent)
    accepted = row.state is models.IntentState.ACCEPTED
    if accepted and row.ref == models.make_ref(row.provider, task_id):
        return _recorded(session, row)
    row = tasks.unsettled(session.readable_ledger(), intent)
    assert row.intent is not None
    if provider not in {None, row.provider}:
        raise UsageError(f"{named} is a task of {provider}, the intent one of {row.provider}")
    if session.provider_option not in {None, row.provider}:
        raise UsageError(
            f"the intent is one of {row.provider}, and --provider says {session.provider_option}",
            hint="leave --provider out",
        )
    session.verb = f"recover --adopt {intent}"
    found = tasks.confirm(row, task_id, session.target, session.clock)
    if found.doubt is not None:
        if not force:
            raise found.doubt
        session.out.warn(f"adopted unconfirmed: {found.doubt.message}")
    after = session.ledger().adopt(row.intent, found.task, force=force)
    _show_task(session.out, after)
    return 0


def _recorded(session: Session, row: Submission) -> int:
    """The ledger has that very task for the intent: a disk that failed took it all the same."""
    _show_task(session.out, row)
    session.out.note("the ledger had recorded that already; there is nothing to settle")
    assert row.intent is not None
    with suppress(WriteFailed):
        session.ledger().told(row.intent)
    return 0


def _show_task(out: Output, row: Submission) -> None:
    if out.json:
        out.document(cli.task_object(row))
    elif row.ref is not None:
        out.result(row.ref)
