"""The contract of a provider, for every name in `providers.names()`.

`fixtures/PROVIDER/` holds the documented requests and answers word for word, and `contract.json`,
which says what this program makes of them. A new provider with those files is tested by itself.
"""

from __future__ import annotations

import ast
import copy
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seedance_cli.providers
from seedance_cli import providers
from seedance_cli.errors import (
    NotFound,
    ProviderError,
    Rejected,
    SeedanceError,
    Unauthorized,
    Unreachable,
    UsageError,
)
from seedance_cli.models import (
    HttpRequest,
    HttpResponse,
    JsonObject,
    Price,
    PricedFields,
    Problem,
    Status,
    Task,
    TaskHandle,
    VideoRequest,
    usable_id,
)
from seedance_cli.models.identity import fingerprints
from seedance_cli.providers import ModelUse
from seedance_cli.providers import _answers as _json
from support.provider_fixtures import folder

if TYPE_CHECKING:
    from collections.abc import Container

NAMES = providers.names()
HANDLE_ID = "a/b?c&d e"
UNUSABLE_IDS: list[Any] = [
    None,
    "",
    " ",
    ".",
    "..",
    "a\nb",
    "a\x00",
    "\x1b[31m",
    "a\x85",
    "a\u202eb",
    "a\u2028",
    "\ud800",
    "x" * 513,
    True,
    False,
    1.5,
    [],
    ["x"],
    {},
    {"id": "x"},
]
COSTS = [
    (28, "28"),
    ("0.500000", "0.500000"),
    (Decimal("0.1"), "0.1"),
    (Decimal("1e2"), "100"),
    (0, "0"),
    (-1, None),
    ("-1", None),
    ("NaN", None),
    ("1e5", None),
    ("", None),
    (True, None),
    (None, None),
    ([1], None),
    (10**40, None),
    (Decimal("1e999999"), None),
]


@dataclass
class FakeApi:
    """Answers every request with one response, and remembers the paths.

    Attributes:
        response: the answer.
        paths: `METHOD path`, in order.
    """

    response: HttpResponse
    paths: list[str] = field(default_factory=list)

    def get(
        self, path: str, given: str | None = None, *, also: Container[int] = ()
    ) -> HttpResponse:
        """A read."""
        self.paths.append(f"GET {path}")
        return self.response

    def act(self, method: str, path: str, given: str | None = None) -> HttpResponse:
        """A cancel."""
        self.paths.append(f"{method} {path}")
        return self.response


def asked(body: JsonObject, path: str = "/") -> HttpRequest:
    """A submit with this body."""
    return HttpRequest("POST", path, body)


@cache
def load(name: str, file: str) -> Any:
    """A fixture as JSON."""
    return json.loads((folder(name) / file).read_text(encoding="utf-8"))


def contract(name: str) -> dict[str, Any]:
    """What this program makes of the provider's fixtures."""
    value: dict[str, Any] = load(name, "contract.json")
    return value


def raw(name: str, file: str, status: int = 200) -> HttpResponse:
    """A documented answer, byte for byte."""
    return HttpResponse(status, {}, (folder(name) / file).read_bytes())


def answer(body: object, status: int = 200) -> HttpResponse:
    """A body as an answer; a string `"@1.0@"` becomes the number `1.0`, digit for digit."""
    text = re.sub(r'"@(.*?)@"', r"\1", json.dumps(body))
    return HttpResponse(status, {}, text.encode())


def with_value(name: str, file: str, **changes: Any) -> Any:
    """A documented answer with other values at the places that `contract.json` names in `at`."""
    body = copy.deepcopy(load(name, file))
    for what, value in changes.items():
        body = put(body, contract(name)["at"][what], value)
    return body


def put(level: Any, path: list[str], value: Any) -> Any:
    """The JSON with another value at a place; a string on the way there is JSON itself."""
    if isinstance(level, str):
        return json.dumps(put(json.loads(level), path, value))
    first, *rest = path
    level[first] = put(level.get(first, {}), rest, value) if rest else value
    return level


def video(options: dict[str, Any]) -> VideoRequest:
    """The request of a case in `contract.json`."""
    return VideoRequest(**{**options, "images": tuple(options.get("images", ()))})


