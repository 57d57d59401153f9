"""Submit, read and cancel, as every provider has them: key, body, dialect, fault, state."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from seedance_cli.sandbox.dialects._base import Phase, View
from seedance_cli.sandbox.dialects._further import FurtherRequest
from seedance_cli.sandbox.dialects._refusals import Cause
from seedance_cli.sandbox.faults import HEADER, HEADER_ONLY, Fault, in_prompt, named
from seedance_cli.sandbox.tasks import StoredTask
from seedance_cli.sandbox.web.answers import document, page
from seedance_cli.sandbox.web.delivery import origin, view
from seedance_cli.sandbox.web.door import is_local
from seedance_cli.sandbox.web.wire import CutBefore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._base import Dialect
    from seedance_cli.sandbox.dialects._further import Further
    from seedance_cli.sandbox.dialects._refusals import Refusal
    from seedance_cli.sandbox.state import Sandbox
    from seedance_cli.sandbox.web.callbacks import Callbacks
    from seedance_cli.sandbox.web.delivery import VideoRoute

_MAX_DRAINED = 15 * 1024 * 1024
"""Bytes beyond the largest body."""
_LONGEST_TEXT = 4096
_MAX_REMEMBERED = 1000
_MOST_LISTED = 500
_SHOWN = 64

# Faults that are an error answer, whatever was asked.
_REFUSALS = {
    Fault.NO_CREDITS: Cause.NO_CREDITS,
    Fault.RATE_LIMIT: Cause.RATE_LIMITED,
    Fault.SERVER_ERROR: Cause.SERVER_ERROR,
    Fault.SPEND_LIMIT: Cause.SPEND_LIMIT,
    Fault.IP_NOT_ALLOWED: Cause.IP_NOT_ALLOWED,
    Fault.USAGE_EXCEEDED: Cause.USAGE_EXCEEDED,
}


class Endpoints:
    """The three handlers of one provider.

    A task belongs to no account: every right key reads every task of the provider.
    """

    def __init__(self, sandbox: Sandbox, callbacks: Callbacks, dialect: Dialect) -> None:
        """Serve one dialect."""
        self._sandbox = sandbox
        self._callbacks = callbacks
        self._dialect = dialect
        self._built_in = {
            item.task_id: StoredTask(
                task_id=item.task_id,
                provider=dialect.name,
                created=item.created_at.timestamp(),
                seconds=0,
                fault=None,
                job=item.job,
                charge=item.charge,
            )
            for item in dialect.built_in
        }

    def submit(self, model: str | None) -> Callable[[Request], Awaitable[ASGIApp]]:
        """The handler of a path that takes submits, for the model that it names."""

        async def handler(request: Request) -> ASGIApp:
            return await self._submit(request, model)

        return handler

    async def _submit(self, request: Request, model: str | None) -> ASGIApp:
        """Accept a task."""
        self._check_key(request)
        raw = await self._body(request)
        body = self._parse(raw)
        job = self._dialect.job_at(model, request.query_params, body)
        job = replace(job, body=_shortened(body), images=tuple(map(_short, job.images)))
        fault = self._header_fault(request) or in_prompt(job.prompt)
        if fault is Fault.HTML:
            return page()
        if fault is Fault.RATE_LIMIT and self._dialect.retries_rate_limit:
            self._limit_once(request, raw)
        else:
            self._refuse(fault)
        sandbox = self._sandbox
        task = StoredTask(
            task_id=self._dialect.id_for(job),
            provider=self._dialect.name,
            created=sandbox.store.now(),
            seconds=sandbox.options.seconds,
            fault=fault,
            job=job,
            charge=str(self._dialect.charge(job)),
        )
        local = is_local(request.scope)
        callback = self._callbacks.wanted(task, local=local)
        await asyncio.to_thread(sandbox.store.add, task, callback=callback)
        if callback:
            self._callbacks.begin(task, origin(request), local=local)
        if fault is Fault.LOST_RESPONSE:
            return CutBefore()
        dialect = self._dialect
        beginning = _beginning(task, origin(request))
        return document(dialect.accepted(beginning), dialect.submit_status)

    async def read(self, request: Request) -> ASGIApp:
        """Say where a task stands."""
        dialect, task = self._dialect, await self._asked_for(request)
        if not isinstance(task, StoredTask):
            return task
        if dialect.result_path is None:
            seen = await view(self._sandbox, task, origin(request))
        else:  # a URL is handed out with the result alone
            seen = task.view(self._sandbox.store.now(), "", origin=origin(request))
        return document(dialect.read(seen), dialect.read_status(seen))

    async def result(self, request: Request) -> ASGIApp:
        """Say what came of a task."""
        task = await self._asked_for(request)
        if not isinstance(task, StoredTask):
            return task
        seen = await view(self._sandbox, task, origin(request))
        return document(self._dialect.result(seen))

    async def _asked_for(self, request: Request) -> StoredTask | ASGIApp:
        """The task of a read; the answer instead, where a fault was asked for."""
        self._check_key(request)
        fault = self._header_fault(request)
        self._refuse(fault)
        if fault is Fault.HTML:
            return page()
        task = await self._task(request)
        return CutBefore() if fault is Fault.LOST_RESPONSE else task

    def further(self, endpoint: Further) -> Callable[[Request], Awaitable[ASGIApp]]:
        """The handler of a further endpoint of the dialect."""

        async def handler(request: Request) -> ASGIApp:
            self._check_key(request)
            fault = self._header_fault(request)
            self._refuse(fault)
            body = await self._body(request)
            views = await self._views(origin(request))
            query = request.query_params.multi_items()
            further = FurtherRequest(request.path_params, query, body, views, origin(request))
            return document(endpoint.answer(further))

        return handler

    def video(self, delivery: VideoRoute) -> Callable[[Request], Awaitable[ASGIApp]]:
        """The handler of a video that is served only with the key."""

        async def handler(request: Request) -> ASGIApp:
            self._check_key(request)
            return await delivery.of_task(request, request.path_params["task_id"])

        return handler

    async def cancel(self, request: Request) -> ASGIApp:
        """Cancel or delete a task, as the dialect does. The built-in one stays as it is."""
        self._check_key(request)
        fault = self._header_fault(request)
        self._refuse(fault)
        if fault is Fault.HTML:
            return page()
        task = await self._task(request)
        store, dialect = self._sandbox.store, self._dialect
        if task.task_id not in self._built_in:
            left = await asyncio.to_thread(
                store.cancel, task.task_id, dialect.cancellable, dialect.deletable
            )
            if left is None:
                raise dialect.refusal(Cause.NOT_CANCELLABLE)
        self._callbacks.ended(task.task_id)
        if fault is Fault.LOST_RESPONSE:
            return CutBefore()
        seen = task.view(store.now(), "", origin=origin(request))
        return document(dialect.cancelled(seen), dialect.cancel_status)

    async def _views(self, where: str) -> list[View]:
        """The provider's newest tasks as a read shows them, and the built-in ones."""
        sandbox = self._sandbox
        newest = await asyncio.to_thread(sandbox.store.newest, _MOST_LISTED)
        mine = [one for one in newest if one.provider == self._dialect.name]
        return [await view(sandbox, one, where) for one in [*mine, *self._built_in.values()]]

    def _check_key(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        key = key.strip()
        if scheme.lower() != self._dialect.auth_scheme.lower() or not key:
            raise self._dialect.refusal(Cause.NO_KEY)
        if "invalid" in key.lower():
            raise self._dialect.refusal(Cause.BAD_KEY)

    async def _body(self, request: Request) -> bytes:
        """The body. One that is too large is read to its end, so that the answer gets through."""
        body = bytearray()
        size, most = 0, self._dialect.largest_body
        async for chunk in request.stream():
            size += len(chunk)
            if size <= most:
                body += chunk
            elif size > most + _MAX_DRAINED:
                break
        if size > most:
            raise self._dialect.refusal(Cause.TOO_LARGE, {"Connection": "close"})
        return bytes(body)

    def _parse(self, raw: bytes) -> JsonObject:
        try:
            body: JsonValue = json.loads(raw, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise self._dialect.refusal(Cause.BAD_JSON)
        return body

    def _header_fault(self, request: Request) -> Fault | None:
        word = request.headers.get(HEADER, "").strip().lower().removeprefix("sandbox:")
        if not word:
            return None
        self._documented(word)
        fault = named(word)
        if fault is Fault.EXPIRED and Phase.EXPIRED in self._dialect.phases:
            return fault
        if fault is None or (fault in HEADER_ONLY and _REFUSALS[fault] not in self._dialect.codes):
            raise self._dialect.refusal(Cause.NO_SUCH_FAULT)
        return fault

    def _documented(self, word: str) -> None:
        """Refuse with the error whose code the header names."""
        for code, status in self._dialect.errors.items():
            if code.lower() == word:
                raise self._dialect.refused(status, code)

    def _refuse(self, fault: Fault | None) -> None:
        if fault in _REFUSALS:
            raise self._refusal(fault)

    def _refusal(self, fault: Fault) -> Refusal:
        headers = {"Retry-After": "1"} if fault is Fault.RATE_LIMIT else {}
        return self._dialect.refusal(_REFUSALS[fault], headers)

    def _limit_once(self, request: Request, raw: bytes) -> None:
        """Refuse this submit the first time, and accept it the second."""
        key = request.headers["authorization"].encode() + b"\n" + raw
        mark = hashlib.sha256(key).hexdigest()
        tried = self._sandbox.tried
        if mark in tried:
            tried.discard(mark)
            return
        if len(tried) >= _MAX_REMEMBERED:
            tried.clear()
        tried.add(mark)
        raise self._refusal(Fault.RATE_LIMIT)

    async def _task(self, request: Request) -> StoredTask:
        task_id = self._dialect.task_id(request.path_params, request.query_params)
        if not task_id:
            raise self._dialect.refusal(Cause.NO_TASK_ID)
        task = self._built_in.get(task_id)
        if task is None:
            task = await asyncio.to_thread(self._sandbox.store.get, task_id)
        if task is None or task.provider != self._dialect.name:
            raise self._dialect.refusal(Cause.NO_TASK)
        return task


def _beginning(task: StoredTask, where: str) -> View:
    """As the answer to a submit shows it: even a task that takes no time begins."""
    view = task.view(task.created, "", origin=where)
    return replace(view, phase=Phase.QUEUED, video_url=None, reason=None)


def _short(text: str) -> str:
    """A text as it is kept: a medium inside the request is not."""
    too_long = text.startswith("data:") and len(text) > _LONGEST_TEXT
    return f"{text[:_SHOWN]}..." if too_long else text


def _shortened(value: JsonObject) -> JsonObject:
    """The body as it is kept."""

    def walk(one: JsonValue) -> JsonValue:
        if isinstance(one, dict):
            return {key: walk(inner) for key, inner in one.items()}
        if isinstance(one, list):
            return [walk(inner) for inner in one]
        return _short(one) if isinstance(one, str) else one

    return {key: walk(one) for key, one in value.items()}


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
