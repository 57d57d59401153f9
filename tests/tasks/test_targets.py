"""What `-o` may name: found before anything is paid, and never put in the place of a device."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import socket
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.errors import UsageError
from seedance_cli.tasks.downloads import targets as _targets
from seedance_cli.tasks.downloads.targets import check_target
from support import mp4s
from support.bytes_server import answer
from support.scripted_provider import ScriptedProvider, done, submitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fake_clock import FakeClock
    from support.runner import Run, Spawn

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")
linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
VIDEO = mp4s.plain()
PAYING = ("generate", "a boat", "-p", "runbase")


@pytest.fixture
def server() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as found:
        found.task("t1", done())
        yield found


def fifo(name: str = "pipe") -> tuple[Path, threading.Thread, list[bytes]]:
    """A FIFO, and a thread that reads it to its end."""
    path, read = Path(name).absolute(), list[bytes]()
    os.mkfifo(path)
    thread = threading.Thread(target=lambda: read.append(path.read_bytes()), daemon=True)
    thread.start()
    return path, thread, read


# --- what is no regular file ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "output", ["{slug}/../x.mp4", "new/../../cwd/x.mp4", "new/./x.mp4", "a/b/../../c/x.mp4"]
)
def test_two_points_lead_back_from_a_folder_that_is_new(
    run: Run, server: ScriptedProvider, clock: FakeClock, tmp_path: Path, output: str
) -> None:
    """A folder that is only to be made is no obstacle to what leads out of it."""
    here = tmp_path / "cwd"
    here.mkdir(exist_ok=True)
    with contextlib.chdir(here):
        result = run(*PAYING, "-o", output, env=server.env(), clock=clock)
        assert result.code == 0, result.err
        assert Path(result.out.strip()).read_bytes() == VIDEO
    assert not list(here.rglob(".*"))


@posix
@pytest.mark.parametrize("behind", [False, True], ids=["itself", "behind a link"])
@pytest.mark.parametrize("force", [False, True])
def test_a_fifo_is_written_to(
    run: Run, server: ScriptedProvider, clock: FakeClock, *, behind: bool, force: bool
) -> None:
    """Its reader has the video, its path is the result, and it is no file of the task's."""
    submitted(server, "runbase", "t1")
    path, thread, read = fifo()
    named = path
    if behind:
        named = Path("link").absolute()
        named.symlink_to("pipe")
    more = ("--force",) if force else ()
    result = run("wait", "runbase:t1", "-o", str(named), *more, env=server.env(), clock=clock)
    thread.join(10)
    assert (result.code, result.out, read) == (0, f"{named}\n", [VIDEO])
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert named.is_symlink() == behind
    shown = run("list", "--json", env=server.env(), clock=clock)
    assert shown.json[0]["files"] == []
    assert len(list(Path().iterdir())) == 1 + behind


