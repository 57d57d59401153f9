"""All that is done with the rows of one store: each part serves one purpose of it."""

from __future__ import annotations

from seedance_cli.ledger.approval import Approval
from seedance_cli.ledger.batch_rows import BatchRows
from seedance_cli.ledger.keys import Keys
from seedance_cli.ledger.listing import Listing
from seedance_cli.ledger.recovery import Recovery
from seedance_cli.ledger.riding import Riding
from seedance_cli.ledger.spending import Spending
from seedance_cli.ledger.submissions import Submissions


class Record(Approval, Submissions, Recovery, Riding, Listing, Keys, BatchRows, Spending):
    """The parts joined, over one store."""

    def make(self) -> None:
        """Have a ledger that lasts, if this is a stand-in for one."""
        self._store.materialise()

    def close(self) -> None:
        """Close the store and free every lock. What was on its way then counts as abandoned."""
        self._store.close()
