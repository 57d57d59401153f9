"""Taking a key out of text that came from elsewhere: some services repeat it in their errors.

A piece of a key is 8 characters of it or more, of which 3 at least are beyond the public words that
it may begin with: `sd2_live_` stands in every key of its service, in its pages and perhaps in the
names of its files, and gives nothing away.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from seedance_cli.models import MASK

if TYPE_CHECKING:
    from seedance_cli.models import Task

_WINDOW = 8
"""Characters: a shorter piece of a key says nothing, and would be found in innocent words."""
_TELLING = 3
"""Of them, those that are not of the key's public beginning."""
_WORDS = re.compile(r"(?:[a-z]{1,10}[0-9]?[-_]){1,3}")
# A string of JSON. One that never ends goes to the end of the text, so that the search is linear.
_LITERAL = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)


def redact_exact(text: bytes, key: str) -> bytes:
    r"""The bytes without the whole key, raw, URL-encoded or base64. Safe on JSON that is parsed.

    In strings of JSON the key is found also where characters of it are escaped (`\/`, `\u002b`).
    """
    if len(key) < _WINDOW:
        return text
    forms = _forms(key)
    for form in forms:
        text = text.replace(form.encode(), MASK.encode())
    if b"\\" not in text:  # most answers escape nothing
        return text
    return _LITERAL.sub(lambda literal: _unescaped(literal[0], forms), text)


def _unescaped(literal: bytes, forms: list[str]) -> bytes:
    """A string of JSON, spelt anew without the key if it holds it in an escaped form."""
    if b"\\" not in literal or len(literal) < len(forms[-1]):  # the shortest: most are shorter
        return literal
    import json

    try:
        value = found = json.loads(literal)
    except ValueError:
        return literal
    for form in forms:
        value = value.replace(form, MASK)
    return literal if value == found else json.dumps(value).encode()


def redact(text: str, key: str) -> str:
    """The text without any piece of the key, in any of its forms."""
    pieces = _pieces(key)
    hidden = bytearray(len(text))
    for start in range(len(text) - _WINDOW + 1):
        if text[start : start + _WINDOW] in pieces:
            hidden[start : start + _WINDOW] = b"\x01" * _WINDOW
    if not any(hidden):
        return text
    shown: list[str] = []
    for position, character in enumerate(text):
        if not hidden[position]:
            shown.append(character)
        elif position == 0 or not hidden[position - 1]:
            shown.append(MASK)
    return "".join(shown)


def cleared(task: Task, key: str) -> Task:
    """A task as its provider describes it, without the key in anything that is shown or stored.

    Its id is left: whoever takes a new one looks at it first. A URL that held a piece of the key
    has `MASK` in it, and is no longer one that can be used (`text.url_fault`).
    """

    def clear(text: str | None) -> str | None:
        return text and redact(text, key)

    error = task.error
    if error is not None:
        error = error._replace(code=clear(error.code), message=redact(error.message, key))
    return task._replace(
        provider_status=clear(task.provider_status),
        model=clear(task.model),
        prompt=clear(task.prompt),
        video_urls=tuple(redact(url, key) for url in task.video_urls),
        last_frame_url=clear(task.last_frame_url),
        error=error,
        resume={name: redact(url, key) for name, url in task.resume.items()},
    )


@cache
def _pieces(key: str) -> frozenset[str]:
    """Every run of 8 characters of every form of the key that gives something of it away."""
    public = _public(key)
    found: set[str] = set()
    for form in _forms(key):
        # base64 makes 4 characters of 3, and an escaped one is longer than it was.
        begins = len(quote(key[:public], safe="")) if form == quote(key, safe="") else public
        if form not in {key, quote(key, safe="")}:
            begins = public * 4 // 3
        first = max(0, begins + _TELLING - _WINDOW)
        found.update(form[at : at + _WINDOW] for at in range(first, len(form) - _WINDOW + 1))
    return frozenset(found)


def _public(key: str) -> int:
    """How many characters at the key's beginning are words that all keys of its service have."""
    words = _WORDS.match(key)
    if words is None:
        return 0
    end = words.end()
    while end and len(key) - end < _WINDOW:  # what is left must be worth being kept a secret
        end = max(key.rfind("-", 0, end - 1), key.rfind("_", 0, end - 1)) + 1
    return end


@cache
def _forms(key: str) -> list[str]:
    # base64 of a text that holds the key somewhere looks different at each offset modulo 3; the
    # characters that depend on the neighbours are cut off.
    raw = key.encode()
    encoded = {base64.b64encode(raw).decode()}
    encoded |= {
        base64.b64encode(b"\0" * pad + raw).decode()[4 if pad else 0 : -4] for pad in (0, 1, 2)
    }
    url_safe = {form.replace("+", "-").replace("/", "_") for form in encoded}
    return sorted({key, quote(key, safe=""), *encoded, *url_safe} - {""}, key=len)[::-1]