def as_json(task: Task) -> dict[str, Any]:
    """A task as `contract.json` words it: only what is set."""
    found: dict[str, Any] = {"task_id": task.task_id, "status": str(task.status)}
    if task.cost is not None:
        assert task.cost.basis == "charged"
        found["cost"] = [str(task.cost.amount), task.cost.unit]
    if task.created_at is not None:
        found["created_at"] = task.created_at.isoformat()
    if task.video_urls:
        found["video_urls"] = list(task.video_urls)
    for key in ("provider_status", "model", "prompt"):
        value = getattr(task, key)
        if value is not None:
            found[key] = value
    if task.last_frame_url is not None:
        found["last_frame_url"] = task.last_frame_url
    if task.error is not None:
        found["error"] = task.error._asdict()
    return found


def cases(*keys: str) -> list[Any]:
    """One test parameter per provider and per case under the first of these keys it has."""
    return [
        pytest.param(name, case, id=f"{name}-{number}")
        for name in NAMES
        for key in keys
        for number, case in enumerate(contract(name).get(key, []))
    ]


def prefixed(name: str, own: str) -> str:
    """A task's id, where the provider's own is only its end."""
    return f"{contract(name).get('id_prefix', '')}{own}"


def charge_unit(name: str) -> str | None:
    """The unit of what tasks say they were charged: that of the prices, unless it is said."""
    unit: str | None = contract(name).get("charge_unit", contract(name)["unit"])
    return unit


def first_read(name: str) -> tuple[str, str]:
    """The documented read answer and the id in it."""
    case = contract(name)["reads"][0]
    return case["file"], case["task"]["task_id"]


def fetch(name: str, body: object, task_id: str) -> Task:
    """Read a task whose provider answers `body`."""
    return providers.get(name).fetch(FakeApi(answer(body)), TaskHandle(name, task_id))


@pytest.mark.parametrize(("name", "case"), cases("requests"))
def test_documented_request(name: str, case: dict[str, Any]) -> None:
    """Each example request of the documents comes out equal, its keys in the documents' order."""
    request = providers.get(name).request(video(case["video"]))
    assert (request.method, request.path) == ("POST", case["path"])
    assert json.dumps(request.body) == json.dumps(load(name, case["file"]))


@pytest.mark.parametrize("name", NAMES)
def test_every_option_on_the_wire(name: str) -> None:
    """Every option has its documented wire name, wire type and place; false is sent too."""
    case = contract(name)["every_option"]
    body = providers.get(name).request(video(case["video"])).body
    assert json.dumps(body) == json.dumps(case["body"])


@pytest.mark.parametrize("name", NAMES)
def test_unset_is_not_sent(name: str) -> None:
    """A field that the user did not set is not sent, unless the provider requires it."""
    body = providers.get(name).request(VideoRequest(prompt="p")).body
    assert body == contract(name)["nothing_set"]


@pytest.mark.parametrize("name", NAMES)
def test_param_conflict(name: str) -> None:
    """A `--param` that an option also sets is refused, naming both."""
    case = contract(name)["every_option"]
    for key, option in contract(name)["params_conflict"].items():
        asked = video({**case["video"], "params": {key: 1}})
        with pytest.raises(UsageError) as caught:
            providers.get(name).request(asked)
        assert f"--param {key}" in caught.value.message
        assert option in caught.value.message


@pytest.mark.parametrize(("name", "case"), cases("submits"))
def test_documented_submit_answer(name: str, case: dict[str, Any]) -> None:
    """The submit answer of the documents gives the task's id, status and charge."""
    response = raw(name, case["file"])
    task = providers.get(name).accepted(response)
    assert task is not None
    assert as_json(task) == case["task"]
    assert providers.get(name).problem(response) is None


@pytest.mark.parametrize(("name", "case"), cases("more_submits"))
def test_submit_answer_seen_elsewhere(name: str, case: dict[str, Any]) -> None:
    """An id at another place where clients saw it is found."""
    task = providers.get(name).accepted(answer(case["body"]))
    assert task is not None
    assert task.task_id == case["task_id"]
    assert task.status is Status.QUEUED


@pytest.mark.parametrize(("name", "case"), cases("reads"))
def test_documented_read_answer(name: str, case: dict[str, Any]) -> None:
    """The read answer of the documents becomes a task with its video, charge and time."""
    api = FakeApi(raw(name, case["file"]))
    task = providers.get(name).fetch(api, TaskHandle(name, case["task"]["task_id"]))
    assert as_json(task) == case["task"]
    assert api.paths == [f"GET {path}" for path in case.get("paths", [case.get("path")])]
    assert providers.get(name).problem(api.response) is None


