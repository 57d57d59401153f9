"""The wire: bounded exchanges with one endpoint, its key kept, its answers as errors for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.http.api import (
        HttpApi as HttpApi,
    )
    from seedance_cli.http.api import (
        authorization as authorization,
    )
    from seedance_cli.http.api import (
        refusal as refusal,
    )
    from seedance_cli.http.api import (
        retry_after as retry_after,
    )
    from seedance_cli.http.api import (
        submit_headers as submit_headers,
    )
    from seedance_cli.http.api import (
        unreachable as unreachable,
    )
    from seedance_cli.http.api import (
        words as words,
    )
    from seedance_cli.http.bodies import (
        encode as encode,
    )
    from seedance_cli.http.client import (
        HEADERS as HEADERS,
    )
    from seedance_cli.http.exchange import (
        Event as Event,
    )
    from seedance_cli.http.exchange import (
        Reply as Reply,
    )
    from seedance_cli.http.faults import (
        FaultKind as FaultKind,
    )
    from seedance_cli.http.heads import (
        status_of as status_of,
    )
    from seedance_cli.http.limits import (
        MARGIN_SECONDS as MARGIN_SECONDS,
    )
    from seedance_cli.http.limits import (
        PAID_SECONDS as PAID_SECONDS,
    )
    from seedance_cli.http.racing import (
        RefusedAddress as RefusedAddress,
    )
    from seedance_cli.http.rate_limit import (
        RateLimiter as RateLimiter,
    )
    from seedance_cli.http.redaction import (
        cleared as cleared,
    )
    from seedance_cli.http.redaction import (
        redact as redact,
    )
    from seedance_cli.http.shared_rate_limit import (
        SharedRateLimiter as SharedRateLimiter,
    )
    from seedance_cli.http.shared_rate_limit import (
        TakePlaces as TakePlaces,
    )
    from seedance_cli.http.streaming import (
        Stream as Stream,
    )
    from seedance_cli.http.streaming import (
        stream as stream,
    )

__getattr__ = face(
    __name__,
    {
        "Event": "exchange",
        "FaultKind": "faults",
        "HEADERS": "client",
        "HttpApi": "api",
        "MARGIN_SECONDS": "limits",
        "PAID_SECONDS": "limits",
        "RateLimiter": "rate_limit",
        "RefusedAddress": "racing",
        "Reply": "exchange",
        "SharedRateLimiter": "shared_rate_limit",
        "Stream": "streaming",
        "TakePlaces": "shared_rate_limit",
        "authorization": "api",
        "cleared": "redaction",
        "encode": "bodies",
        "redact": "redaction",
        "refusal": "api",
        "retry_after": "api",
        "status_of": "heads",
        "stream": "streaming",
        "submit_headers": "api",
        "unreachable": "api",
        "words": "api",
    },
)
