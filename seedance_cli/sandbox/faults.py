"""The words that provoke a fault: first in a prompt (`sandbox:stuck …`), or `X-Sandbox-Fault`.

A word in the prompt acts on the submit and on the task it makes. A word in the header acts on the
request that carries it: on a submit as in the prompt, on a read those that concern one HTTP answer
(`no-credits`, `rate-limit`, `server-error`, `lost-response`, `html`), on a video those of videos.
A code of an error that the provider documents (`X-Sandbox-Fault: ModelNotOpen`) gives that error.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Self

HEADER = "X-Sandbox-Fault"

_AT_START = re.compile(r"sandbox:([a-z]+(?:-[a-z]+)*)(?![\w-])")


class Fault(StrEnum):
    """What goes wrong, and in words what that is."""

    meaning: str
    """The end of a sentence about the word."""

    def __new__(cls, word: str, meaning: str = "") -> Self:
        """A word with its meaning; it is looked up by the word alone."""
        fault = str.__new__(cls, word)
        fault._value_, fault.meaning = word, meaning
        return fault

    FAIL = "fail", "accepted; the task ends failed"
    MODERATED = "moderated", "accepted; the task ends failed, moderation being the reason"
    STUCK = "stuck", "the task runs for ever"
    SLOW = "slow", "the task takes ten times as long"
    NO_CREDITS = "no-credits", "402 in the provider's form (Ark: 403)"
    RATE_LIMIT = "rate-limit", "429; runbase accepts the same request the second time"
    SERVER_ERROR = "server-error", "500 in the provider's form; no task is made"
    LOST_RESPONSE = (
        "lost-response",
        "accepted and charged; the connection is cut before the first byte of the answer",
    )
    UNKNOWN_STATUS = (
        "unknown-status",
        "a status word nobody has heard of, for three times the seconds; then the task succeeds",
    )
    HTML = "html", "an HTML page with status 200, as a gateway sends it; no task is made"
    EXPIRED_URL = (
        "expired-url",
        "the first video URL answers 403; every later read hands out a good one",
    )
    TRUNCATED = "truncated", "the video breaks off half-way, whatever its Content-Length says"
    BAD_VIDEO = "bad-video", "the video's URL answers 200 with an HTML page"
    EXPIRED = "expired", "the task ends expired, where the provider has a word for that"
    SPEND_LIMIT = "spend-limit", "runbase's 403 api_key_spend_limit_exceeded"
    IP_NOT_ALLOWED = "ip-not-allowed", "runbase's 403 ip_not_allowed"
    USAGE_EXCEEDED = "usage-exceeded", "runbase's 429 USAGE_EXCEEDED, which is not to be retried"


HEADER_ONLY = frozenset(
    {Fault.EXPIRED, Fault.SPEND_LIMIT, Fault.IP_NOT_ALLOWED, Fault.USAGE_EXCEEDED}
)
"""Those that a prompt does not provoke."""


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
