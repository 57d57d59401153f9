"""The OpenAPI documents, and the sandbox held against them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from seedance_cli.sandbox.dialects._registry import every
from seedance_cli.sandbox.options import Options
from seedance_cli.testing import serve_sandbox
from support.sandbox_client import PROVIDERS, Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seedance_cli.sandbox.dialects._base import Dialect
    from seedance_cli.testing import SandboxServer


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with serve_sandbox(tmp_path_factory.mktemp("state"), Options(seconds=0.2)) as server:
        yield server


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_document(sandbox: SandboxServer, provider: str) -> None:
    """It is OpenAPI 3.1, names this server, and each path in it is one of the sandbox's."""
    client = Client(sandbox.url, key=None)
    answer = client.get(f"/{provider}/openapi.json")
    assert answer.status == 200
    assert answer.json["openapi"] == "3.1.0"
    assert answer.json["servers"] == [{"url": sandbox.base_urls[provider]}]
    for path, operations in answer.json["paths"].items():
        for method in operations:
            assert client.send(method.upper(), sandbox.base_urls[provider] + path).status == 401


def test_what_a_model_takes(sandbox: SandboxServer) -> None:
    """Which durations go with which model is in the document, as on the provider's page."""
    document = Client(sandbox.url).get("/seedance2ink/openapi.json").json
    submit = document["paths"]["/api/open/v1/video/generations"]["post"]
    content = submit["requestBody"]["content"]["application/json"]
    found = {
        branch["properties"]["model"]["const"]: branch["properties"]["duration"]["enum"]
        for branch in content["schema"]["oneOf"]
    }
    assert found == {
        "seedance-2.0": list(range(4, 16)),
        "seedance-2.0-fast": list(range(4, 16)),
        "seedance-1.5-pro": [5, 10],
    }


def held_against(
    url: str, folder: Path, *arguments: str, scheme: str = "Bearer", left_out: str = ""
) -> None:
    # `negative_data_rejection` is left out: the sandbox takes a little more than the pages say.
    command = [sys.executable, "-W", "ignore", "-m", "schemathesis.cli", "run", url]
    command += ["--header", f"Authorization: {scheme} any", "--no-color", "--continue-on-failure"]
    command += ["--checks", "all", "--exclude-checks", f"negative_data_rejection{left_out}"]
    done = subprocess.run(
        [*command, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout


@pytest.mark.full
@pytest.mark.parametrize("provider", PROVIDERS[:1])  # the long form takes all of them
def test_schemathesis(sandbox: SandboxServer, tmp_path: Path, provider: str) -> None:
    """Whatever is sent, there is no 5xx and no answer outside the document."""
    url = f"{sandbox.url}/{provider}/openapi.json"
    held_against(url, tmp_path, "--phases", "examples,coverage", "-n", "3", "--seed", "1")


@pytest.mark.full
@pytest.mark.parametrize("dialect", every(), ids=lambda one: one.name)
def test_schemathesis_for_longer(sandbox: SandboxServer, tmp_path: Path, dialect: Dialect) -> None:
    """The same with many more requests, and with sequences of them."""
    url = f"{sandbox.url}/{dialect.name}/openapi.json"
    seed = os.environ.get("TEST_SEED", "2")
    # A DELETE that cancels leaves the task, and it can be read.
    left_out = ",use_after_free" if dialect.cancel_method == "DELETE" else ""
    # A cancel that comes too late is 400 at fal, and so is no fault of the request.
    left_out += ",positive_data_acceptance" if dialect.name == "fal" else ""
    scheme = dialect.auth_scheme
    held_against(url, tmp_path, "-n", "50", "--seed", seed, scheme=scheme, left_out=left_out)
