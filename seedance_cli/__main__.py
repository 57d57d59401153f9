"""The command `seedance`, and `python -m seedance_cli`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the program; the exit code is the contract's (section 5)."""
    # Scripts ask for the version hundreds of times a day: it needs no option parser.
    if sys.argv[1:] in (["--version"], ["-V"]):
        from seedance_cli import __version__

        sys.stdout.write(f"seedance {__version__}\n")
        return 0
    from seedance_cli.cli import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
