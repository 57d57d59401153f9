"""What one run of the program has, from its first moment to a command's own."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.cli.output.sink import Output
    from seedance_cli.system import Clock
    from seedance_cli.tasks import Payment


class App:
    """Environment and clock of one run, and its output once the options are read."""

    def __init__(self, env: Mapping[str, str], clock: Clock) -> None:
        """Take what is known before the options are.

        Args:
            env: the environment.
            clock: every wait and time stamp.
        """
        self.env = env
        self.clock = clock
        self.out: Output | None = None

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys that are configured: no error or warning repeats one."""
        from seedance_cli.config import known_keys  # read where there is something to tell

        return known_keys(self.env)

    @cached_property
    def payment(self) -> Payment:
        """What is known of what the command pays for."""
        from seedance_cli.tasks import Payment  # no values before a command runs

        return Payment()