@pytest.mark.parametrize(("name", "case"), cases("cancels"))
def test_documented_cancel(name: str, case: dict[str, Any]) -> None:
    """The documented cancel is sent once and its confirmation read."""
    api = FakeApi(raw(name, case["file"]))
    task = providers.get(name).cancel(api, TaskHandle(name, case["task"]["task_id"]))
    assert as_json(task) == case["task"]
    assert api.paths == [f"{case.get('method', 'POST')} {case['path']}"]


@pytest.mark.parametrize("name", [n for n in NAMES if contract(n).get("cancels")])
def test_cancel_not_confirmed(name: str) -> None:
    """A cancel that the answer does not confirm leaves the task as the answer describes it."""
    case = contract(name)["cancels"][0]
    body = with_value(name, case["file"], status="processing")
    handle = TaskHandle(name, case["task"]["task_id"])
    assert providers.get(name).cancel(FakeApi(answer(body)), handle).status is Status.RUNNING
    for problem in contract(name)["problems"]:
        if problem["status"] == 200:
            with pytest.raises(Rejected) as caught:
                providers.get(name).cancel(FakeApi(answer(problem["body"])), handle)
            assert problem["message"] in caught.value.message


@pytest.mark.parametrize("name", [n for n in NAMES if not providers.get(n).info.can_cancel])
def test_no_cancel_endpoint(name: str) -> None:
    """A provider without a cancel endpoint is asked nothing, and says what to do instead."""
    api = FakeApi(answer({}))
    with pytest.raises(Rejected) as caught:
        providers.get(name).cancel(api, TaskHandle(name, "x"))
    assert "no cancel endpoint" in caught.value.message
    assert caught.value.hint
    assert api.paths == []


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_encoded(name: str) -> None:
    """An id is encoded again where it goes into a URL."""
    file, _ = first_read(name)
    api = FakeApi(answer(with_value(name, file, id=HANDLE_ID)))
    task_id = prefixed(name, HANDLE_ID)
    assert providers.get(name).fetch(api, TaskHandle(name, task_id)).task_id == task_id
    assert api.paths[0] == f"GET {contract(name)['encoded_path']}"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task_id", ["..", ".", "", "a\nb", "\ud800", "a\u202e"], ids=ascii)
def test_unusable_id_is_not_asked_for(name: str, task_id: str) -> None:
    """An id that no provider can have given is refused before anything is asked."""
    api = FakeApi(answer({}))
    with pytest.raises(UsageError):
        providers.get(name).fetch(api, TaskHandle(name, task_id))
    assert api.paths == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task_id", UNUSABLE_IDS, ids=ascii)
def test_hostile_id_is_no_id(name: str, task_id: object) -> None:
    """A submit answer whose id cannot be stored, printed or asked for has none; never rewritten."""
    file = contract(name)["submits"][0]["file"]
    assert providers.get(name).accepted(answer(with_value(name, file, id=task_id))) is None


@pytest.mark.parametrize("name", NAMES)
def test_number_as_id(name: str) -> None:
    """An id that is a whole number becomes its decimal text, in the read too."""
    file = contract(name)["submits"][0]["file"]
    task = providers.get(name).accepted(answer(with_value(name, file, id=12345)))
    assert task is not None
    task_id = prefixed(name, "12345")
    assert task.task_id == task_id
    file, _ = first_read(name)
    assert fetch(name, with_value(name, file, id=12345), task_id).task_id == task_id


@pytest.mark.parametrize("name", NAMES)
def test_status_words(name: str) -> None:
    """Every documented status word is known whatever its case; the word itself is kept."""
    file, task_id = first_read(name)
    words = {**contract(name)["words"], "canceled": "cancelled", "expired": "expired"}
    for word, meaning in words.items():
        for spelling in (word, word.upper(), word.lower(), word.title()):
            task = fetch(name, with_value(name, file, status=spelling), task_id)
            assert (str(task.status), task.provider_status) == (meaning, spelling)


@pytest.mark.parametrize("name", NAMES)
def test_unknown_status_word(name: str) -> None:
    """An unknown status word is `unknown`, not terminal, and kept as it came."""
    file, task_id = first_read(name)
    task = fetch(name, with_value(name, file, status="Brewing\x1b"), task_id)
    assert task.status is Status.UNKNOWN
    assert task.provider_status == "Brewing\x1b"
    submit = contract(name)["submits"][0]["file"]
    accepted = providers.get(name).accepted(answer(with_value(name, submit, status="Brewing")))
    assert accepted is not None
    assert accepted.status is Status.UNKNOWN


