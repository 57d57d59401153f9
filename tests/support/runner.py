"""Two ways to run the program: `main(argv)` in this process, and a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seedance_cli.system.clock import Clock

CONTROLLING = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""Makes the pseudo-terminal the process's own, so that a typed Ctrl-C reaches it as SIGINT."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run left: exit code, and both streams as text."""

    code: int
    out: str
    err: str
    out_bytes: bytes = b""
    err_bytes: bytes = b""

    @property
    def json(self) -> Any:
        """Stdout as one JSON document."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The `error` object in the last line of stderr (contract, section 4)."""
        return json.loads(self.err.splitlines()[-1])["error"]


class Run(Protocol):
    """`run(*argv, …)`: the program in this process."""

    def __call__(
        self,
        *argv: str,
        stdin: str | bytes | None = None,
        env: Mapping[str, str | None] | None = None,
        clock: Clock | None = None,
    ) -> Result:
        """Run it; `stdin` None is an empty stream, an `env` value of None unsets the variable."""
        ...


def in_process(
    *argv: str,
    stdin: str | bytes | None = None,
    env: Mapping[str, str | None] | None = None,
    clock: Clock | None = None,
) -> Result:
    """Call `seedance_cli.cli.main(argv)` with captured streams that are no terminal."""
    from seedance_cli.cli.program import main

    data = stdin.encode() if isinstance(stdin, str) else stdin or b""
    out, err = io.BytesIO(), io.BytesIO()
    streams = (
        io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"),
        io.TextIOWrapper(out, encoding="utf-8", newline=""),
        io.TextIOWrapper(err, encoding="utf-8", errors="backslashreplace", newline=""),
    )
    with pytest.MonkeyPatch.context() as patch:
        set_env(patch, env or {})
        for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            patch.setattr(sys, name, stream)
        code = main(list(argv), clock=clock)
    for stream in streams[1:]:
        with contextlib.suppress(ValueError):  # the program may have closed it
            stream.flush()
    raw_out, raw_err = out.getvalue(), err.getvalue()
    for stream in streams:
        stream.close()
    return Result(
        code,
        raw_out.decode("utf-8", "backslashreplace"),
        raw_err.decode("utf-8", "backslashreplace"),
        raw_out,
        raw_err,
    )


def set_env(patch: pytest.MonkeyPatch, env: Mapping[str, str | None]) -> None:
    """Set each variable; unset those that are None."""
    for name, value in env.items():
        if value is None:
            patch.delenv(name, raising=False)
        else:
            patch.setenv(name, value)


@dataclass(slots=True)
class Process:
    """A running program whose output is collected while it runs."""

    popen: subprocess.Popen[bytes]
    terminal: int | None = None
    """The master side of its pseudo-terminal."""
    _seen: dict[str, bytearray] = field(
        default_factory=lambda: {"out": bytearray(), "err": bytearray()}
    )
    _readers: list[threading.Thread] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.popen.pid

    def seen(self, stream: Literal["out", "err"] = "err") -> bytes:
        """What it has written so far. On a pseudo-terminal everything there is `err`."""
        return bytes(self._seen[stream])

    def wait_for(
        self, what: bytes | str, stream: Literal["out", "err"] = "err", timeout: float = 20
    ) -> bytes:
        """Wait until the stream holds these bytes; everything written so far.

        Raises:
            AssertionError: they did not come in time, or the process ended without them.
        """
        wanted = what.encode() if isinstance(what, str) else what
        end = time.monotonic() + timeout
        while wanted not in self._seen[stream]:
            over = self.popen.poll() is not None and not any(r.is_alive() for r in self._readers)
            if time.monotonic() > end or (over and wanted not in self._seen[stream]):
                raise AssertionError(
                    f"{wanted!r} not in {self.seen(stream)!r}; err: {self.seen()!r}"
                )
            time.sleep(0.01)
        return self.seen(stream)

    def signal(self, signum: int) -> None:
        """Send it a signal."""
        self.popen.send_signal(signum)

    def type(self, data: bytes) -> None:
        """Write to its pseudo-terminal, or to its pipe; on a terminal byte 3 is a Ctrl-C."""
        if self.terminal is not None:
            os.write(self.terminal, data)
        else:
            assert self.popen.stdin is not None
            self.popen.stdin.write(data)
            self.popen.stdin.flush()

    def finish(self, timeout: float = 60) -> Result:
        """Wait for its end and collect everything.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        if self.popen.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.popen.stdin.close()
        code = self.popen.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        out, err = self.seen("out"), self.seen("err")
        return Result(
            code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"), out, err
        )

    def end(self) -> None:
        """Kill it if it still runs, and close everything."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
            self.popen.wait(10)
        for reader in self._readers:
            reader.join(10)
        for stream in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        if self.terminal is not None:
            os.close(self.terminal)
            self.terminal = None

    def _collect(self, name: Literal["out", "err"], descriptor: int) -> None:
        def read() -> None:
            with contextlib.suppress(OSError):  # EIO: the terminal's last user has gone
                while data := os.read(descriptor, 65536):
                    self._seen[name] += data

        thread = threading.Thread(target=read, daemon=True)
        self._readers.append(thread)
        thread.start()


