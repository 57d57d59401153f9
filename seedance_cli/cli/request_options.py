"""The options that describe a request and what it may cost: `generate`, and in part `price`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seedance_cli._named import NamedTuple
from seedance_cli.cli import completion as _tab

Model = Annotated[
    str | None,
    typer.Option(
        "-m",
        "--model",
        metavar="ID",
        help="A model of the provider.",
        autocompletion=_tab.model_ids,
        rich_help_panel="Request",
    ),
]
Duration = Annotated[
    str | None,
    typer.Option(
        "-d",
        "--duration",
        metavar="SECONDS",
        help="How long the video is: 8 or 8s.",
        autocompletion=_tab.durations,
        rich_help_panel="Request",
    ),
]
Resolution = Annotated[
    str | None,
    typer.Option(
        "-r",
        "--resolution",
        metavar="NAME",
        help="480p, 720p, 1080p, 4k.",
        autocompletion=_tab.resolutions,
        rich_help_panel="Request",
    ),
]
AspectRatio = Annotated[
    str | None,
    typer.Option(
        "-a",
        "--aspect-ratio",
        metavar="W:H",
        help="16:9, 9:16, 1:1 and so on.",
        autocompletion=_tab.aspect_ratios,
        rich_help_panel="Request",
    ),
]
Audio = Annotated[
    bool | None,
    typer.Option(
        "--audio/--no-audio", help="With sound.", show_default=False, rich_help_panel="Request"
    ),
]
FixedLens = Annotated[
    bool | None,
    typer.Option(
        "--fixed-lens/--no-fixed-lens",
        help="Keep the camera still.",
        show_default=False,
        rich_help_panel="Request",
    ),
]
Prompt = Annotated[
    str | None, typer.Argument(metavar="[PROMPT]", help="What to show; - reads stdin.")
]
PromptFile = Annotated[
    Path | None,
    typer.Option(
        "-f",
        "--prompt-file",
        metavar="FILE",
        help="Read the prompt from a file.",
        rich_help_panel="Request",
    ),
]
Images = Annotated[
    list[str] | None,
    typer.Option(
        "-i",
        "--image",
        metavar="URL|FILE",
        help="A reference image; repeatable, order kept.",
        rich_help_panel="Media",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", metavar="N", help="The same one, a similar video.", rich_help_panel="Request"
    ),
]
Watermark = Annotated[
    bool | None,
    typer.Option(
        "--watermark/--no-watermark",
        help="With the seller's mark.",
        show_default=False,
        rich_help_panel="Request",
    ),
]
FirstFrame = Annotated[
    str | None,
    typer.Option(
        "--first-frame",
        metavar="URL|FILE",
        help="The image the video begins with.",
        rich_help_panel="Media",
    ),
]
LastFrame = Annotated[
    str | None,
    typer.Option(
        "--last-frame",
        metavar="URL|FILE",
        help="The image the video ends with.",
        rich_help_panel="Media",
    ),
]
ReferenceVideos = Annotated[
    list[str] | None,
    typer.Option(
        "--reference-video",
        metavar="URL|FILE",
        help="A video to follow; repeatable.",
        rich_help_panel="Media",
    ),
]
ReferenceAudios = Annotated[
    list[str] | None,
    typer.Option(
        "--reference-audio",
        metavar="URL|FILE",
        help="Sound to follow; repeatable.",
        rich_help_panel="Media",
    ),
]
LastFrameOut = Annotated[
    bool,
    typer.Option(
        "--last-frame-out",
        help="Ask for the last frame as an image.",
        rich_help_panel="Media",
    ),
]
CallbackUrl = Annotated[
    str | None,
    typer.Option(
        "--callback-url",
        metavar="URL",
        help="Called when the task ends.",
        rich_help_panel="Request",
    ),
]
Metadata = Annotated[
    list[str] | None,
    typer.Option(
        "--metadata",
        metavar="KEY=VALUE",
        help="Stored with the task; repeatable.",
        rich_help_panel="Request",
    ),
]
Params = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        metavar="KEY=JSON",
        help="A field that this program does not know; repeatable.",
        rich_help_panel="Request",
    ),
]
NoValidate = Annotated[
    bool,
    typer.Option(
        "--no-validate",
        help="Send values that the documents do not list.",
        rich_help_panel="Request",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Print the exact request and its price; send nothing.",
        rich_help_panel="Money",
    ),
]
MaxCost = Annotated[
    str | None,
    typer.Option(
        "--max-cost",
        metavar="AMOUNT",
        help="Refuse to pay more: '56 credits', '0.5 USD'.",
        rich_help_panel="Money",
    ),
]
Again = Annotated[
    bool,
    typer.Option(
        "--again",
        help="Submit although an identical request is unresolved.",
        rich_help_panel="Money",
    ),
]


Name = Annotated[
    str | None,
    typer.Option(
        "-n",
        "--name",
        metavar="NAME",
        help="Your name for it: given again, the same command pays nothing again.",
        rich_help_panel="Money",
    ),
]
RetryFailed = Annotated[
    bool,
    typer.Option(
        "--retry-failed",
        help="With --name: pay for another attempt if that task failed.",
        rich_help_panel="Money",
    ),
]


class VideoOptions(NamedTuple):
    """What describes the video: what its price depends on."""

    model: Model = None
    duration: Duration = None
    resolution: Resolution = None
    aspect_ratio: AspectRatio = None
    audio: Audio = None
    fixed_lens: FixedLens = None
    seed: Seed = None
    watermark: Watermark = None
    image: Images = None
    first_frame: FirstFrame = None
    last_frame: LastFrame = None
    reference_video: ReferenceVideos = None
    reference_audio: ReferenceAudios = None
    last_frame_out: LastFrameOut = False


class ExtraOptions(NamedTuple):
    """What else goes into the request."""

    callback_url: CallbackUrl = None
    metadata: Metadata = None
    param: Params = None


class PayOptions(NamedTuple):
    """What has to hold for a request to be paid."""

    max_cost: MaxCost = None
    again: Again = False


class NameOptions(NamedTuple):
    """What the submission is called."""

    name: Name = None
    retry_failed: RetryFailed = False
