"""The objects that `--json` prints. Their keys are a promise (contract, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seedance_cli.models import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import JsonValue, Price, Submission, VideoRequest

SCHEMA = "seedance.task/1"


def task_object(
    submission: Submission, files: Iterable[str | Path] | None = None
) -> dict[str, object]:
    """One task, every key always present, in the contract's order.

    Args:
        submission: a ledger row, or a stand-in for a ref that the ledger lacks.
        files: absolute paths of its saved videos; None takes those of the submission.
    """
    task = submission.task
    request = submission.request
    model = task.model if task is not None else None
    return {
        "schema": SCHEMA,
        "intent": submission.intent,
        "ref": submission.ref,
        "provider": submission.provider,
        "task_id": task.task_id if task is not None else None,
        "profile": submission.profile,
        "sandbox": submission.sandbox,
        "status": submission.status.value,
        "provider_status": task.provider_status if task is not None else None,
        "model": model if model is not None or request is None else request.model,
        "request": None if request is None else request_object(request),
        "video_urls": list(task.video_urls) if task is not None else [],
        "files": [str(path) for path in (submission.files if files is None else files)],
        "video": None if submission.video is None else dict(submission.video),
        "last_frame": submission.last_frame,
        "name": submission.name,
        "batch": submission.batch,
        "row": submission.row,
        "attempt": submission.attempt,
        "cost": price_object(task.cost) if task is not None else None,
        "error": _problem(submission),
        "created_at": timestamp(
            (task.created_at if task is not None else None) or submission.created_at
        ),
        "submitted_at": timestamp(submission.submitted_at),
        "finished_at": timestamp(task.finished_at) if task is not None else None,
    }


def recovery_object(submission: Submission) -> dict[str, object]:
    """A task object with what `recover` knows besides: where it was sent, and what came back."""
    return {
        **task_object(submission),
        "endpoint": submission.endpoint,
        "state": None if submission.state is None else submission.state.value,
        "evidence": dict(submission.evidence),
    }


def request_object(request: VideoRequest) -> dict[str, object]:
    """What the user asked for; what was not set is null or empty."""
    metadata: Mapping[str, str] = request.metadata
    params: Mapping[str, JsonValue] = request.params
    return {
        "prompt": request.prompt,
        "model": request.model,
        "duration": request.duration,
        "resolution": request.resolution,
        "aspect_ratio": request.aspect_ratio,
        "audio": request.audio,
        "fixed_lens": request.fixed_lens,
        # Null and empty: this program has no option yet that sets them.
        "seed": None,
        "watermark": None,
        "images": list(request.images),
        "first_frame": None,
        "last_frame": None,
        "reference_videos": [],
        "reference_audios": [],
        "callback_url": request.callback_url,
        "metadata": dict(metadata),
        "params": dict(params),
    }


def price_object(price: Price | None) -> dict[str, str | None] | None:
    """An amount as a plain decimal string, never a float, never an exponent."""
    if price is None:
        return None
    return {"amount": format(price.amount, "f"), "unit": price.unit, "basis": price.basis}


def error_object(error: SeedanceError) -> dict[str, dict[str, object]]:
    """What the last line of stderr says with `--json`."""
    return {
        "error": {
            "code": error.code,
            "exit_code": error.exit_code,
            "message": error.message,
            "hint": error.hint,
            "provider": error.provider,
            "http_status": error.http_status,
            "retry_safe": error.retry_safe,
            "ref": error.ref,
            "intent": error.intent,
        }
    }


def dumps(value: object, indent: int | None = None) -> str:
    """JSON, ASCII only; NaN becomes null; decimals, times and paths become strings.

    Raises:
        TypeError: a value of a class that nothing here knows.
    """
    import json

    try:
        text = json.dumps(value, indent=indent, default=_plain, allow_nan=False)
    except ValueError:  # NaN and infinity have no JSON
        text = json.dumps(_finite(value), indent=indent, default=_plain, allow_nan=False)
    return text.replace("\x7f", "\\u007f")  # printable to json, a control to a terminal


def _plain(value: object) -> object:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime
    from decimal import Decimal
    from enum import Enum
    from pathlib import PurePath

    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return timestamp(value)
        case PurePath():
            return str(value)
        case Enum():
            return value.value
        case Mapping():
            return dict(value)
        case AbstractSet():
            return sorted(value)
        case _:
            raise TypeError(f"no JSON for a {type(value).__name__}")


def _finite(value: Any) -> Any:
    from collections.abc import Mapping
    from math import isfinite

    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return value


def _problem(submission: Submission) -> dict[str, str | None] | None:
    problem = submission.task.error if submission.task is not None else None
    return None if problem is None else {"code": problem.code, "message": problem.message}
