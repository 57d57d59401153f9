"""Write the tables of the sellers into the documents, from the program itself: `make tables`.

A table stands between `<!-- table NAME -->` and `<!-- end -->`; a test holds them equal.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seedance_cli import providers
from seedance_cli.providers import ModelUse, Provider, ProviderInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ROOT = Path(__file__).parents[1]
FILES = (ROOT / "README.md", ROOT / "docs" / "providers.md", ROOT / "docs" / "sandbox.md")
_TABLE = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_SHOWN = 2
"""Models named of a seller that has more."""


def table(name: str) -> str:
    """One of the tables, as Markdown."""
    heads, cells = _TABLES[name]
    rows = [cells(providers.get(one)) for one in sorted(providers.names(), key=_rank)]
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def written(text: str) -> str:
    """A document with its tables as they should be."""
    return _TABLE.sub(lambda found: found[1] + table(found[2]) + found[3], text)


def main() -> int:
    """Write them all."""
    for path in FILES:
        path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
        sys.stdout.write(f"{path}\n")
    return 0


def _rank(name: str) -> tuple[bool, str]:
    """Those first that their variable alone chooses; by name."""
    return not providers.get(name).info.chosen_by_variable, name


def _sellers(provider: Provider) -> list[str]:
    info = provider.info
    return [
        f"`{info.name}`",
        _codes(info.key_envs),
        _models(info),
        _seconds(info),
        _resolutions(info),
        _media(info),
        _yes(info.can_cancel),
        _prices(provider),
    ]


def _short(provider: Provider) -> list[str]:
    info = provider.info
    return [
        f"[`{info.name}`]({info.docs})",
        _codes(info.key_envs),
        _seconds(info),
        _resolutions(info),
        _prices(provider),
    ]


def _media_taken(provider: Provider) -> list[str]:
    info = provider.info
    options = ("images", "first_frame", "last_frame", "reference_videos", "reference_audios")
    others = ("last_frame_out", "audio", "seed", "watermark", "fixed_lens")
    return [f"`{info.name}`", *(_yes(info.takes(option)) for option in (*options, *others))]


def _addresses(provider: Provider) -> list[str]:
    info = provider.info
    return [
        f"[`{info.name}`]({info.docs})",
        f"`{info.base_url}`",
        f"`{info.base_url_env}`",
        _codes(info.key_envs),
        "its variable, or a stored key" if info.chosen_by_variable else "a stored key",
    ]


def _emulated(provider: Provider) -> list[str]:
    info = provider.info
    return [f"`{info.name}`", f"`/{info.name}{urlsplit(info.base_url).path}`"]


def _models(info: ProviderInfo) -> str:
    ids = [model.id for model in info.models]
    if info.model_use is ModelUse.NONE:
        return f"{ids[0].removeprefix('seedance-')}, not chosen"
    more = len(ids) - _SHOWN
    shown = _codes(ids if more <= 1 else ids[:_SHOWN])
    shown += f" and {more} more" if more > 1 else ""
    return f"{shown}, or any id" if info.open_models else shown


def _seconds(info: ProviderInfo) -> str:
    lengths = sorted({one for model in info.models for one in model.durations})
    if not lengths:
        return "any"
    shown = ", ".join(map(str, lengths))
    if len(lengths) > 1 and lengths == list(range(lengths[0], lengths[-1] + 1)):
        shown = f"{lengths[0]}-{lengths[-1]}"
    return shown + _or_any(info, "duration", lambda model: model.durations)


def _resolutions(info: ProviderInfo) -> str:
    named = _union(info, lambda model: model.resolutions)
    if not named:
        return "any" if info.takes("resolution") else "no choice"
    return named + _or_any(info, "resolution", lambda model: model.resolutions)


def _or_any(
    info: ProviderInfo, option: str, of: Callable[[providers.ModelInfo], Iterable[object]]
) -> str:
    """Words for models that have the option and state no values for it."""
    some = any(info.takes(option, model) and not of(model) for model in info.models)
    return ", or any" if some else ""


def _union(info: ProviderInfo, of: Callable[[providers.ModelInfo], Iterable[str]]) -> str:
    return ", ".join(dict.fromkeys(word for model in info.models for word in of(model)))


def _media(info: ProviderInfo) -> str:
    words = []
    if info.takes("images"):
        most = [info.limits(model).images for model in info.models if info.takes("images", model)]
        known = max((one for one in most if one is not None), default=0)
        count = f"up to {known} images" if known > 1 else "1 image"
        words.append("images" if None in most else count)
    words += ["frames"] if info.takes("first_frame") else []
    words += ["videos"] if info.takes("reference_videos") else []
    words += ["audio"] if info.takes("reference_audios") else []
    return ", ".join(words) or "no"


def _prices(provider: Provider) -> str:
    if type(provider).listed is Provider.listed:
        return "your own charges"
    day = provider.info.prices_of
    return f"listed, {day}" if day else "listed"


def _codes(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _yes(value: object) -> str:
    return "yes" if value else "no"


_TABLES: dict[str, tuple[list[str], Callable[[Provider], list[str]]]] = {
    "sellers": (
        ["provider", "key", "models", "seconds", "resolution", "media", "cancel", "prices"],
        _sellers,
    ),
    "short": (["provider", "key", "seconds", "resolution", "prices"], _short),
    "media": (
        [
            *("provider", "`--image`", "`--first-frame`", "`--last-frame`", "`--reference-video`"),
            *("`--reference-audio`", "`--last-frame-out`", "`--audio`", "`--seed`"),
            *("`--watermark`", "`--fixed-lens`"),
        ],
        _media_taken,
    ),
    "addresses": (
        ["provider", "endpoint", "endpoint variable", "key", "chosen where none is named by"],
        _addresses,
    ),
    "sandbox": (["provider", "base URL in the sandbox"], _emulated),
}


if __name__ == "__main__":
    raise SystemExit(main())
