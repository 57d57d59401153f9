"""The house rules that a machine can hold: who imports whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import seedance_cli

PACKAGE = Path(seedance_cli.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# Every module stands on one floor and imports from its own floor or below.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"models", "errors", "clock", "signals", "task_ref", "cancellation", "__init__"}),
    frozenset(
        {
            *("text", "terminal", "addresses", "durations", "redact", "fingerprint"),
            *("folders", "schedule", "version", "spoken", "payment"),
        }
    ),
    frozenset(
        {
            *("net", "http", "ledger", "_ledger_file", "_ledger_rows", "_ledger_store"),
            *("_ledger_schema", "_ledger_refs", "sqlite_steps"),
            *("profiles", "profile_data", "profile_files", "profile_settings", "profile_edit"),
            *(
                "profile_view",
                "toml_store",
                "keys",
                "key_place",
                "endpoints",
                "providers",
                "validate",
            ),
            *("naming", "mp4", "refs", "pricing", "row_endpoint", "locks", "pace"),
        }
    ),
    frozenset({"sandbox"}),
    frozenset(
        {
            *("session", "output", "display", "task_json", "spend", "watch", "reading"),
            *("tables", "screen"),
            *("key_check", "patience", "download", "_part_files", "partfile", "_video_url"),
            *("_video_answer", "_video_pauses", "_targets"),
        }
    ),
    frozenset({"commands", "testing"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)


def room(path: Path) -> str:
    """The top-level module or package that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def floor(name: str) -> int:
    found = [number for number, names in enumerate(FLOORS) if name in names]
    assert found, f"{name} stands on no floor: add it to FLOORS"
    return found[0]


def imported(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it, as dotted names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def typing_only(path: Path) -> set[str]:
    """What a file imports for type checkers alone: it is no dependency when the program runs."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for inner in ast.walk(node):
                if isinstance(inner, ast.ImportFrom) and inner.module:
                    names.add(inner.module)
                    names.update(f"{inner.module}.{alias.name}" for alias in inner.names)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    """A module imports only from its own floor or a lower one."""
    mine = floor(room(path))
    for name in imported(path) - typing_only(path):
        parts = name.split(".")
        if parts[0] == "seedance_cli" and len(parts) > 1 and not parts[1].startswith("__"):
            assert floor(parts[1]) <= mine, f"{path.name} imports {name}"


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "providers").glob("[!_]*.py")), ids=lambda p: p.stem
)
def test_a_provider_only_translates(path: Path) -> None:
    """A provider imports its base, the values, the errors and pure parts of the library."""
    allowed = {"seedance_cli.models", "seedance_cli.errors", "seedance_cli.providers"}
    banned = {"os", "sys", "time", "socket", "subprocess", "threading", "logging", "pathlib"}
    for name in imported(path):
        if name.startswith("seedance_cli"):
            assert any(name.startswith(one) for one in allowed), name
        assert name.split(".")[0] not in banned, name
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & {"print", "open", "input"}


@pytest.mark.parametrize(
    ("library", "importers"),
    [
        ("httpx", "net/"),
        ("httpcore", "net/"),
        ("rich", {"tables.py", "screen.py"}),
        ("sqlite3", None),
    ],
)
def test_one_door_to_each_library(library: str, importers: set[str] | str | None) -> None:
    """httpx, rich and sqlite3 are each imported in one room only."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if any(name.split(".")[0] == library for name in imported(path))
    }
    if isinstance(importers, str):
        assert found
        assert all(name.startswith(importers) for name in found), found
    elif importers is None:
        assert all(
            "ledger" in name or name == "sqlite_steps.py" or name.startswith("sandbox/")
            for name in found
        ), found
    else:
        assert found == importers
