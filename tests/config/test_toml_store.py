"""Reading and rewriting a TOML file: never its content in a message, never a file lost."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from seedance_cli.config import toml_file as toml_store
from seedance_cli.errors import ConfigError, WriteFailed
from seedance_cli.system.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

    from support.fake_clock import FakeClock

CANARY = "dk-c4n4ry-8f1e0b7d"

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is, in a folder that does not exist yet."""
    return tmp_path / "folder" / "config.toml"


def write(path: Path, text: str | bytes, mode: int = 0o600) -> None:
    """Put a file there."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)


def mode(path: Path) -> int:
    """Its permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def others(path: Path) -> set[str]:
    """What lies beside it, but for its lock."""
    return {one.name for one in path.parent.iterdir()} - {path.name, f"{path.name}.lock"}


def test_a_missing_file_reads_as_empty(path: Path) -> None:
    """No file is no error, and reading makes none."""
    document = toml_store.read(path)
    assert document.data == {}
    assert not document.exists
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f'a = 1\nb = "{CANARY}\n', "line 2"),
        (f"a = 1\n\n{CANARY} = 2 3\n", "line 3"),
        (f"a = {CANARY}", "line 1"),
        (f"['{CANARY}']\n['{CANARY}']\n", "line 2"),
        (f"a = 1\na = 2 # {CANARY}\n", "line 2"),
        (f'a = """\n{CANARY}', "line 2"),
        (b"a = 1\nb = '\xff" + CANARY.encode() + b"'\n", "line 2"),
        ("a = " + "1" * 5000 + f" # {CANARY}", "out of range"),
        ("a = " + "[" * 5000 + CANARY, "out of range"),
    ],
)
def test_a_damaged_file_is_named_with_its_line_and_without_its_content(
    path: Path, text: str | bytes, line: str
) -> None:
    """The message has file and line; neither it nor its chain of causes has the content."""
    write(path, text)
    before = path.read_bytes()
    with pytest.raises(ConfigError) as caught:
        toml_store.read(path)
    assert str(path) in caught.value.message
    assert line in caught.value.message
    assert CANARY not in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert path.read_bytes() == before


def test_a_damaged_file_is_never_overwritten(path: Path, clock: FakeClock) -> None:
    """An edit of it fails and leaves the bytes as they are."""
    write(path, "a = [\n")
    with pytest.raises(ConfigError), toml_store.editing(path, clock) as edit:
        edit.data["b"] = 1
    assert path.read_text() == "a = [\n"
    assert others(path) == set()


def test_a_byte_order_mark_is_read_over(path: Path) -> None:
    """What a Windows editor puts in front does not damage the file."""
    write(path, b"\xef\xbb\xbfa = 1\n")
    assert toml_store.read(path).data == {"a": 1}


def test_a_folder_or_a_huge_file_is_refused(path: Path) -> None:
    """What cannot be a configuration is an error, not a hang and not a crash."""
    path.mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot be read"):
        toml_store.read(path)
    path.rmdir()
    write(path, b"#" * (toml_store.MAX_SIZE + 1))
    with pytest.raises(ConfigError, match="larger"):
        toml_store.read(path)


@posix
def test_a_device_is_read_but_never_replaced(clock: FakeClock, tmp_path: Path) -> None:
    """`SEEDANCE_CONFIG=/dev/null` is an empty configuration that cannot be written."""
    link = tmp_path / "config.toml"
    link.symlink_to("/dev/null")
    with pytest.raises(ConfigError, match="regular"), toml_store.editing(link, clock) as edit:
        edit.data["a"] = 1
    assert stat.S_ISCHR(link.stat().st_mode)


