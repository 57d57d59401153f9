"""A provider's capabilities as data: what the rest of the program needs to know of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models import MediaKind
from seedance_cli.providers._files import FileLimits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models import VideoRequest
    from seedance_cli.providers._fields import Fields
    from seedance_cli.providers._files import Upload

NOTHING_TO_STOP = "there is nothing to stop: leave it, or take its video later with `seedance wait`"


class ModelUse(StrEnum):
    """How a provider's submit treats a model id."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Media(NamedTuple):
    """How many media one request may have, and how they go together.

    Whether a kind is taken at all stands in the table of fields. None: stated nowhere.
    """

    images: int | None = None
    """At most, as all of these; the frames that have an option of their own are no part of it."""
    videos: int | None = None
    audios: int | None = None
    together: int | None = None
    """Of all kinds, frames included."""
    apart: bool = False
    """Whether frames and references (images, videos, audios) exclude one another."""
    inferred: bool = False
    """Whether the provider tells frames from references by number and order: one image is the first
    frame, two are first and last, anything else is references."""
    first_needed: bool = False
    """Whether there must be a first frame."""
    last_alone: bool = True
    """Whether there may be a last frame without a first one."""
    frame_ratios: tuple[str, ...] = ()
    """The only aspect ratios beside a frame; empty: any that the model has."""
    audio_alone: bool = True
    """Whether there may be audio without an image or a video."""
    shape: bool = False
    """Whether an image or a reference video decides the ratio: then none may be asked for."""
    schemes: tuple[str, ...] = ()
    """Of URLs that the provider knows besides http and https: `asset`."""
    image_files: FileLimits = FileLimits()
    video_files: FileLimits = FileLimits()
    audio_files: FileLimits = FileLimits()

    def files(self, kind: MediaKind) -> FileLimits:
        """What a file of a kind may be."""
        return {
            MediaKind.IMAGE: self.image_files,
            MediaKind.VIDEO: self.video_files,
            MediaKind.AUDIO: self.audio_files,
        }[kind]


class ModelInfo(NamedTuple):
    """What one model allows.

    An empty tuple: the provider has no such field, or states no values for it (`takes`).
    """

    id: str
    durations: tuple[int, ...]
    """Seconds."""
    resolutions: tuple[str, ...]
    aspect_ratios: tuple[str, ...]
    fields: Fields | None = None
    """Its own table; None: the provider's."""
    media: Media | None = None
    """Its own limits; None: the provider's."""


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
    keyed_videos: bool = False
    """Whether a video at the endpoint's own origin is served only with the key."""
    variants: tuple[ModelInfo, ...] = ()
    """Further ids whose limits are known: parts of those models, and not listed beside them."""
    open_models: bool = False
    """Any model id is allowed; those listed are only the documented ones."""
    unlisted_limits: bool = True
    """Whether an id that is not listed has the limits of the default model; else nothing is known
    of it, and every value passes."""
    model_form: str = ""
    """A regular expression for a model's id, where it is a part of a path; empty: it is none."""
    model_words: str = ""
    """The same for people."""
    no_id: str = "seedance-check-of-the-key"
    """An id that no task has, in a form that the provider's ids may have."""
    max_prompt: int | None = None
    """Characters; None: stated nowhere."""
    seeds: range | None = None
    """The seeds that it takes; None: stated nowhere."""
    media: Media = Media()
    upload: Upload | None = None
    """Its documented endpoint for files; None: it has none."""
    https_images: bool = False
    """Whether the URL of an image, video or audio must be https."""
    https_callback: bool = False
    """Whether the URL of a callback must be https."""
    can_cancel: bool = False
    cancel_deletes: bool = False
    """Whether the same call deletes the record of a task that has ended: then it is sent only for
    one that was just read as queued."""
    cancel_advice: str = f"the task runs on and is charged; {NOTHING_TO_STOP}"
    """Where there is no cancel endpoint: what the user can do instead."""
    rate_limit: RateLimit | None = None
    retry_codes: frozenset[str] = frozenset()
    """Codes of a 429 after which the paid POST may be sent again."""
    lasting_codes: frozenset[str] = frozenset()
    """Codes of a 429 after which it is of no use to send another one."""
    concurrency: int | None = None
    """Tasks at most that may run at once; None: stated nowhere."""
    price_unit: str | None = None
    """`credits`, `USD`; None: stated nowhere."""
    charge_unit: str | None = None
    """Of what a task says it was charged, where that is not the unit of the prices."""
    prices_of: str | None = None
    """The date of the price list, `YYYY-MM-DD`; None: it has none."""
    price_advice: str | None = None
    """Which requests its list has a price for, where that is not all of them."""

    @property
    def defaults(self) -> Mapping[str, str | int | bool]:
        """What the provider takes for an option that is not sent, by VideoRequest field name."""
        return self.fields.defaults()

    @property
    def key_envs(self) -> tuple[str, ...]:
        """Every variable that may have its key, the first one first."""
        return (self.key_env, *self.further_key_envs)

    @property
    def max_images(self) -> int | None:
        """Of the default model. 0: no images; None: stated nowhere."""
        return self.limits(self.models[0]).images if self.takes("images") else 0

    @property
    def audio(self) -> bool:
        """Whether a video may have sound."""
        return self.takes("audio")

    @property
    def fixed_lens(self) -> bool:
        """Whether the camera may be told to stand still."""
        return self.takes("fixed_lens")

    @property
    def callback(self) -> bool:
        """Whether the provider calls a URL when the task ends."""
        return self.takes("callback_url")

    @property
    def metadata(self) -> bool:
        """Whether the provider keeps the user's own words with the task."""
        return self.takes("metadata")

    def model(self, model_id: str | None) -> ModelInfo:
        """The limits for a model id; those of the default for None.

        Of one that is not listed those of the default, or none (`unlisted_limits`).
        """
        known = next((one for one in (*self.models, *self.variants) if one.id == model_id), None)
        if known is None and model_id is not None and not self.unlisted_limits:
            return ModelInfo(model_id, (), (), ())
        return known or self.models[0]

    def table(self, model: ModelInfo) -> Fields:
        """The fields of a request for this model."""
        return model.fields or self.fields

    def limits(self, model: ModelInfo) -> Media:
        """How many media this model takes."""
        return model.media or self.media

    def takes(self, option: str, model: ModelInfo | None = None) -> bool:
        """Whether there is a field for an option of `VideoRequest`.

        Args:
            option: its name.
            model: for this one; None: for any that is listed.
        """
        models = self.models if model is None else (model,)
        return any(self.table(one).takes(option) for one in models)

    def placed(self, video: VideoRequest) -> VideoRequest:
        """The request with `--image` where this model has it.

        A model that knows a first frame and no other images takes a lone image as that frame.
        """
        model = self.model(video.model)
        one_frame = len(video.images) == 1 and video.first_frame is None
        if not one_frame or self.takes("images", model) or not self.takes("first_frame", model):
            return video
        return video._replace(images=(), first_frame=video.images[0])
