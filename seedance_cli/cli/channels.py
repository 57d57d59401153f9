"""The ways to providers that a command opens: each key is read once, each connection is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import http, models, providers, sandbox, tasks
from seedance_cli.errors import ConfigError, NoHome

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

    from seedance_cli.cli.output.sink import Output
    from seedance_cli.config import Settings
    from seedance_cli.models import Secret
    from seedance_cli.providers import ProviderInfo
    from seedance_cli.system import Clock
    from seedance_cli.tasks import Channel


class Channels:
    """The channels of one command, each opened when it is first asked for."""

    def __init__(
        self,
        out: Output,
        clock: Clock,
        state_dir: Callable[[], Path],
        places: Callable[[], http.TakePlaces | None],
        stack: ExitStack,
    ) -> None:
        """Open nothing yet.

        Args:
            out: takes the lines of `-v`.
            clock: bounds each exchange.
            state_dir: the folder of the rate limits and of the sandbox's tasks; may raise NoHome.
            places: gives what takes places under a rate limit of all machines; None: of this alone.
            stack: closes what was opened, when the command ends.
        """
        self._out = out
        self._clock = clock
        self._state_dir = state_dir
        self._places = places
        self._stack = stack
        self._root: str | None = None
        self._keys: dict[tuple[str, str, bool, bool], Secret | ConfigError] = {}
        self._open_ones: dict[tuple[str, str, str, bool, bool], Channel] = {}

    def get(self, settings: Settings) -> Channel:
        """The way to the provider that the settings name.

        Raises:
            ConfigError: no key, or one that cannot be used; a proxy variable; no sandbox extra.
        """
        place = (
            settings.provider,
            settings.endpoint,
            settings.profile,
            settings.named,
            settings.sandbox,
        )
        if place not in self._open_ones:
            self._open_ones[place] = self._open(settings)
        return self._open_ones[place]

    def key(self, settings: Settings) -> Secret:
        """The key, asked for once: a key command may take ten seconds to fail.

        Raises:
            ConfigError: as `Settings.key`; for every task that needs the key, said once.
        """
        place = (settings.provider, settings.profile, settings.named, settings.sandbox)
        known = place in self._keys
        if not known:
            try:
                self._keys[place] = settings.key()
            except ConfigError as error:
                self._keys[place] = error
        found = self._keys[place]
        if isinstance(found, ConfigError):
            raise found.but(quiet=known)
        return found

    def _open(self, settings: Settings) -> Channel:
        provider = providers.get(settings.provider)
        url = settings.endpoint
        if settings.sandbox:
            url = f"{self._sandbox_root(provider.info.name)}/{provider.info.name}"
            from urllib.parse import urlsplit

            url += urlsplit(provider.info.base_url).path.rstrip("/")
        key = self.key(settings)
        log = self._out.log if self._out.verbose else None
        pace = self._pace(provider.info, url, key) if not settings.sandbox else None
        api = http.HttpApi(provider, url, key, self._clock, log, pace=pace)
        self._stack.callback(api.close)
        return tasks.Channel(
            provider=provider,
            endpoint=settings.endpoint,
            profile=settings.profile,
            profile_named=settings.named,
            sandbox=settings.sandbox,
            loopback=models.is_loopback(url),
            key=key,
            api=api,
            remedy=settings.key_place.remedy,
            say=self._out.note,
        )

    def _pace(self, info: ProviderInfo, url: str, key: Secret) -> http.RateLimiter | None:
        if info.rate_limit is None:
            return None
        try:
            folder: Path | None = self._state_dir()
        except NoHome:  # whoever needs the ledger is told of it there
            folder = None
        take = self._places()
        if take is None:
            return http.RateLimiter(folder, url, key, info.rate_limit, self._clock)
        return http.SharedRateLimiter(folder, url, key, info.rate_limit, self._clock, take=take)

    def _sandbox_root(self, provider: str) -> str:
        sandbox.require_dialect(provider)
        if self._root is None:
            self._root = self._stack.enter_context(sandbox.running(self._state_dir()))
        return self._root