@pytest.mark.parametrize("name", NAMES)
def test_read_answer_that_makes_no_sense(name: str) -> None:
    """A read answer without a status, or about another task, is one to ask again for."""
    file, task_id = first_read(name)
    bodies: list[object] = [{}, [], None, "x", 7, with_value(name, file, id="another")]
    words: list[object] = [None, "", 7, [], {}, True]
    bodies += [with_value(name, file, status=word) for word in words]
    for body in bodies:
        with pytest.raises(Unreachable):
            fetch(name, body, task_id)
    for content in (b"", b"<html>", b'{"a":', b"\xff\xfe\xff", b"[" * 100_000, b'{"a": NaN}'):
        with pytest.raises(Unreachable):
            providers.get(name).fetch(
                FakeApi(HttpResponse(200, {}, content)), TaskHandle(name, task_id)
            )


@pytest.mark.parametrize("name", NAMES)
def test_read_answer_in_the_error_form(name: str) -> None:
    """A 2xx read in the provider's error form is raised as what it says."""
    for case in contract(name)["problems"]:
        with pytest.raises(SeedanceError) as caught:
            fetch(name, case["body"], prefixed(name, "x"))
        code = (case["code"] or "").lower()
        if code.endswith("not_found"):
            assert isinstance(caught.value, NotFound)
        elif code.endswith("_api_key") or code == "unauthorized":
            assert isinstance(caught.value, Unauthorized)
        else:
            assert isinstance(caught.value, ProviderError | Unreachable)


@pytest.mark.parametrize("name", NAMES)
def test_read_answer_without_an_id(name: str) -> None:
    """A read answer may leave the id out."""
    file, task_id = first_read(name)
    assert fetch(name, with_value(name, file, id=None), task_id).task_id == task_id


@pytest.mark.parametrize("name", NAMES)
def test_done_without_a_video(name: str) -> None:
    """A task that is done without a usable URL stays done, and has none."""
    file, task_id = first_read(name)
    values: list[object] = [None, "", [], {}, 7, [None, "", 7]]
    for value in values:
        task = fetch(name, with_value(name, file, videos=value), task_id)
        assert task.status is Status.SUCCEEDED
        assert task.video_urls == ()


@pytest.mark.parametrize("name", NAMES)
def test_hostile_url_is_kept(name: str) -> None:
    """A URL that cannot be used is kept as it came, so that the caller can say so."""
    file, task_id = first_read(name)
    for url in ("file:///etc/passwd", "https://a/\x1b[31m", "javascript:1"):
        assert fetch(name, with_value(name, file, videos=url), task_id).video_urls == (url,)


@pytest.mark.parametrize("name", [n for n in NAMES if "cost" in contract(n)["at"]])
@pytest.mark.parametrize(("value", "amount"), COSTS, ids=ascii)
def test_charge(name: str, value: object, amount: str | None) -> None:
    """A charge keeps its decimal digits; one that is no plain amount is unknown, never 0."""
    file, task_id = first_read(name)
    wire = f"@{value}@" if isinstance(value, Decimal) else value
    cost = fetch(name, with_value(name, file, cost=wire), task_id).cost
    if amount is None:
        assert cost is None
    else:
        assert cost == Price(Decimal(amount), charge_unit(name), "charged")
        assert str(cost.amount) == amount


@pytest.mark.parametrize("name", NAMES)
def test_reason_of_a_failure(name: str) -> None:
    """A failed task has the reason that its provider gives; a running or finished one has none."""
    file, task_id = first_read(name)
    for value, code, message in contract(name)["reasons"]:
        task = fetch(name, with_value(name, file, status="failed", reason=value), task_id)
        assert task.error == Problem(code, message)
        for word in ("processing", "succeeded"):
            body = with_value(name, file, status=word, reason=value)
            assert fetch(name, body, task_id).error is None
    body = with_value(name, file, status="failed", reason=None)
    assert fetch(name, body, task_id).error is None


@pytest.mark.parametrize(("name", "case"), cases("problems"))
def test_error_form(name: str, case: dict[str, Any]) -> None:
    """The provider's error form gives its code and words, and names no task."""
    response = answer(case["body"], case["status"])
    assert providers.get(name).problem(response) == Problem(case["code"], case["message"])
    assert providers.get(name).accepted(response) is None


