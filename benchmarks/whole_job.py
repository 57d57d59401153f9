"""The whole job beside a shell loop of curl and jq: submit, poll, download, in wall time.

    python benchmarks/whole_job.py                 40 rounds
    python benchmarks/whole_job.py --rounds 10     a taste

A server on this machine accepts every request, says at the first poll that the task has succeeded,
and has its video: what is left is the program. `seedance generate --download` is one process that
writes the request down before it is sent, and what came of it after; the shell starts three curls,
four jqs and a mv, and keeps nothing. Both are started in turn, once a round; the table has medians.
"""

from __future__ import annotations

import argparse
import compileall
import json
import shutil
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Self

from _report import machine, table
from _timing import Case, interleaved, medians

import seedance_cli

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROGRAM = str(Path(sys.executable).with_name("seedance"))
_SEEDANCE = "seedance generate … --download"
_SHELL = "curl and jq in a shell loop"
_TARGET = 2.0
_SHELL_LOOP = r"""
set -euo pipefail
head=(-H "Authorization: Bearer $SEEDANCEAPI_API_KEY" -H "Content-Type: application/json")
url=$SEEDANCEAPI_BASE_URL
id=$(jq -n --arg prompt "$1" '{prompt: $prompt, duration: "4", resolution: "480p"}' |
  curl -sSf "${head[@]}" -d @- "$url/generate" | jq -r .data.task_id)
while :; do
  answer=$(curl -sSf "${head[@]}" "$url/status?task_id=$id")
  case $(jq -r .data.status <<<"$answer") in
    SUCCESS) break ;;
    FAILED) exit 7 ;;
  esac
  sleep 1
done
curl -sSf -o "$2.part" "$(jq -r '.data.response[0]' <<<"$answer")"
mv "$2.part" "$2"
echo "$2"
"""
_MIB = 1 << 20


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the table. The exit code is 1 if the target was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40, metavar="N", help="runs of each")
    options = parser.parse_args(argv)
    missing = [one for one in ("bash", "curl", "jq") if shutil.which(one) is None]
    if missing:
        parser.error(f"not installed: {', '.join(missing)}")
    compileall.compile_dir(str(Path(seedance_cli.__file__).parent), quiet=1)
    with tempfile.TemporaryDirectory() as name, _Server() as server:
        found = medians(interleaved(_cases(Path(name), server), options.rounds))
    sys.stdout.write(f"{machine()}; {options.rounds} rounds, medians\n\n")
    ratio = found[_SEEDANCE] / found[_SHELL]
    rows = [
        (_SHELL, f"{found[_SHELL]:.0f}", "", "", ""),
        (_SEEDANCE, f"{found[_SEEDANCE]:.0f}", f"{ratio:.2f}", f"≤ {_TARGET}", _met(ratio)),
    ]
    sys.stdout.write(f"{table(('one whole job', 'ms', 'times', 'target', 'met'), rows)}\n")
    return int(ratio > _TARGET)


def _met(ratio: float) -> str:
    return "yes" if ratio <= _TARGET else "no"


def _cases(folder: Path, server: _Server) -> list[Case]:
    env = {
        "HOME": str(folder),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "SEEDANCEAPI_BASE_URL": server.url,
        "SEEDANCEAPI_API_KEY": "sd_bench",
    }
    out = str(folder / "a.mp4")
    request = ("a paper boat", "-d", "4", "-r", "480p", "-p", "seedanceapi")
    generate = (_PROGRAM, "generate", *request, "--interval", "1", "-o", out, "--force")
    words = ("a paper boat", str(folder / "b.mp4"))
    loop = ("bash", "--norc", "--noprofile", "-c", _SHELL_LOOP, "loop", *words)
    return [Case(_SHELL, loop, env, "b.mp4"), Case(_SEEDANCE, generate, env, "a.mp4")]


def _video() -> bytes:
    """A whole file of 1 MiB as a downloader sees it: its boxes, and no picture."""

    def box(kind: bytes, payload: bytes) -> bytes:
        return (8 + len(payload)).to_bytes(4) + kind + payload

    return box(b"ftyp", b"isom" + bytes(8)) + box(b"moov", bytes(8)) + box(b"mdat", bytes(_MIB))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    video = _video()
    ids = count(1)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._data({"task_id": f"task_{next(self.ids)}", "status": "IN_PROGRESS"})

    def do_GET(self) -> None:
        if self.path == "/video.mp4":
            self._answer("video/mp4", self.video)
            return
        host = self.headers["Host"]
        video = f"http://{host}/video.mp4"
        task_id = self.path.rpartition("=")[2]
        self._data({"task_id": task_id, "status": "SUCCESS", "response": [video]})

    def _data(self, data: dict[str, object]) -> None:
        body = {"code": 200, "message": "success", "data": data}
        self._answer("application/json", json.dumps(body).encode())

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


class _Server:
    """The provider, in a thread."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


if __name__ == "__main__":
    raise SystemExit(main())
