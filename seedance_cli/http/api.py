"""One provider endpoint with its key: authorisation, error mapping, redaction. One try a call.

Trying again is the caller's affair: `reading` for a read, `spend` for the paid POST.
"""

from __future__ import annotations

import math
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from seedance_cli.errors import Rejected, SeedanceError, Unreachable, error_of_status
from seedance_cli.http.faults import FaultKind
from seedance_cli.http.limits import PAID_SECONDS, READ_SECONDS
from seedance_cli.http.redaction import redact, redact_exact
from seedance_cli.http.wire import Wire
from seedance_cli.models import mask_url, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Generator, Iterable, Mapping

    from seedance_cli.http.exchange import Pending, Reply
    from seedance_cli.http.faults import TransportFault
    from seedance_cli.http.rate_limit import RateLimiter
    from seedance_cli.models import HttpResponse, Secret
    from seedance_cli.providers import Provider, ProviderInfo
    from seedance_cli.system import Clock, Stopwatch

MAX_RETRY_AFTER = 120.0
"""Seconds; what a provider may make this program wait at most."""

_MAX_REDIRECTS = 3
_MOST_WORDS = 500
"""Characters."""


class HttpApi:
    """Implements `Api` for one provider, endpoint and key."""

    def __init__(
        self,
        provider: Provider,
        endpoint: str,
        key: Secret,
        clock: Clock,
        log: Callable[[str], None] | None,
        *,
        pace: RateLimiter | None = None,
    ) -> None:
        """Bind provider, endpoint and key; nothing is sent.

        Args:
            provider: whose error form the answers have.
            endpoint: base URL without a trailing slash.
            key: sent to that endpoint's origin only.
            clock: bounds each exchange.
            log: takes one line an exchange, for `-v`; None without it.
            pace: when requests may leave; None: whenever they are ready.
        """
        self._provider = provider
        self._endpoint = endpoint
        self._key = key
        self._clock = clock
        self._log = log
        self._pace = pace
        self._wire = Wire(endpoint, clock)

    def get(
        self, path: str, given: str | None = None, *, also: Container[int] = ()
    ) -> HttpResponse:
        """GET below the base URL; see `Api`. Redirects are followed within the same origin."""
        url = self._url(path, given)
        for _ in range(_MAX_REDIRECTS):
            response = self._exchange("GET", url, None)
            if response.status not in {301, 302, 303, 307, 308}:
                break
            onward = _onward(url, response.headers.get("location", ""))
            if onward is None:
                raise Rejected(
                    "the provider redirects to another host; the key is not sent there",
                    provider=self._provider.info.name,
                    http_status=response.status,
                )
            url = onward
        return response if response.status in also else self._checked(response)

    def act(self, method: str, path: str, given: str | None = None) -> HttpResponse:
        """An unpaid request without a body, sent once; see `Api`."""
        return self._checked(self._exchange(method, self._url(path, given), b""))

    def reserve(self) -> float:
        """Take a place among the requests that the provider's rate limit allows.

        Returns:
            Seconds that the request must wait for it; 0.0 where there is no limit.
        """
        return 0.0 if self._pace is None else self._pace.reserve()

    def pause(self, seconds: float) -> None:
        """Wait for the place that `reserve` took."""
        if self._pace is None or not seconds:
            return
        if self._log is not None:
            limit = self._pace.limit
            self._log(
                f"{self._provider.info.name} allows {limit.requests} requests in "
                f"{limit.seconds:g} s: this one waits {seconds:.1f} s"
            )
        self._clock.sleep(seconds)

    def submit(self, path: str, content: bytes, approved: Stopwatch) -> Pending:
        """Start the paid POST. Only the gate calls this, after `reserve` and `pause`.

        Args:
            path: below the base URL.
            content: the body.
            approved: from just before the ledger took `sending`.
        """
        headers = submit_headers(authorization(self._provider.info, self._key.reveal()))
        url = self._endpoint + path
        return self._wire.start(
            "POST", url, headers, content, seconds=PAID_SECONDS, alone=True, approved=approved
        )

    def credentials(self, url: str) -> dict[str, str]:
        """The header fields with the key, for a URL at the endpoint's own origin; else none."""
        if _onward(self._endpoint, url) is None:
            return {}
        return {"Authorization": authorization(self._provider.info, self._key.reveal())}

    @property
    def base(self) -> str:
        """The endpoint, without a trailing slash."""
        return self._endpoint

    def upload(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        pieces: Iterable[bytes],
        size: int,
        *,
        keyed: bool,
        permit: Callable[[str], bool] | None = None,
    ) -> Generator[int, None, HttpResponse]:
        """Send a file; see `uploading.upload`.

        Args:
            method: `POST` or `PUT`.
            url: absolute.
            headers: of the body.
            pieces: the body.
            size: bytes of it.
            keyed: whether the key goes with it: only to an origin that the provider names.
            permit: whether an address may be connected to.
        """
        from seedance_cli.http.uploading import upload

        fields = dict(headers)
        if keyed:
            fields["Authorization"] = authorization(self._provider.info, self._key.reveal())
        began = self._clock.monotonic()
        try:
            response = yield from upload(
                method, url, fields, pieces, size, clock=self._clock, permit=permit
            )
        except SeedanceError as error:
            raise error.but(message=self.hide(error.message)) from error
        if self._log is not None:
            took = round((self._clock.monotonic() - began) * 1000)
            self._log(self.hide(f"{method} {mask_url(url)} {response.status} {took} ms"))
        return response._replace(body=redact_exact(response.body, self._key.reveal()))

    def answer(self, pending: Pending) -> Reply:
        """What came of an exchange, the key taken out wherever the other side repeats it."""
        reply = pending.reply()
        response, fault = reply.response, reply.fault
        if response is not None:
            response = response._replace(body=redact_exact(response.body, self._key.reveal()))
        raw = redact_exact(reply.raw, self._key.reveal())
        if fault is not None:
            fault = fault._replace(text=self.hide(fault.text))
        return reply._replace(response=response, fault=fault, raw=raw)

    def hide(self, text: str) -> str:
        """The text without any longer piece of the key."""
        return redact(text, self._key.reveal())

    def log(self, method: str, path: str, reply: Reply) -> None:
        """Tell `-v` of an exchange."""
        self._tell(method, self._endpoint + path, reply)

    def close(self) -> None:
        """Close its connections."""
        self._wire.close()

    def _url(self, path: str, given: str | None) -> str:
        """The URL that an answer gave, if it lies at the endpoint's own origin; else the path."""
        onward = None
        if given is not None:
            onward = _onward(self._endpoint + self._provider.info.submit_path, given)
        return onward or self._endpoint + path

    def _exchange(self, method: str, url: str, content: bytes | None) -> HttpResponse:
        reply = self._once(method, url, content)
        if _was_stale(reply) and method == "GET":
            reply = self._once(method, url, content)
        if reply.fault is not None or reply.response is None:
            raise unreachable(self._provider, reply.fault)
        return reply.response

    def _once(self, method: str, url: str, content: bytes | None) -> Reply:
        self.pause(self.reserve())
        pending = self._wire.start(method, url, self._headers(content), content)
        pending.wait(READ_SECONDS)
        reply = self.answer(pending)
        self._tell(method, url, reply)
        return reply

    def _tell(self, method: str, url: str, reply: Reply) -> None:
        if self._log is None:
            return
        outcome = reply.fault.text if reply.fault else ""
        if reply.response is not None:
            outcome = f"{reply.response.status} {outcome}".strip()
        line = f"{method} {mask_url(url)} {outcome} {reply.milliseconds} ms"
        self._log(self.hide(line))

    def _headers(self, content: bytes | None) -> dict[str, str]:
        headers = {"Authorization": authorization(self._provider.info, self._key.reveal())}
        if content:
            headers["Content-Type"] = "application/json"
        return headers

    def _checked(self, response: HttpResponse) -> HttpResponse:
        if 200 <= response.status < 300:  # noqa: PLR2004 - HTTP's own classes
            return response
        error = refusal(self._provider, response, self._clock)
        raise error.but(message=self.hide(error.message))