@posix
@pytest.mark.parametrize("kind", ["fifo", "device", "socket"])
def test_what_is_no_file_is_refused_and_not_waited_for(
    path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A FIFO without a writer never begins, a device may never end: named, and not read."""
    path.parent.mkdir()
    monkeypatch.chdir(path.parent)  # the name of a socket may not be long
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    with pytest.raises(ConfigError, match=r"config\.toml is not a regular file"):
        toml_store.read(path)


@posix
@pytest.mark.parametrize("loose", [0o644, 0o640, 0o666, 0o604])
def test_a_loose_mode_is_tightened_and_told(path: Path, loose: int) -> None:
    """Others lose their access on the first read; the second one has nothing to tell."""
    write(path, "a = 1\n", loose)
    first = toml_store.read(path)
    assert (first.loose, first.tightened) == (loose, True)
    assert mode(path) == 0o600
    assert toml_store.read(path).loose is None


@posix
def test_files_and_folder_are_private_from_creation(path: Path, clock: FakeClock) -> None:
    """0600 and 0700, whatever the umask allows."""
    before = os.umask(0)
    try:
        with toml_store.editing(path, clock) as edit:
            edit.data["a"] = 1
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert mode(path.with_name("config.toml.lock")) == 0o600
    assert others(path) == set()


def test_an_edit_without_a_change_writes_nothing(path: Path, clock: FakeClock) -> None:
    """Neither a new file nor a copy of one with comments comes of it."""
    with toml_store.editing(path, clock):
        pass
    assert not path.exists()
    write(path, "a = 1 # one\n")
    with toml_store.editing(path, clock) as edit:
        edit.data["a"] = 1
    assert not edit.written
    assert path.read_text() == "a = 1 # one\n"


def test_a_block_that_raises_changes_nothing(path: Path, clock: FakeClock) -> None:
    """The file is as it was, and the next writer is not kept waiting."""
    write(path, "a = 1\n")
    with pytest.raises(KeyError), toml_store.editing(path, clock) as edit:
        edit.data["a"] = edit.data["missing"]
    with toml_store.editing(path, clock) as edit:
        assert edit.data == {"a": 1}
    assert clock.sleeps == []


def test_unknown_keys_and_dates_survive_a_rewrite(path: Path, clock: FakeClock) -> None:
    """What this program does not know is in the file afterwards too."""
    text = (
        "when = 2026-02-07T10:30:00Z\n[[list]]\nof = 'tables'\n[x.'y z']\nn = [1, 2.5, {q = 1}]\n"
    )
    write(path, text)
    with toml_store.editing(path, clock) as edit:
        edit.data["mine"] = True
    assert edit.backup is None
    assert tomllib.loads(path.read_text()) == {**tomllib.loads(text), "mine": True}


@posix
def test_a_file_with_comments_is_copied_first(path: Path, clock: FakeClock) -> None:
    """The copy has the very bytes and is private, though a link lay in its place."""
    write(path, "# mine\na = 1\n")
    elsewhere = path.with_name("elsewhere")
    elsewhere.write_text("untouched")
    path.with_name("config.toml.bak").symlink_to(elsewhere)
    with toml_store.editing(path, clock) as edit:
        edit.data["a"] = 2
    assert edit.backup == path.with_name("config.toml.bak")
    assert edit.backup.read_text() == "# mine\na = 1\n"
    assert not edit.backup.is_symlink()
    assert mode(edit.backup) == 0o600
    assert elsewhere.read_text() == "untouched"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = '#'", False),
        ('a = "\\"#"', False),
        ('a = """\n# no\n"""', False),
        ("a = '''# ' '' no'''", False),
        ('a = """"#"""""', False),
        ('"#" = 1', False),
        ("['#']", False),
        ("a = 1 # yes", True),
        ("# yes", True),
        ('a = """x""" # yes', True),
        ("a = '\\' # yes", True),
        ('a = "" # yes', True),
    ],
)
def test_a_comment_is_told_from_a_string(text: str, expected: bool) -> None:
    """A `#` counts only outside of TOML's four kinds of strings."""
    tomllib.loads(text)
    assert toml_store.has_comments(text) is expected


@given(
    st.dictionaries(
        st.text(alphabet="#\"'\\\n ab", max_size=6),
        st.text(alphabet="#\"'\\\n ab", max_size=12)
        | st.lists(st.text(alphabet="#\"'", max_size=5)),
        max_size=5,
    ),
    st.booleans(),
)
def test_what_the_writer_makes_has_no_comment(data: dict[str, Any], multiline: bool) -> None:
    """Whatever is in its strings; and one line more is a comment."""
    text = tomli_w.dumps(data, multiline_strings=multiline)
    assert not toml_store.has_comments(text)
    assert toml_store.has_comments(f"{text}\n# one")


@posix
def test_a_link_stays_and_its_target_is_replaced(path: Path, clock: FakeClock) -> None:
    """A configuration kept in a dotfiles folder stays there."""
    target = path.parent / "dotfiles" / "seedance.toml"
    path.parent.mkdir()
    path.symlink_to(target)  # dangling: a first write makes the target
    for value in (1, 2):
        with toml_store.editing(path, clock) as edit:
            edit.data["a"] = value
        assert path.is_symlink()
        assert tomllib.loads(target.read_text()) == {"a": value}


