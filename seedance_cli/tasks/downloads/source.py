"""Where a video may be fetched from: the rules for its URL and for each redirect, by hand."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urljoin, urlsplit

from seedance_cli.errors import DownloadFailed, Unreachable
from seedance_cli.models import NOTHING, is_private, is_public, mask_url, shortened, unsafe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from seedance_cli.http import Stream
    from seedance_cli.system import Cancellation, Clock

REDIRECTS = 5

Credentials: TypeAlias = "Callable[[str], Mapping[str, str]]"
"""The header fields by which one URL may be read that its seller serves only with the key."""

_REDIRECT = frozenset({301, 302, 303, 307, 308})
_ODD = re.compile(r"[@\\\s]|%20")


def keyless(url: str) -> Mapping[str, str]:
    """No credentials: most videos lie where no key is asked for."""
    del url
    return NOTHING


@contextmanager
def open_video(
    url: str,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
    clock: Clock,
    cancellation: Cancellation,
    log: Callable[[str], None],
    credentials: Credentials = keyless,
) -> Iterator[Stream]:
    """Ask for a video, following up to `REDIRECTS` redirects. The first answer that is none.

    Args:
        url: as the provider gave it; held to the same rules as a redirect.
        headers: for every request on the way; no key.
        allow_private: whether loopback and private hosts may be asked.
        clock: bounds the waits.
        cancellation: ends the waits.
        log: takes one line of each exchange, for `-v`, once it has ended.
        credentials: what is sent beside that to one URL on the way, which may be a redirect.

    Raises:
        DownloadFailed: a URL that must not be followed, or cannot.
        Unreachable: no answer.
        Cancelled: somebody asked to stop.
    """
    for _ in range(REDIRECTS + 1):
        _check(url, allow_private=allow_private)
        permit = None if allow_private else is_public
        sent = {**headers, **credentials(url)}
        with _logged(
            url, sent, permit=permit, clock=clock, cancellation=cancellation, log=log
        ) as answer:
            if answer.status not in _REDIRECT:
                yield answer
                return
            location = answer.headers.get("location")
        if not location:
            raise DownloadFailed("the video's server redirects to nowhere")
        url = _follow(url, location)
    raise DownloadFailed(f"the video's URL redirects more than {REDIRECTS} times")


@contextmanager
def _logged(
    url: str,
    headers: Mapping[str, str],
    *,
    permit: Callable[[str], bool] | None,
    clock: Clock,
    cancellation: Cancellation,
    log: Callable[[str], None],
) -> Iterator[Stream]:
    """One exchange; method, URL, status and milliseconds of it are told at its end."""
    from seedance_cli.http import RefusedAddress, stream

    began = clock.monotonic()
    outcome: list[str] = []
    try:
        with stream(url, headers, clock=clock, cancellation=cancellation, permit=permit) as answer:
            outcome.append(str(answer.status))
            yield answer
    except RefusedAddress as error:
        outcome.append("refused")
        raise _refused(f"leads to a private address ({error.address})", url) from error
    except Unreachable as error:
        if error.http_status is None:  # else the status has said it
            outcome.append(error.message)
        raise
    finally:
        milliseconds = round((clock.monotonic() - began) * 1000)
        log(" ".join(["GET", mask_url(url), *outcome, f"{milliseconds} ms"]))


def _check(url: str, *, allow_private: bool) -> None:
    # Names are not looked up here: what one means may change between a look and the connection, so
    # the connection looks (`permit`). Behind a proxy it means nothing on this machine.
    reason = None
    try:
        parts = urlsplit(url)
        odd = not parts.hostname or _ODD.search(parts.netloc) is not None or parts.port == 0
        scheme = parts.scheme
    except ValueError:  # a bracket that is open, a port that is no number
        scheme, odd = "http", True
    if unsafe(url):
        reason = "has control characters"
    elif scheme not in {"http", "https"}:
        reason = "is neither http nor https"
    elif odd:
        reason = "names no plain host"
    elif not allow_private and is_private(url):
        reason = "leads to a private address"
    if reason is not None:
        raise _refused(reason, url)


def _refused(reason: str, url: str) -> DownloadFailed:
    return DownloadFailed(
        f"the video's URL {reason}; it was not followed: {shortened(mask_url(url))}"
    )


def _follow(url: str, location: str) -> str:
    try:
        there = urljoin(url, location)
        downgrade = urlsplit(url).scheme == "https" and urlsplit(there).scheme == "http"
    except ValueError as error:
        raise DownloadFailed("the video's server redirects to no URL") from error
    if downgrade:
        raise DownloadFailed("the video's URL redirects from https to http")
    return there
