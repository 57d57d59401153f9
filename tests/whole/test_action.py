"""`action.yml`, and the workflow that tests it, run as GitHub's runner would."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

import seedance_cli
from support.workflows import Job, load

ROOT = Path(seedance_cli.__file__).parent.parent
ACTION = load((ROOT / "action.yml").read_text(encoding="utf-8"))
WORKFLOW = ROOT / ".github" / "workflows" / "action.yml"
INSTALLS = """#!/bin/sh
if [ "$2" = venv ]; then
  mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "$0" "$3/bin/seedance"
elif [ "$2" = pip ]; then
  echo "$@" >>"$RUNNER_TEMP/installed"
else
  PYTHONPATH='{root}' exec '{python}' -m seedance_cli "$@"
fi
"""
"""Stands in for Python: what is installed is the program as it is here."""
pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("bash") is None, reason="its steps are for bash"
)


@pytest.fixture
def job(tmp_path: Path, home: Path) -> Job:
    """A job on an empty machine, with this repository's action."""
    for name in ("work", "temp", "cache"):
        (tmp_path / name).mkdir()
    python = tmp_path / "python"
    python.write_text(INSTALLS.format(root=ROOT, python=sys.executable))
    python.chmod(0o755)
    return Job(
        tmp_path / "work",
        tmp_path / "temp",
        tmp_path / "cache",
        {"PATH": os.environ["PATH"], "HOME": str(home), "SEEDANCE_SANDBOX_SECONDS": "0"},
        actions={"./": ROOT / "action.yml"},
        python=str(python),
    )


def test_every_input_reaches_the_shell_as_a_variable() -> None:
    """No expression stands in a script, where its text would be commands; none is forgotten."""
    steps = ACTION["runs"]["steps"]
    for step in steps:
        assert "${{" not in step.get("run", "")
        assert "run" not in step or step["shell"] == "bash"
    used = str([(step.get("env"), step.get("if"), step.get("with")) for step in steps])
    for name in ACTION["inputs"]:
        assert f"inputs.{name} " in used, name
    assert set(ACTION["outputs"]) == {"ref", "url", "file", "status", "cost"}


def test_an_input_is_an_option(job: Job) -> None:
    """Each becomes the option of its name; a prompt is one whatever it begins with."""
    words = {
        "prompt": "-x $(touch pwned)",
        "provider": "fal",
        "model": "bytedance/seedance-2.0",
        "duration": "4",
        "resolution": "480p",
        "aspect-ratio": "1:1",
        "audio": "false",
        "image": "https://example.com/1.png\nhttps://example.com/2.png\n",
        "name": "a boat",
        "max-cost": "100 USD",
        "options": "--seed\n7\n--dry-run\n",
        "download": "true",
        "sandbox": "true",
    }
    assert not job.run([{"uses": "./", "with": words}])
    body = """"image_urls":["https://example.com/1.png","https://example.com/2.png"],"aspect_ratio":"1:1",\
"duration":"4","resolution":"480p","generate_audio":false,"seed":7}"""
    assert f'{{"prompt":"-x $(touch pwned)",{body}' in job.log
    assert "so --max-cost '100 USD' refuses it; nothing was sent" in job.log  # of unknown price
    assert not (job.workspace / "pwned").exists()


def test_a_ledger_that_must_exist_is_asked_for_before_anything_is_paid(job: Job) -> None:
    """Nothing is installed, and nothing sent; a name that is a path is refused as well."""
    own = {"prompt": "a boat", "sandbox": "true", "provider": "runbase"}
    assert not job.run(
        [{"uses": "./", "with": {**own, "ledger": "film", "ledger-must-exist": "true"}}]
    )
    assert "::error title=seedance::the cache has no ledger; nothing was sent" in job.log
    assert not job.run([{"uses": "./", "with": {**own, "ledger": "../film"}}])
    assert not job.run([{"uses": "./", "with": {"ledger": "film"}}])
    assert "ledger goes with prompt, prompt-file or batch" in job.log
    assert not (job.temp / "installed").exists()


@pytest.mark.full
def test_the_self_test_passes(job: Job) -> None:
    """The steps of the workflow that GitHub runs, against the sandbox."""
    shutil.copytree(WORKFLOW.parent, job.workspace / ".github" / "workflows")
    (steps,) = (one["steps"] for one in load(WORKFLOW.read_text(encoding="utf-8"))["jobs"].values())
    assert job.run(steps), job.log
    assert "[sandbox,postgres]" in (job.temp / "installed").read_text()
    assert len(list(job.cache.glob("seedance-ledger/*/*"))) == 2
    summary = job.steps["again"].summary
    assert "**seedance: 2 succeeded**" in summary


@pytest.mark.full
def test_the_workflow_of_the_page(job: Job) -> None:
    """Run twice, on machines that have only the cache in common, it pays once."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    workflow = load(page.partition("```yaml action\n")[2].partition("```")[0])
    assert "concurrency" in workflow
    refs = set()
    for number in ("1", "2"):
        again = Job(
            job.workspace / number,
            job.temp / number,
            job.cache,
            {**job.env, "SEEDANCE_SANDBOX": "1"},
            actions={"acme/seedance@v1": ROOT / "action.yml"},
            python=job.python,
            github={**job.github, "run_id": number},
            secrets={"SEEDANCEAPI_API_KEY": "k"},
        )
        again.workspace.mkdir()
        again.temp.mkdir()
        (again.workspace / "intro.txt").write_text("a boat")
        assert again.run(workflow["jobs"]["video"]["steps"]), again.log
        assert len(list(job.cache.glob("seedance-ledger/film/*"))) == int(number)
        refs.add(again.steps["intro"].outputs["ref"])
    assert len(refs) == 1
