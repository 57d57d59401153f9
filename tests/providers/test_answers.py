"""Answers that other clients read (faults 5, 6, 17, 49): bytes, cuts, reasons, envelopes."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_cli import providers
from seedance_cli.errors import SeedanceError
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import HttpResponse, IntentState, Problem, Status, TaskHandle
from seedance_cli.providers import _document
from support.bytes_server import answer
from support.fake_clock import FakeClock
from support.scripted_provider import ScriptedProvider, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from pathlib import Path

    from seedance_cli.models import JsonObject, Submission
    from support.runner import Result, Run

URL = "https://v.example/1.mp4"
# What stands around the fields of a task, one document a provider; `%s` is where more may stand.
TASKS = {
    "seedanceapi": '{"code":200,"data":{%s"task_id":"t1","status":"SUCCESS","response":["URL"]}}',
    "defapi": '{"code":0,"data":{%s"task_id":"t1","status":"success","result":{"video":"URL"}}}',
    "seedance2ink": '{"success":true,%s"requestId":"t1","status":"succeeded",'
    '"output":{"url":"URL"}}',
    "runbase": '{%s"id":"t1","status":"succeeded","output":{"urls":["URL"]}}',
}
NAMES = tuple(TASKS)
ODDITIES: dict[str, bytes] = {
    "a byte that is no UTF-8": b'"echo":"a boat\xff",',
    "a character cut in the middle": b'"echo":"\xe6\xb0",',
    "NaN": b'"eta":NaN,',
    "Infinity": b'"eta":[Infinity,-Infinity],',
    "a number of 5,000 digits": b'"seed":' + b"7" * 5_000 + b",",
    "an exponent beyond all": b'"cost":1e99999999999999999999,',
    "2,000 levels of lists": b'"trace":' + b"[" * 2_000 + b"]" * 2_000 + b",",
    "2,000 levels of objects": b'"trace":' + b'{"a":' * 2_000 + b"1" + b"}" * 2_000 + b",",
    "a raw line feed in a string": b'"echo":"a\nboat\x00",',
    "an escape that JSON lacks": rb'"echo":"C:\boats\xmas","trace":' + b"[" * 2_000 + b"]" * 2_000
    + b",",
    "half a surrogate pair": rb'"echo":"\ud83d",',
}  # fmt: skip
AROUND: dict[str, Callable[[bytes], bytes]] = {
    "a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "UTF-16": lambda body: body.decode().encode("utf-16"),
    "something after its end": lambda body: body + b"\n<br>Notice: too slow",
    "a second document": lambda body: body + body.replace(b'"t1"', b'"t2"'),
}


def document(name: str, more: bytes = b"") -> bytes:
    """A whole answer about the task `t1`, which has ended, with something more in it."""
    before, after = TASKS[name].replace("URL", URL).encode().split(b"%s")
    return before + more + after


def odd_answers(name: str) -> dict[str, bytes]:
    """Answers about the task `t1` that a strict reader does not take."""
    return {
        **{kind: document(name, more) for kind, more in ODDITIES.items()},
        **{kind: around(document(name)) for kind, around in AROUND.items()},
    }


KINDS = [*ODDITIES, *AROUND]


def rows(tmp_path: Path) -> list[Submission]:
    """The ledger, oldest first."""
    with Ledger.open(tmp_path / "state", FakeClock(), create=False) as ledger:
        return ledger.rows(all_states=True)[::-1]


def buy(run: Run, server: ScriptedProvider, name: str, *words: str) -> Result:
    return run("generate", "a boat", "-p", name, *words, env=server.env(), clock=FakeClock())


# Bytes


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_fault_06_an_oddity_beside_the_id_hides_it_from_no_reader(name: str, kind: str) -> None:
    """What no strict parser takes, beside an id in plain sight, costs neither id nor video."""
    response = HttpResponse(200, {}, odd_answers(name)[kind])
    provider = providers.get(name)
    task = provider.accepted(response)
    assert task is not None
    assert task.task_id == "t1"

    class Api:
        def get(
            self, path: str, given: str | None = None, *, also: Container[int] = ()
        ) -> HttpResponse:
            return response

        def act(self, method: str, path: str, given: str | None = None) -> HttpResponse:
            return response

    read = provider.fetch(Api(), TaskHandle(name, "t1"))
    assert (read.status, read.video_urls) == (Status.SUCCEEDED, (URL,))


@pytest.mark.parametrize("kind", KINDS)
def test_fault_06_an_oddity_in_a_submit_loses_no_id(
    run: Run, server: ScriptedProvider, kind: str
) -> None:
    """The id of a paid task is printed, whatever else the answer holds."""
    server.submits.append(answer(200, odd_answers("runbase")[kind]))
    result = buy(run, server, "runbase")
    assert (result.code, result.out) == (0, "runbase:t1\n"), result.err


@pytest.mark.parametrize("kind", KINDS)
def test_fault_06_an_oddity_in_a_read_keeps_no_video_back(
    run: Run, server: ScriptedProvider, clock: FakeClock, kind: str
) -> None:
    """A read with it ends the wait, and can be adopted."""
    server.task("t1", answer(200, odd_answers("runbase")[kind]))
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{URL}\n"), result.err
    assert server.polls("t1") == 1
    server.submits.append(answer(503))
    intent = buy(run, server, "runbase", "--json").error["intent"]
    adopted = run("recover", "--adopt", intent, "t1", env=server.env(), clock=clock)
    assert (adopted.code, adopted.out) == (0, "runbase:t1\n"), adopted.err


@pytest.mark.parametrize("name", NAMES)
def test_fault_05_an_answer_cut_anywhere_has_its_id_or_none(name: str) -> None:
    """Of an answer cut at any byte the whole id is taken, or none; never a piece of one."""
    body = document(name, b'"echo":"caf\\u00e9 \xc3\xa9",')
    whole = body.index(b'"t1"') + len(b'"t1"')
    for cut in range(len(body)):
        task = providers.get(name).accepted(HttpResponse(200, {}, body[:cut]))
        assert (task is not None) is (cut >= whole), body[:cut]
        assert task is None or task.task_id == "t1"


def test_fault_05_a_number_at_the_cut_is_no_id() -> None:
    """More digits may have been on their way."""
    accepted = providers.get("runbase").accepted
    assert accepted(HttpResponse(200, {}, b'{"id":123')) is None
    task = accepted(HttpResponse(200, {}, b'{"id":123,'))
    assert task is not None
    assert task.task_id == "123"


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_cut_in_a_read_says_nothing(name: str) -> None:
    """A read that was cut is asked again for: half of it may say less than all of it."""
    body = document(name)

    class Api:
        def get(
            self, path: str, given: str | None = None, *, also: Container[int] = ()
        ) -> HttpResponse:
            return HttpResponse(200, {}, body[:-1])

        def act(self, method: str, path: str, given: str | None = None) -> HttpResponse:
            raise AssertionError

    with pytest.raises(SeedanceError, match="breaks off"):
        providers.get(name).fetch(Api(), TaskHandle(name, "t1"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!doctype html>\n<h1>It works\x1b[31m</h1>", "the answer is no JSON: <!doctype html> "),
        (b"OK", "the answer is no JSON: OK. The paid"),
        (b"Down. Try later!", "the answer is no JSON: Down. Try later! The paid"),
        (b"\xff\xfe garbage" * 50, "the answer is no JSON: "),
        (b"", "the answer is empty"),
        (b'{"code":200,"da', "the answer breaks off in the middle of its JSON"),
        (b'{"hello":"world"}', "the answer has no usable task id"),
        (b"[]", "the answer has no usable task id"),
    ],
    ids=["HTML", "text", "sentence", "garbage", "empty", "cut", "object", "list"],
)
def test_fault_06_what_is_no_json_is_called_that(
    run: Run, server: ScriptedProvider, name: str, body: bytes, words: str
) -> None:
    """6 says which it was: no JSON, with its first characters made safe, or no id."""
    server.submits.append(answer(200, body))
    result = buy(run, server, name)
    assert result.code == 6
    assert words in result.err
    assert "…." not in result.err, "one end of a sentence is enough"
    assert "\x1b" not in result.err
    assert len(result.err) < 600


def test_fault_06_a_read_that_is_no_json_is_called_that(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """So is a poll, and the answer to a cancel."""
    server.task("t1", answer(200, b"<html>soon back"))
    result = run("status", "runbase:t1", env=server.env(), clock=clock)
    assert result.code == 5
    assert "the answer is no JSON: <html>soon back" in result.err


def test_fault_49_an_answer_of_brackets_is_passed_over_in_bounded_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 4 MB that no parser takes, a bounded number of tokens is looked at."""
    taken = 0
    take = _document._Root.take

    def counting(self: _document._Root, kind: str | None, text: str) -> bool:
        nonlocal taken
        taken += 1
        return take(self, kind, text)

    monkeypatch.setattr(_document._Root, "take", counting)
    for body in (b'{"a":' + b"[" * 4_000_000, b'{"a":' + b"[]," * 1_300_000, b'{"a":' * 800_000):
        taken = 0
        assert _document.read(body).whole is False
        assert taken <= 100_000


