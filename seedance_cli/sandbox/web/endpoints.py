"""Submit, read and cancel, as every provider has them: key, body, dialect, fault, state."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from seedance_cli.sandbox.dialects._base import Cause, Phase, View
from seedance_cli.sandbox.faults import HEADER, HEADER_ONLY, Fault, in_prompt, named
from seedance_cli.sandbox.tasks import StoredTask
from seedance_cli.sandbox.web.answers import document, page
from seedance_cli.sandbox.web.delivery import origin, shown
from seedance_cli.sandbox.web.door import is_local
from seedance_cli.sandbox.web.wire import CutBefore

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._base import Dialect, Refusal
    from seedance_cli.sandbox.state import Sandbox
    from seedance_cli.sandbox.web.callbacks import Callbacks

_MAX_BODY = 1024 * 1024
_MAX_DRAINED = 16 * _MAX_BODY
_MAX_REMEMBERED = 1000

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

    async def submit(self, request: Request) -> ASGIApp:
        """Accept a task."""
        self._check_key(request)
        raw = await self._body(request)
        body = self._parse(raw)
        job = replace(self._dialect.job(body), body=body)
        fault = self._header_fault(request) or in_prompt(job.prompt)
        if fault is Fault.HTML:
            return page()
        if fault is Fault.RATE_LIMIT and self._dialect.retries_rate_limit:
            self._limit_once(request, raw)
        else:
            self._refuse(fault)
        sandbox = self._sandbox
        task = StoredTask(
            task_id=self._dialect.new_id(),
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
        return document(self._dialect.accepted(_beginning(task)))

    async def read(self, request: Request) -> ASGIApp:
        """Say where a task stands."""
        self._check_key(request)
        fault = self._header_fault(request)
        self._refuse(fault)
        if fault is Fault.HTML:
            return page()
        task = await self._task(request)
        if fault is Fault.LOST_RESPONSE:
            return CutBefore()
        where = origin(request)
        return document(await shown(self._sandbox, self._dialect, task, where))

    async def cancel(self, request: Request) -> ASGIApp:
        """Cancel a task that is not over. The built-in one says yes and stays as it is."""
        self._check_key(request)
        fault = self._header_fault(request)
        self._refuse(fault)
        if fault is Fault.HTML:
            return page()
        task = await self._task(request)
        store = self._sandbox.store
        if task.task_id not in self._built_in and not await asyncio.to_thread(
            store.cancel, task.task_id
        ):
            raise self._dialect.refusal(Cause.NOT_CANCELLABLE)
        self._callbacks.ended(task.task_id)
        if fault is Fault.LOST_RESPONSE:
            return CutBefore()
        return document(self._dialect.cancelled(task.view(store.now(), "")))

    def _check_key(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise self._dialect.refusal(Cause.NO_KEY)
        if "invalid" in key.lower():
            raise self._dialect.refusal(Cause.BAD_KEY)

    async def _body(self, request: Request) -> bytes:
        """The body. One that is too large is read to its end, so that the answer gets through."""
        body = bytearray()
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size <= _MAX_BODY:
                body += chunk
            elif size > _MAX_DRAINED:
                break
        if size > _MAX_BODY:
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
        fault = named(word)
        if fault is None or (fault in HEADER_ONLY and _REFUSALS[fault] not in self._dialect.codes):
            raise self._dialect.refusal(Cause.NO_SUCH_FAULT)
        return fault

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
        task_id = request.path_params.get("task_id") or request.query_params.get("task_id")
        if not task_id:
            raise self._dialect.refusal(Cause.NO_TASK_ID)
        task = self._built_in.get(task_id)
        if task is None:
            task = await asyncio.to_thread(self._sandbox.store.get, task_id)
        if task is None or task.provider != self._dialect.name:
            raise self._dialect.refusal(Cause.NO_TASK)
        return task


def _beginning(task: StoredTask) -> View:
    """As the answer to a submit shows it: even a task that takes no time begins."""
    view = task.view(task.created, "")
    return replace(view, phase=Phase.QUEUED, video_url=None, reason=None)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
