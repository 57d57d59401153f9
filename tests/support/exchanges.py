"""The threads in which the program speaks to a provider."""

from __future__ import annotations

import time

from seedance_cli.http import exchange


def wait_for_exchanges(seconds: float = 20.0) -> None:
    """Until no request is under way any more, or so many seconds have passed."""
    late = time.monotonic() + seconds
    while exchange.exchanges.busy and time.monotonic() < late:
        time.sleep(0.001)