@given(body=st.binary(max_size=80), more=st.binary(max_size=20))
def test_no_bytes_make_a_reader_crash(body: bytes, more: bytes) -> None:
    """Whatever comes, the readers return or raise a SeedanceError."""
    for content in (body, document("runbase", body)[:60] + more):
        _document.read(content)
        _document.unreadable(content)
        for name in NAMES:
            with suppress(SeedanceError):
                providers.get(name).accepted(HttpResponse(200, {}, content))
                providers.get(name).problem(HttpResponse(400, {}, content))


# Reasons

REASONS: list[tuple[Any, str | None, str]] = [
    ("the moon is full", None, "the moon is full"),
    ({"detail": "too dark"}, None, "too dark"),
    ({"detail": {"msg": "too dark", "code": 17}}, "17", "too dark"),
    ([{"loc": ["body", "prompt"], "msg": "too dark"}], None, "body.prompt: too dark"),
    ([{"msg": "too dark"}, {"msg": "too wet"}], None, "too dark; too wet"),
    ({"error": {"code": "E7", "message": "too dark"}}, "E7", "too dark"),
    ({"error": {"error": {"error": "too dark"}}}, None, "too dark"),
    ({"code": "E7", "error": {"message": "too dark"}}, "E7", "too dark"),
    ({"code": 1102, "msg": "too dark"}, "1102", "too dark"),
    ({"type": "moderation", "title": "too dark"}, "moderation", "too dark"),
    ({"errors": ["too dark"]}, None, "too dark"),
    (1102, "1102", "1102"),
    (["too dark"], None, "too dark"),
]
PLACES: dict[str, Callable[[Any], JsonObject]] = {
    "seedanceapi": lambda reason: {"data": {"error_message": reason}},
    "defapi": lambda reason: {"data": {"status_reason": reason}},
    "seedance2ink": lambda reason: {"error": reason},
    "runbase": lambda reason: {"error": reason},
}


