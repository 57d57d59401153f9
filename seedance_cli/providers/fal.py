"""fal.ai, queue API: an endpoint for each model and kind of input.

Source of paths, fields, types, values and status words: its pages (`inference-api`,
`queue/cancel`, each model's `llms.txt`) and its Python and JavaScript clients. `seed` of 2.0 is on
the models' pages, not in the clients' types. Of 2.5 only the endpoints are stated, and of 1.0
neither ratios nor resolutions: what is not listed is not held against a list. The prices are those
that the pages state by the second; they have neither a formula for tokens nor what a reference
video adds.

A task's id is `OWNER/APP/REQUEST_ID`, the first two being the beginning of its endpoint's id: its
URLs are built from that alone. There is no word for a failure: the task is COMPLETED, and its
result answers 4xx.
"""

from __future__ import annotations

import re
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from seedance_cli.errors import Unreachable, UsageError
from seedance_cli.models import Problem, Status, usable_id
from seedance_cli.providers import _answers, _problems
from seedance_cli.providers._base import Provider, TaskFields
from seedance_cli.providers._fal import ANY_FIELDS, ENDPOINTS, FAMILIES, MODELS
from seedance_cli.providers._files import Upload, UploadForm
from seedance_cli.providers._info import ModelUse, ProviderInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models import (
        HttpRequest,
        HttpResponse,
        JsonObject,
        PricedFields,
        Task,
        TaskHandle,
        VideoRequest,
    )
    from seedance_cli.providers._base import Api

_APP = re.compile(r"/([^/?#]+/[^/?#]+)")
_GIVEN_APP = re.compile(r"/([^/?#]+/[^/?#]+)/requests/")
_PARTS = 3
_FAILURES = frozenset(range(400, 500)) - {401, 403, 408, 425, 429}
"""Of a result: the task failed. The others speak of the key, or of this one read."""
_PER_SECOND: Mapping[tuple[str, str], Decimal] = MappingProxyType(
    {
        ("bytedance/seedance-2.0", "720p"): Decimal("0.3034"),
        ("bytedance/seedance-2.0/fast", "720p"): Decimal("0.2419"),
        ("bytedance/seedance-2.0/mini", "480p"): Decimal("0.0721"),
        ("bytedance/seedance-2.0/mini", "720p"): Decimal("0.1547"),
    }
)
"""USD, by family and resolution."""


