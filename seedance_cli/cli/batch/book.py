"""The rows of a batch's file as orders: checked as `generate` would, every one before the first."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.cli import buy
from seedance_cli.cli.places import facts_of
from seedance_cli.errors import ConfigError, UsageError
from seedance_cli.models import (
    Purchase,
    Status,
    Submission,
    Task,
    check_template,
    extras,
    from_home,
    is_folder,
    target,
)
from seedance_cli.tasks import Contents, batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seedance_cli.cli.buy import Order
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.config import Settings
    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import VideoRequest

DEFAULT = "{batch}/{row}-{slug}.mp4"
IN_FOLDER = "{row}-{slug}.mp4"
"""The name in a folder that `-o` names."""
_OPTION = re.compile(r"(PROMPT|--(?:no-)?[a-z-]+)(?:[ ,:](?:'?([^\s'=:]+))?)?")
_SHOWN = 20


class Given(NamedTuple):
    """What the command line says for all rows."""

    batch: str
    video: VideoRequest
    """What counts where a row says nothing."""
    free: bool
    output: str | None
    download: bool
    force: bool
    sidecar: bool
    strict: bool


class Book:
    """The rows of one file: what each asks for, and where its video goes."""

    def __init__(self, session: Session, given: Given) -> None:
        """Take what is the same for all rows."""
        self._session = session
        self._given = given
        self._settings: dict[batch.Seller, Settings] = {}

    def settings(self, seller: batch.Seller) -> Settings:
        """Provider, endpoint and profile of a row.

        Raises:
            UsageError: no such provider.
            ConfigError: no such profile, or no provider is known.
        """
        if seller not in self._settings:
            self._settings[seller] = self._session.settings(
                provider=seller.provider, profile=seller.profile
            )
        return self._settings[seller]

    def order(self, item: batch.Item) -> Order:
        """A row as a request that may be sent.

        Raises:
            UsageError: its provider does not take it.
            ConfigError: as `settings`.
        """
        video = batch.request(item.row.values, self._given.video)
        settings = self.settings(item.seller)
        order = buy.order(self._session, settings, video, free=self._given.free)
        buy.name_model(self._session, order)
        return order

    def purchase(self, order: Order) -> Purchase:
        """An order as the ledger knows it."""
        return buy.purchase(order)

    def base(self, path: str) -> Path:
        """The folder that a path is relative to."""
        return self._session.base(path)

    def output(self, item: batch.Item) -> str | None:
        """`-o` of a row: its own, else that of the command line; None: neither says it."""
        own = item.row.values.get("output")
        output = from_home(own) if isinstance(own, str) else self._given.output
        if output is not None and is_folder(output, self._session.base(output)):
            return os.path.join(output, IN_FOLDER)  # noqa: PTH118 - `./` in front has to stay
        return output

    def check_output(self, item: batch.Item) -> None:
        """Whether the row's `output` can be used.

        Raises:
            UsageError: it cannot.
        """
        output = item.row.values.get("output")
        if isinstance(output, str):
            check_template(from_home(output))
            if output == "-":
                raise UsageError("-o - is stdout, where the videos of a batch do not go")

    def own_name(self, item: batch.Item) -> bool:
        """Whether the row's name is in that of its file, so that no other row's is the same."""
        output = self.output(item)
        if output is None:
            default = self.settings(item.seller).defaults.get("output")
            output = default if isinstance(default, str) else DEFAULT
        return "{row}" in output

    def place(self, item: batch.Item, row: Submission, index: int) -> Path:
        """The file of a row's video.

        Args:
            item: the row.
            row: its submission; its task has an id, or a stand-in for one.
            index: which of its videos, from 1.
        """
        assert row.task is not None
        output = self.output(item) or self._session.default_output(row) or DEFAULT
        request = row.request
        name = f"{self._given.batch}/{item.key}"
        named = row._replace(name=name, batch=self._given.batch, row=item.key)
        return target(
            output,
            provider=row.provider,
            task_id=row.task.task_id,
            index=index,
            prompt=None if request is None else request.prompt,
            created=row.task.created_at or row.created_at or self._session.clock.now(),
            cwd=self._session.base(output),
            facts=facts_of(named),
        )

    def expected_place(self, item: batch.Item, order: Order) -> Path | None:
        """The file of a row that was not submitted yet; None: its name has the task's id in it."""
        one = self._place_of(item, order, "a")
        known = "task_id" not in (self.output(item) or DEFAULT) and self._no_default(item)
        return one if known or one == self._place_of(item, order, "b") else None

    def _no_default(self, item: batch.Item) -> bool:
        """Whether the profile has no word on where a row's video goes."""
        return "output" not in self.settings(item.seller).defaults

    def _place_of(self, item: batch.Item, order: Order, task_id: str) -> Path:
        settings = order.settings
        row = Submission(
            provider=settings.provider,
            endpoint=settings.endpoint,
            sandbox=settings.sandbox,
            profile=settings.profile,
            request=order.video,
            task=Task(task_id=task_id, status=Status.UNKNOWN),
        )
        return self.place(item, row, 1)


