"""What counts as the same paid request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seedance_cli.models import HttpRequest
from seedance_cli.models.identity import RULE, fingerprints
from seedance_cli.models.url import origin

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject

URL = "https://api.example.com/v1"
BODY: JsonObject = {"prompt": "a cat", "duration": "8", "input": {"a": 1, "b": [1, 2]}}


def mark(
    body: JsonObject = BODY,
    *,
    provider: str = "p",
    url: str = URL,
    box: bool = False,
    path: str = "/generate",
    rule: int = RULE,
) -> str:
    """The fingerprint of one variation."""
    return fingerprints(provider, url, box, HttpRequest("POST", path, body))[rule]


def test_is_sha256_in_hex() -> None:
    """A fingerprint is 64 hex digits."""
    assert len(mark()) == 64
    assert set(mark()) <= set("0123456789abcdef")


def test_is_stable_across_versions() -> None:
    """A fingerprint in an existing ledger still matches: its recipe is fixed."""
    request = HttpRequest("POST", "/generate", {"prompt": "é"})
    assert fingerprints("seedanceapi", "https://seedanceapi.org/v1", False, request) == {
        1: "31266dbb4c856c995d4c8ce14042afdcdcd1b40be394251362cbdf8fced93626",
        2: "5c7b19d24ed888f36b5abc9742d65ae45b2580eab4f669bf6ffa8c84ad8a2058",
    }


def test_order_does_not_matter() -> None:
    """The order of keys is no difference, at any depth; that of a list is."""
    turned: JsonObject = {"input": {"b": [1, 2], "a": 1}, "duration": "8", "prompt": "a cat"}
    assert mark(turned) == mark()
    assert mark({**BODY, "input": {"a": 1, "b": [2, 1]}}) != mark()


@pytest.mark.parametrize("rule", [1, RULE])
@pytest.mark.parametrize("field", ["metadata", "callback_url", "webhookUrl"])
def test_metadata_and_callbacks_do_not_matter(field: str, rule: int) -> None:
    """Metadata and callback fields are left out; by the first rule only at the top level."""
    assert mark({**BODY, field: "x"}, rule=rule) == mark(rule=rule)
    deep = mark({**BODY, "input": {"a": 1, "b": [1, 2], field: "x"}}, rule=rule)
    assert (deep == mark(rule=rule)) is (rule != 1)


@pytest.mark.parametrize("field", ["callBackUrl", "webhook", "webhook_events_filter", "Metadata"])
def test_callbacks_of_any_spelling_do_not_matter(field: str) -> None:
    """A field that another provider calls otherwise is left out wherever it stands."""
    assert mark({**BODY, field: ["x"]}) == mark()
    assert mark({**BODY, "list": [{"a": 1, field: {"b": 2}}]}) == mark({**BODY, "list": [{"a": 1}]})


def test_path_and_query_matter() -> None:
    """The same body at another path is another request; a callback in the query is none."""
    found = {
        mark(),
        mark(path="/bytedance/seedance-2.0"),
        mark(path="/generate?size=1"),
        mark(path="/generate?size=2"),
        mark(url="https://api.example.com/v2"),
    }
    assert len(found) == 5
    assert mark(path="/generate?fal_webhook=https://a.example") == mark()
    assert mark(path="/generate?b=1&a=2&webhookUrl=x") == mark(path="/generate?a=2&b=1")
    assert mark(url=f"{URL}/") == mark()
    assert len({mark(path=path, rule=1) for path in ("/a", "/b?c=d")}) == 1


@pytest.mark.parametrize("value", [8, 8.0, True, None, "9", ["8"]])
def test_a_value_and_its_type_matter(value: object) -> None:
    """`8` and `"8"` are different requests."""
    assert mark({"duration": value}) != mark({"duration": "8"})  # type: ignore[dict-item]  # each is JSON


def test_provider_and_sandbox_matter() -> None:
    """Another provider, another origin, or the sandbox: another request."""
    found = {
        mark(),
        mark(provider="q"),
        mark(url="https://api.example.org/v1"),
        mark(url="http://api.example.com/v1"),
        mark(url="https://api.example.com:444/v1"),
        mark(box=True),
        mark(url="sandbox", box=True),
    }
    assert len(found) == 7


def test_a_lone_surrogate_has_a_fingerprint() -> None:
    """Text that is no valid Unicode does not crash it."""
    assert mark({"prompt": "\ud800"}) != mark({"prompt": "?"})


def test_what_no_json_can_carry_is_refused() -> None:
    """NaN is no request."""
    with pytest.raises(ValueError, match="JSON"):
        mark({"seed": float("nan")})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Api.Example.COM/v1", "https://api.example.com"),
        ("HTTPS://api.example.com:443", "https://api.example.com"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1"),
        ("http://[::1]:8765/runbase/api/v1", "http://[::1]:8765"),
        ("https://user:secret@api.example.com/", "https://api.example.com"),
        ("sandbox", "sandbox"),
        ("localhost:8000", "localhost:8000"),
    ],
)
def test_origin(url: str, expected: str) -> None:
    """An origin is scheme, host and port, normalised; a path is no part of it."""
    assert origin(url) == expected
