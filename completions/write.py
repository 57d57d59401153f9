"""Write the completion scripts of every shell beside this file: `make completions`."""

from __future__ import annotations

import sys
from pathlib import Path

FILES = {
    "bash": "seedance.bash",
    "zsh": "_seedance",
    "fish": "seedance.fish",
    "powershell": "seedance.ps1",
}


def script(shell: str) -> str:
    """The script that the program itself would install for that shell."""
    from typer.completion import get_completion_script

    text = get_completion_script(
        prog_name="seedance", complete_var="_SEEDANCE_COMPLETE", shell=shell
    )
    return f"{text}\n"


def main() -> int:
    """Write them all."""
    folder = Path(__file__).parent
    for shell, name in FILES.items():
        (folder / name).write_text(script(shell), encoding="utf-8")
        sys.stdout.write(f"{folder / name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
