"""The ledger's own id, and what it keeps of a key: a proof, never the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.ledger import statements
from seedance_cli.ledger.part import Part

if TYPE_CHECKING:
    from seedance_cli.ledger.store import Store
    from seedance_cli.system import Clock


class Keys(Part):
    """What this ledger alone knows, and never changes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Take over an open store; see `Part`."""
        super().__init__(store, clock)
        self._known: dict[str, object] = {}

    @property
    def identity(self) -> str:
        """The ledger's own id, 32 hex digits, from when it was made or came to have one."""
        identity = self._meta("ledger")
        return identity.decode() if isinstance(identity, bytes) else str(identity)

    def key_proof(self, key: str, endpoint: str) -> str:
        """What a row keeps of the key and endpoint of its submit: enough to know the pair again.

        HMAC-SHA-256 in hex of the endpoint's origin and the key, under this ledger's random salt:
        the key cannot be found from it, and two ledgers share none.
        """
        import hmac  # only where a key is sent

        from seedance_cli.models import origin

        salt = self._meta("salt")
        assert isinstance(salt, bytes)
        # A line end is in no key and in no origin.
        return hmac.new(salt, f"{origin(endpoint)}\n{key}".encode(), "sha256").hexdigest()

    def _meta(self, name: str) -> object:
        if name not in self._known:
            self._known[name] = self._store.query(statements.META, (name,))[0]["value"]
        return self._known[name]
