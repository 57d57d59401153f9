"""Many processes that run one command at the same moment, made from one that has imported it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from support.runner import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CROWD = """
import json, os, sys
from pathlib import Path
import seedance_cli.cli.buy, seedance_cli.cli.commands.generate, seedance_cli.tasks.gate
from seedance_cli.cli.program import main

folder, lines = Path(sys.argv[1]), json.loads(sys.argv[2])
reading, writing = os.pipe()
for number, words in enumerate(lines):
    if not os.fork():
        os.close(writing)
        for descriptor, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(folder / f"{number}.{name}", os.O_WRONLY | os.O_CREAT), descriptor)
        os.read(reading, 1)  # until all are there
        try:
            code = main(words)
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException as error:
            code = f"{error!r}"
        (folder / f"{number}.code").write_text(f"{code}")
        os._exit(0)
os.close(writing)
for _ in lines:
    os.wait()
"""


def at_once(
    commands: Sequence[Sequence[str]], env: Mapping[str, str], folder: Path
) -> list[Result]:
    """Run each command in a process of its own, all at the same moment.

    Args:
        commands: the words of each.
        env: changes to the environment.
        folder: an empty one, for what they write.
    """
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", _CROWD, str(folder), json.dumps(commands)],
        env={**os.environ, "PYTHONPATH": str(root), **env},
        check=True,
        timeout=300,
    )
    results = []
    for number in range(len(commands)):
        code, out, err = (
            (folder / f"{number}.{name}").read_text() for name in ("code", "out", "err")
        )
        results.append(Result(int(code), out, err))
    return results
