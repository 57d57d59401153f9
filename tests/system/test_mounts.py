"""A state folder on a network file system is noticed, and told of by what pays."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.ledger import Ledger
from seedance_cli.system import SystemClock, mounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.runner import Run
    from support.scripted_provider import ScriptedProvider

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mountinfo is Linux's")

MACHINE = r"""
23 27 0:22 / /proc rw,nosuid shared:1 - proc proc rw
24 27 0:6 / /dev rw - devtmpfs devtmpfs rw,size=12334524k
27 1 254:0 / / rw,relatime shared:2 master:1 - ext4 /dev/vda rw,discard
31 27 0:40 / /home rw shared:3 - nfs4 filer:/home rw,vers=4.2,local_lock=none
32 31 254:1 / /home/ann rw - ext4 /dev/vdb rw
33 27 0:41 / /mnt/two\040words rw - cifs //filer/share rw
34 27 0:42 / /mnt/ssh rw - fuse.sshfs bob@host: rw
35 27 0:43 / /mnt/host rw - 9p hostshare rw,trans=virtio
36 27 0:44 / /scratch rw - lustre mds@tcp:/scratch rw
37 27 0:45 / /net rw - autofs /etc/auto.net rw,fd=6
38 37 0:46 / /net/filer rw - nfs filer:/ rw,nolock
39 27 0:47 / /covered/deep rw - nfs filer:/deep rw
40 27 254:2 / /covered rw - xfs /dev/vdc rw
41 27 254:3 / /twice rw - xfs /dev/vdd rw
42 41 0:48 / /twice rw - nfs4 filer:/twice rw
43 27 0:49 / /rootless rw - fuse.fuse-overlayfs fuse-overlayfs rw
"""
"""As the kernel writes it: `man 5 proc_pid_mountinfo`."""
CHROOT = "50 12 0:40 / /data rw - nfs4 filer:/data rw\n"


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/seedance", None),
        ("/home/bob/.local/state/seedance", "nfs4"),
        ("/home", "nfs4"),
        ("/homes/bob", None),
        ("/home/ann/state", None),
        ("/mnt/two words/state", "cifs"),
        ("/mnt/ssh/state", "fuse.sshfs"),
        ("/mnt/host/state", "9p"),
        ("/scratch/ann", "lustre"),
        ("/net", None),
        ("/net/filer/ann", "nfs"),
        ("/covered/deep/state", None),
        ("/twice/state", "nfs4"),
        ("/rootless/state", None),
    ],
)
def test_the_file_system_of_a_folder(folder: str, kind: str | None) -> None:
    """It is that of the mount which the path ends in: nested, covered, or mounted twice."""
    assert mounts.network_kind(MACHINE, folder) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CHROOT, "nfs4"),
        ("", None),
        ("no such form\n50 12\n", None),
        ("1 1 0:1 / / rw - nfs", "nfs"),
    ],
)
def test_what_is_not_understood_says_nothing(text: str, kind: str | None) -> None:
    """A root that is not listed, a line of another form, a mount that is its own parent."""
    assert mounts.network_kind(text, "/data/state") == kind


@pytest.fixture
def on_nfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """`on_nfs(folder)`: the system says that the folder is a mount of NFS."""

    def mounted(folder: Path) -> None:
        listed = tmp_path / "mountinfo"
        listed.write_text(f"27 1 8:1 / / rw - ext4 /dev/sda rw\n28 27 0:9 / {folder} rw - nfs4 f r")
        monkeypatch.setattr(mounts, "MOUNTINFO", listed)

    return mounted


def test_a_paying_command_warns_once(
    on_nfs: Callable[[Path], None],
    tmp_path: Path,
    run: Run,
    server: ScriptedProvider,
) -> None:
    """One line that says where, what it means and what to do; reads and the sandbox have none."""
    on_nfs(tmp_path / "state")
    Path("rows.txt").write_text("a\nb\n")
    for words in (["generate", "a boat"], ["batch", "rows.txt", "--yes", "--no-wait"]):
        done = run(*words, "-p", "runbase", env=server.env("runbase"))
        assert done.code == 0
        (line,) = [one for one in done.err.splitlines() if "nfs4" in one]
        assert str(tmp_path / "state") in line
        assert "SEEDANCE_STATE_DIR" in line
    for words in (["list"], ["generate", "a boat", "-p", "runbase", "--dry-run"]):
        assert "nfs4" not in run(*words, env=server.env("runbase")).err
    done = run("generate", "a boat", "--sandbox", env={"SEEDANCE_SANDBOX_SECONDS": "0"})
    assert (done.code, "nfs4" in done.err) == (0, False)


def test_a_ledger_that_is_a_link_counts_where_it_leads(
    on_nfs: Callable[[Path], None],
    tmp_path: Path,
    run: Run,
    server: ScriptedProvider,
) -> None:
    """SQLite locks the file, wherever the name lies."""
    away, state = tmp_path / "away", tmp_path / "state"
    on_nfs(away)
    Ledger.open(away, SystemClock(), create=True).close()
    state.mkdir(mode=0o700)
    (state / "ledger.db").symlink_to(away / "ledger.db")
    done = run("generate", "a boat", "-p", "runbase", env=server.env("runbase"))
    assert "nfs4" in done.err


def test_no_mountinfo_no_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, server: ScriptedProvider
) -> None:
    """Where /proc is not mounted, nothing is known and nothing said."""
    monkeypatch.setattr(mounts, "MOUNTINFO", tmp_path / "none")
    done = run("generate", "a boat", "-p", "runbase", env=server.env("runbase"))
    assert (done.code, "network" in done.err) == (0, False)
