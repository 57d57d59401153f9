"""The composition root: profile, provider, endpoint, key and ledger for one command."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from seedance_cli import config, models, providers, tasks
from seedance_cli.cli import ledger_door, ledger_place
from seedance_cli.cli.channels import Channels
from seedance_cli.cli.ledger_door import LedgerDoor
from seedance_cli.errors import UsageError, WriteFailed
from seedance_cli.system import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import TracebackType

    from seedance_cli.cli.ledger_place import Where
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.config import ConfigFiles, Settings
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission
    from seedance_cli.system import Clock
    from seedance_cli.tasks import Channel, Target

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


class Session:
    """What one command works with. Everything is opened when it is first asked for."""

    def __init__(
        self,
        env: Mapping[str, str],
        clock: Clock,
        out: Output,
        *,
        provider: str | None = None,
        profile: str | None = None,
        sandbox: bool | None = None,
        write: bool = True,
    ) -> None:
        """Take the options that decide where requests go.

        Args:
            env: the environment.
            clock: every wait and time stamp.
            out: takes warnings, and the lines of `-v`.
            provider: `--provider`.
            profile: `--profile`.
            sandbox: `--sandbox` or `--no-sandbox`; None: as `SEEDANCE_SANDBOX` says.
            write: whether a ledger of an earlier release is brought to the newest schema; else it
                is left as it is, and read.

        Raises:
            UsageError: no such provider, or a `SEEDANCE_SANDBOX` that is neither yes nor no.
        """
        self.env = env
        self.clock = clock
        self.out = out
        self.sandbox_option = sandbox
        self.sandbox = _sandbox_wanted(env) if sandbox is None else sandbox
        self._provider = None if provider is None else providers.get(provider).info.name
        self._profile = profile
        self._files: ConfigFiles | None = None
        self._cwd: Path | None = None
        self._said: set[str] = set()
        self.verb = "wait"
        """The command that a hint names, where a task could not be reached."""
        self.left_out: Collection[str | None] = ()
        """Intents of tasks that were left out of the unfinished ones, each named in a line."""
        self._vouched: set[tuple[str | bool | None, ...]] = set()
        """The endpoints of rows that a key may go to, as far as looked at."""
        self._stack = ExitStack()
        self.door = LedgerDoor(self.ledger_place, clock, self._stack, out.warn, write=write)
        self._ledger_place: Where | None = None
        self._channels = Channels(out, clock, lambda: self.state_dir, self.door.places, self._stack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.out.hand_over()
        finally:
            self._stack.close()

    @property
    def provider_option(self) -> str | None:
        """`--provider`, checked."""
        return self._provider

    @property
    def profile_option(self) -> str | None:
        """`--profile`, as it was typed."""
        return self._profile

    @property
    def rows_of(self) -> bool | None:
        """Which rows of the ledger a list has: the sandbox's, only real ones, or both (None)."""
        return self.sandbox or self.sandbox_option

    def known_keys(self) -> Collection[str]:
        """The keys that are configured: none of them is an id."""
        return config.known_keys(self.env, self._profiles())

    def base(self, output: str | None) -> Path:
        """The folder that `-o` is relative to: the current one, as it was when it was first needed.

        Raises:
            WriteFailed: it is needed, and is not there any more.
        """
        if output is not None and (output == "-" or Path(output).is_absolute()):
            return Path(os.sep)
        if self._cwd is None:
            try:
                self._cwd = Path.cwd()
            except OSError as error:
                raise WriteFailed(
                    "the current folder is not there any more",
                    hint="cd to another one, or give -o an absolute path",
                ) from error
        return self._cwd

    @property
    def state_dir(self) -> Path:
        """The folder of the ledger and of the sandbox's tasks."""
        return state_dir(self.env)

    def settings(
        self,
        *,
        provider: str | None = None,
        profile: str | None = None,
        task: Submission | None = None,
        sandbox: bool | None = None,
        listed: bool = False,
    ) -> Settings:
        """Where a request goes by options, environment and profile.

        Args:
            provider: instead of the option's.
            profile: instead of the option's.
            task: whose row decides instead, as far as it knows.
            sandbox: instead of the option's.
            listed: whether the user did not name `provider`: it is one of all that there are.
        """
        settings = config.resolve.resolve(
            self._profiles(),
            self.env,
            provider=(task.provider if task else provider) or self._provider,
            profile=profile or self._profile,
            sandbox=task.sandbox if task else self.sandbox if sandbox is None else sandbox,
            recorded=task.profile if task and task.intent is not None else None,
            recorded_named=task is not None and task.profile_named,
            listed=listed,
        )
        for warning in settings.warnings:
            self.once(self.out.warn, warning)
        return settings

    def _profiles(self) -> ConfigFiles:
        """Both files, read once."""
        if self._files is None:
            self._files = config.resolve.load(self.env)
            for warning in self._files.warnings:
                self.once(self.out.warn, warning)
        return self._files

    def check_profile(self) -> None:
        """Refuse a named profile that is not there, though no task may come to need it.

        Raises:
            ConfigError: lists those that there are.
        """
        if self._profile is not None or self.env.get("SEEDANCE_PROFILE"):
            config.resolve.choose_profile(self._profiles(), self.env, self._profile)

    def default_output(self, task: Submission) -> str | None:
        """`-o` as the task's profile sets it; one that cannot be used is left out, and named."""
        settings = self.settings(task=task)
        output = settings.defaults.get("output")
        if not isinstance(output, str):
            return None
        fault = models.default_fault(output, self.base(output))
        if fault is None:
            return models.from_home(output)
        self.once(
            self.out.warn, f"profile {settings.profile}: output = {output} is left out: it {fault}"
        )
        return None

    def once(self, say: Callable[[str], None], text: str) -> None:
        """Say a line, unless it was said before."""
        if text not in self._said:
            self._said.add(text)
            say(text)

    def ledger_place(self) -> Where:
        """Which ledger the command has. The sandbox's rows are always in that of this machine.

        Raises:
            ConfigError: it is named in a way that cannot be used.
        """
        if self._ledger_place is None:
            if self.sandbox:
                self._ledger_place = ledger_place.at(self.state_dir, config.sandbox_place(self.env))
            else:
                self._ledger_place = ledger_place.where(self.state_dir, self.env, self._profiles)
        return self._ledger_place

    def turn_to(self, which: str | None) -> Where:
        """Take another ledger, `local` or a URL; None: the one in use. Which it is then.

        Raises:
            ConfigError: it cannot be used.
        """
        if which is not None:
            self._ledger_place = ledger_place.at(self.state_dir, config.typed_place(which))
        return self.ledger_place()

    def ledger_for_paying(self, *, sandbox: bool = False) -> Ledger:
        """The ledger, made if it is missing, checked, and proved writable.

        Args:
            sandbox: whether it is for the sandbox, though the command is not.

        Raises:
            ConfigError: another one than this machine used last, or one that lacks its rows.
            WriteFailed: it cannot take an intent, so nothing may be sent.
        """
        if sandbox or self.sandbox:
            return self.door.for_writing()
        opened = self.door.for_paying()
        warning = ledger_door.network_warning(opened)
        if warning is not None:
            self.once(self.out.warn, warning)
        return opened

    def ledger_for_writing(self) -> Ledger:
        """The same, where nothing is paid for."""
        return self.door.for_writing()

    def ledger(self) -> Ledger:
        """The ledger for tasks that the user names: a ref is enough to reach one without it.

        So a ledger that cannot be read counts as empty, which is said, and one without a home, too.

        Raises:
            ConfigError: a variable names its folder in a way that cannot be meant.
            NotOurs: somebody else has, or had, a hand in it; that is mended by the user alone.
        """
        return self.door.lenient()

    def readable_ledger(self) -> Ledger:
        """The ledger for commands that need what it knows: a damaged one is not an empty one.

        Raises:
            WriteFailed: it cannot be read.
            ConfigError: where it would be is not known.
        """
        return self.door.for_reading()

    def channel(self, settings: Settings) -> Channel:
        """The way to the provider that the settings name.

        Raises:
            ConfigError: no key, or one that cannot be used; a proxy variable; no sandbox extra.
        """
        return self._channels.get(settings)

    def target(self, submission: Submission) -> Target:
        """The way to a task: its row decides on endpoint, sandbox and profile.

        Raises:
            Unvouched: no key may go to the row's endpoint.
            ConfigError: no key, or one that cannot be used; a proxy variable; no sandbox extra.
        """
        settings = self.settings(task=submission)
        self.vouch(submission, settings)
        settings = settings._replace(endpoint=submission.endpoint)
        return tasks.Target(submission, self.channel(settings))

    def vouch(self, row: Submission, settings: Settings) -> None:
        """Raise where a key may not go to the row's endpoint; see `row_endpoint`."""
        place = (row.provider, row.endpoint, row.profile, row.profile_named, row.key_proof)
        if row.sandbox or row.intent is None or place in self._vouched:
            return
        info = providers.get(row.provider).info
        profiles_named = {settings.profile, *filter(None, [row.profile])}
        named = config.resolve.endpoints_named(self._profiles(), self.env, info, profiles_named)
        config.row_endpoint.check(row, named, lambda: self._proof(row, settings), self.verb)
        self._vouched.add(place)

    def _proof(self, row: Submission, settings: Settings) -> str:
        return self.ledger().key_proof(self._channels.key(settings).reveal(), row.endpoint)

    def note_lost(self, submission: Submission) -> None:
        """Write that the provider does not find the task, if its submit's own key was told so.

        To any other key a task of that id may be unknown, and is there all the same.

        Raises:
            WriteFailed: it could not be written.
        """
        if not submission.sandbox:
            settings = self.settings(task=submission)
            if submission.key_proof != self._proof(submission, settings):
                return
        self.ledger().set_lost(submission)

    def tell_of_urls(self, submission: Submission) -> None:
        """Say once that a URL of the embedded sandbox ends with the command that printed it."""
        if submission.sandbox and submission.task is not None and submission.task.video_urls:
            text = "the sandbox's URLs live as long as this command; lasting: seedance sandbox"
            self.once(self.out.note, text)

    def unknown(self) -> list[Submission]:
        """Every submission of the ledger whose outcome is unknown."""
        return [
            one
            for one in self.readable_ledger().unknown(sandbox=self.sandbox)
            if self._provider in {None, one.provider}
        ]


def _sandbox_wanted(env: Mapping[str, str]) -> bool:
    text = env.get("SEEDANCE_SANDBOX", "").strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise UsageError(
        f"SEEDANCE_SANDBOX is {models.told(text)}",
        hint="allowed: 1 true yes on, 0 false no off, or empty",
    )
