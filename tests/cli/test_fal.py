"""fal through the whole program: endpoints and families, two reads, cancels, and the key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli import providers
from support import media_files
from support.bytes_server import BytesServer, answer
from support.scripted_provider import KEY, done, json_answer, submitted, unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from support.fake_clock import FakeClock
    from support.runner import Run
    from support.scripted_provider import ScriptedProvider

ARGV = ("generate", "a boat", "-p", "fal")
APP = "bytedance/seedance-2.0"
REF = "fal:bytedance%2Fseedance-2.0%2Ft1"
POLICY = [{"loc": ["body", "prompt"], "msg": "flagged", "type": "content_policy_violation"}]
CAT = "https://a.example/cat.png"
COMPLETED = {"request_id": "t1", "status": "COMPLETED"}
DONE = json_answer(200, COMPLETED)


def targets(server: ScriptedProvider) -> list[str]:
    """Method and path of each request, without the base URL."""
    return [f"{one.method} {one.target.removeprefix('/fal')}" for one in server.server.requests]


def test_status_and_result_are_two_reads(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """202 while it runs; the video stands in the result. Both URLs are built from the id alone."""
    waits = json_answer(202, {"request_id": "t1", "status": "IN_PROGRESS"})
    result_of = json_answer(200, {"video": {"url": server.video("1.mp4")}, "seed": 1})
    server.task("t1", waits, DONE, result_of)
    result = run(*ARGV, "-d", "5", "--wait", env=server.env("fal"), clock=clock)
    assert (result.code, result.out) == (0, server.video("1.mp4") + "\n")
    assert targets(server) == [
        f"POST /{APP}/text-to-video",
        f"GET /{APP}/requests/t1/status",
        f"GET /{APP}/requests/t1/status",
        f"GET /{APP}/requests/t1",
    ]
    assert {one.headers["authorization"] for one in server.server.requests} == {f"Key {KEY}"}
    assert server.server.requests[0].body == b'{"prompt":"a boat","duration":"5"}'


def test_a_ref_is_enough(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """On a machine that knows nothing of the task; with slashes written out as well."""
    server.task("t1", done())
    for ref in (REF, "fal:bytedance/seedance-2.0/t1"):
        result = run("status", ref, env=server.env("fal"), clock=clock)
        assert (result.code, result.out.split()[1]) == (0, "succeeded"), result.err
    for wrong in ("fal:t1", "fal:bytedance/t1", "fal:../x/t1", "fal:a/./t1"):
        result = run("status", wrong, env=server.env("fal"), clock=clock)
        assert (result.code, result.out) == (2, ""), wrong


@pytest.mark.parametrize(
    ("model", "options", "endpoint"),
    [
        (APP, (), "text-to-video"),
        (APP, ("--first-frame", CAT), "image-to-video"),
        (APP, ("--first-frame", CAT, "--last-frame", CAT), "image-to-video"),
        (APP, ("-i", CAT), "reference-to-video"),
        (APP, ("--reference-video", CAT), "reference-to-video"),
        (f"{APP}/mini", ("--reference-audio", CAT), "reference-to-video"),
        ("bytedance/seedance-2.5", ("-i", CAT), "reference-to-video"),
        ("fal-ai/bytedance/seedance/v1.5/pro", ("-i", CAT), "image-to-video"),
        ("fal-ai/bytedance/seedance/v1/pro/fast", (), "text-to-video"),
    ],
)
def test_the_endpoint_of_a_family_follows_from_the_media(
    run: Run, model: str, options: tuple[str, ...], endpoint: str
) -> None:
    """An endpoint's own id stays as it is, also one that nobody lists."""

    def path(named: str, *more: str) -> str:
        result = run(*ARGV, "-m", named, *more, "--dry-run", "--json")
        assert result.code == 0, result.err
        url: str = result.json["url"]
        return url.removeprefix("https://queue.fal.run/")

    assert path(model, *options) == f"{model}/{endpoint}"
    assert path(f"{model}/{endpoint}", *options) == f"{model}/{endpoint}"
    assert path("fal-ai/new/one/edit-video", "--seed", "1") == "fal-ai/new/one/edit-video"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-m", "seedance-2.0"), "fal names a model OWNER/APP"),
        (("-m", "../secrets/x"), "fal names a model OWNER/APP"),
        (("-m", f"{APP}/image-to-video"), "needs a first frame"),
        (("-m", f"{APP}/text-to-video", "-i", CAT), "--image"),
        (("-m", f"{APP}/fast", "-r", "1080p"), "480p, 720p"),
        (("-d", "3"), "4, 5, 6"),
        (("-i", CAT, "--first-frame", CAT), "either frames or references"),
        (("-m", "fal-ai/bytedance/seedance/v1/pro", "--last-frame", CAT), "--last-frame"),
        (("--fixed-lens",), "--fixed-lens"),
        (("--watermark",), "--watermark"),
        (("-i", CAT) * 10, "at most 9"),
        (("-i", CAT) * 9 + ("--reference-video", CAT, "--reference-audio", CAT) * 2, "at most 12"),
    ],
    ids=lambda case: case[-1] if isinstance(case, tuple) else "",
)
def test_what_a_model_does_not_take(run: Run, options: tuple[str, ...], words: str) -> None:
    """Each endpoint is held to its own limits, before anything is sent."""
    result = run(*ARGV, *options, "--dry-run")
    assert (result.code, result.out) == (2, "")
    assert words in result.err


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_result_of_4xx_is_a_failure(
    run: Run, server: ScriptedProvider, clock: FakeClock, status: int
) -> None:
    """There is no other word for one; the result's words are the reason."""
    server.task("t1", DONE, json_answer(status, {"detail": POLICY}))
    result = run(*ARGV, "--wait", "--json", env=server.env("fal"), clock=clock)
    assert (result.code, result.json["status"]) == (7, "failed")
    reason = {"code": "content_policy_violation", "message": "body.prompt: flagged"}
    assert result.json["error"] == reason
    assert server.polls("t1") == 2


