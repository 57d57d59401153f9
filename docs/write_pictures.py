"""Take the pictures of pages beside this file, in headless Chromium: `make pictures`.

The videos are the sandbox's, each of another colour; the pages are those of the program.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from seedance_cli.testing import Options, serve_sandbox

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support.chromium import Browser, chromium  # noqa: E402 - the tests' folder is no package

if TYPE_CHECKING:
    from seedance_cli.testing import SandboxServer

STORM = (
    "A lighthouse in a winter storm at dusk; the camera circles it while the beam sweeps the waves"
)
DEW = (
    "Macro shot of dew on a spider web at sunrise; the focus racks from the nearest drop to the sun"
    " behind the trees, soft mist, 35mm film grain, no text, slow push in over the take"
)
ROOF = "도시의 옥상에서 춤추는 고양이, 네온 불빛, 비 오는 밤"
SHOTS = (
    ("سفينة ورقية تبحر في شارع ممطر عند الغروب", "-p defapi -d 5"),
    (
        "A paper boat on a rainy street, seen from a child's height",
        "-p runbase -d 4 -a 4:3 -r 480p",
    ),
    ("A red kite over the dunes", "-p kie -d 5 -r 720p"),
    (ROOF, "-p seedance2ink -m seedance-2.0-fast -d 4 -r 480p -a 9:16 --name roof-a"),
    (ROOF, "-p runbase -d 4 -r 480p -a 9:16 --name roof-b"),
    (DEW, "-p byteplus -d 5 -r 720p -a 16:9"),
    (STORM, "-p seedanceapi -d 4 -r 720p -a 16:9 --audio --name storm-a"),
    (STORM, "-p seedance2ink -m seedance-2.0 -d 4 -r 720p -a 16:9 --name storm-b"),
    (STORM, "-p runbase -d 4 -r 720p -a 16:9 --name storm-c"),
)
"""Prompts and options, the oldest first."""
PICTURES = (("gallery.webp", 1600, 1160, False), ("gallery-dark.webp", 1600, 760, True))
_COLOURS = 256
_SCALE = 0.75
"""Pixels of a picture for each CSS pixel of a wide page: small, and good to read."""


def main() -> int:
    """Take them all."""
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        folder = Path(place)
        with serve_sandbox(folder / "sandbox", Options(seconds=0)) as server:
            page = _gallery(server, folder)
            for name, width, height, dark in PICTURES:
                browser.screen(width, height, dark=dark, scale=_SCALE)
                _take(browser, page.as_uri(), name)
            browser.screen(400, 880, scale=1)
            _take(browser, page.as_uri(), "gallery-narrow.webp")
            browser.screen(1200, 1000, scale=_SCALE)
            _take(browser, server.url, "sandbox.png")
    return 0


def _gallery(server: SandboxServer, folder: Path) -> Path:
    """Buy the videos at the sandbox; the gallery of them."""
    env = os.environ | server.env | {"SEEDANCE_STATE_DIR": str(folder / "state")}
    env |= {"SEEDANCE_CONFIG": str(folder / "config.toml"), "TZ": "UTC"}

    def seedance(*words: str) -> None:
        command = [sys.executable, "-m", "seedance_cli", *words]
        subprocess.run(command, env=env, cwd=folder, check=True)  # noqa: S603 - our own program

    for number, (prompt, options) in enumerate(SHOTS):
        server.options = replace(server.options, seed=number * 5 + 2)
        seedance("generate", "-q", *options.split(), "-o", "videos/", "--", prompt)
    seedance("gallery", "-q", "-o", "gallery.html")
    return folder / "gallery.html"


def _take(browser: Browser, url: str, name: str) -> None:
    browser.open(url)
    time.sleep(3)  # videos are read, and the player's own signs fade
    path = HERE / name
    with Image.open(io.BytesIO(browser.screenshot())) as image:
        picture = image.convert("RGB")
    if path.suffix == ".png":
        palette = picture.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE)
        picture = picture.quantize(_COLOURS, palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
        picture.save(path, optimize=True)
    else:
        picture.save(path, quality=82, method=6)
    sys.stdout.write(f"{path}: {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    raise SystemExit(main())
