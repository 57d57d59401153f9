"""The command line: argv in, exit code out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.cli import version as version
    from seedance_cli.cli.program import (
        main as main,
    )
    from seedance_cli.cli.session import (
        Session as Session,
    )

__getattr__ = face(
    __name__,
    {
        "Session": "session",
        "main": "program",
        "version": "",
    },
)