def test_a_status_may_tell_of_a_failure_itself(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Then there is no result to read."""
    told = {**COMPLETED, "error": "it took too long", "error_type": "request_timeout"}
    server.task("t1", json_answer(200, told))
    result = run(*ARGV, "--wait", "--json", env=server.env("fal"), clock=clock)
    assert (result.code, result.json["error"]["code"]) == (7, "request_timeout")
    assert server.polls("t1") == 1


@pytest.mark.parametrize("odd", [unavailable, answer(200, b"<html>"), answer(502, b"")])
def test_any_other_result_is_asked_for_again(
    run: Run, server: ScriptedProvider, clock: FakeClock, odd: Any
) -> None:
    """A 5xx, and what makes no sense, settles nothing."""
    good = json_answer(200, {"video": {"url": server.video("1.mp4")}})
    server.task("t1", DONE, odd, DONE, odd, DONE, good)
    result = run(*ARGV, "--wait", env=server.env("fal"), clock=clock)
    assert (result.code, result.out) == (0, server.video("1.mp4") + "\n")


@pytest.mark.parametrize(("status", "code"), [(401, 3), (403, 3), (404, 4)])
def test_what_a_status_of_4xx_means(
    run: Run, server: ScriptedProvider, clock: FakeClock, status: int, code: int
) -> None:
    """It is about the read, not about the task."""
    server.task("t1", json_answer(status, {"detail": "no"}))
    assert run("wait", REF, env=server.env("fal"), clock=clock).code == code


def test_a_cancel_that_was_only_requested(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Told as that, with 0; a later wait says what became of it."""
    submitted(server, "fal", f"{APP}/t1")
    env = server.env("fal")
    server.task("t1", "queued", json_answer(200, {**COMPLETED, "error": "cancelled"}))
    server.cancels["t1"] = json_answer(202, {"status": "CANCELLATION_REQUESTED"})
    result = run("cancel", REF, env=env, clock=clock)
    assert (result.code, result.out) == (0, f"{REF}\tcancellation requested\n")
    assert "seedance wait" in result.err
    assert targets(server)[-1] == f"PUT /{APP}/requests/t1/cancel"
    assert run("wait", REF, env=env, clock=clock).code == 7
    shown = run("cancel", REF, "--json", env=env, clock=clock)
    assert shown.code == 4


@pytest.mark.parametrize(("status", "word"), [(400, "ALREADY_COMPLETED"), (404, "NOT_FOUND")])
def test_a_cancel_that_is_refused(
    run: Run, server: ScriptedProvider, clock: FakeClock, status: int, word: str
) -> None:
    """4, with the seller's word."""
    server.task("t1", "running")
    server.cancels["t1"] = json_answer(status, {"status": word})
    result = run("cancel", REF, env=server.env("fal"), clock=clock)
    assert (result.code, result.out) == (4, "")
    assert word in result.err


@pytest.mark.parametrize(
    ("body", "ref"),
    [
        ({"request_id": "t1"}, REF),
        ({"request_id": "t1", "status_url": "https://evil.example/x/y/requests/t1/status"}, REF),
        ({"request_id": 17}, "fal:bytedance%2Fseedance-2.0%2F17"),
        ({"status_url": "https://queue.fal.run/bytedance/seedance-2.0/requests/t1/status"}, None),
        ({"request_id": ".."}, None),
        ({"request_id": "a\nb"}, None),
    ],
)
def test_the_id_of_a_task(
    run: Run, server: ScriptedProvider, body: dict[str, object], ref: str | None
) -> None:
    """Owner and app are those of the endpoint that was paid, whatever URLs an answer has."""
    server.submits.append(json_answer(200, body))
    result = run(*ARGV, "-m", f"{APP}/text-to-video", env=server.env("fal"))
    assert (result.code, result.out) == ((6, "") if ref is None else (0, f"{ref}\n"))


@pytest.mark.parametrize(
    ("status", "detail", "expected"),
    [
        (401, "no key", 3),
        (403, "Exhausted balance", 3),
        (422, POLICY, 4),
        (429, "too many", 4),
        (500, "sorry", 6),
        (503, "sorry", 6),
        (200, POLICY, 4),
        (200, "something else", 6),
    ],
)
def test_what_an_error_means_for_the_money(
    run: Run, server: ScriptedProvider, status: int, detail: object, expected: int
) -> None:
    """The paid POST goes out once, whatever is answered."""
    server.submits.append(json_answer(status, {"detail": detail}))
    result = run(*ARGV, env=server.env("fal"))
    assert result.code == expected
    assert ("flagged" if detail is POLICY else str(detail)) in result.err
    assert server.posts() == 1


def test_the_callback_stands_in_the_query(run: Run) -> None:
    """And is no part of what is bought."""
    argv = (*ARGV, "-d", "5", "--dry-run", "--json")
    shown = run(*argv, "--callback-url", "https://a.example/hook?x=1").json
    assert shown["url"].endswith("?fal_webhook=https%3A%2F%2Fa.example%2Fhook%3Fx%3D1")
    assert shown["body"] == {"prompt": "a boat", "duration": "5"}
    assert shown["price"]["amount"] == "1.5170"


@pytest.mark.parametrize(
    ("named", "amount"),
    [
        ("fal-ai/bytedance/seedance/v1.5/pro", "0.25"),
        ("fal-ai/bytedance/seedance/v1.5/pro/text-to-video", "0.25"),
        ("fal-ai/bytedance/seedance/v1.5", None),
    ],
)
def test_a_price_of_the_users_own_names_a_family_or_an_endpoint(
    run: Run, tmp_path: Path, named: str, amount: str | None
) -> None:
    """No answer of fal's says what a task cost: what it may cost, the user can say."""
    config = tmp_path / "config.toml"
    entry = f'[[prices]]\nprovider = "fal"\nmodel = "{named}"\nper_second = "0.05 USD"\n'
    config.write_text(entry, encoding="utf-8")
    model = "fal-ai/bytedance/seedance/v1.5/pro"
    argv = (*ARGV, "-m", model, "-d", "5", "--dry-run", "--json")
    price = run(*argv, env={"SEEDANCE_CONFIG": str(config)}).json["price"]
    assert (price and price["amount"]) == amount


def test_a_check_of_the_key(run: Run, server: ScriptedProvider) -> None:
    """It asks for a request that cannot exist, in the form of an id of fal's."""
    result = run("providers", "fal", "--check", env=server.env("fal"))
    assert (result.code, "key works" in result.out) == (0, True), result.out
    assert targets(server) == [f"GET /{APP}/requests/00000000-0000-4000-8000-000000000000/status"]


def test_a_file_goes_inside_where_the_endpoint_is_another(
    run: Run, server: ScriptedProvider, tmp_path: Path
) -> None:
    """The upload lies at another origin, which gets the key only from fal's own endpoint."""
    cat = tmp_path / "cat.png"
    cat.write_bytes(media_files.png())
    result = run(*ARGV, "--first-frame", str(cat), env=server.env("fal"))
    assert result.code == 0, result.err
    assert targets(server) == [f"POST /{APP}/image-to-video"]
    assert b'"image_url":"data:image/png;base64,' in server.server.requests[0].body


def test_an_upload_takes_the_key_to_the_first_address_alone(
    run: Run, server: ScriptedProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A POST that names the file, a PUT of the bytes without the key, then the paid POST."""
    cat = tmp_path / "cat.png"
    cat.write_bytes(media_files.png())
    with BytesServer(answer(200, b"{}")) as storage:
        named = {"upload_url": f"{storage.url}/put?sig=1", "file_url": f"{storage.url}/f.png"}
        with BytesServer(json_answer(200, named)) as rest:
            fal = providers.get("fal")
            upload = fal.info.upload
            assert upload is not None
            info = fal.info._replace(
                base_url=server.endpoint("fal"), upload=upload._replace(origin=rest.url)
            )
            env = server.env("fal")
            monkeypatch.setattr(type(fal), "info", info)
            result = run(*ARGV, "--first-frame", str(cat), env=env)
            assert result.code == 0, result.err
            (asked,) = rest.requests
        (put,) = storage.requests
    assert (asked.method, asked.headers["authorization"]) == ("POST", f"Key {KEY}")
    assert asked.target == "/storage/upload/initiate?storage_type=gcs"
    assert (put.method, put.headers.get("authorization")) == ("PUT", None)
    assert put.body == media_files.png()
    assert f'"image_url":"{named["file_url"]}"'.encode() in server.server.requests[0].body
