"""A plain HTTP client for the sandbox: `http.client`, no proxies, no magic."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

SUBMIT = {
    "seedanceapi": "/seedanceapi/v1/generate",
    "defapi": "/defapi/api/video/seedance/gen",
    "seedance2ink": "/seedance2ink/api/open/v1/video/generations",
    "runbase": "/runbase/api/v1/runs",
}
READ = {
    "seedanceapi": "/seedanceapi/v1/status?task_id=",
    "defapi": "/defapi/api/task/query?task_id=",
    "seedance2ink": "/seedance2ink/api/open/v1/video/generations/",
    "runbase": "/runbase/api/v1/runs/",
}
PROVIDERS = tuple(SUBMIT)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which must say that it is JSON and be ASCII."""
        assert self.headers["content-type"] == "application/json"
        assert self.body.isascii()
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks to one sandbox, each request on a connection of its own."""

    root: str
    key: str | None = "any-key"
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; a body that is no bytes is sent as JSON. `path` may be a whole URL."""
        where = urlsplit(self.root)
        wire = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if self.key is not None and not path.startswith("http"):
            sent["Authorization"] = f"Bearer {self.key}"
        sent.update(self.headers)
        sent.update(headers or {})
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
        try:
            connection.request(method, path.removeprefix(self.root), wire, sent)
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, response.read())
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET."""
        return self.send("GET", path, headers=headers)

    def post(
        self, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """POST."""
        return self.send("POST", path, body, headers)

    def submit(
        self, provider: str, prompt: str = "A cat", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The smallest submit of a provider."""
        return self.post(SUBMIT[provider], smallest(provider, prompt), headers)

    def task(self, provider: str, prompt: str = "A cat") -> str:
        """Submit, and the id."""
        answer = self.submit(provider, prompt)
        assert answer.status == 200, answer.body
        return task_id(provider, answer.json)

    def read(self, provider: str, task: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a task."""
        return self.get(READ[provider] + task, headers)

    def cancel(self, task: str) -> Answer:
        """Cancel, at the one provider that has it."""
        return self.post(f"{READ['seedance2ink']}{task}/cancel")

    def state(self, provider: str, task: str) -> str:
        """The provider's status word."""
        return word(provider, self.read(provider, task).json)

    def video(self, provider: str, task: str) -> str:
        """The URL of its video."""
        return video(provider, self.read(provider, task).json)


def smallest(provider: str, prompt: str) -> dict[str, Any]:
    """The least that a provider takes, and the shortest, smallest video that it makes."""
    if provider == "defapi":
        return {"content": [{"type": "text", "text": prompt}]}
    if provider == "seedance2ink":
        sizes = {"duration": 4, "resolution": "480p", "aspectRatio": "1:1"}
        return {"model": "seedance-2.0", "prompt": prompt, **sizes}
    sizes = {"duration": "4", "resolution": "480p", "aspect_ratio": "1:1"}
    if provider == "runbase":
        return {"model": "bytedance/seedance-1.5-pro", "input": {"prompt": prompt, **sizes}}
    return {"prompt": prompt, **sizes}


def task_id(provider: str, body: Any) -> str:
    """The id in a submit's answer."""
    if provider in {"seedanceapi", "defapi"}:
        found = body["data"]["task_id"]
    else:
        found = body["requestId" if provider == "seedance2ink" else "id"]
    assert isinstance(found, str)
    return found


def word(provider: str, body: Any) -> str:
    """The status word in a read's answer."""
    found = (body["data"] if provider in {"seedanceapi", "defapi"} else body)["status"]
    assert isinstance(found, str)
    return found


def video(provider: str, body: Any) -> str:
    """The URL in a read's answer."""
    found = {
        "seedanceapi": lambda: body["data"]["response"][0],
        "defapi": lambda: body["data"]["result"]["video"],
        "seedance2ink": lambda: body["output"]["url"],
        "runbase": lambda: body["output"]["urls"][0],
    }[provider]()
    assert isinstance(found, str)
    return found


def problem(provider: str, answer: Answer) -> tuple[str | None, str]:
    """The symbolic code and the words of an error answer, which must have exactly that form."""
    body = answer.json
    if provider == "seedanceapi":
        assert body.keys() == {"code", "message"}
        assert body["code"] == answer.status
        code, colon, words = body["message"].partition(": ")
        return (code, words) if colon and code.isupper() else (None, body["message"])
    if provider == "defapi":
        assert body.keys() == {"code", "message"}
        assert body["code"] == 1
        return None, body["message"]
    if provider == "seedance2ink":
        assert body.keys() == {"success", "error"}
        assert body["success"] is False
    else:
        assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message"}
    return body["error"]["code"], body["error"]["message"]
