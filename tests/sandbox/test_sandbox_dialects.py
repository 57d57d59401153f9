"""Every dialect that says in `fixtures/NAME/sandbox.json` where its answers hold what.

The first four providers have tests of their own beside this; whoever comes later is found here.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.sandbox.dialects._base import Phase
from seedance_cli.sandbox.dialects._registry import every
from seedance_cli.sandbox.options import Options
from seedance_cli.testing import serve_sandbox
from support.sandbox_client import PROVIDERS, Answer, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seedance_cli.sandbox.dialects._base import Dialect
    from seedance_cli.testing import SandboxServer

FIXTURES = Path(__file__).parents[1] / "fixtures"
DIALECTS = {one.name: one for one in every() if one.name not in PROVIDERS}


@cache
def facts(name: str) -> dict[str, Any]:
    """Where the provider's answers hold what, and what it refuses."""
    found: dict[str, Any] = json.loads((FIXTURES / name / "sandbox.json").read_text("utf-8"))
    return found


def cases(key: str) -> list[Any]:
    """One test parameter for each entry of a dialect's facts."""
    return [
        pytest.param(name, case, id=f"{name}-{number}")
        for name in sorted(DIALECTS)
        for number, case in enumerate(facts(name)[key])
    ]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with serve_sandbox(tmp_path_factory.mktemp("state"), Options(seconds=0)) as server:
        yield server


class Talk:
    """Speaks to one dialect of a sandbox."""

    def __init__(self, root: str, name: str) -> None:
        self.facts = facts(name)
        self.dialect: Dialect = DIALECTS[name]
        self.base = self.dialect.base_path
        scheme = self.facts.get("scheme", "Bearer")
        self.client = Client(root, key=None, headers={"Authorization": f"{scheme} any-key"})

    def submit(self, prompt: str = "A cat", *, at: str | None = None, **changes: Any) -> Answer:
        """The smallest submit, with fields changed; None takes one away.

        Args:
            prompt: in it.
            at: another path than the usual one.
            changes: the fields.
        """
        path = at or self.path("submit")
        return self.client.post(self.base + path, self.body(prompt, **changes))

    def body(self, prompt: str = "A cat", **changes: Any) -> dict[str, Any]:
        body = copy.deepcopy(self.facts["smallest"])
        put(body, self.facts["prompt"], prompt)
        level = at(body, self.facts.get("options", []))
        for key, value in changes.items():
            level[key] = value
            if value is None:
                del level[key]
        assert isinstance(body, dict)
        return body

    def path(self, what: str, task: str = "") -> str:
        """A path of the documents."""
        path: str = self.facts["paths"][what]
        return path.replace("TASK", task)

    def task(self, prompt: str = "A cat", **headers: str) -> str:
        """Submit, and the id."""
        path, body = self.base + self.path("submit"), self.body(prompt)
        answer = self.client.post(path, body, headers)
        assert answer.status == self.facts.get("accepted", 200), answer.body
        return str(at(answer.json, self.facts["id"]))

    def read(self, task: str, **headers: str) -> Any:
        """The answer to a read."""
        answer = self.client.get(self.base + self.path("read", task), headers)
        assert answer.status < 300, answer.body
        return answer.json

    def result(self, task: str) -> Any:
        """What came of a task, where that is read apart."""
        if "result" not in self.facts["paths"]:
            return self.read(task)
        return self.client.get(self.base + self.path("result", task)).json

    def word(self, task: str) -> Any:
        """The status word."""
        return at(self.read(task), self.facts["status"])

    def video(self, task: str) -> str:
        """The URL of a task's video; some have it in JSON inside a string."""
        body = self.result(task)
        if "result" in self.facts:
            body = json.loads(at(body, self.facts["result"]))
        return str(at(body, self.facts["video"]))

    def error(self, answer: Answer) -> list[Any]:
        """Status and code of an error answer, which must have words."""
        words = at(answer.json, self.facts["message"])
        assert words
        if self.facts.get("code_in_words"):
            head = words.partition(": ")[0]
            return [answer.status, head if head.isupper() else None]
        place = self.facts["code"]
        if isinstance(place, str):
            return [answer.status, answer.headers.get(place)]
        code = at(answer.json, place) if place else None
        return [answer.status, code if code is None else str(code)]


def at(value: Any, place: list[Any]) -> Any:
    """What lies at a place."""
    for key in place:
        value = value[key]
    return value


