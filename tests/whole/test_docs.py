"""What the documents name has to be there: tests, files, and links between them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
PLACES = ("tests/", "benchmarks/", "completions/", "docs/", "seedance_cli/")
ROOMS = (
    "cli/",
    "tasks/",
    "ledger/",
    "config/",
    "http/",
    "providers/",
    "sandbox/",
    "models/",
    "system/",
)


def paths(document: Path) -> list[str]:
    """Every path that a document writes."""
    return re.findall(r"(?<![\w/.-])[\w-]+/[\w./-]*\w/?", document.read_text(encoding="utf-8"))


@cache
def names(file: Path) -> tuple[str, ...]:
    """The tests in a file."""
    return tuple(re.findall(r"^def test_(\w+)", file.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_named_is_there(document: Path) -> None:
    """Paths from the root, and those below the package that begin with a room."""
    for path in paths(document):
        if "NAME" in path or "acme" in path:  # a seller that a reader is to add
            continue
        if path.startswith(PLACES):
            assert (ROOT / path).exists(), path
        elif path.startswith(ROOMS):
            assert (ROOT / "seedance_cli" / path).exists(), path


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_test_named_is_there(document: Path) -> None:
    """`FILE::NAME`, and after a file: `beginning…` or `…end` of names in it."""
    for line in document.read_text(encoding="utf-8").splitlines():
        file = None
        for span in re.findall(r"`([^`]+)`|(tests/\S+::\w+)", line):
            text = span[0] or span[1]
            path, _, name = text.partition("::")
            if path.startswith("tests/") and path.endswith(".py"):
                file = ROOT / path
                assert not name or name.removeprefix("test_") in names(file), text
            elif file is not None and text.endswith("…"):
                assert any(one.startswith(text[:-1]) for one in names(file)), (file.name, text)
            elif file is not None and text.startswith("…"):
                assert any(one.endswith(text[1:]) for one in names(file)), (file.name, text)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_within_leads_somewhere(document: Path) -> None:
    """A relative link names a file of the repository."""
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (document.parent / link).exists(), link


def test_the_readme_leads_to_every_page() -> None:
    """What it does not link to, nobody finds."""
    text = DOCUMENTS[0].read_text(encoding="utf-8")
    assert [path.name for path in DOCUMENTS[1:] if f"](docs/{path.name}" not in text] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_place_linked_to_is_a_heading(document: Path) -> None:
    """What stands behind the # is a heading there, in the letters that GitHub makes of it."""
    for link in re.findall(r"\]\(([^)\s]*#[^)\s]+)\)", document.read_text(encoding="utf-8")):
        path, _, place = link.partition("#")
        if "://" not in link:
            target = document.parent / path if path else document
            lines = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            places = [re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines]
            assert place in places, link


def test_the_search_finds_what_is_named() -> None:
    """The searches above cannot pass by finding nothing."""
    found = [path for document in DOCUMENTS for path in paths(document)]
    assert sum(path.startswith("tests/") for path in found) > 60
    assert sum(path.startswith((*ROOMS, "seedance_cli/")) for path in found) > 15