@pytest.mark.parametrize(("name", "case"), cases("not_problems"))
def test_no_error_form(name: str, case: dict[str, Any]) -> None:
    """What is not the provider's error form is never taken for a refusal."""
    assert providers.get(name).problem(answer(case["body"], case["status"])) is None


@pytest.mark.parametrize("name", NAMES)
def test_error_form_with_an_id_is_accepted(name: str) -> None:
    """An answer that names a task counts as accepted, whatever else it says."""
    file = contract(name)["submits"][0]["file"]
    for case in contract(name)["problems"]:
        body = {**case["body"], **with_value(name, file)}
        assert providers.get(name).accepted(answer(body)) is not None


@pytest.mark.parametrize(("name", "case"), cases("prices"))
def test_listed_price(name: str, case: dict[str, Any]) -> None:
    """The listed price is that of exactly this body; outside the documents there is none."""
    price = providers.get(name).price(asked(case["body"], case.get("path", "/")))
    amount = case["amount"]
    unit = contract(name)["unit"]
    assert price == (None if amount is None else Price(Decimal(amount), unit, "listed"))


@pytest.mark.parametrize(("name", "case"), cases("priced"))
def test_priced_fields(name: str, case: dict[str, Any]) -> None:
    """What decides the price is read from the body, documented defaults filled in."""
    request = asked(case["body"], case.get("path", "/"))
    assert providers.get(name).priced(request) == PricedFields(*case["fields"])


@pytest.mark.parametrize(("name", "body"), cases("never_priced"))
def test_unknown_field_has_no_price(name: str, body: JsonObject) -> None:
    """A body with a field or a type that the documents do not know has no price."""
    assert providers.get(name).priced(asked(body)) is None
    assert providers.get(name).price(asked(body)) is None


def marks(name: str, options: dict[str, Any]) -> dict[str, str]:
    """The fingerprints of a request by every rule."""
    provider = providers.get(name)
    request = provider.bought(provider.request(video(options)))
    found = fingerprints(name, provider.info.base_url, False, request)
    return {str(rule): mark for rule, mark in found.items()}


@pytest.mark.parametrize("name", [n for n in NAMES if "fingerprints" in contract(n)])
def test_fingerprints_of_rows_that_exist(name: str) -> None:
    """A row that an earlier version wrote is still recognised, under the rule of that row."""
    every = contract(name)["every_option"]["video"]
    assert marks(name, every) == contract(name)["fingerprints"]


@pytest.mark.parametrize("name", NAMES)
def test_callback_and_metadata_are_not_bought(name: str) -> None:
    """The provider's own callback and metadata fields, whatever their names, change nothing."""
    every = contract(name)["every_option"]["video"]
    bare = {key: one for key, one in every.items() if key not in {"callback_url", "metadata"}}
    other = {key: one for key, one in every.items() if key != "prompt"}
    assert marks(name, every) == marks(name, bare)
    assert marks(name, every) != marks(name, {**other, "prompt": "another"})


@pytest.mark.parametrize("name", NAMES)
def test_documented_capabilities(name: str) -> None:
    """Models, allowed values, defaults and limits are those of the documents."""
    info = providers.get(name).info
    documented = dict(contract(name)["capabilities"])
    models = documented.pop("models")
    limits = {m.id: [m.durations, m.resolutions, m.aspect_ratios] for m in info.models}
    assert json.loads(json.dumps(limits)) == models
    assert list(limits) == list(models)
    rate = info.rate_limit
    found = {
        **{key: getattr(info, key) for key in documented},
        "defaults": dict(info.defaults),
        "rate_limit": None if rate is None else [rate.requests, rate.seconds],
        "retry_codes": sorted(info.retry_codes),
    }
    assert found == documented


@pytest.mark.parametrize("name", NAMES)
def test_capabilities(name: str) -> None:
    """The capabilities hang together: names, addresses, models and defaults among them."""
    info = providers.get(name).info
    assert info.name == name
    assert info.base_url.startswith("https://")
    assert not info.base_url.endswith("/")
    assert all(re.fullmatch("[A-Z0-9]+(_[A-Z0-9]+)*_(KEY|TOKEN)", one) for one in info.key_envs)
    assert info.base_url_env == f"{name.upper().replace('-', '_')}_BASE_URL"
    assert info.models
    assert info.can_cancel == bool(contract(name).get("cancels"))
    assert info.can_cancel or info.cancel_advice
    assert info.price_unit == contract(name)["unit"]
    assert (info.charge_unit or info.price_unit) == charge_unit(name)
    first = info.models[0]
    for key, allowed in (
        ("duration", first.durations),
        ("resolution", first.resolutions),
        ("aspect_ratio", first.aspect_ratios),
    ):
        if key in info.defaults:
            assert info.defaults[key] in allowed
    if info.model_use is ModelUse.NONE:
        assert len(info.models) == 1


