"""The page at `/`: every task and its video, providers with requests to copy, the fault words.

Made anew for every request. Prompts, ids and models come from clients: whatever is put into the
page goes through `models.html`, and the Content-Security-Policy allows nothing but this server's
own stylesheet, script and videos. The script only looks whether something has changed.
"""

from __future__ import annotations

import asyncio
import json
import math
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from string import Template
from typing import TYPE_CHECKING

from starlette.responses import Response

from seedance_cli import __version__
from seedance_cli.models import html, html_lines, stylesheet
from seedance_cli.sandbox.dialects._base import Phase
from seedance_cli.sandbox.dialects._registry import every
from seedance_cli.sandbox.faults import HEADER, HEADER_ONLY, Fault
from seedance_cli.sandbox.web.answers import document
from seedance_cli.sandbox.web.delivery import origin, video_path

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from seedance_cli.models import JsonObject
    from seedance_cli.sandbox.dialects._base import Dialect
    from seedance_cli.sandbox.state import Sandbox
    from seedance_cli.sandbox.tasks import StoredTask

_A_PAGE = 24
"""Tasks on one page."""
# A browser asks for these at once, which renders them; for the others when they are played.
_LOADED = 6
_PROMPT = 500
_BODY = 4000
_SOONEST, _LATEST = 1, 10
_DIGITS = 9
"""Of a page's number."""
_OVER = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.EXPIRED})

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; media-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Vary": "Accept",
}
_DIALECTS = {dialect.name: dialect for dialect in every()}
_HERE = Path(__file__).parent


class Page:
    """The handler of `/`."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Show one sandbox."""
        self._sandbox = sandbox

    async def show(self, request: Request) -> ASGIApp:
        """The page; to a client that asks for JSON, where each provider lies."""
        accept = request.headers.get("accept", "")
        if "application/json" in accept and "text/html" not in accept:
            bases = {dialect.name: dialect.base_path for dialect in every()}
            body = {"sandbox": "seedance", "version": __version__, "providers": bases}
            return document(body, headers={"Vary": "Accept"})
        where = origin(request)
        store = self._sandbox.store
        count = await asyncio.to_thread(store.count)
        last = max(math.ceil(count / _A_PAGE), 1)
        page = _page(request.query_params.get("page", ""), last)
        tasks = await asyncio.to_thread(store.newest, _A_PAGE, (page - 1) * _A_PAGE)
        now = store.now()
        rows = "".join(self._task(task, number, now, where) for number, task in enumerate(tasks))
        none = '<p class="nothing">None yet. Send one of the requests below.</p>'
        template = Template(await asyncio.to_thread((_HERE / "page.html").read_text, "utf-8"))
        text = template.substitute(
            refresh=_refresh(tasks, now),
            version=__version__,
            counted=_counted(count, page, len(tasks)),
            pages=_links(page, last),
            tasks=rows or none,
            providers="".join(_provider(dialect, where) for dialect in every()),
            header=HEADER,
            faults="".join(map(_fault, Fault)),
        )
        return Response(text, headers=_HEADERS, media_type="text/html")

    def _task(self, task: StoredTask, number: int, now: float, where: str) -> str:
        phase = task.phase(now)
        job = task.job
        chips = [f"{job.duration} s", job.resolution, job.aspect_ratio]
        chips += ["sound"] if job.audio else []
        chips += [f"{len(job.images)} image(s)"] if job.images else []
        marks = [] if task.fault is None else [f"fault: {task.fault}"]
        if phase is Phase.SUCCEEDED:
            # Only the path: the page may be reached under another name than this server knows.
            path = video_path(self._sandbox, task)
            preload = "metadata" if number < _LOADED else "none"
            screen = (
                f'<video controls muted playsinline preload="{preload}" src="{html(path)}"></video>'
            )
        else:
            screen = f"<p>{html(phase)}</p>"
        prompt = job.prompt if len(job.prompt) <= _PROMPT else job.prompt[:_PROMPT] + "…"
        made = datetime.fromtimestamp(task.created, UTC)
        return _TASK.format(
            phase=html(phase),
            screen=screen,
            provider=html(task.provider),
            model=f"<code>{html(job.model)}</code>" if job.model else "",
            task_id=html(task.task_id),
            prompt=html_lines(prompt),
            chips="".join(f"<li>{html(one)}</li>" for one in chips)
            + "".join(f'<li class="mark">{html(one)}</li>' for one in marks),
            made=f"{made:%Y-%m-%d %H:%M:%S} UTC",
            curl=html_lines(_curl(_DIALECTS[task.provider], job.body, task.task_id, where)),
        )


