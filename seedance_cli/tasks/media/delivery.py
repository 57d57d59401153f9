"""Local files on their way to a seller, before the one paid POST and never as part of it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli._named import NamedTuple
from seedance_cli.errors import ConfigError, Rejected
from seedance_cli.http import refusal
from seedance_cli.models import is_public, origin
from seedance_cli.providers import UploadForm
from seedance_cli.system import commands
from seedance_cli.tasks.events import Transfer
from seedance_cli.tasks.media.body import filled
from seedance_cli.tasks.media.checks import BLOCK, changed, opened
from seedance_cli.tasks.media.ways import Way
from seedance_cli.tasks.refusal import url_fault

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from seedance_cli.models import HttpRequest, HttpResponse, LocalFile
    from seedance_cli.system import Clock
    from seedance_cli.tasks.channel import Channel
    from seedance_cli.tasks.media.cache import UploadCache

COMMAND_SECONDS = 120.0
"""For one `upload_command`."""
FILE = "{file}"
"""Stands for the path in an `upload_command`."""
SANDBOX_UPLOADS = "/uploads/"
"""Below the embedded sandbox's root."""


class Uploading(NamedTuple):
    """An upload begins."""

    name: str
    """The file's path."""
    transfer: Transfer
    """How far it is; its numbers go on changing."""


class Uploaded(NamedTuple):
    """A file is where the seller finds it."""

    name: str
    known: bool = False
    """Whether it was there before, and nothing was sent."""


Step: TypeAlias = "Uploading | Uploaded | None"
"""None: a piece more is sent."""


@dataclass(frozen=True, kw_only=True)
class FileDelivery:
    """What it takes to get the files of one request to the seller.

    Attributes:
        channel: the way to the seller.
        files: the request's.
        ways: how each gets there, by content.
        account: what tells endpoint and key from any others (`Ledger.key_proof`): a file that was
            uploaded may be of use to its owner alone.
        command: `upload_command`, program and arguments.
        cache: where uploads are remembered.
        clock: bounds the uploads.
        env: the environment of the command.
    """

    channel: Channel
    files: Sequence[LocalFile]
    ways: Mapping[str, Way]
    account: str
    command: Sequence[str]
    cache: UploadCache
    clock: Clock
    env: Mapping[str, str] = field(repr=False)

    def content(self, request: HttpRequest) -> Generator[Step, None, bytes]:
        """The bytes of the request's body, with every file in its place.

        Args:
            request: as the provider words it, with files by their content.

        Raises:
            UsageError: a file is gone, or is not what was checked.
            ConfigError: the `upload_command` failed.
            Unreachable, ProviderError: an upload failed.
        """
        urls: dict[str, str] = {}
        for file in self.files:
            way = self.ways[file.content]
            if way is not Way.INLINE:
                urls[file.content] = yield from self._url(file, way)
        inline = {one.content: one for one in self.files if one.content not in urls}
        return filled(request.body, urls, inline)

    def _url(self, file: LocalFile, way: Way) -> Generator[Step, None, str]:
        upload = self.channel.provider.info.upload
        seconds = upload.seconds if way is Way.UPLOAD and upload is not None else None
        place = f"{self.channel.provider.info.name} {self.account}"
        known = None if seconds is None else self.cache.get(file.content, place)
        if known is not None:
            yield Uploaded(file.path, known=True)
            return known
        transfer = Transfer(self.clock.monotonic(), total=file.size)
        yield Uploading(file.path, transfer)
        if way is Way.COMMAND:
            url = self._by_command(file)
        elif way is Way.SANDBOX:
            url = yield from self._to_sandbox(file, transfer)
        else:
            url = yield from self._documented(file, transfer)
        if seconds is not None:
            self.cache.put(file.content, place, url, seconds)
        yield Uploaded(file.path)
        return url

    def _documented(self, file: LocalFile, transfer: Transfer) -> Generator[Step, None, str]:
        upload = self.channel.provider.info.upload
        assert upload is not None
        api = self.channel.api
        place = (upload.origin or api.base) + upload.path
        name = f"{file.sha256[:16]}{file.type.ends[0]}"  # the user's own name is nobody's business
        if upload.form is UploadForm.MULTIPART:
            boundary = f"seedance-{secrets.token_hex(16)}"
            head, tail = _form(boundary, name, file)
            kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
            size = len(head) + file.size + len(tail)
            pieces = _surrounded(head, _pieces(file), tail)
            steps = api.upload("POST", place, kind, pieces, size, keyed=True)
            answer = yield from _followed(steps, transfer, len(head))
            self._check(answer)
            return self._given(answer, upload.url_at)
        asked = json.dumps({"content_type": file.type.mime, "file_name": name}).encode()
        kind = {"Content-Type": "application/json"}
        steps = api.upload("POST", place, kind, [asked], len(asked), keyed=True)
        answer = yield from _followed(steps, None, 0)
        self._check(answer)
        url = self._given(answer, upload.url_at)
        target = self._given(answer, upload.put_at)
        put = yield from self._put(target, file, transfer)
        if not 200 <= put.status < 300:  # noqa: PLR2004 - HTTP's own classes
            raise self._refused(f"the storage that it named answers HTTP {put.status}")
        return url

    def _put(
        self, url: str, file: LocalFile, transfer: Transfer
    ) -> Generator[Step, None, HttpResponse]:
        """The bytes without the key; to a public address, unless the seller itself is none."""
        permit = None if self.channel.loopback else is_public
        kind = {"Content-Type": file.type.mime, "Accept": "*/*"}
        steps = self.channel.api.upload(
            "PUT", url, kind, _pieces(file), file.size, keyed=False, permit=permit
        )
        return (yield from _followed(steps, transfer, 0))

    def _to_sandbox(self, file: LocalFile, transfer: Transfer) -> Generator[Step, None, str]:
        name = file.content.removeprefix("sha256:")
        url = origin(self.channel.api.base) + SANDBOX_UPLOADS + name
        answer = yield from self._put(url, file, transfer)
        self._check(answer)
        return url

    def _by_command(self, file: LocalFile) -> str:
        argv = [word.replace(FILE, file.path) for word in self.command]
        with opened(file):
            pass
        try:
            status, output = commands.run(argv, self.env, COMMAND_SECONDS)
        except commands.CannotRunError as error:
            raise _failed(f"cannot be run: {error}") from None
        if status is None:
            raise _failed(f"did not finish within {COMMAND_SECONDS:.0f} s")
        if status != 0:
            raise _failed(f"failed with exit status {status}")
        with opened(file):  # what it read is what was checked
            pass
        url = output.decode("utf-8", errors="replace").strip()
        fault = "it is no single line" if len(url.splitlines()) != 1 else url_fault(url)
        if fault is None and self.channel.provider.info.https_images:
            https = url.lower().startswith("https://")
            fault = None if https else f"{self.channel.provider.info.name} takes only https://"
        if fault is not None:
            raise _failed(f"printed no usable URL: {fault}")
        return url

    def _given(self, answer: HttpResponse, place: str) -> str:
        """A URL in the answer to an upload."""
        try:
            value = json.loads(answer.body)
            for name in place.split("."):
                value = value[name]
        except (ValueError, LookupError, TypeError):
            value = None
        secure = isinstance(value, str) and (
            value.startswith("https://") or (self.channel.loopback and value.startswith("http://"))
        )
        if not isinstance(value, str) or not secure or url_fault(value) is not None:
            raise self._refused("its answer to the upload has no usable URL")
        return value

    def _check(self, answer: HttpResponse) -> None:
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's own classes
            error = refusal(self.channel.provider, answer, self.clock)
            text = f"the upload of a file failed: {error.message}; nothing was submitted"
            raise self.channel.explained(error).but(message=self.channel.api.hide(text))

    def _refused(self, why: str) -> Rejected:
        name = self.channel.provider.info.name
        return Rejected(
            f"the upload of a file to {name} failed: {why}; nothing was submitted", provider=name
        )


