"""What a provider is: capabilities as data, and a few pure functions between values and JSON."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models import (
        HttpRequest,
        HttpResponse,
        JsonObject,
        Price,
        PricedFields,
        Problem,
        Task,
        TaskHandle,
        VideoRequest,
    )

T = TypeVar("T")


class ModelUse(StrEnum):
    """How a provider's submit treats a model id."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class ModelInfo(NamedTuple):
    """What one model allows. An empty tuple: the provider has no such field."""

    id: str
    durations: tuple[int, ...]
    """Seconds."""
    resolutions: tuple[str, ...]
    aspect_ratios: tuple[str, ...]


class RateLimit(NamedTuple):
    """A documented limit per key, reads and writes together."""

    requests: int
    seconds: float


class ProviderInfo(NamedTuple):
    """Everything that validation, `providers`, completions and the sandbox need to know."""

    name: str
    base_url: str
    """Without a trailing slash."""
    key_env: str
    base_url_env: str
    docs: str
    """Where the provider documents its API."""
    model_use: ModelUse
    models: tuple[ModelInfo, ...]
    """The first is the default. With `ModelUse.NONE` its one entry only carries the limits."""
    open_models: bool = False
    """Any model id is allowed; those listed are only the documented ones."""
    defaults: Mapping[str, str | int | bool] = MappingProxyType({})
    """What the provider takes for an option that is not sent, by VideoRequest field name."""
    max_prompt: int | None = None
    """Characters; None: stated nowhere."""
    max_images: int | None = None
    """0: no images; None: stated nowhere."""
    https_images: bool = False
    """Whether an image URL must be https."""
    audio: bool = False
    fixed_lens: bool = False
    callback: bool = False
    metadata: bool = False
    can_cancel: bool = False
    cancel_advice: str = ""
    """Where there is no cancel endpoint: what the user can do instead."""
    rate_limit: RateLimit | None = None
    retry_codes: frozenset[str] = frozenset()
    """Codes of a 429 after which the paid POST may be sent again."""
    price_unit: str | None = None
    """`credits`, `USD`; None: stated nowhere."""

    def beyond_default(self, option: str, value: T | None) -> T | None:
        """The value of an option; None if it is what the provider takes unsaid."""
        return None if value == self.defaults.get(option) else value

    def model(self, model_id: str | None) -> ModelInfo:
        """The limits for a model id; those of the default for None or one not listed."""
        return next((m for m in self.models if m.id == model_id), self.models[0])


class Api(Protocol):
    """One provider endpoint with its key. Errors are already mapped."""

    def get(self, path: str) -> HttpResponse:
        """GET below the base URL, one try; the caller asks again.

        Returns:
            A 2xx answer.

        Raises:
            Unauthorized, Forbidden, NotFound, Rejected, RateLimited, Unreachable.
        """
        ...

    def post(self, path: str, body: JsonObject | None = None) -> HttpResponse:
        """An unpaid POST (cancel), sent once. Returns and raises as `get`."""
        ...


class Provider(Protocol):
    """One HTTP service that sells Seedance. Every method but the last two is pure."""

    @property
    def info(self) -> ProviderInfo:
        """Capabilities as data."""
        ...

    def request(self, video: VideoRequest) -> HttpRequest:
        """The submit as it would be sent. `dry-run`, price, fingerprint and `spend` all use it.

        Raises:
            UsageError: a `params` key is one that an option already set.
        """
        ...

    def priced(self, body: JsonObject) -> PricedFields | None:
        """What decides this body's price, defaults filled in; None if it has unknown fields."""
        ...

    def price(self, body: JsonObject) -> Price | None:
        """The listed price of exactly this body; None where the provider lists none."""
        ...

    def accepted(self, response: HttpResponse) -> Task | None:
        """The task that a submit answer names; None where it names none that is usable."""
        ...

    def problem(self, response: HttpResponse) -> Problem | None:
        """The provider's own error form, whatever the HTTP status; None if this is not one."""
        ...

    def fetch(self, api: Api, handle: TaskHandle) -> Task:
        """Read the task: one or more GETs.

        Raises:
            Unreachable: an answer that makes no sense; the caller may ask again.
        """
        ...

    def cancel(self, api: Api, handle: TaskHandle) -> Task:
        """Cancel the task; `cancelled` only when the provider confirmed it.

        Returns:
            The task as the answer describes it; `unknown` where the answer says nothing.

        Raises:
            Rejected: there is no cancel endpoint, or the provider refused.
        """
        ...
