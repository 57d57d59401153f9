"""A small GitHub runner: a job's steps, one after the other, as far as this machine can run them.

    job = Job(workspace, path="/usr/bin:/bin", actions={"./": ROOT / "action.yml"})
    job.run(load(workflow)["jobs"]["action"]["steps"])
    assert job.steps["video"].outputs["status"] == "succeeded"

Shell steps run in real shells, by the words with which GitHub's runner starts them. Actions of
others are stood in for: a cache that is a folder, a Python that is given. Whatever a workflow uses
beyond that is an error.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_SHELLS = {
    None: ("bash", "-e"),
    "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail"),
}


def load(text: str) -> Any:
    """A document of YAML, in which `on` is the key that GitHub reads."""
    found = yaml.safe_load(text)
    if isinstance(found, dict) and True in found:
        found["on"] = found.pop(True)
    return found


@cache
def process_one() -> tuple[str, ...] | None:
    """The words before a command that make it process 1, as in a container; None: not here."""
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():  # which finds it from outside
        return None
    words = ("unshare", "-r", "-p", "-f", "--kill-child")
    try:
        done = subprocess.run([*words, "true"], check=False, capture_output=True, timeout=120)
    except OSError:
        return None
    return None if done.returncode else words


@dataclass(slots=True)
class Step:
    """What became of a step."""

    outcome: str = "success"
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    log: str = ""


@dataclass(slots=True)
class Job:
    """A job on a machine of its own."""

    workspace: Path
    """The checked-out repository."""
    temp: Path
    cache: Path
    """A folder a key; kept from job to job."""
    env: dict[str, str]
    """Of the machine: `PATH` at least."""
    actions: Mapping[str, Path] = field(default_factory=dict)
    """The composite actions that may be used, by what stands behind `uses`; the path of each."""
    python: str = "python3"
    """What `actions/setup-python` sets up."""
    github: dict[str, str] = field(default_factory=lambda: {"run_id": "1", "run_attempt": "1"})
    secrets: dict[str, str] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    log: str = ""
    """Both streams of all steps."""

    def run(
        self, steps: Sequence[Mapping[str, Any]], inputs: Mapping[str, str] | None = None
    ) -> bool:
        """Run the steps of a job, or those of an action with these inputs; whether none failed."""
        well = True
        for number, step in enumerate(steps):
            context = {
                "inputs": dict(inputs or {}),
                "steps": self.steps,
                "secrets": self.secrets,
                "github": self.github,
                "workspace": self.workspace,
            }
            condition = step.get("if")
            if condition is None:
                go = well
            else:
                go = _evaluate(str(condition), {**context, "well": well})
                go = go and (well or "always()" in condition)
            done = Step("skipped")
            if go:
                done = self._step(step, context, f"{len(self.log)}-{number}")
            if "id" in step:
                self.steps[step["id"]] = done
            if done.outcome == "failure" and not step.get("continue-on-error"):
                well = False
        return well

    def _step(self, step: Mapping[str, Any], context: Mapping[str, Any], mark: str) -> Step:
        own = {name: _filled(str(text), context) for name, text in step.get("env", {}).items()}
        if "run" in step:
            assert "${{" not in step["run"], "an expression in a script may hold a command"
            return self._shell(step, own, context, mark)
        words = {name: _filled(str(text), context) for name, text in step.get("with", {}).items()}
        uses = step["uses"]
        if uses in self.actions:
            return self._action(self.actions[uses], words, own)
        name = uses.partition("@")[0]
        if name == "actions/setup-python":
            return Step(outputs={"python-path": self.python})
        if name == "actions/cache/restore":
            self._restore(words)
        elif name == "actions/cache/save":
            assert not (self.cache / words["key"]).exists(), "a cache is written once"
            if (self.workspace / words["path"]).exists():
                shutil.copytree(self.workspace / words["path"], self.cache / words["key"])
        else:
            assert name in {"actions/checkout", "actions/upload-artifact"}, uses
        return Step()

    def _action(self, path: Path, words: Mapping[str, str], own: Mapping[str, str]) -> Step:
        action = load(path.read_text(encoding="utf-8"))
        assert set(words) <= set(action["inputs"]), words
        inputs = {name: str(one.get("default", "")) for name, one in action["inputs"].items()}
        inputs |= words
        inner = Job(
            self.workspace,
            self.temp,
            self.cache,
            {**self.env, **own},
            python=self.python,
            github={**self.github, "action_path": str(path.parent)},
        )
        well = inner.run(action["runs"]["steps"], inputs)
        # What steps say of PATH and environment is the job's, that of the caller's `env` is not.
        self.env = {name: text for name, text in inner.env.items() if name not in own}
        self.log += inner.log
        context = {"steps": inner.steps}
        outputs = {name: _filled(one["value"], context) for name, one in action["outputs"].items()}
        summary = "".join(step.summary for step in inner.steps.values())
        return Step("success" if well else "failure", outputs, summary)

    def _shell(
        self, step: Mapping[str, Any], own: Mapping[str, str], context: Mapping[str, Any], mark: str
    ) -> Step:
        files = {
            name: self.temp / f"{name}-{mark}"
            for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        }
        for path in files.values():
            path.touch()
        script = self.temp / f"script-{mark}.sh"
        script.write_text(step["run"], encoding="utf-8")
        env = {
            **self.env,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_RUN_ID": context["github"]["run_id"],
            "GITHUB_RUN_ATTEMPT": context["github"]["run_attempt"],
            "GITHUB_ACTION_PATH": context["github"].get("action_path", ""),
            "RUNNER_TEMP": str(self.temp),
            **{name: str(path) for name, path in files.items()},
            **own,
        }
        done = subprocess.run(
            [*_SHELLS[step.get("shell")], str(script)],
            cwd=self.workspace,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        log = done.stdout.decode()
        self.log += log
        self.env |= values(files["GITHUB_ENV"].read_text(encoding="utf-8"))
        for folder in files["GITHUB_PATH"].read_text(encoding="utf-8").splitlines():
            self.env["PATH"] = f"{folder}{os.pathsep}{self.env['PATH']}"
        return Step(
            "failure" if done.returncode else "success",
            values(files["GITHUB_OUTPUT"].read_text(encoding="utf-8")),
            files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8"),
            log,
        )

    def _restore(self, words: Mapping[str, str]) -> None:
        places = [path for path in self.cache.rglob("*") if path.is_dir()]
        fitting = [
            path
            for path in places
            if str(path.relative_to(self.cache)).startswith(words["restore-keys"])
            and path.parent == (self.cache / words["key"]).parent
        ]
        target = self.workspace / words["path"]
        if fitting:
            shutil.rmtree(target, ignore_errors=True)
            newest = max(fitting, key=lambda path: path.stat().st_ctime_ns)
            shutil.copytree(newest, target)


def values(text: str) -> dict[str, str]:
    """What the runner reads from the file of a step's outputs: `NAME=VALUE`, or several lines."""
    lines = iter(text.split("\n"))
    found = {}
    for line in lines:
        if not line:
            continue
        name, heredoc, end = line.partition("<<")
        if not heredoc or "=" in name:
            name, equals, found[name] = line.partition("=")
            assert equals, line
            continue
        value = []
        while (part := next(lines)) != end:
            value.append(part)
        found[name] = "\n".join(value)
    return found


def _filled(text: str, context: Mapping[str, Any]) -> str:
    return _EXPRESSION.sub(lambda found: str(_evaluate(found[1], context)), text)


def _evaluate(text: str, context: Mapping[str, Any]) -> Any:
    """The value of an expression of GitHub's, of the few kinds that are used here."""
    hashed = re.fullmatch(r"hashFiles\('([\w.-]+)'\)", text)
    if hashed:
        return hashlib.sha256((context["workspace"] / hashed[1]).read_bytes()).hexdigest()
    if "||" in text:
        return any(_evaluate(part, context) for part in text.split("||"))
    if "&&" in text:
        return all(_evaluate(part, context) for part in text.split("&&"))
    for sign in ("!=", "=="):
        if sign in text:
            left, right = (_evaluate(part, context) for part in text.split(sign))
            return (left == right) == (sign == "==")
    text = text.strip()
    if text == "always()":
        return True
    if re.fullmatch(r"'[^']*'", text):
        return text[1:-1]
    value: Any = context
    for name in text.split("."):
        if isinstance(value, Step):
            value = getattr(value, name)
        else:
            value = value.get(name, "") if name not in context else value[name]
    return value
