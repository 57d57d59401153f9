"""How a Submission lies in the ledger: the way from a row to values and back.

Whatever a server or a user wrote lies in JSON, ASCII only: a lone surrogate in an error message
must not keep a paid task's id out of the ledger. Times are ISO text in UTC with microseconds, so
that they sort; money is decimal text. A reader raises ValueError on what no writer here wrote.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from seedance_cli.ledger.schema import time_text
from seedance_cli.models import (
    CHARGED,
    IntentState,
    JsonObject,
    Price,
    PricedFields,
    Problem,
    Status,
    Submission,
    Task,
    VideoRequest,
    higher,
    request_object,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from seedance_cli.models import JsonValue

Value = str | int | None
_FIRST_PRICED = 4
"""How many priced fields the first release knew."""
_SECOND_PRICED = 7
"""How many the next one knew, which reads no more of them."""


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


def read_time(text: str | None) -> datetime | None:
    """The time that `time_text` wrote."""
    return None if text is None else datetime.fromisoformat(text)


def request_text(request: VideoRequest) -> str:
    """A request as JSON."""
    return _dump(request_object(request))


def priced_text(priced: PricedFields | None) -> str | None:
    """What decides a price, as JSON."""
    if priced is None:
        return None
    further = priced[_SECOND_PRICED:]
    nothing = further == PricedFields(None, None, None, None)[_SECOND_PRICED:]
    return _dump(list(priced[:_SECOND_PRICED] if nothing else priced))


def priced_prefix(priced: PricedFields, fields: int) -> str:
    """What the text of priced fields begins with whose first so many are these."""
    return _dump(list(priced[:fields]))[:-1]


def read_priced(text: str, request: str) -> PricedFields:
    """The fields that `priced_text` wrote.

    Args:
        text: theirs.
        request: the row's, which tells the fields that the release before did not write.
    """
    values = json.loads(text)
    if isinstance(values, list) and len(values) == _FIRST_PRICED:
        asked = _read_request(_object(request))
        values += [len(asked.images), asked.aspect_ratio, asked.fixed_lens]
    match values:
        case [
            str() | None as model,
            int() | None as seconds,
            str() | None as size,
            bool() | None as audio,
            int() as images,
            str() | None as ratio,
            bool() | None as lens,
            *further,
        ]:
            known = PricedFields(model, seconds, size, audio, images, ratio, lens)
            return _with_further(known, further)
    raise ValueError("priced fields")


def _with_further(known: PricedFields, values: list[object]) -> PricedFields:
    """The fields with those that came later, which a row has where one of them is set."""
    match values:
        case []:
            return known
        case [
            bool() | None as first,
            bool() | None as last,
            int() as videos,
            int() as audios,
            bool() | None as watermark,
            bool() | None as frame_out,
        ]:
            return known._replace(
                first_frame=first,
                last_frame=last,
                reference_videos=videos,
                reference_audios=audios,
                watermark=watermark,
                last_frame_out=frame_out,
            )
    raise ValueError("priced fields")


def read_charge(row: sqlite3.Row) -> Price | None:
    """The highest charge ever read of a row's task; None if none is known.

    The release before knows only the last one, and may still write to this ledger.
    """
    last, charge = None, None
    if row["cost_basis"] == CHARGED:
        last = read_price(_text(row["cost_amount"]), _optional(row["cost_unit"]), CHARGED)
    if row["charge_amount"] is not None:
        charge = read_price(_text(row["charge_amount"]), _optional(row["charge_unit"]), CHARGED)
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


def read_price_at_submit(row: sqlite3.Row) -> Price | None:
    """What a row's submit was priced at; None where that was not known."""
    if row["price_amount"] is None:
        return None
    unit, basis = _optional(row["price_unit"]), _text(row["price_basis"])
    return read_price(_text(row["price_amount"]), unit, basis)


def evidence_text(evidence: JsonObject) -> str:
    """What came back, as JSON."""
    return _dump(evidence)


def read_evidence(text: object) -> JsonObject:
    """What `evidence_text` wrote; empty where nothing came back."""
    return _object(text)


