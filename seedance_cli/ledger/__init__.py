"""The record of every paid submission, written before it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.ledger.batch_rows import BatchRow as BatchRow
    from seedance_cli.ledger.listing import (
        ListFilter as ListFilter,
    )
    from seedance_cli.ledger.record import (
        Ledger as Ledger,
    )
    from seedance_cli.ledger.refs import (
        batches as batches,
    )
    from seedance_cli.ledger.refs import (
        metadata_keys as metadata_keys,
    )
    from seedance_cli.ledger.refs import (
        tasks as tasks,
    )
    from seedance_cli.ledger.shared import (
        SharedLedger as SharedLedger,
    )

__getattr__ = face(
    __name__,
    {
        "BatchRow": "batch_rows",
        "Ledger": "record",
        "ListFilter": "listing",
        "SharedLedger": "shared",
        "batches": "refs",
        "metadata_keys": "refs",
        "tasks": "refs",
    },
)
