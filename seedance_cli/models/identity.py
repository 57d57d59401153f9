"""What makes two paid requests the same one (contract, section 6.6).

A fingerprint lies in the ledger with the number of its rule, and rows are only compared under the
rule that they were written with. So a rule is never changed: another one follows it.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from seedance_cli.models.url import origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models.http_message import HttpRequest
    from seedance_cli.models.json_types import JsonObject, JsonValue

RULE = 2
"""The newest one; new rows are written with it."""

_NOT_IDENTITY_1 = frozenset({"metadata", "callback_url", "webhookUrl"})
_NOT_IDENTITY_2 = frozenset(
    {
        *("metadata", "callback", "callbackurl", "callbackuri", "callbackparam"),
        *("webhook", "webhookurl", "webhookuri", "webhookeventsfilter", "falwebhook"),
        *("notifyurl", "notifyhook"),
    }
)
"""Names, without case and underscores, of what does not change what is bought. They are no
provider's: a `--param` is not to get past the rule by a spelling of its own. The fields of a
provider's own are gone before (`Provider.bought`), whatever their names."""


def fingerprints(
    provider: str, endpoint: str, sandbox: bool, request: HttpRequest
) -> Mapping[int, str]:
    """SHA-256, in hex, of what is bought and where, by every rule there was.

    No key and no profile is part of it; the order of keys in the body does not matter, `8` and
    `"8"` differ.

    Args:
        provider: the provider's name.
        endpoint: its base URL, or `sandbox`.
        sandbox: whether it is the sandbox's.
        request: the final request, without the callback and metadata of the provider's own fields.

    Raises:
        ValueError: the body holds NaN or an infinity, which no JSON can carry.
    """
    base: JsonObject = {"provider": provider, "origin": _place(endpoint)[0], "sandbox": sandbox}
    # Rule 1 knew one path a provider, and only fields at the top of the body.
    top = {name: one for name, one in request.body.items() if name not in _NOT_IDENTITY_1}
    return {
        1: _digest({**base, "body": top}),
        RULE: fingerprint(provider, endpoint, sandbox, request),
    }


def fingerprint(provider: str, endpoint: str, sandbox: bool, request: HttpRequest) -> str:
    """The one by the newest rule; as `fingerprints`."""
    path, _, query = request.path.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True) if query else []
    origin_, base_path = _place(endpoint)
    return _digest(
        {
            "provider": provider,
            "origin": origin_,
            "sandbox": sandbox,
            "path": base_path + path,
            "query": [list(pair) for pair in sorted(pairs) if _is_identity(pair[0])],
            "body": _bought(request.body),
        }
    )


@lru_cache(maxsize=64)
def _place(endpoint: str) -> tuple[str, str]:
    """Origin and path of an endpoint; a batch asks for those of a few, ten thousand times."""
    return origin(endpoint), _base_path(endpoint)


def _digest(identity: JsonObject) -> str:
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
    from hashlib import sha256  # what only reads the ledger needs none

    return sha256(text.encode("ascii")).hexdigest()


def _bought(value: JsonValue) -> JsonValue:
    """The value without what is no part of what is bought, at any depth."""
    if isinstance(value, dict):
        return {name: _bought(one) for name, one in value.items() if _is_identity(name)}
    if isinstance(value, list):
        return [_bought(one) for one in value]
    return value


def _is_identity(name: str) -> bool:
    return name.replace("_", "").replace("-", "").lower() not in _NOT_IDENTITY_2


def _base_path(endpoint: str) -> str:
    return urlsplit(endpoint).path.rstrip("/") if "://" in endpoint else ""
