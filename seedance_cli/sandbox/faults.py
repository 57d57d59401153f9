"""The words that provoke a fault: first in a prompt (`sandbox:stuck …`), or `X-Sandbox-Fault`.

A word in the prompt acts on the submit and on the task it makes. A word in the header acts on the
request that carries it: on a submit as in the prompt, on a read those that concern one HTTP answer
(`no-credits`, `rate-limit`, `server-error`, `lost-response`, `html`), on a video those of videos.
A code of an error that the provider documents (`X-Sandbox-Fault: ModelNotOpen`) gives that error.
"""

from __future__ import annotations

import re
from enum import StrEnum

HEADER = "X-Sandbox-Fault"

_AT_START = re.compile(r"sandbox:([a-z]+(?:-[a-z]+)*)(?![\w-])")


class Fault(StrEnum):
    """What goes wrong."""

    FAIL = "fail"
    """The task ends failed."""
    MODERATED = "moderated"
    """The task is accepted and ends failed, with moderation as its reason."""
    STUCK = "stuck"
    """The task runs for ever."""
    SLOW = "slow"
    """The task takes ten times as long."""
    NO_CREDITS = "no-credits"
    """402 in the provider's error form."""
    RATE_LIMIT = "rate-limit"
    """429. runbase accepts the same request the second time (its RATE_LIMITED may be retried)."""
    SERVER_ERROR = "server-error"
    """500 in the provider's error form; no task is made."""
    LOST_RESPONSE = "lost-response"
    """The task is made and charged; the connection is cut before the first byte of the answer."""
    UNKNOWN_STATUS = "unknown-status"
    """A status word nobody has heard of, for three times the seconds (at least one second); then
    the task succeeds."""
    HTML = "html"
    """The submit is answered by an HTML page with status 200, as a gateway does; no task is made.
    A client cannot know that: its outcome is unknown."""
    EXPIRED_URL = "expired-url"
    """The first video URL handed out answers 403; every later read hands out a good one."""
    TRUNCATED = "truncated"
    """The video's Content-Length is right, but every answer breaks off half-way."""
    BAD_VIDEO = "bad-video"
    """The video URL answers 200 with an HTML page."""
    EXPIRED = "expired"
    """The task ends expired, where the provider has a word for that. By header only."""
    SPEND_LIMIT = "spend-limit"
    """runbase's 403 `api_key_spend_limit_exceeded`. By header only."""
    IP_NOT_ALLOWED = "ip-not-allowed"
    """runbase's 403 `ip_not_allowed`. By header only."""
    USAGE_EXCEEDED = "usage-exceeded"
    """runbase's 429 `USAGE_EXCEEDED`, which is not to be retried. By header only."""


HEADER_ONLY = frozenset(
    {Fault.EXPIRED, Fault.SPEND_LIMIT, Fault.IP_NOT_ALLOWED, Fault.USAGE_EXCEEDED}
)


def in_prompt(prompt: str) -> Fault | None:
    """The fault that a prompt begins with; a word that is none is just part of a prompt."""
    match = _AT_START.match(prompt)
    fault = named(match[1]) if match else None
    return None if fault in HEADER_ONLY else fault


def named(word: str) -> Fault | None:
    """The fault of that name."""
    try:
        return Fault(word)
    except ValueError:
        return None