def failed(name: str, more: JsonObject) -> bytes:
    """A read of `t1`, which failed, with more fields in the envelope and in its data."""
    body = json.loads(document(name))
    data = more.pop("data", {})
    body.update(more)
    place = body.get("data", body)
    place.update(data if isinstance(data, dict) else {})
    place["status"] = "failed"
    return json.dumps(body).encode()


@pytest.mark.parametrize("case", REASONS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_fault_15_a_reason_in_any_form_is_told(
    run: Run, server: ScriptedProvider, name: str, case: tuple[Any, str | None, str]
) -> None:
    """However a service words why a task failed: message and code reach people and scripts."""
    reason, code, message = case
    server.task("t1", answer(200, failed(name, PLACES[name](reason))))
    result = run("wait", f"{name}:t1", "--json", env=server.env(), clock=FakeClock())
    assert result.code == 7
    assert result.json["error"] == {"code": code, "message": message}
    plain = [line for line in result.err.splitlines() if "error:" in line]
    assert all(word in plain[0] for word in (message, code or ""))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["error", "failure_reason", "fail_reason", "reason", "detail"])
def test_fault_15_a_reason_at_another_place_is_found(name: str, key: str) -> None:
    """A reason that stands where other services have it, with its code beside it."""
    more: JsonObject = {key: "too dark", "error_code": "E7"}
    body = failed(name, {"data": more} if name in {"seedanceapi", "defapi"} else more)
    task = read_task(name, body)
    assert task.error == Problem("E7", "too dark")