SOURCES = sorted(
    path for folder in seedance_cli.providers.__path__ for path in Path(folder).glob("*.py")
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_providers_only_translate(path: Path) -> None:
    """A provider imports values and pure helpers: it cannot sleep, print, read files or the env."""
    if path.name in {"__init__.py", "_registry.py"}:
        return
    allowed = {
        "__future__",
        "abc",
        "collections.abc",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "functools",
        "itertools",
        "json",
        "re",
        "types",
        "typing",
        "urllib.parse",
        "seedance_cli._named",
        "seedance_cli.errors",
        "seedance_cli.models",
        "seedance_cli.providers",
        "seedance_cli.providers._ark",
        "seedance_cli.providers._base",
        "seedance_cli.providers._fal",
        "seedance_cli.providers._files",
        "seedance_cli.providers._info",
        "seedance_cli.providers._seedanceapi",
        "seedance_cli.providers._fields",
        "seedance_cli.providers._document",
        "seedance_cli.providers._answers",
        "seedance_cli.providers._problems",
    }
    readers = {"_document", "_answers", "_problems"}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert node.module in allowed
            if node.module == "seedance_cli.providers":
                assert {alias.name for alias in node.names} <= readers
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"print", "open", "input", "eval", "exec", "__import__"}


KEYS = [
    "data",
    "task_id",
    "status",
    "code",
    "message",
    "error",
    "id",
    "runId",
    "requestId",
    "success",
    "result",
    "video",
    "output",
    "url",
    "urls",
    "response",
    "consumed",
    "costUsd",
    "created_at",
    "creditsCharged",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["success", "succeeded", "FAILED", "x", "2026-02-07", "0001-01-01T00:00+23"])
    | st.text(max_size=20)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=20,
)
EXAMPLES = 25
"""For each provider; they share most of their code."""
BODIES = st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode())


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(content=BODIES, status=st.sampled_from([200, 201, 400, 404, 500]))
def test_any_answer_is_read_without_a_crash(name: str, content: bytes, status: int) -> None:
    """Whatever a server answers, a provider returns a value or raises a SeedanceError."""
    provider = providers.get(name)
    response = HttpResponse(status, {}, content)
    task = provider.accepted(response)
    assert task is None or usable_id(task.task_id)
    provider.problem(response)
    for action in (provider.fetch, provider.cancel):
        with suppress(SeedanceError):
            handle = TaskHandle(name, prefixed(name, "x"))
            assert action(FakeApi(response), handle).task_id == handle.task_id


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(body=st.dictionaries(st.sampled_from([*KEYS, "model", "input", "duration"]), JSON))
def test_any_body_is_priced_without_a_crash(name: str, body: JsonObject) -> None:
    """Whatever a body holds, it has priced fields and a price or it has none."""
    provider = providers.get(name)
    fields = provider.priced(asked(body))
    if fields is None:
        assert provider.price(asked(body)) is None


def test_times() -> None:
    """A time without a zone is UTC, another zone is converted, and what is no time is none."""
    assert _json.moment("2026-02-07T10:30:00") == datetime(2026, 2, 7, 10, 30, tzinfo=UTC)
    assert _json.moment("2026-02-07T12:30:00+02:00") == datetime(2026, 2, 7, 10, 30, tzinfo=UTC)
    for value in ("yesterday", "0001-01-01T00:00:00+14:00", 5, None, ""):
        assert _json.moment(value) is None


def test_nan_is_null() -> None:
    """NaN and Infinity, which careless writers put out, say nothing and hide nothing."""
    for word in (b"NaN", b"Infinity", b"-Infinity"):
        body = b'{"id": "r1", "status": "pending", "costUsd": ' + word + b"}"
        task = providers.get("runbase").accepted(HttpResponse(200, {}, body))
        assert task is not None
        assert (task.task_id, task.cost) == ("r1", None)


def test_number_beyond_decimal() -> None:
    """A number that Decimal cannot hold does not hide the task id beside it."""
    body = b'{"id": "r1", "costUsd": 1e99999999999999999999}'
    task = providers.get("runbase").accepted(HttpResponse(200, {}, body))
    assert task is not None
    assert task.cost is None
