"""The house rules that a machine can hold: who imports whom, and through which door."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import seedance_cli

PACKAGE = Path(seedance_cli.__file__).parent
ROOMS = {
    "cli": "tasks ledger config http providers sandbox models system",
    "tasks": "http providers models system",
    "config": "providers models system",
    "http": "models system",
    "ledger": "models system",
    "sandbox": "providers models system",
    "providers": "models",
    "models": "",
    "system": "",
}
"""Each room, and the rooms that it may import from. `errors`, `_lazy` and `_named` serve all."""
TYPES = {"tasks": "ledger", "http": "providers"}
"""Rooms of which one imports types alone: it is handed their objects."""
OUTSIDE = {"__init__", "__main__", "_lazy", "_named", "errors", "testing"}
LONGEST = 350
"""Lines of a module."""
DOORS = {
    "httpx": ("http",),
    "psycopg": ("ledger.postgres",),
    "rich": ("cli.output",),
    "sqlite3": ("ledger", "sandbox", "system.sqlite_steps"),
    "typer": ("cli",),
    "tomli_w": ("config",),
}
"""Each library, and the only places that may import it."""


class Import(NamedTuple):
    """One name that a module takes from the package."""

    importer: str
    source: str
    """The module behind the `from`, below the package."""
    name: str
    typing: bool
    """For type checkers alone: no dependency when the program runs."""


def dotted(path: Path) -> str:
    """`tasks.gate`; a package by its own name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    """The room that a module lies in; itself for one outside of them."""
    return module.partition(".")[0]


def within(name: str) -> list[str]:
    """The modules of a room; of what lies outside of them, itself."""
    return [module for module in MODULES if (room(module) or "__init__") == name]


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def for_typing(module: str) -> set[ast.AST]:
    """The nodes below `if TYPE_CHECKING`."""
    return {
        inner
        for node in ast.walk(tree(module))
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }


