"""The local files of a request, from the words of the command line to the body of the paid POST."""

from __future__ import annotations

import json
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from seedance_cli import tasks
from seedance_cli.models import JsonObject
from seedance_cli.system import state_dir
from seedance_cli.tasks import Place, Way

if TYPE_CHECKING:
    from collections.abc import Callable

    from seedance_cli.cli.buy import Order
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.config import Settings
    from seedance_cli.models import VideoRequest
    from seedance_cli.providers import ProviderInfo
    from seedance_cli.tasks import Channel, LocalMedia

_MOST_SHOWN = 64 * 1024
"""Bytes of a body that `--dry-run` shows with the files in it; of a longer one their hashes."""


def read(
    session: Session, settings: Settings, info: ProviderInfo, video: VideoRequest, *, free: bool
) -> LocalMedia:
    """Read and check the files; see `tasks.local_media`."""
    place = Place(settings.endpoint, settings.sandbox, settings.upload_command)
    return tasks.local_media(info, video, place, base=session.base, free=free)


def content(
    session: Session, order: Order, channel: Channel, *, lines: bool = False
) -> Callable[[], bytes] | None:
    """What gives the body's bytes, uploading on the way; None: the request has no local files.

    Args:
        session: streams, clock and environment.
        order: the request.
        channel: the way to its provider.
        lines: whether uploads are said in lines, because something else is drawn meanwhile.
    """
    if not order.local.files:
        return None
    return partial(_content, session, order, channel, lines=lines)


def _content(session: Session, order: Order, channel: Channel, *, lines: bool) -> bytes:
    from seedance_cli.cli.output.progress import Display

    delivery = tasks.FileDelivery(
        channel=channel,
        files=order.local.files,
        ways=order.local.ways,
        account=session.ledger().key_proof(channel.key.reveal(), channel.endpoint),
        command=order.settings.upload_command,
        cache=tasks.UploadCache(state_dir(session.env), session.clock),
        clock=session.clock,
        env=session.env,
    )
    steps = delivery.content(order.request)
    display = Display(session.out, session.clock, ())
    with nullcontext() if lines else display:
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                body: bytes = end.value
                return body
            match step:
                case tasks.Uploading(name, transfer):
                    display.uploading(name, transfer)
                case tasks.Uploaded(name, known=True):
                    display.note(f"{name} is uploaded already")
                case tasks.Uploaded(name):
                    display.uploaded(name)
                case None:
                    display.tick()


def preview(out: Output, order: Order) -> tuple[bytes, JsonObject]:
    """The body for `--dry-run`, as bytes and as JSON, and how the files in it would get there.

    Of files that are not inside the request, and of large ones that are, it has the hashes.
    """
    from seedance_cli.http import encode

    local, body = order.local, order.request.body
    inline = {one.content: one for one in local.files if local.ways[one.content] is Way.INLINE}
    for one in local.files:
        how = _HOW[local.ways[one.content]]
        out.note(f"{one.path} ({one.type.name}, {one.size:,} bytes) {how}")
    if not inline or sum(one.size for one in inline.values()) > _MOST_SHOWN:
        return encode(body), body
    whole = tasks.filled(body, {}, inline)
    return whole, json.loads(whole)


_HOW = {
    Way.INLINE: "goes inside the request as a data: URI",
    Way.UPLOAD: "is uploaded before it; the body would have its URL instead of its hash",
    Way.COMMAND: "goes to upload_command; the body would have its URL instead of its hash",
    Way.SANDBOX: "is taken by the sandbox; the body would have its URL instead of its hash",
}