def test_leftovers_of_killed_writers_are_removed(path: Path, clock: FakeClock) -> None:
    """A temporary file may hold a key: the next writer removes it, and nothing else."""
    write(path, "a = 1\n")
    for name in (".config.toml.0123.tmp", ".config.toml.bak.0123.tmp", ".other.toml.0123.tmp"):
        path.with_name(name).write_text(CANARY)
    with toml_store.editing(path, clock) as edit:
        edit.data["a"] = 2
    assert others(path) == {".other.toml.0123.tmp"}


@posix
def test_a_writer_waits_for_another_for_a_bounded_time(path: Path, clock: FakeClock) -> None:
    """Ten seconds, then exit code 10 and no change."""
    with (
        toml_store.editing(path, clock) as first,
        pytest.raises(WriteFailed, match="another"),
        toml_store.editing(path, clock),
    ):
        first.data["a"] = 1
    assert toml_store.LOCK_LIMIT <= sum(clock.sleeps) < toml_store.LOCK_LIMIT + 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_full_disk_leaves_the_old_file(
    path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Exit code 10, the old bytes, and no temporary file."""
    write(path, "a = 1\n")

    def full(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(WriteFailed) as caught, toml_store.editing(path, clock) as edit:
            edit.data["a"] = 2
    assert os.strerror(code) in caught.value.message
    assert path.read_text() == "a = 1\n"
    assert others(path) == set()


@posix
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_exit_code_10(path: Path, clock: FakeClock) -> None:
    """The message names the file."""
    path.parent.mkdir(mode=0o500)
    with pytest.raises(WriteFailed, match=r"config\.toml"), toml_store.editing(path, clock):
        pass


def test_a_folder_that_is_a_file_is_exit_code_10(path: Path, clock: FakeClock) -> None:
    """The path cannot be made, whoever asks."""
    path.parent.write_text("")
    assert toml_store.read(path).data == {}
    with pytest.raises(WriteFailed), toml_store.editing(path, clock):
        pass


def test_text_that_is_no_unicode_is_refused(path: Path, clock: FakeClock) -> None:
    """A lone surrogate from an argument cannot be written and does not destroy the file."""
    write(path, "a = 1\n")
    with pytest.raises(ConfigError, match="UTF-8"), toml_store.editing(path, clock) as edit:
        edit.data["a"] = "\udcff"
    assert path.read_text() == "a = 1\n"


def test_documents_do_not_show_their_content(path: Path, clock: FakeClock) -> None:
    """A traceback that prints its values has no key in it."""
    write(path, f"a = '{CANARY}'\n")
    assert CANARY not in repr(toml_store.read(path))
    with toml_store.editing(path, clock) as edit:
        assert CANARY not in repr(edit)


WRITER = """
import sys
from pathlib import Path
from seedance_cli.system.clock import SystemClock
from seedance_cli.config.toml_file import editing
path, who, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    with editing(path, SystemClock()) as edit:
        edit.data.setdefault("profiles", {})[f"{who}-{number}"] = {"runbase": "x" * 2000}
    print(f"{who}-{number}", flush=True)
"""


@posix
def test_twelve_writers_some_of_them_killed_lose_nothing(path: Path) -> None:
    """The file parses at every moment; every write that was confirmed is in it at the end."""
    chance = random.Random(7)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(who), "6"], stdout=subprocess.PIPE
        )
        for who in range(12)
    ]
    victims = chance.sample(writers, 4)
    deadline = time.monotonic() + 60
    while any(one.poll() is None for one in writers) and time.monotonic() < deadline:
        toml_store.read(path)  # raises if a half-written file is ever there
        if victims and len(toml_store.read(path).data.get("profiles", {})) > chance.randrange(40):
            victims.pop().send_signal(signal.SIGKILL)
        time.sleep(0.005)
    confirmed: list[str] = []
    for one in writers:
        output, _ = one.communicate(timeout=10)
        confirmed += output.decode().split()
        assert one.returncode in {0, -signal.SIGKILL}
    with toml_store.editing(path, SystemClock()) as edit:
        edit.data["last"] = True
    data = tomllib.loads(path.read_text())
    assert set(confirmed) <= set(data["profiles"]), json.dumps(sorted(data["profiles"]))
    assert len(confirmed) >= 8 * 6
    assert others(path) == set()
    assert mode(path) == 0o600
