"""The two configuration files under many writers, some of them killed: nothing torn, nothing lost.

`test_toml_store.py` does it with twelve writers of one file; here the program's own commands
write both files, while others read them as any command does.
"""

from __future__ import annotations

import random
import stat
import sys
import threading
import time
import tomllib
from typing import TYPE_CHECKING

import pytest

from seedance_cli.config import resolve as profiles
from seedance_cli.config import toml_file as toml_store

if TYPE_CHECKING:
    from pathlib import Path

    from support.runner import Process, Spawn

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills and modes of POSIX")

WRITERS = 8
# One process that runs many commands: a start of its own for each would leave few of them at once.
WRITER = """
import io, sys
from seedance_cli.cli.program import main
who, count = sys.argv[1], int(sys.argv[2])
for number in range(count):
    name = f"{who}-{number}"
    print("begin", name, flush=True)
    code = main(["profile", "set", name, "provider", "runbase", "-q"])
    sys.stdin = io.TextIOWrapper(io.BytesIO(b"key-of-" + name.encode()))
    code |= main(["login", "runbase", "--profile", name, "--key-stdin", "-q"])
    if number % 4 == 3:
        code |= main(["profile", "use", name, "-q"])
    if number % 3 == 2:
        code |= main(["profile", "remove", f"{who}-{number - 1}", "-q"])
        print("removed", f"{who}-{number - 1}", flush=True)
    if code:
        sys.exit(f"exit {code} at {name}")
    print("done", name, flush=True)
"""


class Reader:
    """Reads both files, as every command does, until it is told to stop."""

    def __init__(self, config: Path) -> None:
        self.reads = 0
        self.faults: list[Exception] = []
        self._env = {"SEEDANCE_CONFIG": str(config)}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                profiles.load(self._env)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test reports it
                self.faults.append(error)
            self.reads += 1
            time.sleep(0.0005)

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(10)


def told(process: Process) -> dict[str, set[str]]:
    """What a writer said it had begun, done and removed."""
    found: dict[str, set[str]] = {"begin": set(), "done": set(), "removed": set()}
    for line in process.seen("out").decode().splitlines():
        word, _, name = line.partition(" ")
        if word in found and name:
            found[word].add(name)
    return found


def storm(spawn: Spawn, config: Path, *, each: int, kills: int, reads: int) -> None:
    """Let eight writers write, kill some, read all the while; then hold them to their words."""
    chance = random.Random(11)
    writers = [spawn(f"w{n}", str(each), code=WRITER) for n in range(WRITERS)]
    reader = Reader(config)
    victims = chance.sample(writers, kills)
    try:
        for victim in victims:
            victim.wait_for("done", "out", timeout=120)
            time.sleep(chance.uniform(0.0, 0.02))
            victim.popen.kill()
        results = [writer.finish(300) for writer in writers]
        while reader.reads < reads:
            time.sleep(0.01)
    finally:
        reader.stop()
    assert not reader.faults, reader.faults[:3]
    assert [r.code for w, r in zip(writers, results, strict=True) if w not in victims] == [0] * (
        WRITERS - kills
    ), [result.err for result in results]
    last = spawn("profile", "set", "last", "provider", "defapi").finish()
    assert last.code == 0
    assert spawn("login", "defapi", "--profile", "last", stdin=b"key-of-last").finish().code == 0
    hold(config, [told(writer) for writer in writers])


def hold(config: Path, words: list[dict[str, set[str]]]) -> None:
    """Every confirmed profile is there with its own key, and no file is left over."""
    named = tomllib.loads(config.read_text())["profiles"]
    keys = tomllib.loads(config.with_name("credentials.toml").read_text())["profiles"]
    for said in words:
        kept = said["done"] - said["removed"]
        begun = said["begin"] - said["done"]  # may have removed one without saying so
        lost = {name for name in kept if name not in named or name not in keys}
        assert len(lost) <= len(begun)
        assert all(int(name.split("-")[1]) % 3 == 1 for name in lost), lost
        for name in kept - lost:
            assert named[name]["provider"] == "runbase"
            assert keys[name] == {"runbase": f"key-of-{name}"}
        assert not said["removed"] & set(keys)
    assert keys["last"] == {"defapi": "key-of-last"}
    assert sum(len(said["done"]) for said in words) >= WRITERS
    left = {path.name for path in config.parent.iterdir()}
    assert left == {
        "config.toml",
        "config.toml.lock",
        "credentials.toml",
        "credentials.toml.lock",
    }
    for path in config.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Where config.toml will be."""
    return tmp_path / "config" / "config.toml"


def test_eight_writers_three_killed_lose_no_profile(spawn: Spawn, config: Path) -> None:
    """Every read parses, every confirmed profile and key is there, no temporary file stays."""
    storm(spawn, config, each=4, kills=3, reads=1000)


@pytest.mark.full
@pytest.mark.parametrize("round_", range(2))
def test_eight_writers_for_long(round_: int, spawn: Spawn, config: Path) -> None:
    """The same with many more profiles, and five of the writers killed."""
    storm(spawn, config, each=40, kills=5, reads=10_000)


def test_a_writer_killed_at_its_rename_leaves_the_old_file(spawn: Spawn, config: Path) -> None:
    """Killed with the new file written and not yet in place: the old one is whole, the key gone.

    The next writer removes what was left, for it holds a key.
    """
    assert spawn("login", "runbase", stdin=b"first-key-1").finish().code == 0
    code = (
        "import os, signal, sys\n"
        "from seedance_cli.system import files\n"
        "files._rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from seedance_cli.cli.program import main\n"
        "sys.exit(main())"
    )
    killed = spawn("login", "runbase", stdin=b"second-key-2", code=code).finish()
    assert killed.code == -9
    path = config.with_name("credentials.toml")
    assert toml_store.read(path).data == {"profiles": {"default": {"runbase": "first-key-1"}}}
    assert len(list(config.parent.glob(".*.tmp"))) == 1
    assert spawn("login", "defapi", stdin=b"third-key-3").finish().code == 0
    assert not list(config.parent.glob(".*.tmp"))
    assert toml_store.read(path).data == {
        "profiles": {"default": {"runbase": "first-key-1", "defapi": "third-key-3"}}
    }