@posix
@pytest.mark.parametrize("force", [False, True])
def test_a_device_is_written_to(
    run: Run, server: ScriptedProvider, clock: FakeClock, *, force: bool
) -> None:
    """A video for /dev/null goes there, from `generate` too, and the link to it stays."""
    Path("null").symlink_to(os.devnull)  # a fault here shall not cost the machine its device
    more = ("--force",) if force else ()
    result = run(*PAYING, "-o", "null", *more, env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{Path('null').absolute()}\n")
    assert Path("null").is_symlink()
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@linux
@pytest.mark.parametrize("force", [False, True])
def test_a_name_of_stdout_is_stdout(spawn: Spawn, server: ScriptedProvider, *, force: bool) -> None:
    """`-o /dev/stdout > f`: the video is in f and nothing else is; the name stays what it was."""
    Path("stdout").symlink_to("/proc/self/fd/1")
    more = ("--force",) if force else ()
    with Path("f").open("wb") as out:
        process = spawn(
            "wait", "runbase:t1", "-o", "stdout", *more, env=server.env(), stdout=out.fileno()
        )
        assert process.finish().code == 0
    assert Path("f").read_bytes() == VIDEO
    assert Path("stdout").readlink() == Path("/proc/self/fd/1")


@linux
def test_a_name_of_stdout_is_refused_as_stdout_is(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """With `--json`, and for several tasks, it is 2 as `-` is, before anything is paid."""
    Path("stdout").symlink_to("/proc/self/fd/1")
    env = server.env()
    assert run(*PAYING, "-o", "stdout", "--json", env=env, clock=clock).code == 2
    assert run("wait", "runbase:a", "runbase:b", "-o", "stdout", env=env, clock=clock).code == 2
    assert server.posts() == 0


@linux
def test_another_descriptor_is_written_to_where_it_stands(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A file that the caller has open gets the video behind what is in it, not over it."""
    with Path("f").open("wb") as out:
        out.write(b"before")
        out.flush()
        words = ("wait", "runbase:t1", "-o", f"/proc/self/fd/{out.fileno()}")
        assert run(*words, env=server.env(), clock=clock).code == 0
        out.write(b"after")
    assert Path("f").read_bytes() == b"before" + VIDEO + b"after"


@posix
def test_a_video_is_not_written_to_a_terminal(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A terminal by its name is refused as stdout on one is, before anything is paid."""
    import pty

    master, slave = pty.openpty()
    try:
        words = (*PAYING, "-o", os.ttyname(slave))
        result = run(*words, env=server.env(), clock=clock)
    finally:
        os.close(master)
        os.close(slave)
    assert result.code == 2
    assert "terminal" in result.err
    assert server.posts() == 0


@posix
def test_a_socket_is_refused(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """What nothing can be written to by its name is found before anything is paid."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("s")
        result = run(*PAYING, "-o", "s", "--force", env=server.env(), clock=clock)
    assert result.code == 2
    assert "is a socket" in result.err
    assert server.posts() == 0


@posix
def test_further_videos_go_nowhere(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """A FIFO takes the first video; no file called `pipe-2` is made, and stderr says so."""
    server.task("t1", done(server.video("1.mp4"), server.video("2.mp4")))
    path, thread, read = fifo()
    result = run("wait", "runbase:t1", "-o", "pipe", env=server.env(), clock=clock)
    thread.join(10)
    assert (result.code, result.out, read) == (0, f"{path}\n", [VIDEO])
    assert "1 more video(s), not written" in result.err
    assert [one.name for one in Path().iterdir()] == ["pipe"]


@posix
def test_a_fifo_that_nobody_reads_can_be_left(spawn: Spawn, server: ScriptedProvider) -> None:
    """The wait for a reader ends with a signal."""
    os.mkfifo("pipe")
    process = spawn("wait", "runbase:t1", "-o", "pipe", env=server.env())
    process.wait_for("downloading pipe")
    process.signal(signal.SIGTERM)
    assert process.finish(10).code == 143
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)


@posix
def test_a_reader_that_leaves(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """A FIFO whose reader is gone before the end is 10, and the task is kept."""
    submitted(server, "runbase", "t1")
    server.videos["t1.mp4"] = answer(200, mp4s.plain(2_000_000))
    os.mkfifo("pipe")

    def read_some() -> None:
        with Path("pipe").open("rb") as reader:
            reader.read(10)

    thread = threading.Thread(target=read_some)
    thread.start()
    result = run("wait", "runbase:t1", "-o", "pipe", env=server.env(), clock=clock)
    thread.join(10)
    assert (result.code, result.out) == (10, "")
    assert "pipe cannot be written" in result.err


@pytest.mark.parametrize(
    ("path", "number"),
    [("/dev/null", None), ("/proc/1/fd/1", None), ("/proc/self/fd/7", 7), ("/nowhere", None)],
)
@linux
def test_descriptor(path: str, number: int | None) -> None:
    """Only an open file of this very process counts, by whatever name."""
    assert _targets.descriptor(Path(path)) == number
    Path("a").symlink_to("b")
    Path("b").symlink_to(path)
    assert _targets.descriptor(Path("a").absolute()) == number


def test_links_in_a_circle() -> None:
    """They lead to no descriptor, and to no bug."""
    Path("a").symlink_to("b")
    Path("b").symlink_to("a")
    assert _targets.descriptor(Path("a").absolute()) is None
    with pytest.raises(UsageError, match="-o"):
        check_target(Path("a").absolute(), force=False)


# --- found before anything is paid ---------------------------------------------------------------


def picky(monkeypatch: pytest.MonkeyPatch, refused: str, number: int) -> None:
    """Have the system refuse to make what has `refused` in its path, as some file systems do."""
    make, open_ = os.mkdir, os.open

    def opened(path: str, flags: int, *more: int, **named: int) -> int:
        if flags & os.O_CREAT and refused in os.fspath(path):
            raise OSError(number, os.strerror(number))
        return open_(path, flags, *more, **named)

    def made(path: str, *more: int, **named: int) -> None:
        if refused in os.fspath(path):
            raise OSError(number, os.strerror(number))
        make(path, *more, **named)

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "mkdir", made)


@pytest.mark.parametrize(
    "output", ["what?.mp4", "new/what?.mp4", "new?/{task_id}.mp4", "{slug}?.mp4", "there/?.mp4"]
)
def test_a_name_that_the_file_system_does_not_take(
    run: Run,
    server: ScriptedProvider,
    clock: FakeClock,
    output: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ExFAT and NTFS take no `?`: 2 before anything is paid, and nothing is left of the trial."""
    Path("there").mkdir()
    with monkeypatch.context() as patch:
        picky(patch, "?", errno.EINVAL)
        result = run(*PAYING, "-o", output, env=server.env(), clock=clock)
    assert result.code == 2
    assert "Invalid argument" in result.err
    assert server.posts() == 0
    assert [one.name for one in Path().rglob("*")] == ["there"]


def test_a_folder_that_takes_no_new_names(
    run: Run, server: ScriptedProvider, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that would take a nameless file, and no named one, is found as well."""
    Path("there").mkdir()
    with monkeypatch.context() as patch:
        picky(patch, "there/", errno.EACCES)
        result = run(*PAYING, "-o", "there/", env=server.env(), clock=clock)
    assert result.code == 2
    assert "Permission denied" in result.err
    assert server.posts() == 0


@posix
def test_anothers_file_in_everybodys_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """In /tmp nobody may replace what is another user's: found before anything is paid."""
    folder = Path("tmp").absolute()
    folder.mkdir()
    folder.chmod(0o1777)
    (folder / "v.mp4").write_bytes(b"theirs")
    check_target(folder / "v.mp4", force=True)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(UsageError, match="another user's"):
        check_target(folder / "v.mp4", force=True)
    check_target(folder / "w.mp4", force=True)


# --- the home ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "file"),
    [
        ("~/boat.mp4", "boat.mp4"),
        ("~/new/", "new/runbase-t1.mp4"),
        ("~", "runbase-t1.mp4"),
        ("~/{task_id}.mp4", "t1.mp4"),
    ],
)
@pytest.mark.parametrize("folder", ["home", "ho{m}e"])
def test_a_tilde_at_the_start_is_the_home(
    run: Run,
    server: ScriptedProvider,
    clock: FakeClock,
    *,
    output: str,
    file: str,
    folder: str,
    tmp_path: Path,
) -> None:
    """`--output=~/x`, which no shell looks at, goes where the user means."""
    home = tmp_path / folder
    home.mkdir(exist_ok=True)
    env = {**server.env(), "HOME": str(home), "USERPROFILE": str(home)}
    result = run("wait", "runbase:t1", f"--output={output}", env=env, clock=clock)
    assert (result.code, result.out) == (0, f"{home / file}\n")
    assert not list(Path().iterdir())


@pytest.mark.parametrize("output", ["~x.mp4", "./~", "a~/b.mp4"])
def test_another_tilde_is_a_tilde(
    run: Run, server: ScriptedProvider, clock: FakeClock, output: str
) -> None:
    """Only `~` and `~/` at the start mean the home."""
    result = run("wait", "runbase:t1", "-o", output, env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{Path(output).absolute()}\n")


# --- the name of a file --------------------------------------------------------------------------


def profile(output: str) -> None:
    """A profile with a default for `-o`, as an editor writes it."""
    path = Path(os.environ["SEEDANCE_CONFIG"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    path.write_text(
        f'default_profile = "work"\n[profiles.work.defaults]\noutput = {json.dumps(output)}\n',
        "utf-8",
    )


@pytest.mark.parametrize(
    ("output", "file"),
    [
        ("videos/{provider}/", "videos/runbase/runbase-t1.mp4"),
        ("{duration}-{resolution}-{seed}.mp4", "8-none-none.mp4"),
        ("~/{slug}.mp4", "{home}/a-boat.mp4"),
    ],
)
def test_the_profile_says_where_a_file_goes(
    run: Run, server: ScriptedProvider, clock: FakeClock, output: str, file: str
) -> None:
    """`defaults.output` counts where there is no `-o`; by itself it asks for no file."""
    profile(output)
    path = Path(file.replace("{home}", os.environ["HOME"])).absolute()
    words = (*PAYING, "-d", "8")
    assert run(*words, env=server.env(), clock=clock).out == "runbase:t1\n"
    result = run("wait", "runbase:t1", "--download", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{path}\n")
    again = run("wait", "runbase:t1", "--download", env=server.env(), clock=clock)
    assert (again.code, again.out) == (0, f"{path}\n"), "it is the task's own"
    other = run("wait", "runbase:t1", "-o", "b.mp4", env=server.env(), clock=clock)
    assert other.out == f"{Path('b.mp4').absolute()}\n"


def test_a_default_that_is_taken_is_found_before_paying(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """What the profile's default comes to is looked at as `-o` is."""
    profile("{slug}.mp4")
    Path("a-boat.mp4").write_bytes(b"old")
    assert run(*PAYING, "--download", env=server.env(), clock=clock).code == 2
    assert server.posts() == 0


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("boat.mp4", "names one file"),
        ("-", "names one file"),
        ("{nope}.mp4", "has no field {nope}"),
        ("", "is empty"),
    ],
)
def test_a_default_that_cannot_be_used(
    run: Run, server: ScriptedProvider, clock: FakeClock, output: str, why: str
) -> None:
    """In the file it is left out, and named on stderr; `profile set` refuses it."""
    profile(output)
    result = run("wait", "runbase:t1", "--download", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{Path('runbase-t1.mp4').absolute()}\n")
    assert result.err.count("is left out: it " + why) == 1
    refused = run("profile", "set", "work", "defaults.output", "--", output)
    assert refused.code == 2
    assert why in refused.err


def test_profile_set_takes_an_output(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """`profile set` writes it, `profile show` names it, without a word about providers."""
    words = ("work", "defaults.output", "my videos/{date}/")
    done = run("profile", "set", *words)
    assert (done.code, "warning" in done.err) == (0, False)
    shown = run("profile", "show", "work", "--json")
    assert shown.json["defaults"]["output"]["value"] == "my videos/{date}/"
    result = run(
        "wait", "runbase:t1", "--download", "--profile", "work", env=server.env(), clock=clock
    )
    assert result.code == 0
    assert len(list(Path("my videos").glob("2026-*/runbase-t1.mp4"))) == 1
