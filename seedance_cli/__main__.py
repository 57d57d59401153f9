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
    from seedance_cli import signals
    from seedance_cli.errors import Interrupted

    try:
        with signals.installed():
            from seedance_cli.cli import main as run

            return run(sys.argv[1:])
    except Interrupted as late:
        return late.exit_code
    finally:
        # The exit code is settled: the interpreter's own end, which takes a while, keeps it.
        signals.ignore()


if __name__ == "__main__":
    raise SystemExit(main())
