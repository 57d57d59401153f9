"""byteplus and volcengine through the whole program: what is paid, read, cancelled and fetched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.scripted_provider import State, done, json_answer, submitted

if TYPE_CHECKING:
    from support.fake_clock import FakeClock
    from support.runner import Run
    from support.scripted_provider import ScriptedProvider

NAMES = ("byteplus", "volcengine")
USED = {"usage": {"completion_tokens": 108000, "total_tokens": 108000}}


@pytest.mark.parametrize("name", NAMES)
def test_a_task_is_charged_in_tokens(
    run: Run, server: ScriptedProvider, clock: FakeClock, name: str
) -> None:
    """The usage of a task that succeeded is its charge; one that failed is charged nothing."""
    env = server.env(name)
    model = "-m" + ("dreamina" if name == "byteplus" else "doubao") + "-seedance-2-0-260128"
    server.task("t1", "running", done(**USED))
    server.task("t2", State("failed", reason="no luck"))
    argv = ("generate", "a boat", "-p", name, model, "-a", "16:9", "--wait", "--json")
    first = run(*argv, env=env, clock=clock)
    assert first.json["cost"] == {"amount": "108000", "unit": "tokens", "basis": "charged"}
    second = run(*argv, env=env, clock=clock)
    assert second.code == 7
    assert second.json["cost"] == {"amount": "0", "unit": "tokens", "basis": "charged"}
    assert second.json["error"]["message"] == "no luck"


def test_max_cost_in_dollars_is_not_put_off_by_tokens(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The listed price counts in USD, whatever was charged in tokens; without one it is 11."""
    env = server.env("byteplus")
    for task in ("t1", "t2"):
        server.task(task, done(**USED))
    argv = ["generate", "a boat", "-p", "byteplus", "-m", "dreamina-seedance-2-0-260128"]
    listed = [*argv, "-a", "16:9", "--max-cost", "0.756 USD", "--wait"]
    assert run(*listed, env=env, clock=clock).code == 0
    assert run(*listed, "--again", env=env, clock=clock).code == 0
    assert run(*argv, "-a", "16:9", "--max-cost", "0.75 USD", env=env, clock=clock).code == 11
    adaptive = run(*argv, "--max-cost", "5 USD", env=env, clock=clock)
    assert adaptive.code == 11
    assert "give -m and -a 16:9" in adaptive.err
    assert server.posts() == 2


def test_the_price_list_has_a_date(run: Run) -> None:
    """A listed price says of which day its list is; where there is none, what has one."""
    argv = (
        "price",
        "-p",
        "byteplus",
        "-m",
        "dreamina-seedance-2-0-260128",
        "-d",
        "5",
        "-r",
        "720p",
    )
    known = run(*argv, "-a", "16:9")
    assert known.out == "0.756 USD\n"
    assert "list of 2026-09-28" in known.err
    shown = run(*argv, "-a", "16:9", "--json").json
    assert shown["listed"] == {"amount": "0.756", "unit": "USD", "basis": "listed"}
    assert shown["list_date"] == "2026-09-28"
    unknown = run(*argv)
    assert unknown.out == "unknown\n"
    assert "give -m and -a 16:9" in unknown.err
    china = run("price", "-p", "volcengine", "-m", "doubao-seedance-2-0-260128", *argv[5:])
    assert china.out == "unknown\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_queued_task_is_cancelled(
    run: Run, server: ScriptedProvider, clock: FakeClock, name: str
) -> None:
    """One DELETE; its answer says nothing, so "cancelled" is said after the read that does."""
    submitted(server, name, "t1")
    server.task("t1", "queued")
    result = run("cancel", f"{name}:t1", env=server.env(name), clock=clock)
    assert (result.code, result.out) == (0, f"{name}:t1\tcancelled\n")
    assert server.deletes == ["t1"]


