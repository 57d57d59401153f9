"""What is asked of the operating system: time, signals, files, locks, folders, the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.system import commands as commands
    from seedance_cli.system import files as files
    from seedance_cli.system import locks as locks
    from seedance_cli.system import signals as signals
    from seedance_cli.system.cancellation import Cancellation as Cancellation
    from seedance_cli.system.cancellation import Cancelled as Cancelled
    from seedance_cli.system.clock import Clock as Clock
    from seedance_cli.system.clock import Stopwatch as Stopwatch
    from seedance_cli.system.clock import SystemClock as SystemClock
    from seedance_cli.system.environment import misquoted as misquoted
    from seedance_cli.system.folders import check_ours as check_ours
    from seedance_cli.system.folders import config_file as config_file
    from seedance_cli.system.folders import no_home as no_home
    from seedance_cli.system.folders import state_dir as state_dir
    from seedance_cli.system.locks import FileLock as FileLock
    from seedance_cli.system.locks import lock_path as lock_path
    from seedance_cli.system.mounts import network as network
    from seedance_cli.system.sqlite_steps import LOCKING as LOCKING
    from seedance_cli.system.sqlite_steps import check_locks as check_locks
    from seedance_cli.system.sqlite_steps import climb as climb
    from seedance_cli.system.sqlite_steps import copy_into as copy_into
    from seedance_cli.system.sqlite_steps import version_of as version_of
    from seedance_cli.system.terminal import capable as capable
    from seedance_cli.system.terminal import coloured as coloured
    from seedance_cli.system.terminal import fit as fit
    from seedance_cli.system.terminal import folds as folds
    from seedance_cli.system.terminal import in_front as in_front
    from seedance_cli.system.terminal import is_terminal as is_terminal
    from seedance_cli.system.terminal import put as put
    from seedance_cli.system.terminal import ready as ready
    from seedance_cli.system.terminal import silence as silence
    from seedance_cli.system.terminal import size as size
    from seedance_cli.system.terminal import truthy as truthy
    from seedance_cli.system.terminal import unwritable as unwritable

__getattr__ = face(
    __name__,
    {
        "Cancellation": "cancellation",
        "Cancelled": "cancellation",
        "Clock": "clock",
        "FileLock": "locks",
        "LOCKING": "sqlite_steps",
        "Stopwatch": "clock",
        "SystemClock": "clock",
        "capable": "terminal",
        "check_locks": "sqlite_steps",
        "check_ours": "folders",
        "climb": "sqlite_steps",
        "coloured": "terminal",
        "commands": "",
        "config_file": "folders",
        "copy_into": "sqlite_steps",
        "files": "",
        "fit": "terminal",
        "folds": "terminal",
        "in_front": "terminal",
        "is_terminal": "terminal",
        "lock_path": "locks",
        "locks": "",
        "misquoted": "environment",
        "network": "mounts",
        "no_home": "folders",
        "put": "terminal",
        "ready": "terminal",
        "signals": "",
        "silence": "terminal",
        "size": "terminal",
        "state_dir": "folders",
        "truthy": "terminal",
        "unwritable": "terminal",
        "version_of": "sqlite_steps",
    },
)
