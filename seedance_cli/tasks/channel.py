"""The way to one provider, as a command has opened it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import SeedanceError, Unauthorized
from seedance_cli.models import LONG_PAUSE, NOTHING, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seedance_cli.http import HttpApi
    from seedance_cli.models import Secret
    from seedance_cli.providers import Provider


def _unheard(_: str) -> None:
    pass


class Channel(NamedTuple):
    """The way to one provider: its translation, its endpoint, its key."""

    provider: Provider
    endpoint: str
    """Base URL as the ledger keeps it; `sandbox` for the embedded sandbox."""
    profile: str
    profile_named: bool
    """Whether `--profile` named it, so that its key beat the environment's."""
    sandbox: bool
    loopback: bool
    """Whether the endpoint itself is this machine, so that its URLs may be, too."""
    key: Secret
    api: HttpApi
    remedy: str | None = None
    """Where the key comes from and what to do there, for one that was refused."""
    say: Callable[[str], None] = _unheard
    """Takes a line for the user, from any thread."""

    def video_headers(self, url: str) -> Mapping[str, str]:
        """What is sent to the URL of a video, or of a redirect on the way: seldom the key.

        Only where the provider serves its videos with the key alone, and to its own origin.
        """
        return self.api.credentials(url) if self.provider.info.keyed_videos else NOTHING

    def explained(self, error: SeedanceError) -> SeedanceError:
        """The error without the key in it; of a refused key it says where that came from."""
        error = error.but(message=self.api.hide(error.message))
        return error.but(hint=self.remedy) if isinstance(error, Unauthorized) else error

    def say_pause(self, error: SeedanceError, seconds: float) -> None:
        """Tell the user why nothing happens for a while, where that is longer than a moment."""
        if seconds >= LONG_PAUSE:
            why = self.explained(error).message
            self.say(f"{why}; trying again in {spoken(seconds)}")
