"""`make demo`: the main job against the embedded sandbox, with no key and no network.

Runs the installed `seedance`, then decodes what it downloaded and prints its measures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Generate, download, decode; the exit code is the program's own."""
    import av

    program = Path(sys.executable).with_name("seedance")
    target = Path("demo.mp4")
    words = [
        "generate",
        "a paper boat sails down a rainy street, cinematic",
        *("--sandbox", "--provider", "runbase"),
        *("--duration", "4", "--resolution", "720p", "--aspect-ratio", "16:9", "--audio"),
        *("--output", str(target), "--force"),
    ]
    sys.stderr.write(f"$ seedance {' '.join(_quoted(word) for word in words)}\n")
    # The ledger of the demo is its own: it must not mix with the user's.
    with tempfile.TemporaryDirectory() as state:
        environment = {**os.environ, "SEEDANCE_STATE_DIR": state}
        done = subprocess.run([program, *words], env=environment, check=False)
    if done.returncode:
        return done.returncode
    with av.open(str(target)) as video:
        picture = video.streams.video[0]
        sound = "with AAC audio" if video.streams.audio else "silent"
        seconds = (video.duration or 0) / 1_000_000
        sys.stdout.write(
            f"{target.resolve()}: {target.stat().st_size:,} bytes, {seconds:.2f} s, "
            f"{picture.width}x{picture.height}, {picture.codec_context.name}, {sound}\n"
        )
    return 0


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word


if __name__ == "__main__":
    raise SystemExit(main())