def test_fault_15_a_code_without_words_is_told() -> None:
    """Kie's `failCode` beside an empty `failMsg`."""
    data: JsonObject = {"taskId": "t1", "state": "fail", "failCode": "501", "failMsg": ""}
    task = read_task("kie", json.dumps({"code": 200, "data": data}).encode())
    assert task.error == Problem("501", "no reason given")
    data["failCode"] = "0"
    assert read_task("kie", json.dumps({"code": 200, "data": data}).encode()).error is None


def test_fault_15_the_envelope_tells_why_where_the_task_does_not() -> None:
    """`{code: 500, message}` around a task that failed."""
    body = failed("seedanceapi", {"code": 500, "message": "render farm is down"})
    assert read_task("seedanceapi", body).error == Problem("500", "render farm is down")
    fine = failed("seedanceapi", {"code": 200, "message": "success"})
    assert read_task("seedanceapi", fine).error is None


def read_task(name: str, body: bytes) -> Any:
    class Api:
        def get(
            self, path: str, given: str | None = None, *, also: Container[int] = ()
        ) -> HttpResponse:
            return HttpResponse(200, {}, body)

        def act(self, method: str, path: str, given: str | None = None) -> HttpResponse:
            raise AssertionError

    return providers.get(name).fetch(Api(), TaskHandle(name, "t1"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"prompt is too long", "prompt is too long"),
        (b'{"detail":[{"loc":["body","prompt"],"msg":"too long","type":"len"}]}', "len: body.pr"),
        (b'{"error":{"error":{"msg":"too long"}}}', "too long"),
        (b'{"errors":[{"message":"too long","code":"E7"}]}', "E7: too long"),
        (b'{"title":"Bad Request","detail":"too long","status":400}', "too long"),
        (b'{"error":4711}', "4711"),
        (b'{"error":{"message":"too lo', "too lo"),
        (b"<html><h1>Bad Request</h1></html>", "answers HTTP 400"),
    ],
)
def test_fault_07_the_words_of_a_refusal_in_any_form_are_told(
    run: Run, server: ScriptedProvider, name: str, body: bytes, words: str
) -> None:
    """A refusal's reason is read in every form; HTML says nothing but its status."""
    server.submits.append(answer(400, body))
    result = buy(run, server, name)
    assert result.code == 4
    if not body.endswith(b"too lo"):  # a string that was cut is none
        assert words in result.err


# 6.4: a 2xx in the provider's own error form, without an id

