"""How a Submission lies in the ledger: the way from a row to values and back.

Whatever a server or a user wrote lies in JSON, ASCII only: a lone surrogate in an error message
must not keep a paid task's id out of the ledger. Times are ISO text in UTC with microseconds, so
that they sort; money is decimal text. A reader raises ValueError on what no writer here wrote.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from seedance_cli.ledger.requests import read_request
from seedance_cli.ledger.schema import time_text
from seedance_cli.ledger.stored import dump, integer, optional, parsed, text, text_map, texts
from seedance_cli.models import (
    CHARGED,
    IntentState,
    JsonObject,
    Price,
    Status,
    Submission,
    Task,
    higher,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.ledger.stored import Row
    from seedance_cli.models import JsonValue, Problem

Value = str | int | None


def key(task_id: str) -> str:
    """A task id as the ledger looks it up; the same text unless it is no valid Unicode."""
    return task_id.encode("utf-8", "backslashreplace").decode("utf-8")


def task_key(submission: Submission) -> tuple[str, str, int, str]:
    """The values that name a task in a statement. Only for a submission that has a task."""
    assert submission.task is not None
    task_id = key(submission.task.task_id)
    return submission.provider, submission.endpoint, int(submission.sandbox), task_id


def same_values(fingerprints: Mapping[int, str]) -> list[Value]:
    """The values that name a request in a statement: each fingerprint and its rule."""
    return [one for rule, mark in fingerprints.items() for one in (mark, rule)]


def read_time(stored: str | None) -> datetime | None:
    """The time that `time_text` wrote."""
    return None if stored is None else datetime.fromisoformat(stored)


def read_charge(row: Row) -> Price | None:
    """The highest charge ever read of a row's task; None if none is known.

    The release before knows only the last one, and may still write to this ledger.
    """
    last, charge = None, None
    if row["cost_basis"] == CHARGED:
        last = read_price(text(row["cost_amount"]), optional(row["cost_unit"]), CHARGED)
    if row["charge_amount"] is not None:
        charge = read_price(text(row["charge_amount"]), optional(row["charge_unit"]), CHARGED)
    return higher(charge, last)


def charge_columns(charge: Price | None) -> dict[str, Value]:
    """The columns of the highest charge."""
    return {
        "charge_amount": None if charge is None else str(charge.amount),
        "charge_unit": None if charge is None else charge.unit,
    }


def price_columns(price: Price | None) -> dict[str, Value]:
    """The columns of the price at the submit."""
    return {
        "price_amount": None if price is None else str(price.amount),
        "price_unit": None if price is None else price.unit,
        "price_basis": None if price is None else price.basis,
    }


def read_price_at_submit(row: Row) -> Price | None:
    """What a row's submit was priced at; None where that was not known."""
    if row["price_amount"] is None:
        return None
    unit, basis = optional(row["price_unit"]), text(row["price_basis"])
    return read_price(text(row["price_amount"]), unit, basis)


def evidence_text(evidence: JsonObject) -> str:
    """What came back, as JSON."""
    return dump(evidence)


def read_evidence(stored: object) -> JsonObject:
    """What `evidence_text` wrote; empty where nothing came back."""
    return parsed(stored)


def task_columns(task: Task) -> dict[str, Value]:
    """The columns that describe a task."""
    cost = task.cost
    return {
        "task_id": key(task.task_id),
        "status": task.status.value,
        "task": dump(
            {
                "task_id": task.task_id,
                "provider_status": task.provider_status,
                "model": task.model,
                "prompt": task.prompt,
                "video_urls": list(task.video_urls),
                **({} if task.last_frame_url is None else {"last_frame": task.last_frame_url}),
                "error": None if task.error is None else [task.error.code, task.error.message],
                "created_at": time_text(task.created_at),
                "resume": dict(task.resume),
            }
        ),
        "cost_amount": None if cost is None else str(cost.amount),
        "cost_unit": None if cost is None else cost.unit,
        "cost_basis": None if cost is None else cost.basis,
        "finished_at": time_text(task.finished_at),
    }


def read_submission(
    row: Row, files: tuple[str, ...], state: IntentState | None = None
) -> Submission:
    """A row as a value.

    Args:
        row: of `intents`, with all `COLUMNS`.
        files: the paths of its videos.
        state: what it became, where the row could not be changed; None: what the row says.

    Raises:
        ValueError: the row is not one that this module wrote.
    """
    return Submission(
        provider=text(row["provider"]),
        endpoint=text(row["endpoint"]),
        sandbox=bool(row["sandbox"]),
        intent=text(row["intent"]),
        state=state or IntentState(row["state"]),
        profile=optional(row["profile"]),
        profile_named=bool(row["profile_named"]),
        request=read_request(parsed(row["request"])),
        task=read_task(row),
        created_at=read_time(text(row["created_at"])),
        submitted_at=read_time(optional(row["submitted_at"])),
        files=files,
        video=None if row["video"] is None else parsed(row["video"]),
        last_frame=optional(row["last_frame"]),
        name=optional(row["name"]),
        batch=optional(row["batch"]),
        row=optional(row["batch_row"]),
        attempt=integer(row["attempt"]),
        price=read_price_at_submit(row),
        key_proof=optional(row["key_proof"]),
        told=bool(row["told"]),
        delivered=bool(row["delivered"]),
        evidence=read_evidence(row["evidence"]),
    )


def read_price(amount: str, unit: str | None, basis: str) -> Price:
    """A cost as its columns hold it."""
    try:
        return Price(Decimal(amount), unit, basis)
    except InvalidOperation as error:
        raise ValueError("amount") from error


def read_task(row: Row) -> Task | None:
    """The task in a row with all `COLUMNS`; None as long as no id is known. Raises ValueError."""
    if row["task"] is None:
        return None
    stored = parsed(row["task"])
    amount = optional(row["cost_amount"])
    return Task(
        task_id=text(stored.get("task_id")),
        status=Status(row["status"]),
        provider_status=optional(stored.get("provider_status")),
        model=optional(stored.get("model")),
        prompt=optional(stored.get("prompt")),
        video_urls=texts(stored.get("video_urls")),
        last_frame_url=optional(stored.get("last_frame")),
        cost=None
        if amount is None
        else read_price(amount, optional(row["cost_unit"]), text(row["cost_basis"])),
        error=_read_problem(stored.get("error")),
        created_at=read_time(optional(stored.get("created_at"))),
        finished_at=read_time(optional(row["finished_at"])),
        resume=text_map(stored.get("resume")),
    )


def _read_problem(value: JsonValue) -> Problem | None:
    match value:
        case None:
            return None
        case [str() | None as code, str() as message]:
            from seedance_cli.models import Problem  # most tasks have none

            return Problem(code, message)
    raise ValueError("error")
