"""The exit codes in words (contract, section 5), for the help."""

from __future__ import annotations

EXIT_CODES = (
    ("0", "Done."),
    ("1", "A bug in this program."),
    ("2", "Refused here as it was typed; nothing was sent."),
    ("3", "Configuration or key: none, or not accepted."),
    ("4", "The provider refused, or does not know the task."),
    ("5", "The provider could not be reached; generate submitted nothing."),
    ("6", "Outcome unknown, maybe charged: first see seedance recover."),
    ("7", "The task ended without a video."),
    ("8", "The task is alive; this command stopped watching it."),
    ("9", "The download failed, or with --strict the video is not what was asked for."),
    ("10", "Disk, ledger or output could not be written."),
    ("11", "Refused by your own --max-cost or budget."),
    ("130, 143, 129", "Ended by SIGINT, SIGTERM or SIGHUP."),
)
"""Each code, and what it means."""