@pytest.mark.parametrize("state", ["running", "brewing", "succeeded", "failed", "expired"])
def test_what_a_delete_would_delete_is_left_alone(
    run: Run, server: ScriptedProvider, clock: FakeClock, state: str
) -> None:
    """The same request deletes the record of a task that has ended: it is sent for a queued one."""
    submitted(server, "byteplus", "t1")
    server.task("t1", state)
    result = run("cancel", "byteplus:t1", env=server.env("byteplus"), clock=clock)
    assert (result.code, result.out) == (4, "")
    assert server.deletes == []
    if state in {"running", "brewing"}:
        assert "byteplus cancels only what is queued" in result.err
        assert "nothing was sent" in result.err


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "InputTextSensitiveContentDetected", (4, "rejected")),
        (401, "AuthenticationError", (3, "unauthorized")),
        (403, "AccountOverdueError", (3, "forbidden")),
        (404, "ModelNotOpen", (4, "not_found")),
        (429, "QuotaExceeded", (4, "rate_limited")),
        (500, "InternalServiceError", (6, "outcome_unknown")),
        (200, "InvalidParameter.ratio", (4, "rejected")),
        (200, "NobodyKnowsThisCode", (6, "outcome_unknown")),
    ],
)
def test_what_an_error_means_for_the_money(
    run: Run, server: ScriptedProvider, status: int, code: str, expected: tuple[int, str]
) -> None:
    """A documented code is a refusal, with its words; a code in a 2xx counts as its status."""
    body = {"error": {"code": code, "message": "so it is", "type": "x", "param": "ratio"}}
    server.submits.append(json_answer(status, body))
    result = run("generate", "a boat", "-p", "byteplus", "--json", env=server.env("byteplus"))
    assert (result.code, result.error["code"]) == expected
    assert f"{code}: so it is" in result.error["message"]
    assert server.posts() == 1


def test_the_content_is_built_in_roles(run: Run) -> None:
    """One `--image` is a reference for 2.0, and the first frame where a model knows frames only."""

    def content(model: str, *options: str) -> list[dict[str, str]]:
        argv = ("generate", "x", "-p", "byteplus", "-m", model, *options, "--dry-run", "--json")
        result = run(*argv)
        assert result.code == 0, result.err
        items: list[dict[str, str]] = result.json["body"]["content"]
        return items[1:]

    image = ("-i", "https://a.example/1.png")
    for model, role in (
        ("dreamina-seedance-2-0-260128", "reference_image"),
        ("seedance-1-5-pro-251215", "first_frame"),
        ("ep-20260101120000-abcde", "reference_image"),
    ):
        (item,) = content(model, *image)
        assert item == {
            "type": "image_url",
            "image_url": {"url": "https://a.example/1.png"},
            "role": role,
        }
    two = run("generate", "x", "-p", "byteplus", "-m", "seedance-1-5-pro-251215", *image, *image)
    assert (two.code, "takes one image, as the first frame" in two.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-m", "dreamina-seedance-2-0-260128", "--seed", "1"), "--seed"),
        (("-m", "seedance-1-0-pro-250528", "--seed", "4294967296"), "-1 to 4294967295"),
        (("-m", "seedance-1-0-pro-250528", "--audio"), "--audio"),
        (("-m", "dreamina-seedance-2-0-fast-260128", "-r", "1080p"), "480p, 720p"),
        (("-m", "dreamina-seedance-2-0-260128", "-d", "16"), "4, 5, 6"),
        (("--metadata", "a=b"), "supported by seedance2ink"),
        (("--last-frame", "https://a.example/1.png"), "beside a first one"),
        (
            ("--first-frame", "https://a.example/1.png", "-a", "16:9"),
            "dreamina-seedance-2-5-260628 allows adaptive beside --first-frame",
        ),
    ],
    ids=lambda case: case[-1] if isinstance(case, tuple) else "",
)
def test_what_a_model_does_not_take(run: Run, options: tuple[str, ...], words: str) -> None:
    """Each model is held to its own limits, before anything is sent."""
    result = run("generate", "x", "-p", "byteplus", *options, "--dry-run")
    assert (result.code, result.out) == (2, "")
    assert words in result.err


def test_a_field_of_the_pages_goes_through_param(run: Run) -> None:
    """What no option covers is sent as it is, and has no listed price."""
    argv = ("generate", "x", "-p", "byteplus", "-m", "seedance-1-0-pro-250528", "--json")
    tiers = ("--param", 'service_tier="flex"', "--param", "frames=29")
    shown = run(*argv, *tiers, "--dry-run").json
    assert json.loads(json.dumps(shown["body"]))["service_tier"] == "flex"
    assert shown["body"]["frames"] == 29
    assert shown["price"] is None


@pytest.mark.parametrize("name", NAMES)
def test_a_check_of_the_key(run: Run, server: ScriptedProvider, name: str) -> None:
    """It asks for a task that cannot exist, in the form of an id of Ark's."""
    result = run("providers", name, "--check", env=server.env(name))
    assert (result.code, "key works" in result.out) == (0, True), result.out
    asked = [one.target.rpartition("/")[2] for one in server.server.requests]
    assert asked == ["cgt-00000000000000-00000"]
