"""A process on whose file systems no file can be locked, as on NFS without its lock service.

`PRELUDE` goes before a program's own code; it takes the name of the error from `NO_LOCKS`. The
kernel then answers every lock with that error (a seccomp filter: seccomp(2), BPF), SQLite's too.
"""

from __future__ import annotations

import platform
import sys

import pytest

NEEDED = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="seccomp of Linux",
)
PRELUDE = """
import ctypes, errno, os, platform, struct
FCNTL, FLOCK = {"x86_64": (72, 73), "aarch64": (25, 32)}[platform.machine()]
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
FAIL = 0x00050000 | getattr(errno, os.environ["NO_LOCKS"])
rules = [
    (LOAD, 0, 0, 0),  # the number of the system call
    (EQUAL, 4, 0, FLOCK),
    (EQUAL, 0, 4, FCNTL),
    (LOAD, 0, 0, 24),  # its second argument
    (EQUAL, 1, 0, 6),  # F_SETLK
    (EQUAL, 0, 1, 7),  # F_SETLKW
    (RETURN, 0, 0, FAIL),
    (RETURN, 0, 0, 0x7FFF0000),  # go on
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))

class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

libc = ctypes.CDLL(None)
program = Program(len(rules), ctypes.addressof(code))
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0  # PR_SET_SECCOMP, a filter
"""
