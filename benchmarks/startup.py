"""How long a command takes from its start to its end, beside the least that Python could take.

    python benchmarks/startup.py                  every row, 40 rounds
    python benchmarks/startup.py --rounds 10      a taste
    python benchmarks/startup.py --only tab       the rows whose name has "tab" in it

Each row is a process of its own, the program as it is installed beside this Python, with compiled
bytecode, a temporary home and a ledger of 200 tasks. All of them are started in turn, once a round;
the table has medians, and ratios of medians.

A Tab press is the call of the program that the completion script makes. It is timed alone, and once
more by the script itself in a real bash and zsh. `compadd` and `compset` exist only inside zsh's
line editor: there they are functions that do nothing.

`status` asks a server on this machine. It is compared with a small Typer program that imports typer
and httpx and reads the same URL once by `httpx.get`, with the same headers. Over TLS both trust
httpx's own bundle and the server's certificate, by `SSL_CERT_FILE`. Without TLS httpx reads its
bundle too; the row "no bundle" is the same script told not to.
"""

from __future__ import annotations

import argparse
import compileall
import json
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Self

import certifi
from _report import machine, table
from _timing import Case, interleaved, medians

import seedance_cli
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import Price, PricedFields, Status, Task
from seedance_cli.system.clock import SystemClock

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.ledgers import prepare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PROGRAM = str(Path(sys.executable).with_name("seedance"))
_PASS = "python -c pass"
_TYPER = "python -c 'import typer'"
_TASK = "elsewhere"
"""Not in the ledger, so that the environment decides on the endpoint."""
_ROWS = 200
_ANSWER = json.dumps(
    {"code": 200, "data": {"task_id": _TASK, "status": "IN_PROGRESS", "response": []}}
).encode()
_SCRIPT = '''\
"""Read one URL and print one word of the answer."""

import os

import httpx
import typer

app = typer.Typer()


@app.command()
def status(url: str, bundle: bool = True) -> None:
    headers = {
        "Authorization": f"Bearer {os.environ['SEEDANCEAPI_API_KEY']}",
        "User-Agent": "seedance/1",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
    answer = httpx.get(url, headers=headers, verify=bundle)
    answer.raise_for_status()
    print(answer.json()["data"]["status"])


if __name__ == "__main__":
    app()
'''
# What the completion functions find when a user has typed `line` and presses Tab.
_BASH = """
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
_seedance_completion seedance
printf '%s\\n' "${COMPREPLY[@]}"
"""
_ZSH = """
compdef() { : }
compset() { return 1 }
compadd() { print -l -- $offered }
_files() { : }
source "$1"
words=(${(z)2}) PREFIX=
CURRENT=$(( $#words + 1 ))
_seedance
"""
_LINES = (
    ("seedance wa", "wait"),
    ("seedance generate -p ", "runbase"),
    ("seedance wait ", "seedanceapi:task_200"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    case: Case
    base: str = _TYPER
    """The name of the case that it is compared with."""
    target: float | None = None
    """At most so many times that one; None: only reported."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the table. The exit code is 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40, metavar="N", help="runs of each row")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose name has it")
    options = parser.parse_args(argv)
    compileall.compile_dir(str(Path(seedance_cli.__file__).parent), quiet=1)
    with tempfile.TemporaryDirectory() as name, _Server(None) as plain:
        folder = Path(name)
        certificate = _certificate(folder)
        with _Server(certificate) as secure:
            rows = _rows(folder, plain, secure)
            wanted = [row for row in rows if options.only.lower() in row.case.name.lower()]
            names = {row.base for row in wanted} | {row.case.name for row in wanted}
            cases = [row.case for row in rows if row.case.name in names]
            found = medians(interleaved(cases, options.rounds))
    sys.stdout.write(f"{machine()}; {options.rounds} rounds, medians\n\n")
    lines = [_line(row, found) for row in rows if row.case.name in names]
    head = ("what", "ms", "times", "of", "target", "met")
    sys.stdout.write(f"{table(head, lines)}\n")
    return int(any(line[-1] == "no" for line in lines))


def _line(row: Row, found: Mapping[str, float]) -> tuple[str, ...]:
    name = row.case.name
    spent = f"{found[name]:.1f}"
    if name == row.base:
        return name, spent, "", "", "", ""
    ratio = found[name] / found[row.base]
    if row.target is None:
        return name, spent, f"{ratio:.2f}", row.base, "", ""
    met = "yes" if ratio <= row.target else "no"
    return name, spent, f"{ratio:.2f}", row.base, f"≤ {row.target}", met


def _rows(folder: Path, plain: _Server, secure: _Server) -> list[Row]:
    home = folder / "home"
    home.mkdir()
    env = {"HOME": str(home), "PATH": f"{Path(_PROGRAM).parent}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    _fill(home / ".local" / "state" / "seedance")
    python = sys.executable
    price = ("price", "-p", "seedanceapi", "-d", "8", "-r", "720p", "--audio")
    rows = [
        Row(Case(_PASS, (python, "-c", "pass"), env), base=_PASS),
        Row(Case(_TYPER, (python, "-c", "import typer"), env), base=_TYPER),
        Row(
            Case("seedance --version", (_PROGRAM, "--version"), env, "seedance "),
            base=_PASS,
            target=2.0,
        ),
    ]
    for shell, target in (("bash", 1.25), ("zsh", 1.6)):
        for line, expect in _LINES:
            # Both scripts make the same call: `_shells.py`.
            asked = {"_SEEDANCE_COMPLETE": "complete_bash", "_SEEDANCE_LINE": line}
            case = Case(f"Tab, {shell}: {line}", (_PROGRAM,), {**env, **asked}, expect)
            rows.append(Row(case, target=target))
        rows += _in_shell(folder, shell, env)
    rows += [
        Row(Case("seedance price …", (_PROGRAM, *price), env, "56 credits"), target=1.35),
        Row(Case("seedance list", (_PROGRAM, "list"), env, "seedanceapi:task_200"), target=1.35),
        Row(Case("seedance --help", (_PROGRAM, "--help"), env, "recover"), target=2.5),
    ]
    (folder / "script.py").write_text(_SCRIPT, encoding="utf-8")
    script = (python, str(folder / "script.py"))
    bundle = folder / "bundle.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + (folder / "cert.pem").read_bytes())
    for what, server, more in (
        ("status, http", plain, {}),
        ("status, https", secure, {"SSL_CERT_FILE": str(bundle)}),
    ):
        there = {
            **env,
            **more,
            "SEEDANCEAPI_BASE_URL": server.url,
            "SEEDANCEAPI_API_KEY": "sd_bench",
        }
        url = f"{server.url}/status?task_id={_TASK}"
        least = f"script, {what.partition(', ')[2]}"
        rows += [
            Row(Case(least, (*script, url), there, "IN_PROGRESS"), base=least),
            Row(
                Case(
                    f"seedance {what}",
                    (_PROGRAM, "status", f"seedanceapi:{_TASK}"),
                    there,
                    f"seedanceapi:{_TASK}",
                ),
                base=least,
                target=1.25,
            ),
        ]
        if server is plain:
            bare = Case(f"{least}, no bundle", (*script, url, "--no-bundle"), there, "IN_PROGRESS")
            rows.append(Row(bare, base=least))
    return rows


def _in_shell(folder: Path, shell: str, env: Mapping[str, str]) -> list[Row]:
    """The completion function in its shell, and that shell doing nothing."""
    program = shutil.which(shell)
    if program is None:
        sys.stderr.write(f"{shell} is not here\n")
        return []
    script = folder / f"complete.{shell}"
    shown = subprocess.run(
        (_PROGRAM, "--show-completion", shell), capture_output=True, text=True, check=True, env=env
    )
    script.write_text(shown.stdout, encoding="utf-8")
    start = (program, *{"bash": ("--norc", "--noprofile"), "zsh": ("-f",)}[shell], "-c")
    line, expect = _LINES[-1]
    body = {"bash": _BASH, "zsh": _ZSH}[shell]
    return [
        Row(Case(f"{shell} -c :", (*start, ":"), env)),
        Row(
            Case(
                f"the whole function in {shell}: {line}",
                (*start, body, shell, str(script), line),
                env,
                expect,
            )
        ),
    ]


def _fill(state: Path) -> None:
    """A ledger of tasks, some of them unfinished."""
    with Ledger.open(state, SystemClock(), create=True) as ledger:
        for number in range(1, _ROWS + 1):
            intent = prepare(
                ledger,
                f"f{number}",
                provider="seedanceapi",
                prompt="a paper boat on a river in the rain",
                priced=PricedFields(None, 8, "720p", audio=True),
            )
            ledger.sending(intent)
            task = Task(task_id=f"task_{number}", status=Status.RUNNING)
            row = ledger.accept(intent, task)
            ledger.told(intent)
            if number > 1 and number % 10:
                done = Task(
                    task_id=f"task_{number}",
                    status=Status.SUCCEEDED,
                    video_urls=("https://cdn.example.com/video.mp4",),
                    cost=Price(Decimal(56), "credits", "charged"),
                )
                ledger.delivered(ledger.observe(row, done))


def _certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate of its own for 127.0.0.1, in `cert.pem`."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        (
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)),
        ),
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(_ANSWER)))
        self.end_headers()
        self.wfile.write(_ANSWER)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


class _Server:
    """An answer to every GET, on a port of its own, in a thread."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


if __name__ == "__main__":
    raise SystemExit(main())
