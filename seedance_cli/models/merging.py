"""What is known of a task after one more answer: knowledge only grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.models.task import Status

if TYPE_CHECKING:
    from datetime import datetime

    from seedance_cli.models.price import Price
    from seedance_cli.models.task import Task

CHARGED = "charged"
"""The basis of a cost that was really charged."""


def higher(known: Price | None, new: Price | None) -> Price | None:
    """The higher charge; of two units, which cannot be compared, the one that was read last."""
    if new is None or new.basis != CHARGED or not new.amount.is_finite():
        return known
    if known is not None and known.unit == new.unit and known.amount >= new.amount:
        return known
    return new


def merge(old: Task, new: Task, now: datetime | None) -> Task:
    """What is known of a task after one more read of it. Knowledge only grows.

    A terminal status is not overwritten by one that is not (a cache of the provider may lag); the
    URLs, the cost and the model stay known when a later answer leaves them out.

    Args:
        old: what was known.
        new: what the provider said now.
        now: when; taken as `finished_at` of a task first seen terminal that brings no time itself.
            None: such a task has none.

    Returns:
        `old` itself where the read brought nothing new, as most polls of a running task.
    """
    if _says_nothing_new(old, new):
        return old
    back = old.status.terminal and not new.status.terminal
    head = old if back else new
    same = head.status is old.status
    finished = (old.finished_at if same else None) or head.finished_at
    return head._replace(
        task_id=old.task_id,
        model=new.model or old.model,
        prompt=new.prompt if new.prompt is not None else old.prompt,
        video_urls=new.video_urls or old.video_urls,
        last_frame_url=new.last_frame_url or old.last_frame_url,
        cost=_better(old.cost, new.cost),
        error=head.error or (old.error if same else None),
        created_at=old.created_at or new.created_at,
        finished_at=(finished or now) if head.status.terminal else None,
        resume=new.resume or old.resume,
    )


def _says_nothing_new(old: Task, new: Task) -> bool:
    return (
        not old.status.terminal
        and new.status is old.status
        and new.provider_status == old.provider_status
        and new.error in {None, old.error}
        and new.prompt in {None, old.prompt}
        and (new.model or old.model) == old.model
        and (new.video_urls or old.video_urls) == old.video_urls
        and (new.last_frame_url or old.last_frame_url) == old.last_frame_url
        and (new.resume or old.resume) == old.resume
        and (new.created_at or old.created_at) == old.created_at
        and new.finished_at is old.finished_at is None
        and _better(old.cost, new.cost) == old.cost
    )


def worth_keeping(old: Task, new: Task) -> bool:
    """Whether a merged task is to be written.

    That it runs and that it has ended are; other steps between words that are not terminal are not,
    so that a status which goes to and fro is written once.
    """
    if new is old:
        return False
    if new.status is not old.status and (new.status.terminal or new.status is Status.RUNNING):
        return True
    return new._replace(status=old.status, provider_status=old.provider_status) != old


def _better(old: Price | None, new: Price | None) -> Price | None:
    """The cost to keep: the newer, but a real charge is not replaced by a listed price."""
    if new is None or not new.amount.is_finite():
        return old
    return old if old is not None and old.basis == CHARGED != new.basis else new
