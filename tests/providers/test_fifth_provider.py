"""A new provider is one file and its fixtures: a fifth one passes the suite that the others pass.

Its file lies in a temporary folder on the path of `seedance_cli.providers`, its fixtures beside it;
nothing else of the program or the tests knows its name.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import seedance_cli.providers
from seedance_cli.providers import _registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.runner import Run

TESTS = Path(__file__).parents[1]
_DOCUMENT = (TESTS.parent / "docs" / "providers.md").read_text(encoding="utf-8")
PROVIDER = _DOCUMENT.partition("```python\n")[2].partition("```\n")[0]
"""The one that the documents show."""
JOB: dict[str, Any] = {"key": "j1", "phase": "succeeded", "files": ["https://v.example/1.mp4"]}
CONTRACT: dict[str, Any] = {
    "capabilities": {
        "models": {"boat-1": [[5, 10], ["480p", "720p"], ["16:9", "1:1"]]},
        "defaults": {"duration": 5, "resolution": "480p", "aspect_ratio": "16:9"},
        "audio": False,
        "callback": True,
        "metadata": True,
        "rate_limit": None,
        "retry_codes": [],
    },
    "requests": [{"file": "request.json", "path": "/jobs", "video": {"prompt": "a boat"}}],
    "every_option": {
        "video": {
            "prompt": "a boat",
            "model": "boat-1",
            "duration": 10,
            "resolution": "720p",
            "aspect_ratio": "1:1",
            "images": ["https://a/1"],
            "callback_url": "https://a/c",
            "metadata": {"k": "v"},
            "params": {"seed": 7},
        },
        "body": {
            "engine": "boat-1",
            "job": {
                "text": "a boat",
                "length": "10",
                "size": "720p",
                "shape": "1:1",
                "pictures": ["https://a/1"],
                "tell": "https://a/c",
                "labels": {"k": "v"},
                "seed": 7,
            },
        },
    },
    "nothing_set": {"job": {"text": "p"}},
    "params_conflict": {"text": "PROMPT", "length": "--duration", "tell": "--callback-url"},
    "submits": [
        {
            "file": "submit.json",
            "task": {"task_id": "j1", "status": "queued", "provider_status": "queued"},
        }
    ],
    "reads": [
        {
            "file": "read.json",
            "path": "/jobs/j1",
            "task": {
                "task_id": "j1",
                "status": "succeeded",
                "provider_status": "succeeded",
                "video_urls": JOB["files"],
            },
        }
    ],
    "cancels": [
        {
            "file": "cancel.json",
            "path": "/jobs/j1/stop",
            "task": {"task_id": "j1", "status": "cancelled", "provider_status": "cancelled"},
        }
    ],
    "at": {
        "id": ["job", "key"],
        "status": ["job", "phase"],
        "videos": ["job", "files"],
        "cost": ["job", "usd"],
        "reason": ["job", "why"],
    },
    "encoded_path": "/jobs/a%2Fb%3Fc%26d%20e",
    "words": {"queued": "queued", "running": "running", "succeeded": "succeeded"},
    "reasons": [["no luck", None, "no luck"], [{"code": 7, "message": "dark"}, "7", "dark"]],
    "prices": [
        {"body": {"job": {"text": "x"}}, "amount": "0.1"},
        {"body": {"job": {"text": "x", "size": "4k"}}, "amount": None},
    ],
    "priced": [
        {"body": {"job": {"text": "x"}}, "fields": [None, 5, "480p", None]},
        {
            "body": {"engine": "m", "job": {"text": "x", "length": "10", "shape": "1:1"}},
            "fields": ["m", 10, "480p", None, 0, "1:1"],
        },
    ],
    "never_priced": [{"job": {"text": "x", "seed": 1}}, {"job": {"text": "x", "length": 5}}],
    "unit": "USD",
    "problems": [
        {
            "status": 200,
            "body": {"fault": {"code": "empty_purse", "message": "top up"}},
            "code": "empty_purse",
            "message": "top up",
        }
    ],
    "not_problems": [{"status": 200, "body": {"fault": None}}],
}
FIXTURES: dict[str, Any] = {
    "contract.json": CONTRACT,
    "request.json": {"job": {"text": "a boat"}},
    "submit.json": {"job": {"key": "j1", "phase": "queued"}},
    "read.json": {"job": JOB},
    "cancel.json": {"job": {"key": "j1", "phase": "cancelled"}},
}
PLUGIN = """import sys
import seedance_cli.providers
from support import provider_fixtures
seedance_cli.providers.__path__.append({code!r})
provider_fixtures.FOLDERS.append(__import__("pathlib").Path({fixtures!r}))
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder with the fifth provider, which this process knows, too."""
    code = tmp_path / "code"
    (fixtures := tmp_path / "fixtures" / "acme").mkdir(parents=True)
    code.mkdir()
    (code / "acme.py").write_text(PROVIDER, encoding="utf-8")
    for name, value in FIXTURES.items():
        (fixtures / name).write_text(json.dumps(value), encoding="utf-8")
    caches = (_registry.names, _registry.get)
    monkeypatch.setattr(
        seedance_cli.providers, "__path__", [*seedance_cli.providers.__path__, str(code)]
    )
    for cached in caches:
        cached.cache_clear()
    yield tmp_path
    sys.modules.pop("seedance_cli.providers.acme", None)
    for cached in caches:
        cached.cache_clear()


def test_a_fifth_provider_passes_the_suite_of_the_others(acme: Path) -> None:
    """Every check of `test_providers.py` runs for it, and none fails."""
    assert len(PROVIDER.splitlines()) < 120
    plugin = PLUGIN.format(code=str(acme / "code"), fixtures=str(acme / "fixtures"))
    (acme / "fifth_plugin.py").write_text(plugin, encoding="utf-8")
    suite = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "fifth_plugin", "-p", "no:xdist"),
            *("-p", "no:cacheprovider", "-c", str(TESTS.parent / "pyproject.toml")),
            f"--basetemp={acme / 'tmp'}",  # else it clears away what earlier runs left: minutes
            *("-k", "acme or translate", str(TESTS / "providers" / "test_providers.py")),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(acme), str(TESTS)))},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert suite.returncode == 0, suite.stdout + suite.stderr
    passed = re.search(r"(\d+) passed", suite.stdout)
    assert passed, suite.stdout
    assert int(passed[1]) > 80


@pytest.mark.usefixtures("acme")
def test_a_fifth_provider_is_known_everywhere(run: Run) -> None:
    """It is listed, its request is shown and its price is told."""
    assert "acme" in run("providers").out
    shown = run("generate", "a boat", "-p", "acme", "--dry-run", env={"ACME_API_KEY": "k" * 20})
    assert (shown.code, "api.acme.example/v3/jobs" in shown.out) == (0, True), shown.err
    assert "0.1" in run("price", "-p", "acme", "-d", "5", "-r", "480p").out


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("command", [("generate", "a boat"), ("status", "acme:j1")])
def test_a_provider_without_a_dialect_has_no_sandbox(run: Run, command: tuple[str, ...]) -> None:
    """`--sandbox` says that the sandbox does not speak for it, and names those it does."""
    result = run(*command, "-p", "acme", "--sandbox")
    assert result.code == 2
    assert "the sandbox does not know acme yet" in result.err
    assert "defapi" in result.err
