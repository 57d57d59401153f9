"""Whether a key may go to the endpoint that a row of the ledger names (contract, section 1).

A row is no licence for a key: it may be weeks old, and another program may listen at that port by
now; and whoever can write to the ledger, or passes one on, can name any endpoint in it.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli.config.endpoints import normalised
from seedance_cli.errors import Unvouched
from seedance_cli.models import is_loopback, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from seedance_cli.models import Submission

_MOST_REFS = 5
"""Named in one line; of more tasks only the number."""


def check(
    row: Submission, named: Iterable[str], proof: Callable[[], str], verb: str = "wait"
) -> None:
    """Make sure that the row's endpoint may have the key that its task would be read with.

    It may if it is the provider's own, or is named today, or if the submit sent the same key there.
    The last is no reason where it is this machine, whose ports are anybody's.

    Args:
        row: whose endpoint.
        named: the endpoints that option, environment and the row's own profile name today.
        proof: of today's key at the row's endpoint; called only where it decides.
        verb: the command that would be typed again.

    Raises:
        Unvouched: it may not; the hint says what to type.
        ConfigError: from `proof`, where there is no key.
    """
    try:
        normalised(row.endpoint)
    except ValueError as error:
        raise Unvouched(_unusable([row], f"{error}"), hint=_elsewhere(row)) from None
    place = origin(row.endpoint)
    own = providers.get(row.provider).info.base_url
    if any(place == origin(url) for url in (own, *named)):
        return
    proved = row.key_proof if not is_loopback(row.endpoint) else None
    if proved is not None:
        from hmac import compare_digest  # most rows are at the provider's own endpoint

        if compare_digest(proved, proof()):
            return
    raise Unvouched(_stranger([row]), hint=_typed([row], verb))


def line(rows: Sequence[Submission]) -> str:
    """What `check` found, of all rows at one endpoint, for a command that leaves them out."""
    try:
        normalised(rows[0].endpoint)
    except ValueError as error:
        return _unusable(rows, f"{error}")
    return f"{_stranger(rows)}; to follow: {_typed(rows, 'wait')}"


def _stranger(rows: Sequence[Submission]) -> str:
    was = "was" if len(rows) == 1 else "were"
    return (
        f"{_called(rows)} {was} submitted to {rows[0].endpoint}, which nothing names today: no key "
        "was sent there"
    )


def _unusable(rows: Sequence[Submission], fault: str) -> str:
    return (
        f"the ledger has {_called(rows)} at an endpoint that {fault}; no key was sent there, and "
        "no submit of this program writes such a row"
    )


def _called(rows: Sequence[Submission]) -> str:
    return f"{rows[0].ref}" if len(rows) == 1 else f"{len(rows)} tasks of {rows[0].provider}"


def _typed(rows: Sequence[Submission], verb: str) -> str:
    variable = providers.get(rows[0].provider).info.base_url_env
    refs = [row.ref or "" for row in rows] if len(rows) <= _MOST_REFS else []
    command = shlex.join(["seedance", *verb.split(), *refs])
    return f"{variable}={shlex.quote(rows[0].endpoint)} {command}"


def _elsewhere(row: Submission) -> str:
    return (
        "to read it at today's endpoint, without the ledger: "
        f"SEEDANCE_STATE_DIR=$(mktemp -d) seedance wait {shlex.quote(row.ref or '')}"
    )