def put(value: Any, place: list[Any], new: Any) -> None:
    at(value, place[:-1])[place[-1]] = new


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_a_task_from_submit_to_video(sandbox: SandboxServer, name: str) -> None:
    """A task is accepted, succeeds, and has a video that is an MP4; so has the built-in one."""
    talk = Talk(sandbox.url, name)
    task = talk.task()
    assert talk.word(task) == talk.facts["words"]["succeeded"]
    url = talk.video(task)
    assert talk.client.get(url).body[4:8] == b"ftyp"
    for built_in in talk.dialect.built_in:
        task = built_in.task_id.removeprefix(talk.facts.get("id_prefix", ""))
        assert talk.word(task) == talk.facts["words"]["succeeded"]


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_failed_and_running_tasks(sandbox: SandboxServer, name: str) -> None:
    """A task that fails says why and has no video; one that runs has neither."""
    talk = Talk(sandbox.url, name)
    words = talk.facts["words"]
    for prompt in ("sandbox:fail", "sandbox:moderated"):
        task = talk.task(prompt)
        assert talk.word(task) == words["failed"]
        assert at(talk.result(task), talk.facts["reason"])
    assert talk.word(talk.task("sandbox:stuck")) == words["running"]
    assert talk.word(talk.task("sandbox:unknown-status")).lower() == "dreaming"
    if Phase.EXPIRED in talk.dialect.phases:
        task = talk.task(**{"X-Sandbox-Fault": "expired"})
        assert talk.word(task) == words["expired"]


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_errors_that_every_provider_has(sandbox: SandboxServer, name: str) -> None:
    """Key, body, id, path, method, credits and rate: each has the provider's status and code."""
    talk = Talk(sandbox.url, name)
    client, base, known = talk.client, talk.base, talk.facts["errors"]
    submit, read = base + talk.path("submit"), base + talk.path("read", "nothing-of-that-id")
    found = {
        "bad_json": client.post(submit, b"{"),
        "no_task": client.get(read),
        "no_credits": talk.submit("sandbox:no-credits"),
        "rate_limit": talk.submit("sandbox:rate-limit"),
        "server_error": talk.submit("sandbox:server-error"),
        "no_key": client.post(submit, talk.body(), {"Authorization": ""}),
        "bad_key": client.get(read, {"Authorization": f"{talk.dialect.auth_scheme} invalid"}),
    }
    assert {what: talk.error(answer) for what, answer in found.items()} == known
    wrong = "Basic" if talk.dialect.auth_scheme != "Basic" else "Bearer"
    assert client.get(read, {"Authorization": f"{wrong} k"}).status == known["no_key"][0]
    assert talk.error(client.get(f"{base}/nothing/of/that/name"))[0] == 404
    assert talk.error(client.send("PATCH", submit))[0] == 405
    limited = talk.submit("sandbox:rate-limit")
    assert limited.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("name", "code"),
    [(name, code) for name, one in sorted(DIALECTS.items()) for code in one.errors],
)
def test_documented_error(sandbox: SandboxServer, name: str, code: str) -> None:
    """Every documented code is provoked by its name, with the documented status."""
    talk = Talk(sandbox.url, name)
    path = talk.base + talk.path("submit")
    answer = talk.client.post(path, talk.body(), {"X-Sandbox-Fault": code})
    assert talk.error(answer) == [talk.dialect.errors[code], code]


@pytest.mark.parametrize(("name", "case"), cases("refused"))
def test_refused(sandbox: SandboxServer, name: str, case: dict[str, Any]) -> None:
    """What the documents do not allow is refused with their code."""
    talk = Talk(sandbox.url, name)
    answer = talk.submit(at=case.get("path"), **case["change"])
    assert talk.error(answer) == case["error"], answer.body


@pytest.mark.parametrize(("name", "case"), cases("taken"))
def test_taken(sandbox: SandboxServer, name: str, case: dict[str, Any]) -> None:
    """What the documents allow is accepted."""
    talk = Talk(sandbox.url, name)
    answer = talk.submit(**case)
    assert answer.status == talk.facts.get("accepted", 200), answer.body
    assert talk.word(str(at(answer.json, talk.facts["id"])))


@pytest.mark.parametrize(
    "name", sorted(name for name, one in DIALECTS.items() if one.cancel_path is not None)
)
def test_cancel(tmp_path: Path, name: str) -> None:
    """A cancel cancels, refuses or deletes, as the documents say for where the task stands."""
    with serve_sandbox(tmp_path, Options(seconds=0)) as server:
        talk, facts_ = Talk(server.url, name), facts(name)
        method = talk.dialect.cancel_method

        def cancel(task: str) -> Answer:
            return talk.client.send(method, talk.base + talk.path("cancel", task))

        # In a sandbox without seconds nothing is queued: it is asked of one in which all is.
        for phase, prompt in (("succeeded", "A cat"), ("running", "sandbox:stuck")):
            task = talk.task(prompt)
            answer = cancel(task)
            status, then = facts_["cancel"][phase]
            assert answer.status == status, answer.body
            read = talk.client.get(talk.base + talk.path("read", task))
            assert (read.status == 404) if then is None else talk.word(task) == then
        assert cancel("nothing-of-that-id").status == 404
    with serve_sandbox(tmp_path / "slow", Options(seconds=60)) as server:
        talk = Talk(server.url, name)
        task = talk.task()
        assert talk.word(task) == facts_["words"]["queued"]
        status, then = facts_["cancel"]["queued"]
        answer = talk.client.send(method, talk.base + talk.path("cancel", task))
        assert (answer.status, talk.word(task)) == (status, then)


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_the_document(sandbox: SandboxServer, name: str) -> None:
    """It is OpenAPI 3.1, and each of its paths is one of the sandbox's, and asks for a key."""
    client = Client(sandbox.url, key=None)
    document = client.get(f"/{name}/openapi.json").json
    assert document["openapi"] == "3.1.0"
    for path, operations in document["paths"].items():
        for method in operations:
            assert client.send(method.upper(), sandbox.base_urls[name] + path).status == 401
