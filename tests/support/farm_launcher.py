"""Runs the program until a chosen moment of its work with a shared ledger, and strikes there.

    python farm_launcher.py KIND AT URL SERVER WORDS…

KIND is what is struck: `process`, `session` or `server`. AT is the number of the statement before
which that happens (`7`), or the seconds from the first statement on (`0.05`); `0`: never. SERVER is
the number of the server's first process. On stderr stands at last how many statements there were,
and how many seconds they took from the first one on.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import psycopg

from seedance_cli.__main__ import main
from seedance_cli.ledger import postgres, riding, store_postgres
from seedance_cli.tasks import late

if TYPE_CHECKING:
    from collections.abc import Callable

    from seedance_cli.ledger.shared import SharedLedger
    from seedance_cli.system import Clock

_PATIENCE = 10.0


class _Striker:
    def __init__(self, kind: str, at: str, url: str, server: int) -> None:
        self.kind, self.url, self.server = kind, url, server
        self.statement = int(at) if "." not in at else 0
        self.seconds = float(at) if "." in at else None
        self.seen = 0
        self.began = 0.0
        self.session: postgres.Session | None = None

    def see(self, _: str) -> None:
        self.seen += 1
        if self.seen == 1:
            self.began = time.monotonic()
            if self.seconds is not None:
                threading.Timer(self.seconds, self.strike).start()
        if self.seen == self.statement:
            self.strike()

    def strike(self) -> None:
        if self.kind == "process":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.kind == "session" and self.session is not None:
            with psycopg.connect(self.url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [self.session._pid])
        elif self.kind == "server":
            os.kill(self.server, signal.SIGQUIT)
            end = time.monotonic() + _PATIENCE
            while time.monotonic() < end:
                try:
                    psycopg.connect(self.url, connect_timeout=2).close()
                except psycopg.OperationalError:
                    return
                time.sleep(0.005)


STRIKERS: list[_Striker] = []


class _Watched(postgres.Session):
    def __init__(self, ledger: SharedLedger, clock: Clock, renewed: Callable[[], None]) -> None:
        super().__init__(ledger, clock, renewed)
        (striker,) = STRIKERS
        self.trace = striker.see
        striker.session = self


if __name__ == "__main__":
    kind, at, url, server, *words = sys.argv[1:]
    striker = _Striker(kind, at, url, int(server))
    STRIKERS.append(striker)
    vars(store_postgres)["Session"] = _Watched  # only in this process
    late.TRIED_SECONDS = riding.LAST_TRY_SECONDS = 2.0
    sys.argv[1:] = words
    code = 1
    try:
        code = main()
    finally:
        took = time.monotonic() - striker.began
        os.write(2, f"\nstatements {striker.seen} {took:.3f}\n".encode())
    raise SystemExit(code)
