"""The way to one provider, as a command has opened it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli.errors import SeedanceError, Unauthorized

if TYPE_CHECKING:
    from seedance_cli.http import HttpApi
    from seedance_cli.models import Secret
    from seedance_cli.providers import Provider


@dataclass(frozen=True, slots=True)
class Channel:
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

    def explained(self, error: SeedanceError) -> SeedanceError:
        """The error without the key in it; of a refused key it says where that came from."""
        error = error.but(message=self.api.hide(error.message))
        return error.but(hint=self.remedy) if isinstance(error, Unauthorized) else error