def _page(text: str, last: int) -> int:
    """The number of a page as it stands in the URL; of what is none, the nearest."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else 1
    return min(max(number, 1), last)


def _counted(count: int, page: int, here: int) -> str:
    if count <= _A_PAGE:
        return f"{count} in all" if count else ""
    first = (page - 1) * _A_PAGE + 1
    return f"{first} to {first + here - 1} of {count}, the newest first"


def _links(page: int, last: int) -> str:
    """The ways to the other pages; empty where there is no other."""
    links = [f'<a class="button" rel="prev" href="/?page={page - 1}">Newer</a>'] if page > 1 else []
    links += [f"<span>page {page} of {last}</span>"] if last > 1 else []
    if page < last:
        links.append(f'<a class="button" rel="next" href="/?page={page + 1}">Older</a>')
    return "".join(links)


def _fault(fault: Fault) -> str:
    word = f"<code>{html(fault)}</code>"
    mark = ' <span class="soft">header only</span>' if fault in HEADER_ONLY else ""
    return f"<tr><th>{word}{mark}</th><td>{html(fault.meaning)}</td></tr>\n"


async def style(request: Request) -> ASGIApp:
    """The page's stylesheet."""
    del request
    return Response(await asyncio.to_thread(stylesheet), media_type="text/css")


async def script(request: Request) -> ASGIApp:
    """The page's script."""
    del request
    text = await asyncio.to_thread((_HERE / "page.js").read_bytes)
    return Response(text, media_type="text/javascript")


def _refresh(tasks: list[StoredTask], now: float) -> str:
    """Without a script: load the page again when the next task ends; never, if none will."""
    ends = [one.end for one in tasks if one.phase(now) not in _OVER and one.end < math.inf]
    if not ends:
        return ""
    wait = min(max(math.ceil(min(ends) - now), _SOONEST), _LATEST)
    return f'<noscript><meta http-equiv="refresh" content="{wait}"></noscript>'


def _provider(dialect: Dialect, where: str) -> str:
    info = dialect.info
    return _PROVIDER.format(
        name=html(dialect.name),
        base=html(where + dialect.base_path),
        docs=html(info.docs),
        variable=html(info.base_url_env),
        curl=html_lines(_curl(dialect, dialect.example, dialect.built_in[0].task_id, where)),
    )


def _curl(dialect: Dialect, body: JsonObject, task_id: str, where: str) -> str:
    """Submit, read and cancel, to be pasted into a shell."""
    base = where + dialect.base_path
    key = f"-H 'Authorization: {dialect.auth_scheme} any-key'"
    text = json.dumps(body, ensure_ascii=False, indent=2)
    lines = []
    if 0 < len(text) <= _BODY:
        lines.append(
            f"curl {quote(base + dialect.submit_path)} {key} \\\n"
            f"  -H 'Content-Type: application/json' -d {quote(text)}"
        )
    place = dialect.place(task_id)
    read = dialect.read_path.format(**place)
    read += "" if read != dialect.read_path else f"?{dialect.id_parameter}={task_id}"
    lines.append(f"curl {quote(base + read)} {key}")
    if dialect.cancel_path is not None:
        cancel = dialect.cancel_path.format(**place)
        lines.append(f"curl -X {dialect.cancel_method} {quote(base + cancel)} {key}")
    return "\n".join(lines)


_PROVIDER = """<details>
<summary><b>{name}</b> <code>{base}</code></summary>
<p><a href="/{name}/openapi.json">OpenAPI</a>,
<a href="{docs}" rel="noreferrer">the provider's own documents</a>;
<code>{variable}</code> points <code>seedance</code> here.</p>
<pre>{curl}</pre>
</details>
"""

_TASK = """<article class="{phase}" id="{task_id}">
<div class="screen">{screen}</div>
<div class="body">
<p class="prompt first" dir="auto">{prompt}</p>
<p class="who"><b>{provider}</b> {model}</p>
<ul class="chips"><li class="state">{phase}</li>{chips}</ul>
<dl class="figures long"><div><dt>Task</dt><dd><code>{task_id}</code></dd></div>
<div><dt>Made</dt><dd>{made}</dd></div></dl>
<details><summary>As curl</summary><pre>{curl}</pre></details>
</div>
</article>
"""
