"""Runs the program many times, each time disturbed at another place. Started by `sweep.Sweep`.

It reads jobs as lines of JSON from stdin, and answers each with the exit code. A run is a fork of
this process, which has everything imported already, so that it takes milliseconds.

What is counted begins with a step of the ledger's: the lines that the main thread executes,
whoever's they are, or the calls of functions of the program.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import seedance_cli
from seedance_cli.__main__ import main
from seedance_cli.errors import WriteFailed
from seedance_cli.ledger.record import Ledger
from seedance_cli.system import signals
from seedance_cli.tasks import gate

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_PATIENCE = 120
"""Seconds after which a run that hangs is killed by SIGALRM."""
_PACKAGE = str(Path(seedance_cli.__file__).parent)


class Disturbance:
    """Sends this process a signal at a line, or raises an error at a call."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.seen: list[str] = []
        """Lines or calls so far: `file:line`."""
        self.after = 0
        """Calls and returns of functions since the first signal."""
        self.ahead = 0.0
        """Seconds that the program's clock for signals is ahead."""

    def begin(self) -> None:
        """Count from here on."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            frame.f_trace = self.line
            frame = frame.f_back
        sys.settrace(self.call)

    def call(self, frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        if not self.job["error"]:
            return self.line
        if frame.f_code.co_name == "installed":  # its end: all was told, and the code is settled
            sys.settrace(None)
            return None
        ours = event == "call" and frame.f_code.co_filename.startswith(_PACKAGE)
        if ours and self.reached(frame):
            raise RuntimeError("unforeseen")
        return None

    def line(self, frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        if event == "line" and not self.job["error"] and self.reached(frame):
            if len(self.job["signals"]) > 1:
                sys.setprofile(self.profile)
            self.send(0)
        return self.line

    def reached(self, frame: FrameType) -> bool:
        """Count a place; whether it is the one to be disturbed."""
        self.seen.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
        if len(self.seen) != self.job["at"]:
            return False
        sys.settrace(None)
        return True

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        """Count what is called, and returns, after the first signal: the second one comes then.

        An error in a trace function ends the tracing: by lines the second would never come.
        """
        if frame.f_code.co_filename == __file__:
            return
        self.after += 1
        if self.after == self.job["gap"]:
            sys.setprofile(None)
            self.ahead += self.job["apart"]
            self.send(1)

    def send(self, number: int) -> None:
        os.kill(os.getpid(), self.job["signals"][number])


def run(job: dict[str, Any]) -> None:
    """One run; ends the process."""
    signal.alarm(_PATIENCE)
    for number, path in enumerate((os.devnull, job["out"], job["err"])):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.update(job["env"])
    disturbance = Disturbance(job)
    slow_down(disturbance)
    disturbed(Ledger, job["since"], disturbance, full=job["full"])
    sys.argv = ["seedance", *job["argv"]]
    code = 1
    try:
        code = main()
    finally:
        sys.settrace(None)
        sys.setprofile(None)
        Path(job["seen"]).write_text("\n".join(disturbance.seen))
        sys.stdout.flush()
        os._exit(code)


def disturbed(ledger: Any, since: str, disturbance: Disturbance, *, full: bool) -> None:
    """Let the disturbance begin with a step of the ledger's, and let it take no id."""
    step, accept = getattr(ledger, since), ledger.accept

    def begin(*words: Any, **options: Any) -> Any:
        disturbance.begin()
        return step(*words, **options)

    def refuse(*_: object, **__: object) -> Any:
        raise WriteFailed("the disk is full")

    ledger.accept = refuse if full else accept
    step = ledger.accept if since == "accept" else step
    setattr(ledger, since, begin)


def slow_down(disturbance: Disturbance) -> None:
    """Let the program's clock for signals be ahead as the disturbance says."""
    module: Any = signals
    real = module.monotonic
    module.monotonic = lambda: real() + disturbance.ahead
    gate.GRACE_SECONDS = 60.0  # however slow the machine is, the answer comes within it


def warm() -> None:
    """Import everything, and build what is built once."""
    for module in pkgutil.walk_packages([_PACKAGE], "seedance_cli."):
        if "sandbox" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("httpcore", "uuid", "hmac"):  # what httpx and the ledger import late
        importlib.import_module(name)
    from seedance_cli.cli.program import main as command

    # 3, where there is no key; the command is built all the same.
    assert command(["generate", "x", "--dry-run", "-p", "seedanceapi"]) in {0, 3}


def serve() -> None:
    """Run the jobs."""
    answers = os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    warm()
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            run(json.loads(line))
        _, status = os.waitpid(pid, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()


if __name__ == "__main__":
    serve()
