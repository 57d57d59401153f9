"""Taking a key out of text that came from elsewhere: some services repeat it in their errors."""

from __future__ import annotations

import base64
import re
from functools import cache
from urllib.parse import quote

MASK = "****"
_WINDOW = 8
"""Characters: a shorter piece of a key says nothing, and would be found in innocent words."""
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
    if b"\\" not in literal:
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
    """The text without any piece of the key of 8 characters or more, in any of its forms."""
    hidden = [False] * len(text)
    for form in _forms(key):
        pieces = {form[i : i + _WINDOW] for i in range(len(form) - _WINDOW + 1)}
        for start in range(len(text) - _WINDOW + 1):
            if text[start : start + _WINDOW] in pieces:
                hidden[start : start + _WINDOW] = [True] * _WINDOW
    shown: list[str] = []
    for position, character in enumerate(text):
        if not hidden[position]:
            shown.append(character)
        elif position == 0 or not hidden[position - 1]:
            shown.append(MASK)
    return "".join(shown)


@cache
def _forms(key: str) -> list[str]:
    # base64 of a text that holds the key somewhere looks different at each offset modulo 3; the
    # characters that depend on the neighbours are cut off.
    raw = key.encode()
    shifted = [
        base64.b64encode(b"\0" * pad + raw).decode()[4 if pad else 0 : -4] for pad in (0, 1, 2)
    ]
    return sorted(
        {key, quote(key, safe=""), base64.b64encode(raw).decode(), *shifted} - {""}, key=len
    )[::-1]
