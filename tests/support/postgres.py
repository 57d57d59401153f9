"""A PostgreSQL server of the tests' own: a cluster in a temporary folder, on a unix socket.

Nobody but the tests reaches it. It runs as an unprivileged user, since PostgreSQL refuses root, and
ends with the process that started it, however that ends.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USER = "ledger"
"""Who owns the database."""
_CI = os.environ.get("CI") == "true"
"""Where a missing server is a fault."""
_PATIENCE = 60.0
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": "{folder}",
    "fsync": "on",
    "recovery_init_sync_method": "syncfs",
    "max_connections": "200",
    "shared_buffers": "16MB",
    "max_wal_size": "64MB",
    "autovacuum": "off",
}


class Told(NamedTuple):
    """What a server was told by an application."""

    sessions: set[int]
    statements: list[str]


class Server:
    """A running server, with a database for the tests."""

    def __init__(self, folder: Path, programs: Path) -> None:
        """Make the cluster and start it."""
        self.folder = folder
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        self._admin: psycopg.Connection | None = None
        # It ends with the thread that starts it, so that is always the same one.
        self._starter = ThreadPoolExecutor(max_workers=1)
        self._run(
            "initdb",
            "-D",
            str(self.data),
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
            "--wal-segsize=4",
        )
        lines = [f"{name} = '{value.format(folder=folder)}'" for name, value in _SETTINGS.items()]
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\n".join(["", *lines, ""]))
        self.start()

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.folder / "data"

    def url(self, database: str = "postgres", user: str = USER) -> str:
        """How a client names a database of it."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it, unless it runs; it answers when this returns."""
        deadline = time.monotonic() + _PATIENCE
        while self.runs:  # or is just about to end
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url(), connect_timeout=10).close()
                return
            assert time.monotonic() < deadline
            time.sleep(0.02)
        self._process = self._starter.submit(self._launch).result(_PATIENCE)
        self._until_answering(self.url(), self._process, self.folder / "log")

    def _launch(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                self._as_nobody("postgres", "-D", str(self.data)),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
            )

    def _until_answering(self, url: str, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                psycopg.connect(url, connect_timeout=10).close()
            except psycopg.OperationalError:
                assert process.poll() is None, log.read_text()[-2000:]
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                return

    def stop(self, *, crash: bool = False) -> None:
        """End it in good order; or at once, as `pg_ctl stop -m immediate` does."""
        if self._admin is not None:
            self._admin.close()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
            self._process.wait(_PATIENCE)

    def close(self) -> None:
        """End it for good."""
        self.stop(crash=True)
        self._starter.shutdown()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """For a while no process of it does anything, though the kernel takes connections."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.pid)], capture_output=True, text=True, check=False
        )
        processes = [self.pid, *map(int, found.stdout.split())]
        for one in processes:
            os.kill(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in processes:
                os.kill(one, signal.SIGCONT)

    @property
    def runs(self) -> bool:
        """Whether it was started, and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its first process."""
        assert self._process is not None
        return self._process.pid

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the owner of everything."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def reload(self) -> None:
        """Have it read its settings again; every new session has them when this returns."""
        before = self.sql("SELECT pg_conf_load_time()")
        self.sql("SELECT pg_reload_conf()")
        deadline = time.monotonic() + _PATIENCE
        while self.sql("SELECT pg_conf_load_time()") == before:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    @contextmanager
    def logged(self) -> Iterator[Callable[[], dict[str, Told]]]:
        """Have every statement and connection written down; what was, by application's name."""
        self.sql("ALTER SYSTEM SET log_statement = 'all'")
        self.sql("ALTER SYSTEM SET log_connections = on")
        self.sql("ALTER SYSTEM SET log_line_prefix = '%a|%p|'")
        self.reload()
        log = self.folder / "log"
        before = log.stat().st_size

        def told() -> dict[str, Told]:
            found: dict[str, Told] = {}
            text = log.read_bytes()[before:].decode(errors="replace")
            for name, pid, words in re.findall(r"^([^|\n]*)\|(\d+)\|(.*)$", text, re.MULTILINE):
                if "LOG:  statement:" in words:
                    one = found.setdefault(name, Told(set(), []))
                    one.sessions.add(int(pid))
                    one.statements.append(words.partition("statement:")[2].strip())
            return found

        try:
            yield told
        finally:
            for name in ("log_statement", "log_connections", "log_line_prefix"):
                self.sql(f"ALTER SYSTEM RESET {name}")
            self.reload()

    @contextmanager
    def pooler(self, mode: str) -> Iterator[str]:
        """PgBouncer in front of it; how a client names the database there.

        Args:
            mode: `transaction` or `session`.
        """
        folder = Path(tempfile.mkdtemp(prefix="pooler-", dir=self.folder))
        settings = folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\npostgres = host={self.folder} dbname=postgres\n[pgbouncer]\n"
            f"pool_mode = {mode}\nunix_socket_dir = {folder}\nlisten_port = 6432\n"
            f"auth_type = trust\nauth_file = {folder}/users\nlogfile = {folder}/log\n"
        )
        (folder / "users").write_text(f'"{USER}" ""\n')
        if os.geteuid() == 0:
            user = _unprivileged()
            for path in (folder, *folder.iterdir()):
                os.chown(path, user.pw_uid, user.pw_gid)
        command = self._as_nobody("pgbouncer", "-q", str(settings), programs=Path("/usr/sbin"))
        process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
        url = f"postgresql://{USER}@/postgres?host={folder}&port=6432"
        try:
            self._until_answering(url, process, folder / "log")
            yield url
        finally:
            process.kill()
            process.wait()

    def empty(self) -> None:
        """Take the ledger away, and whoever still holds something of it."""
        if self._admin is None or self._admin.closed:
            self._admin = psycopg.connect(self.url(), autocommit=True)
        self._admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        self._admin.execute("SET client_min_messages = warning")
        self._admin.execute("DROP SCHEMA IF EXISTS seedance CASCADE")

    def _run(self, *words: str) -> None:
        done = subprocess.run(
            self._as_nobody(*words), cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _as_nobody(self, program: str, *words: str, programs: Path | None = None) -> list[str]:
        command = [str((programs or self._programs) / program), *words]
        if os.geteuid() != 0:
            return command
        user = _unprivileged()
        drop = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        return ["setpriv", *drop, "--pdeathsig", "INT", *command]


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL refuses root, and there is no other user")


def programs() -> Path | None:
    """The folder of the newest server that is installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda one: int(one.parts[-3])
    )
    if found:
        return found[-1].parent
    path = shutil.which("postgres")
    return None if path is None else Path(path).resolve().parent


@contextmanager
def running() -> Iterator[Server]:
    """A server of its own, with an empty database."""
    where = programs()
    if where is None or sys.platform == "win32":
        assert not _CI, "no PostgreSQL server is installed"
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="seedance-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        user = _unprivileged()
        os.chown(folder, user.pw_uid, user.pw_gid)
    server = None
    try:
        server = Server(folder, where)
        yield server
    finally:
        if server is not None:
            server.close()
        shutil.rmtree(folder, ignore_errors=True)