def task_columns(task: Task) -> dict[str, Value]:
    """The columns that describe a task."""
    cost = task.cost
    return {
        "task_id": key(task.task_id),
        "status": task.status.value,
        "task": _dump(
            {
                "task_id": task.task_id,
                "provider_status": task.provider_status,
                "model": task.model,
                "prompt": task.prompt,
                "video_urls": list(task.video_urls),
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
    row: sqlite3.Row, files: tuple[str, ...], state: IntentState | None = None
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
        provider=_text(row["provider"]),
        endpoint=_text(row["endpoint"]),
        sandbox=bool(row["sandbox"]),
        intent=_text(row["intent"]),
        state=state or IntentState(row["state"]),
        profile=_optional(row["profile"]),
        profile_named=bool(row["profile_named"]),
        request=_read_request(_object(row["request"])),
        task=read_task(row),
        created_at=read_time(_text(row["created_at"])),
        submitted_at=read_time(_optional(row["submitted_at"])),
        files=files,
        video=None if row["video"] is None else _object(row["video"]),
        last_frame=_optional(row["last_frame"]),
        name=_optional(row["name"]),
        batch=_optional(row["batch"]),
        row=_optional(row["batch_row"]),
        attempt=_integer(row["attempt"]),
        price=read_price_at_submit(row),
        key_proof=_optional(row["key_proof"]),
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


def _read_request(stored: JsonObject) -> VideoRequest:
    metadata, params = stored.get("metadata"), stored.get("params")
    if not (isinstance(metadata, dict) and isinstance(params, dict)):
        raise ValueError("request")  # noqa: TRY004 - one error for every damaged row
    return VideoRequest(
        prompt=_text(stored.get("prompt")),
        model=_optional(stored.get("model")),
        duration=_whole(stored.get("duration")),
        resolution=_optional(stored.get("resolution")),
        aspect_ratio=_optional(stored.get("aspect_ratio")),
        audio=_switch(stored.get("audio")),
        fixed_lens=_switch(stored.get("fixed_lens")),
        seed=_whole(stored.get("seed")),
        watermark=_switch(stored.get("watermark")),
        images=_texts(stored.get("images")),
        first_frame=_optional(stored.get("first_frame")),
        last_frame=_optional(stored.get("last_frame")),
        reference_videos=_texts(stored.get("reference_videos", [])),
        reference_audios=_texts(stored.get("reference_audios", [])),
        last_frame_out=_switch(stored.get("last_frame_out")),
        callback_url=_optional(stored.get("callback_url")),
        metadata=_text_map(metadata),
        params=params,
    )


def read_task(row: sqlite3.Row) -> Task | None:
    """The task in a row with all `COLUMNS`; None as long as no id is known. Raises ValueError."""
    if row["task"] is None:
        return None
    stored = _object(row["task"])
    amount = _optional(row["cost_amount"])
    return Task(
        task_id=_text(stored.get("task_id")),
        status=Status(row["status"]),
        provider_status=_optional(stored.get("provider_status")),
        model=_optional(stored.get("model")),
        prompt=_optional(stored.get("prompt")),
        video_urls=_texts(stored.get("video_urls")),
        cost=None
        if amount is None
        else read_price(amount, _optional(row["cost_unit"]), _text(row["cost_basis"])),
        error=_read_problem(stored.get("error")),
        created_at=read_time(_optional(stored.get("created_at"))),
        finished_at=read_time(_optional(row["finished_at"])),
        resume=_text_map(stored.get("resume")),
    )


def _read_problem(value: JsonValue) -> Problem | None:
    match value:
        case None:
            return None
        case [str() | None as code, str() as message]:
            return Problem(code, message)
    raise ValueError("error")


def _dump(value: Mapping[str, object] | list[str | int | bool | None]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _object(text: object) -> JsonObject:
    value = json.loads(_text(text))
    if isinstance(value, dict):
        return value
    raise ValueError("no JSON object")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("no text")


def _optional(value: object) -> str | None:
    return None if value is None else _text(value)


def _integer(value: object) -> int:
    if isinstance(value, int):
        return value
    raise ValueError("no number")


def _whole(value: object) -> int | None:
    """A number of the request; None where it says nothing that is one."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _switch(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_text(item) for item in value)
    raise ValueError("no list")


def _text_map(value: object) -> dict[str, str]:
    if isinstance(value, dict):
        return {_text(name): _text(item) for name, item in value.items()}
    raise ValueError("no JSON object")
