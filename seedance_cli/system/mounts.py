"""Which file system a folder lies on, as far as that matters for locks.

Linux says so in `/proc/self/mountinfo` (`man 5 proc_pid_mountinfo`). Elsewhere nothing is known,
and nothing said.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from seedance_cli._named import NamedTuple

MOUNTINFO = Path("/proc/self/mountinfo")
NETWORK = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "blobfuse",
        "blobfuse2",
        "ceph",
        "ceph-fuse",
        "cephfs",
        "cifs",
        "coda",
        "davfs",
        "gcsfuse",
        "gfs2",
        "glusterfs",
        "goofys",
        "gpfs",
        "grpcfuse",
        "juicefs",
        "lustre",
        "moosefs",
        "mount-s3",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "pvfs2",
        "rclone",
        "s3fs",
        "seaweedfs",
        "smb3",
        "smbfs",
        "sshfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs-fuse",
        "wekafs",
    }
)
"""Types, without `fuse.`, whose files other machines see, too, or a host and its guests."""


class _Mount(NamedTuple):
    parent: str
    point: str
    kind: str


def network(file: Path) -> tuple[Path, str] | None:
    """Where a file or its folder lies on a network file system, and the type; None: neither does.

    Args:
        file: one that may be a link to elsewhere; what lies beside it counts as well.
    """
    try:
        text = os.fsdecode(MOUNTINFO.read_bytes())
    except OSError:  # another system, or a /proc that is not there
        return None
    for place in (file.parent, file):
        real = os.path.realpath(place)
        kind = network_kind(text, real)
        if kind is not None:
            return Path(real), kind
    return None


def network_kind(text: str, path: str) -> str | None:
    """The type of the network file system that a path lies on; None: it is none, or not known.

    Args:
        text: what `/proc/self/mountinfo` holds.
        path: absolute and without links; it may be missing.
    """
    mounts = _parse(text)
    # From the root down, as the kernel walks a path: the next mount that it meets is the one on the
    # shortest way, and whatever lies below that in an older one is covered.
    at = {one.parent for one in mounts.values()} - mounts.keys()
    at |= {number for number, one in mounts.items() if one.parent == number}
    kind = None
    while True:
        below = [
            (len(one.point), number)
            for number, one in mounts.items()
            if one.parent in at and _is_in(path, one.point)
        ]
        if not below:
            return kind if kind and kind.removeprefix("fuse.") in NETWORK else None
        number = min(below)[1]
        kind = mounts.pop(number).kind
        at = {number}


def _parse(text: str) -> dict[str, _Mount]:
    """Each mount by its number. A line of another form is left out."""
    found = {}
    for line in text.splitlines():
        fields = line.split(" ")
        try:
            kind = fields[fields.index("-", 6) + 1]
        except (ValueError, IndexError):
            continue
        # A blank, tab, line end or backslash in a name is written as `\040`.
        point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4])
        found[fields[0]] = _Mount(fields[1], point, kind)
    return found


def _is_in(path: str, point: str) -> bool:
    return point in {"/", path} or path.startswith(f"{point}/")