def authorization(info: ProviderInfo, key: str) -> str:
    """The value of the Authorization header."""
    return f"{info.auth_scheme} {key}"


def submit_headers(credentials: str) -> dict[str, str]:
    """The header fields of the paid POST, besides those that every request has."""
    # A connection of its own each time: on one kept from an earlier try, the server's closing it
    # could not be told from an answer that was lost.
    return {
        "Authorization": credentials,
        "Content-Type": "application/json",
        "Connection": "close",
    }


def _was_stale(reply: Reply) -> bool:
    """Whether the server had closed the kept connection meanwhile, which says nothing about it."""
    broken = reply.fault is not None and reply.fault.kind is FaultKind.BROKEN
    return broken and reply.response is None and not reply.fresh


def unreachable(provider: Provider, fault: TransportFault | None) -> Unreachable:
    """No usable answer, as an error for people."""
    name = provider.info.name
    if fault is None:
        return Unreachable(f"{name} could not be reached: no answer", provider=name)
    what = "could not be reached"
    if fault.kind is FaultKind.ENCODED:
        what = "gives an answer that cannot be read"
    return Unreachable(f"{name} {what}: {fault.text}", provider=name, hint=fault.hint)


def words(provider: Provider, response: HttpResponse) -> str | None:
    """What a provider says went wrong, in its own words, cut to what a person will read."""
    problem = provider.problem(response)
    return None if problem is None else problem.words[:_MOST_WORDS]


def refusal(
    provider: Provider, response: HttpResponse, clock: Clock, meant: int | None = None
) -> SeedanceError:
    """An answer that is no acceptance as the error it means, in the provider's own words.

    Args:
        provider: whose it is.
        response: the answer.
        clock: for the date in a `Retry-After`.
        meant: the HTTP status that a 2xx answer says it is.
    """
    info = provider.info
    status = response.status
    said = words(provider, response)
    answer = f"HTTP {status}" if said is None else f"{said} (HTTP {status})"
    kind = error_of_status(meant or status)
    return kind(
        f"{info.name} answers {answer}",
        provider=info.name,
        http_status=status,
        retry_after=retry_after(response.headers, clock),
    )


def retry_after(
    headers: Mapping[str, str], clock: Clock, *, most: float = MAX_RETRY_AFTER
) -> float | None:
    """Seconds to wait as `Retry-After` asks, a number or a date, held to 0 to `most`."""
    text = headers.get("retry-after")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        from email.utils import parsedate_to_datetime

        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - clock.now()).total_seconds()
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), most)


def _onward(url: str, location: str) -> str | None:
    """Where a URL in an answer leads; None where that is another origin, or no URL."""
    try:
        onward = urljoin(url, location)
        same = origin(onward) == origin(url)
    except ValueError:
        return None
    return onward if same else None