def read(file: str, form: str) -> batch.Manifest:
    """The rows of a file.

    Raises:
        UsageError: it cannot be read, is no text, or has no row.
    """
    try:
        if file == "-":
            if sys.stdin is None:
                raise UsageError("stdin is closed, and the rows were to be read from it")
            content = sys.stdin.buffer.read(batch.MOST_BYTES + 1)
        else:
            with Path(file).open("rb") as stream:
                content = stream.read(batch.MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{_name(file)} cannot be read: {why}") from error
    if len(content) > batch.MOST_BYTES:
        raise UsageError(f"{_name(file)} has more than {batch.MOST_BYTES >> 20} MiB")
    try:
        manifest = batch.parse(content, form)
    except UsageError as error:
        raise error.but(message=f"{_name(file)}: {error.message}") from error
    if not (manifest.rows or manifest.faults):
        raise UsageError(f"{_name(file)} has no rows")
    return manifest


def checked(
    book: Book, given: Given, manifest: batch.Manifest
) -> tuple[list[batch.Item], list[batch.Diagnostic]]:
    """Every row, each with its provider; and everything that is wrong with the file.

    Raises:
        ConfigError: the command line, environment or configuration is wrong, and not a row.
    """
    names, wrong = batch.keys(manifest.rows, given.batch, Contents(book.base))
    faults = [*manifest.faults, *wrong]
    lines = {fault.line for fault in faults}
    items = []
    for row, key in zip(manifest.rows, names, strict=True):
        provider, profile = (row.values.get(name) for name in ("provider", "profile"))
        assert isinstance(provider, str | None)
        assert isinstance(profile, str | None)
        item = batch.Item(row, key, batch.Seller(provider, profile))
        items.append(item)
        if row.line not in lines:  # else its values are not whole
            faults += _faults(book, item)
    if given.download:
        faults += _same_places(book, without(items, faults))
    return items, faults


def without(items: Sequence[batch.Item], faults: Sequence[batch.Diagnostic]) -> list[batch.Item]:
    """The rows of which nothing is wrong."""
    lines = {fault.line for fault in faults}
    return [item for item in items if item.row.line not in lines]


def told_of(error: SeedanceError) -> str:
    """What is wrong, and what would do, in one line."""
    return f"{error.message}; {error.hint}" if error.hint else error.message


def refuse(out: Output, file: str, faults: Sequence[batch.Diagnostic]) -> UsageError:
    """Say what is wrong, each with its line and column; the error that ends the command."""
    for fault in sorted(faults, key=lambda one: one.line)[:_SHOWN]:
        column = f", column {fault.column}" if fault.column else ""
        out.always(f"{_name(file)}: line {fault.line}{column}: {fault.words}")
        if file != "-" and os.environ.get("GITHUB_ACTIONS") == "true":
            from seedance_cli.cli.output import github

            out.always(github.fault(file, fault.line, f"{column[2:] or 'row'}: {fault.words}"))
    more = len(faults) - _SHOWN
    if more > 0:
        out.always(f"{_name(file)}: and {more} more")
    many = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    return UsageError(f"{_name(file)} has {many}; nothing was sent")


def _faults(book: Book, item: batch.Item) -> Iterator[batch.Diagnostic]:
    line = item.row.line
    if "prompt" not in item.row.values:
        yield batch.Diagnostic(line, "prompt", "there is no prompt")
        return
    try:
        order = book.order(item)
        item.provider, item.mark = order.settings.provider, buy.mark(order)
        item.extras = extras(order.video.callback_url, order.video.metadata)
        book.check_output(item)
    except UsageError as error:
        yield batch.Diagnostic(line, _column(error, item), told_of(error))
    except ConfigError as error:
        if item.seller == batch.Seller(None, None):
            raise
        column = "provider" if item.seller.profile is None else "profile"
        yield batch.Diagnostic(line, column, told_of(error))


def _same_places(book: Book, items: Sequence[batch.Item]) -> Iterator[batch.Diagnostic]:
    """The rows whose video would go where another one's does."""
    if all(book.own_name(item) for item in items):
        return
    taken: dict[Path, int] = {}
    for item in items:
        place = book.expected_place(item, book.order(item))
        other = item.row.line if place is None else taken.setdefault(place, item.row.line)
        if other != item.row.line:
            yield batch.Diagnostic(
                item.row.line, "output", f"line {other} has the same target: {place}"
            )


def _column(error: UsageError, item: batch.Item) -> str:
    """The column that an error of `generate` is about, which begins with the option's name."""
    match = _OPTION.match(error.message)
    if match is None:
        return "output" if error.message.startswith("-o") else "provider"
    option = match[1].removeprefix("--").removeprefix("no-").replace("-", "_")
    if option == "PROMPT":
        return "prompt"
    if option in {"metadata", "param"}:
        columns = [name for name in item.row.values if name.startswith(f"{option}.")]
        named = f"{option}.{match[2]}"
        return named if named in columns else next(iter(columns), option)
    return option


def _name(file: str) -> str:
    return "stdin" if file == "-" else file