WITHIN: list[tuple[str, Any, int, str]] = [
    # seedanceapi: the envelope's code, and the symbols that its page lists
    ("seedanceapi", {"code": 400, "message": "INVALID_PROMPT"}, 4, "rejected"),
    ("seedanceapi", {"code": 401, "message": "INVALID_API_KEY"}, 3, "unauthorized"),
    ("seedanceapi", {"code": 402, "message": "no credits"}, 4, "insufficient_credits"),
    ("seedanceapi", {"code": "402", "message": "no credits"}, 4, "insufficient_credits"),
    ("seedanceapi", {"code": "TOO_MANY_IMAGES", "message": "one"}, 4, "rejected"),
    ("seedanceapi", {"error": "INSUFFICIENT_CREDITS"}, 4, "insufficient_credits"),
    ("seedanceapi", {"code": 403, "message": "banned"}, 3, "forbidden"),
    ("seedanceapi", {"code": 408, "message": "slow"}, 6, "outcome_unknown"),
    ("seedanceapi", {"code": 409, "message": "twice"}, 6, "outcome_unknown"),
    ("seedanceapi", {"code": 425, "message": "early"}, 6, "outcome_unknown"),
    ("seedanceapi", {"code": 429, "message": "slow down"}, 4, "rate_limited"),
    ("seedanceapi", {"code": 499, "message": "gone"}, 6, "outcome_unknown"),
    ("seedanceapi", {"code": 500, "message": "INTERNAL_ERROR"}, 6, "outcome_unknown"),
    ("seedanceapi", {"code": 503, "message": "upstream timeout"}, 6, "outcome_unknown"),
    ("seedanceapi", {"code": 500, "message": "INVALID_PROMPT"}, 6, "outcome_unknown"),
    ("seedanceapi", {"code": 1234, "message": "odd"}, 6, "outcome_unknown"),
    ("seedanceapi", {"code": 7, "message": "was INVALID_PROMPT"}, 6, "outcome_unknown"),
    ("seedanceapi", {"code": 302, "message": "moved"}, 6, "outcome_unknown"),
    # defapi: 1 is every refusal
    ("defapi", {"code": 1, "message": "bad"}, 4, "rejected"),
    ("defapi", {"code": "1", "message": "bad"}, 4, "rejected"),
    ("defapi", {"code": 401, "message": "key"}, 3, "unauthorized"),
    ("defapi", {"code": 402, "message": "balance"}, 4, "insufficient_credits"),
    ("defapi", {"code": 500, "message": "upstream timeout"}, 6, "outcome_unknown"),
    ("defapi", {"code": 504, "message": "upstream timeout"}, 6, "outcome_unknown"),
    ("defapi", {"code": 2, "message": "odd"}, 6, "outcome_unknown"),
    ("defapi", {"code": -1, "message": "odd"}, 6, "outcome_unknown"),
    # seedance2ink: `success` false is a refusal, unless a code says more
    ("seedance2ink", {"success": False}, 4, "rejected"),
    ("seedance2ink", {"success": False, "error": {"code": "no_credits"}}, 4, "rejected"),
    ("seedance2ink", {"success": False, "error": {"code": "unauthorized"}}, 3, "unauthorized"),
    ("seedance2ink", {"success": False, "error": {"code": 401}}, 3, "unauthorized"),
    ("seedance2ink", {"success": False, "code": 503, "message": "x"}, 6, "outcome_unknown"),
    ("seedance2ink", {"success": False, "error": {"code": "500"}}, 6, "outcome_unknown"),
    ("seedance2ink", {"success": False, "statusCode": 504}, 6, "outcome_unknown"),
    # runbase: the codes that its page lists, in either case
    ("runbase", {"error": {"code": "invalid_input", "message": "x"}}, 4, "rejected"),
    ("runbase", {"error": {"code": "INVALID_API_KEY", "message": "x"}}, 3, "unauthorized"),
    ("runbase", {"error": {"code": "ip_not_allowed", "message": "x"}}, 3, "forbidden"),
    ("runbase", {"error": {"code": "insufficient_balance"}}, 4, "insufficient_credits"),
    ("runbase", {"error": {"code": "RATE_LIMITED", "message": "x"}}, 4, "rate_limited"),
    ("runbase", {"error": {"code": "USAGE_EXCEEDED", "message": "x"}}, 4, "rate_limited"),
    ("runbase", {"error": {"code": 503, "message": "x"}}, 6, "outcome_unknown"),
    ("runbase", {"error": {"code": "upstream_timeout", "message": "x"}}, 6, "outcome_unknown"),
    ("runbase", {"error": {"message": "x"}}, 6, "outcome_unknown"),
]


@pytest.mark.parametrize("case", WITHIN, ids=str)
def test_money_6_4_an_error_form_in_a_200_is_judged_by_its_code(
    run: Run, server: ScriptedProvider, tmp_path: Path, case: tuple[str, Any, int, str]
) -> None:
    """A listed refusal is 4, an HTTP status is that status, any other code 6; one POST each."""
    name, body, code, word = case
    server.submits.append(json_answer(200, body))
    result = buy(run, server, name, "--json")
    assert (result.code, result.error["code"]) == (code, word)
    assert result.error["retry_safe"] is (code != 6)
    assert result.error["http_status"] == 200
    assert server.posts() == 1
    (row,) = rows(tmp_path)
    assert row.state is (IntentState.UNKNOWN if code == 6 else IntentState.REFUSED)
