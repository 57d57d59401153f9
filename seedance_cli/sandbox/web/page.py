"""The page at `/`: the providers, requests to copy, the tasks so far and their videos.

Made anew for every request, without a script. Prompts, ids and models come from clients: whatever
is put into the page goes through `escape`, and the Content-Security-Policy allows nothing but this
server's own stylesheet and videos.
"""

from __future__ import annotations

import asyncio
import json
import math
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from starlette.responses import Response

from seedance_cli import __version__
from seedance_cli.sandbox.dialects._base import Phase
from seedance_cli.sandbox.dialects._registry import every
from seedance_cli.sandbox.web.answers import document
from seedance_cli.sandbox.web.delivery import origin, video_path

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from seedance_cli.models import JsonObject
    from seedance_cli.sandbox.dialects._base import Dialect
    from seedance_cli.sandbox.state import Sandbox
    from seedance_cli.sandbox.tasks import StoredTask

_SHOWN = 50
# A browser asks for these at once, which renders them; for the others when they are played.
_LOADED = 6
_PROMPT = 500
_BODY = 4000
_SOONEST, _LATEST = 1, 10
_OVER = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.EXPIRED})

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; media-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Vary": "Accept",
}
_DIALECTS = {dialect.name: dialect for dialect in every()}
_STYLE = Path(__file__).with_name("style.css")


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
        tasks = await asyncio.to_thread(self._sandbox.store.newest, _SHOWN)
        now = self._sandbox.store.now()
        rows = "".join(self._task(task, number, now, where) for number, task in enumerate(tasks))
        rows = rows or "<p>None yet. Send one of the requests above.</p>"
        providers = "".join(_provider(dialect, where) for dialect in every())
        html = _PAGE.format(
            refresh=_refresh(tasks, now), version=__version__, providers=providers, tasks=rows
        )
        # A lone surrogate, which JSON can bring in, has no bytes.
        return Response(html.encode(errors="replace"), headers=_HEADERS, media_type="text/html")

    def _task(self, task: StoredTask, number: int, now: float, where: str) -> str:
        phase = task.phase(now)
        job = task.job
        parts = [f"{job.duration} s", job.resolution, job.aspect_ratio]
        parts += ["audio"] if job.audio else []
        parts += [f"{len(job.images)} image(s)"] if job.images else []
        parts += [f"fault: {task.fault}"] if task.fault is not None else []
        parts += [job.model] if job.model else []
        video = ""
        if phase is Phase.SUCCEEDED:
            # Only the path: the page may be reached under another name than this server knows.
            path = video_path(self._sandbox, task)
            preload = "metadata" if number < _LOADED else "none"
            video = (
                f'<video controls muted playsinline preload="{preload}" src="{escape(path)}">'
                "</video>"
            )
        prompt = job.prompt if len(job.prompt) <= _PROMPT else job.prompt[:_PROMPT] + "…"
        made = datetime.fromtimestamp(task.created, UTC)
        return _TASK.format(
            phase=escape(phase),
            provider=escape(task.provider),
            task_id=escape(task.task_id),
            prompt=escape(prompt),
            details=escape(", ".join(parts)),
            made=f"{made:%Y-%m-%d %H:%M:%S} UTC",
            curl=escape(_curl(_DIALECTS[task.provider], job.body, task.task_id, where)),
            video=video,
        )


async def style(request: Request) -> ASGIApp:
    """The page's stylesheet."""
    del request
    return Response(await asyncio.to_thread(_STYLE.read_bytes), media_type="text/css")


def _refresh(tasks: list[StoredTask], now: float) -> str:
    """Load the page again when the next task ends; never, if none will."""
    ends = [one.end for one in tasks if one.phase(now) not in _OVER and one.end < math.inf]
    if not ends:
        return ""
    wait = min(max(math.ceil(min(ends) - now), _SOONEST), _LATEST)
    return f'<meta http-equiv="refresh" content="{wait}">'


def _provider(dialect: Dialect, where: str) -> str:
    info = dialect.info
    return _PROVIDER.format(
        name=escape(dialect.name),
        base=escape(where + dialect.base_path),
        docs=escape(info.docs),
        variable=escape(info.base_url_env),
        curl=escape(_curl(dialect, dialect.example, dialect.built_in[0].task_id, where)),
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


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh}
<title>seedance sandbox</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<h1>seedance sandbox <small>{version}</small></h1>
<p>Emulated providers: no cost, any key. A prompt that begins with <code>sandbox:fail</code> or
another fault word, or the header <code>X-Sandbox-Fault</code>, provokes that fault.</p>
</header>
<main>
<section>
<h2>Providers</h2>
{providers}
</section>
<section>
<h2>Tasks</h2>
{tasks}
</section>
</main>
</body>
</html>
"""

_PROVIDER = """<details>
<summary><b>{name}</b> <code>{base}</code></summary>
<p><a href="/{name}/openapi.json">OpenAPI</a>,
<a href="{docs}" rel="noreferrer">the provider's own documents</a>;
<code>{variable}</code> points <code>seedance</code> here.</p>
<pre>{curl}</pre>
</details>
"""

_TASK = """<article class="{phase}">
<div>
<h3><span class="state">{phase}</span> {provider} <code>{task_id}</code></h3>
<p class="prompt">{prompt}</p>
<p class="details">{details}<br>{made}</p>
<details><summary>curl</summary><pre>{curl}</pre></details>
</div>
{video}
</article>
"""