@cache
def imports(module: str) -> tuple[Import, ...]:
    """What a module takes from the package, anywhere in it."""
    typing = for_typing(module)
    named = [
        Import(
            module,
            node.module.removeprefix("seedance_cli").removeprefix("."),
            alias.name,
            node in typing,
        )
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seedance_cli")
        for alias in node.names
        if node.module
    ]
    # Of a room that is imported as a whole, the names that are used.
    whole = {one.name: one.typing for one in named if not one.source and one.name in ROOMS}
    used = {
        (node.value.id, node.attr)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    named += [
        Import(module, name, attribute, whole[name])
        for name, attribute in sorted(used)
        if name in whole and attribute in face(name)
    ]
    return tuple(named)


@cache
def face(name: str) -> dict[str, str]:
    """What a room offers, and the module below it that has it; empty: the name is the module."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "face":
            found: dict[str, str] = ast.literal_eval(node.args[1])
            return found
    return {}


def target(one: Import) -> str:
    """The module that an import really reaches."""
    whole = f"{one.source}.{one.name}".strip(".")
    if whole in MODULES:
        return whole
    if one.source in ROOMS:
        behind = face(one.source).get(one.name)
        return f"{one.source}.{behind or one.name}" if behind is not None else one.source
    return one.source or one.name


@pytest.mark.parametrize("mine", ROOMS)
def test_a_room_imports_only_from_those_it_may(mine: str) -> None:
    """The table, and for what only a type checker reads the other one, too."""
    for module in within(mine):
        for one in imports(module):
            other = room(one.source or one.name)
            if other in OUTSIDE | {mine} or other not in ROOMS:
                continue
            allowed = [*ROOMS[mine].split(), TYPES.get(mine) if one.typing else None]
            assert other in allowed, f"{module} imports {one.source}.{one.name}"


@pytest.mark.parametrize("mine", [*ROOMS, *sorted(OUTSIDE)])
def test_another_room_is_entered_through_its_face(mine: str) -> None:
    """No module reaches behind the face of another room."""
    for module in within(mine):
        for one in imports(module):
            other = room(one.source or one.name)
            if other == mine or other not in ROOMS or not one.source:
                continue
            assert one.source == other, f"{module} reaches into {one.source}"
            assert one.name in face(other), f"{other} does not offer {one.name}"


def test_no_circle() -> None:
    """No module imports itself by way of others."""
    arrows = {
        module: {target(one) for one in imports(module) if not one.typing} - {module}
        for module in MODULES
    }
    done: set[str] = set()

    def walk(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " → ".join([*way[way.index(module) :], module])
        if module in done:
            return
        for other in sorted(arrows.get(module, ())):
            walk(other, (*way, module))
        done.add(module)

    for module in MODULES:
        walk(module, ())


@pytest.mark.parametrize("name", ROOMS)
def test_a_face_says_the_same_to_the_type_checker(name: str) -> None:
    """The table that is read when the program runs, and the imports that a type checker reads."""
    offered = face(name)
    assert list(offered) == sorted(offered), "sorted, so that a name is found"
    read = {
        one.name: one.source.removeprefix(name).removeprefix(".")
        for one in imports(name)
        if one.typing
    }
    assert read == offered
    for word, module in offered.items():
        assert bool(module) == (f"{name}.{word}" not in MODULES), f"{word} is also a module"


def test_a_module_is_no_longer_than_a_person_reads() -> None:
    """One thing a module."""
    lines = {
        name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()
    }
    assert {name: count for name, count in lines.items() if count >= LONGEST} == {}


def test_few_names_at_the_top() -> None:
    """The rooms, and what serves them all."""
    assert {room(module) for module in MODULES} == set(ROOMS) | OUTSIDE - {"__init__"} | {""}


def test_the_page_shows_this_house() -> None:
    """The tree in docs/architecture.md has every folder and top file; its table is the one here."""
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    lines = page.split("```")[1].splitlines()[2:]
    shown, above = set[str](), ""
    for line in lines:
        name = line.split()[0]
        above = name if line.startswith("  ") and line[2] != " " else above
        shown.add(name if name == above else above + name)
    folders = {
        f"{one.replace('.', '/')}/" for one, path in MODULES.items() if path.stem == "__init__"
    }
    assert shown == folders - {"/"} | {f"{one}.py" for one in OUTSIDE}
    table = re.findall(r"^\| `(\w+)` \|(.*)\|$", page, re.MULTILINE)
    assert {room: rooms.replace("`", "").split() for room, rooms in table} == {
        room: rooms.split() for room, rooms in ROOMS.items()
    }


@pytest.mark.parametrize("library", DOORS)
def test_one_door_to_each_library(library: str) -> None:
    """A library is imported in one place only."""
    for module in MODULES:
        for node in ast.walk(tree(module)):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            if library in {name.partition(".")[0] for name in names}:
                assert module.startswith(DOORS[library]), module


PARTS = {"exit_code", "hint", "message", "retry_safe", "bug", "http_status", "__cause__"}
"""What an error has, and only an error."""


def test_errors_are_made_whole() -> None:
    """Nobody changes an error that was raised: `but`, `about` and `as_exit` give a new one."""
    for module in sorted(set(MODULES) - {"errors"}):
        for node in ast.walk(tree(module)):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for one in (part for target in targets for part in ast.walk(target)):
                if isinstance(one, ast.Attribute) and one.attr in PARTS:
                    assert ast.unparse(one.value) == "self", f"{module}: {ast.unparse(node)}"
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute):
                assert node.target.attr not in PARTS, f"{module}: {ast.unparse(node)}"


@pytest.mark.parametrize(
    "module",
    [one for one in MODULES if room(one) == "providers" and "._" not in one and "." in one],
)
def test_a_provider_only_translates(module: str) -> None:
    """A provider asks nothing of the system, and reads and writes nothing."""
    banned = {"os", "sys", "time", "socket", "subprocess", "threading", "logging", "pathlib"}
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            assert not {one.name.partition(".")[0] for one in node.names} & banned
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in banned
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"print", "open", "input"}
