"""Write the completion scripts of every shell beside this file: `make completions`."""

from __future__ import annotations

import sys
from pathlib import Path

from seedance_cli.cli.shells import SCRIPTS

FILES = {
    "bash": "seedance.bash",
    "zsh": "_seedance",
    "fish": "seedance.fish",
    "powershell": "seedance.ps1",
}


def main() -> int:
    """Write them all."""
    folder = Path(__file__).parent
    for shell, name in FILES.items():
        (folder / name).write_text(SCRIPTS[shell], encoding="utf-8", newline="\n")
        sys.stdout.write(f"{folder / name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
