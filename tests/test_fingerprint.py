"""What counts as the same paid request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seedance_cli.fingerprint import fingerprint, origin

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject

URL = "https://api.example.com/v1"
BODY: JsonObject = {"prompt": "a cat", "duration": "8", "input": {"a": 1, "b": [1, 2]}}


def mark(body: JsonObject = BODY, *, provider: str = "p", url: str = URL, box: bool = False) -> str:
    """The fingerprint of one variation."""
    return fingerprint(provider, url, box, body)


def test_is_sha256_in_hex() -> None:
    """A fingerprint is 64 hex digits."""
    assert len(mark()) == 64
    assert set(mark()) <= set("0123456789abcdef")


def test_is_stable_across_versions() -> None:
    """A fingerprint in an existing ledger still matches: its recipe is fixed."""
    assert (
        fingerprint("seedanceapi", "https://seedanceapi.org/v1", False, {"prompt": "é"})
        == "31266dbb4c856c995d4c8ce14042afdcdcd1b40be394251362cbdf8fced93626"
    )


def test_order_does_not_matter() -> None:
    """The order of keys is no difference, at any depth; that of a list is."""
    turned: JsonObject = {"input": {"b": [1, 2], "a": 1}, "duration": "8", "prompt": "a cat"}
    assert mark(turned) == mark()
    assert mark({**BODY, "input": {"a": 1, "b": [2, 1]}}) != mark()


@pytest.mark.parametrize("field", ["metadata", "callback_url", "webhookUrl"])
def test_metadata_and_callbacks_do_not_matter(field: str) -> None:
    """Metadata and callback fields are left out, but only at the top level."""
    assert mark({**BODY, field: "x"}) == mark()
    assert mark({**BODY, "input": {"a": 1, "b": [1, 2], field: "x"}}) != mark()


def test_drop_is_the_callers() -> None:
    """A caller that names the fields to drop decides alone."""
    assert fingerprint("p", URL, False, {"a": 1, "b": 2}, drop=("b",)) == mark({"a": 1})


@pytest.mark.parametrize("value", [8, 8.0, True, None, "9", ["8"]])
def test_a_value_and_its_type_matter(value: object) -> None:
    """`8` and `"8"` are different requests."""
    assert fingerprint("p", URL, False, {"duration": value}) != mark({"duration": "8"})  # type: ignore[dict-item]  # each is JSON


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
