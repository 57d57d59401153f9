"""Kills a command at each line of the program between a video's last byte and its end.

A process of its own imports the program once and forks for each point, so that a kill costs some
hundredths of a second. Run it as `python -c dying.CODE WORDS STEP FROM`, see `sweep`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support.runner import Spawn

CODE = r"""
import io, json, os, pathlib, signal, sys, threading
import seedance_cli, seedance_cli.cli.program, seedance_cli.tasks.downloads.fetch
import seedance_cli.cli.commands.wait, seedance_cli.cli.follow
from seedance_cli.tasks.downloads.partial import PartialFile

words, step, first, links = json.loads(sys.argv[1])
package = os.path.dirname(seedance_cli.__file__)
base = pathlib.Path.cwd()

def point(number):
    # Kill this process before the line that is the number-th from the last byte on.
    seen, armed, flush = [0], [False], PartialFile.flush

    def armed_flush(part):
        armed[0] = True
        flush(part)

    def trace(frame, event, arg):
        if not frame.f_code.co_filename.startswith(package):
            return None
        if armed[0] and event == "line":
            seen[0] += 1
            if seen[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    PartialFile.flush = armed_flush
    threading.settrace(trace)
    sys.settrace(trace)

def child(folder, number):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        os.chdir(folder / "cwd")
        os.environ["SEEDANCE_STATE_DIR"] = str(folder / "state")
        os.dup2(writer, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), newline="")
        sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), newline="")
        if not links:
            def refuse(*_, **__):
                raise PermissionError(1, "no hard links here")
            os.link = refuse
        if number:
            point(number)
        code = seedance_cli.cli.main(words)
        sys.settrace(None)
        sys.stdout.flush()
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as out:
        said = out.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said

number = first
while True:
    folder = base / str(number)
    (folder / "cwd").mkdir(parents=True)
    struck, _ = child(folder, number)
    left = sorted(os.listdir(folder / "cwd"))
    code, said = child(folder, 0)
    names = sorted(os.listdir(folder / "cwd"))
    print(json.dumps([number, struck, left, code, said, names]), flush=True)
    if struck != -9:
        break
    number += step
"""


def sweep(
    spawn: Spawn,
    words: Sequence[str],
    env: Mapping[str, str | None],
    *,
    step: int,
    first: int = 1,
    links: bool = True,
) -> list[list[Any]]:
    """Kill a command at every `step`-th line, and give it once more.

    Returns:
        For each point: its number, how the first run ended (-9: killed), the names that it left,
        exit code and stdout of the second run, and the names that are there in the end. The last
        point is one that the command did not come to.
    """
    told = json.dumps([list(words), step, first, links])
    done = spawn(told, env=env, code=CODE).finish(300)
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]
