"""What a row of a batch is called, whatever else changes around it: its `id`, or a hash.

The names of rows are what keeps a second run from paying twice, so nothing here may depend on the
command line, a profile, the order of columns or rows, or the format of the file.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from hashlib import sha256
from pathlib import PurePath
from typing import TYPE_CHECKING

from seedance_cli.errors import UsageError
from seedance_cli.models import MEDIA, is_local, one_form, told, unsafe
from seedance_cli.tasks.batch.columns import OWN, REQUEST
from seedance_cli.tasks.batch.manifest import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seedance_cli.models import JsonValue
    from seedance_cli.tasks.batch.manifest import ManifestRow

_MEDIA = frozenset(name for name, column in REQUEST.items() if column.field in MEDIA)
"""Columns of images, frames, videos and sound."""
LONGEST = 200
"""Characters of `BATCH/ROW`, as of every name."""
_HASH = 12
"""Hex digits of a row's hash."""
_NOT_IDENTITY = frozenset({*OWN, "callback_url"}) - {"provider"}
"""Columns that do not change what is bought (contract, 6.6), besides the metadata."""


def batch_name(given: str | None, file: str) -> str:
    """What a batch is called: `--name`, else the file's stem.

    Args:
        given: `--name`.
        file: the file as it was typed; `-` is stdin.

    Raises:
        UsageError: it cannot be a name, or stdin has none.
    """
    if given is None and file == "-":
        raise UsageError(
            "a batch on stdin needs --name", hint="--name shots: the same one when it is run again"
        )
    text = PurePath(file).stem if given is None else given
    name = one_form(text)
    fault = _fault(name)
    if "/" in name:
        fault = "has a / in it"
    elif name.startswith("@"):
        fault = "begins with @"
    if fault is not None:
        what = f"--name {told(name)}" if given is not None else f"the batch's name {told(name)}"
        raise UsageError(
            f"{what} {fault}",
            hint="give another one" if given is not None else "give one with --name",
        )
    return name


def keys(
    rows: Sequence[ManifestRow], batch: str, content: Callable[[str], str] = str
) -> tuple[list[str], list[Diagnostic]]:
    """The key of each row, unique in its batch; and what is wrong with them.

    Args:
        rows: in the order of the file.
        batch: its name.
        content: what stands for a local file: its bytes, not its path.
    """
    found: list[str] = []
    faults: list[Diagnostic] = []
    equal: Counter[str] = Counter()
    lines: dict[str, int] = {}
    for row in rows:
        key = row.values.get("id")
        if isinstance(key, str):
            key = one_form(key)
            fault = _fault(key) or _too_long(batch, key)
            if fault is not None:
                faults.append(Diagnostic(row.line, "id", fault))
            elif key in lines:
                faults.append(Diagnostic(row.line, "id", f"line {lines[key]} has the same id"))
        else:
            digest = _digest(row, content)
            equal[digest] += 1
            key = digest if equal[digest] == 1 else f"{digest}-{equal[digest]}"
            if key in lines:
                words = f"line {lines[key]} has as its id what this row is called without one"
                faults.append(Diagnostic(row.line, "id", words))
        lines.setdefault(key, row.line)
        found.append(key)
    return found, faults


def is_hashed(key: str) -> bool:
    """Whether a row of that key looks as if it had no `id`: the key then tells a person nothing."""
    return re.fullmatch(rf"[0-9a-f]{{{_HASH}}}(-\d+)?", key) is not None


def in_shard(key: str, number: int, of: int) -> bool:
    """Whether a row is in a share of a batch, from 1 on; the same in every run."""
    return int(sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:15], 16) % of == number - 1


def parse_shard(text: str) -> tuple[int, int]:
    """`2/5`: the second of five shares.

    Raises:
        UsageError: no such share.
    """
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text.strip())
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(
            f"--shard {told(text)} is not a share", hint="I/N, I from 1 to N: --shard 1/4 … 4/4"
        )
    return int(match[1]), int(match[2])


def _digest(row: ManifestRow, content: Callable[[str], str]) -> str:
    said = {
        name: _by_content(value, content) if name in _MEDIA else value
        for name, value in row.values.items()
        if name not in _NOT_IDENTITY and not name.startswith("metadata.")
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode("ascii")).hexdigest()[:_HASH]


def _by_content(value: JsonValue, content: Callable[[str], str]) -> JsonValue:
    if isinstance(value, list):
        return [_by_content(one, content) for one in value]
    return content(value) if isinstance(value, str) and is_local(value) else value


def _fault(name: str) -> str | None:
    """Why a text cannot be part of a name; None if it can."""
    if not name.strip():
        return "is empty"
    if unsafe(name):
        return "has a control character in it"
    if ":" in name:
        return "has a : in it, as only a ref has"
    return None if len(name) <= LONGEST else f"is longer than {LONGEST} characters"


def _too_long(batch: str, key: str) -> str | None:
    if len(batch) + 1 + len(key) <= LONGEST:
        return None
    return f"is longer than {LONGEST - len(batch) - 1} characters"
