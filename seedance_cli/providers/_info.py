"""A provider's capabilities as data: what the rest of the program needs to know of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.providers._fields import Fields

NOTHING_TO_STOP = "there is nothing to stop: leave it, or take its video later with `seedance wait`"


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
    """The variable of its key."""
    base_url_env: str
    docs: str
    """Where the provider documents its API."""
    model_use: ModelUse
    models: tuple[ModelInfo, ...]
    """The first is the default. With `ModelUse.NONE` its one entry only carries the limits."""
    fields: Fields
    """Every documented field of the request."""
    submit_path: str
    """Of the paid POST, below the base URL."""
    further_key_envs: tuple[str, ...] = ()
    """Variables that have its key, too, after its own, and only where the provider is named."""
    chosen_by_variable: bool = False
    """Whether its variable alone makes it the provider of a command that names none: of those that
    only sell Seedance. A variable exported for other work must not decide who is paid."""
    auth_scheme: str = "Bearer"
    """The word before the key in the Authorization header."""
    open_models: bool = False
    """Any model id is allowed; those listed are only the documented ones."""
    max_prompt: int | None = None
    """Characters; None: stated nowhere."""
    max_images: int | None = None
    """0: no images; None: stated nowhere."""
    https_images: bool = False
    """Whether an image URL must be https."""
    can_cancel: bool = False
    cancel_deletes: bool = False
    """Whether the same call deletes the record of a task that has ended: then it is sent only for
    one that was just read as queued."""
    cancel_advice: str = f"the task runs on and is charged; {NOTHING_TO_STOP}"
    """Where there is no cancel endpoint: what the user can do instead."""
    rate_limit: RateLimit | None = None
    retry_codes: frozenset[str] = frozenset()
    """Codes of a 429 after which the paid POST may be sent again."""
    price_unit: str | None = None
    """`credits`, `USD`; None: stated nowhere."""
    charge_unit: str | None = None
    """Of what a task says it was charged, where that is not the unit of the prices."""
    prices_of: str | None = None
    """The date of the price list, `YYYY-MM-DD`; None: it has none."""

    @property
    def defaults(self) -> Mapping[str, str | int | bool]:
        """What the provider takes for an option that is not sent, by VideoRequest field name."""
        return self.fields.defaults()

    @property
    def key_envs(self) -> tuple[str, ...]:
        """Every variable that may have its key, the first one first."""
        return (self.key_env, *self.further_key_envs)

    @property
    def audio(self) -> bool:
        """Whether a video may have sound."""
        return self.fields.takes("audio")

    @property
    def fixed_lens(self) -> bool:
        """Whether the camera may be told to stand still."""
        return self.fields.takes("fixed_lens")

    @property
    def callback(self) -> bool:
        """Whether the provider calls a URL when the task ends."""
        return self.fields.takes("callback_url")

    @property
    def metadata(self) -> bool:
        """Whether the provider keeps the user's own words with the task."""
        return self.fields.takes("metadata")

    def model(self, model_id: str | None) -> ModelInfo:
        """The limits for a model id; those of the default for None or one not listed."""
        return next((m for m in self.models if m.id == model_id), self.models[0])