def _failed(why: str) -> ConfigError:
    return ConfigError(
        f"upload_command {why}; nothing was submitted",
        hint="run it by hand to see why; it prints the URL of the file, and nothing else",
    )


def _followed(
    steps: Generator[int, None, HttpResponse], transfer: Transfer | None, beside: int
) -> Generator[Step, None, HttpResponse]:
    """An upload, its numbers in the transfer.

    Args:
        steps: the upload.
        transfer: takes the bytes of the file that are sent; None: it is no file.
        beside: bytes that go before the file.
    """
    while True:
        try:
            sent = next(steps)
        except StopIteration as end:
            answer: HttpResponse = end.value
            return answer
        if transfer is not None:
            transfer.done = min(max(0, sent - beside), transfer.total or 0)
        yield None


def _pieces(file: LocalFile) -> Iterator[bytes]:
    """The file's bytes. Raises UsageError where they are not what was checked."""
    digest, left = sha256(), file.size
    with opened(file) as stream:
        while block := stream.read(min(BLOCK, left) if left else 1):
            digest.update(block)
            left -= len(block)
            if left <= 0 and (left < 0 or digest.hexdigest() != file.sha256):
                raise changed(file)
            yield block
    if left:
        raise changed(file)


def _surrounded(head: bytes, pieces: Iterator[bytes], tail: bytes) -> Iterator[bytes]:
    yield head
    yield from pieces
    yield tail


def _form(boundary: str, name: str, file: LocalFile) -> tuple[bytes, bytes]:
    """What stands before and behind a file in a form."""
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="content"; filename="{name}"\r\n'
        f"Content-Type: {file.type.mime}\r\n\r\n"
    )
    return head.encode("ascii"), f"\r\n--{boundary}--\r\n".encode("ascii")