class Spawn(Protocol):
    """`spawn(*argv, …)`: the program as a process of its own."""

    def __call__(
        self,
        *argv: str,
        stdin: bytes | Literal["pipe"] | None = None,
        env: Mapping[str, str | None] | None = None,
        pty: bool = False,
        pipe_stdout: bool = False,
        stdout: int | None = None,
        size: tuple[int, int] = (24, 80),
        code: str | None = None,
    ) -> Process:
        """Start it; see `spawner`."""
        ...


def spawner() -> Iterator[Spawn]:
    """The `spawn` fixture's body: start processes, kill the left ones at the end."""
    running: list[Process] = []

    def spawn(
        *argv: str,
        stdin: bytes | Literal["pipe"] | None = None,
        env: Mapping[str, str | None] | None = None,
        pty: bool = False,
        pipe_stdout: bool = False,
        stdout: int | None = None,
        size: tuple[int, int] = (24, 80),
        code: str | None = None,
    ) -> Process:
        """Start `python -m seedance_cli ARGV…` in the test's own home.

        Args:
            argv: its arguments.
            stdin: what it reads; `"pipe"`: a pipe that stays open; None: the null device.
            env: changes to the environment; None unsets.
            pty: give it a pseudo-terminal; what appears there is collected as `err`.
            pipe_stdout: with `pty`, stdout is a pipe all the same.
            stdout: a descriptor to use as its stdout.
            size: lines and columns of the pseudo-terminal.
            code: Python source to run instead of the program, with `argv` as its arguments.
        """
        merged = dict(os.environ)
        for name, value in (env or {}).items():
            merged.pop(name, None)
            if value is not None:
                merged[name] = value
        what = ["-m", "seedance_cli"] if code is None else ["-c", code]
        argument = [sys.executable, *what, *argv]
        if pty:
            merged.setdefault("TERM", "xterm-256color")
            process = _on_terminal(argument, merged, pipe_stdout, stdout, size)
            running.append(process)
            if isinstance(stdin, bytes):
                process.type(stdin)
            return process
        popen = subprocess.Popen(
            argument,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE if stdout is None else stdout,
            stderr=subprocess.PIPE,
            env=merged,
        )
        process = Process(popen)
        running.append(process)
        if popen.stdout is not None:
            process._collect("out", popen.stdout.fileno())
        assert popen.stderr is not None
        process._collect("err", popen.stderr.fileno())
        if isinstance(stdin, bytes):
            assert popen.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                popen.stdin.write(stdin)
                popen.stdin.close()
        return process

    yield spawn
    for process in running:
        process.end()


def _on_terminal(
    argument: list[str],
    env: Mapping[str, str],
    pipe_stdout: bool,
    stdout: int | None,
    size: tuple[int, int],
) -> Process:
    if sys.platform == "win32":
        pytest.skip("there are no pseudo-terminals here")
    import fcntl
    import pty
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    if stdout is None:
        stdout = subprocess.PIPE if pipe_stdout else slave
    try:
        popen = subprocess.Popen(
            [sys.executable, "-c", CONTROLLING, *argument[1:]],
            stdin=slave,
            stdout=stdout,
            stderr=slave,
            env=env,
            start_new_session=True,
        )
    finally:
        os.close(slave)
    process = Process(popen, master)
    if popen.stdout is not None:
        process._collect("out", popen.stdout.fileno())
    process._collect("err", master)
    return process