class Fal(Provider):
    """The provider `fal`."""

    info = ProviderInfo(
        name="fal",
        base_url="https://queue.fal.run",
        key_env="FAL_KEY",
        base_url_env="FAL_BASE_URL",
        docs="https://fal.ai/docs/api-reference/inference-api",
        model_use=ModelUse.REQUIRED,
        models=MODELS,
        variants=ENDPOINTS,
        fields=ANY_FIELDS,
        submit_path=f"/{MODELS[0].id}/text-to-video",
        auth_scheme="Key",
        open_models=True,
        unlisted_limits=False,
        model_form=r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)+",
        model_words="OWNER/APP/…, an endpoint or a family of them",
        no_id=f"{MODELS[0].id}/00000000-0000-4000-8000-000000000000",
        upload=Upload(
            UploadForm.INITIATE,
            path="/storage/upload/initiate?storage_type=gcs",
            url_at="file_url",
            origin="https://rest.fal.ai",
            put_at="upload_url",
        ),
        can_cancel=True,
        concurrency=40,
        price_unit="USD",
    )
    task_fields = TaskFields(
        ids=("request_id",),
        videos="video.url",
        cost="",
        error="error",
        words={
            "in_queue": Status.QUEUED,
            "in_progress": Status.RUNNING,
            "completed": Status.SUCCEEDED,
            "cancellation_requested": Status.RUNNING,
        },
    )
    cancel_method = "PUT"
    cancel_requested = "cancellation_requested"

    def request(self, video: VideoRequest) -> HttpRequest:
        """The submit; its path names the endpoint, its query the callback."""
        model = video.model or self.info.models[0].id
        request = super().request(video._replace(model=model))
        query = urlencode({"fal_webhook": video.callback_url}) if video.callback_url else ""
        path = "/" + quote(_endpoint(model, request.body))
        return request._replace(path=f"{path}?{query}" if query else path)

    def model_of(self, request: HttpRequest) -> str | None:
        """The endpoint's id in the path."""
        return request.path.partition("?")[0].strip("/") or None

    def bought(self, request: HttpRequest) -> HttpRequest:
        """Without the callback, which stands in the query."""
        return super().bought(request)._replace(path=request.path.partition("?")[0])

    def listed(self, fields: PricedFields) -> Decimal | None:
        """From the prices by the second; none for a duration that the model chooses."""
        family = (fields.model or "").rpartition("/")[0]
        rate = _PER_SECOND.get((family, fields.resolution or ""))
        if rate is None or fields.duration is None or fields.reference_videos:
            return None
        return rate * fields.duration

    def accepted(self, response: HttpResponse, path: str = "") -> Task | None:
        """The task, its id made of the endpoint's owner and app and of the request's id."""
        body = _answers.so_far(response)
        found = _APP.match(path) or next(filter(None, map(_given_app, body.values())), None)
        request_id = _answers.identity(body.get("request_id"))
        if found is None or request_id is None or not usable_id(f"{found[1]}/{request_id}"):
            return None
        return self._task(f"{found[1]}/{request_id}", body, None)

    def problem(self, response: HttpResponse) -> Problem | None:
        """`{"detail": text | [{"loc", "msg", "type"}]}`; of a cancel, `{"status": word}`."""
        body = _answers.whole(response)
        word = _answers.text(body.get("status"))
        found = _problems.parse_error(body.get("detail"))
        if found is None and word is not None and response.status in _FAILURES:
            return Problem(None, word)
        if found is None or (word is not None and response.status not in _FAILURES):
            return _problems.complaint(response)
        code = found.code or _answers.text(response.headers.get("x-fal-error-type"))
        return Problem(code, found.message, 422 if code == "content_policy_violation" else None)

    def own_id(self, handle: TaskHandle) -> str:
        """The request's id."""
        return handle.task_id.split("/", _PARTS - 1)[-1]

    def read_path(self, handle: TaskHandle) -> str:
        """`GET /OWNER/APP/requests/ID/status`."""
        return f"{_place(handle)}/status"

    def cancel_path(self, handle: TaskHandle) -> str:
        """`PUT /OWNER/APP/requests/ID/cancel`."""
        return f"{_place(handle)}/cancel"

    def task(self, handle: TaskHandle, response: HttpResponse) -> Task:
        """As the status says it, which may tell of a failure itself (`error`, `error_type`)."""
        task = super().task(handle, response)
        body = _answers.whole(response)
        code = _answers.text(body.get("error_type"))
        found = _problems.parse_error(body.get("error")) or (code and Problem(None, code))
        if (task.provider_status or "").lower() != "completed" or not found:
            return task
        failure = Problem(found.code or code, found.message)
        return task._replace(status=Status.FAILED, error=failure)

    def fetch(self, api: Api, handle: TaskHandle) -> Task:
        """Read the status and, of a task that is done, the result: 4xx there is a failure."""
        task = super().fetch(api, handle)
        if task.status is not Status.SUCCEEDED:
            return task
        response = api.get(_place(handle), also=_FAILURES)
        if response.status in _FAILURES:
            said = self.problem(response) or Problem(None, f"HTTP {response.status}")
            return task._replace(status=Status.FAILED, error=Problem(said.code, said.message))
        result = _answers.whole(response)
        if not result:
            raise Unreachable("fal gave a result that makes no sense", provider=self.info.name)
        video = _answers.member(result, "video", "url")
        return task._replace(video_urls=_answers.urls(video))


def _endpoint(model: str, body: JsonObject) -> str:
    """The endpoint's id; that of a family follows from the media in the request."""
    if model not in FAMILIES:
        return model
    if body.keys() & {"image_urls", "video_urls", "audio_urls"}:
        return f"{model}/reference-to-video"
    return f"{model}/{'image' if body.keys() & {'image_url', 'end_image_url'} else 'text'}-to-video"


def _given_app(url: object) -> re.Match[str] | None:
    """Owner and app in one of the URLs of an answer."""
    return _GIVEN_APP.search(url) if isinstance(url, str) else None


def _place(handle: TaskHandle) -> str:
    """Where a task lies: `/OWNER/APP/requests/ID`."""
    parts = handle.task_id.split("/", _PARTS - 1)
    if len(parts) < _PARTS:
        raise UsageError(
            f"{handle.task_id[:80]!r} is not a task of fal: its ids are OWNER/APP/REQUEST_ID",
            hint="e.g. fal:bytedance/seedance-2.0/REQUEST_ID",
        )
    owner, app, request_id = map(_answers.in_url, parts)
    return f"/{owner}/{app}/requests/{request_id}"


PROVIDER = Fal()
