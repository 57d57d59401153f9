"""The objects that `--json` prints. Their keys are a promise (contract, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.models import price_object, request_object, timestamp

if TYPE_CHECKING:
    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import Submission, VideoRequest

SCHEMA = "seedance.task/1"
_REQUEST = (
    *("prompt", "model", "duration", "resolution", "aspect_ratio", "audio", "fixed_lens", "seed"),
    *("watermark", "images", "first_frame", "last_frame", "reference_videos", "reference_audios"),
    *("callback_url", "metadata", "params"),
)
"""The keys of a request, in order."""


def task_object(submission: Submission) -> dict[str, object]:
    """One task, every key always present, in the contract's order.

    Args:
        submission: a ledger row, or a stand-in for a ref that the ledger lacks.
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
        "request": None if request is None else _request(request),
        "video_urls": list(task.video_urls) if task is not None else [],
        "files": list(submission.files),
        "video": None if submission.video is None else dict(submission.video),
        "last_frame": submission.last_frame or (task.last_frame_url if task is not None else None),
        "name": submission.name,
        "batch": submission.batch,
        "row": submission.row,
        "attempt": submission.attempt,
        "cost": None if task is None else price_object(task.cost),
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


def _request(request: VideoRequest) -> dict[str, object]:
    """What the user asked for; what was not set is null or empty."""
    asked = request_object(request)
    return {name: asked[name] for name in _REQUEST}


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
    """JSON, ASCII only.

    Raises:
        TypeError: a value is of a class that JSON does not have.
        ValueError: a number is infinite, or none.
    """
    import json

    text = json.dumps(value, indent=indent, allow_nan=False)
    return text.replace("\x7f", "\\u007f")  # printable to json, a control to a terminal


def _problem(submission: Submission) -> dict[str, str | None] | None:
    problem = submission.task.error if submission.task is not None else None
    return None if problem is None else {"code": problem.code, "message": problem.message}
