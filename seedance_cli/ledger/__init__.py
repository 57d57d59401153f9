"""The record of every paid submission, written before it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.ledger import in_use as in_use
    from seedance_cli.ledger import machine as machine
    from seedance_cli.ledger.batch_rows import BatchRow as BatchRow
    from seedance_cli.ledger.charges import Charges as Charges
    from seedance_cli.ledger.export_file import (
        LineFault as LineFault,
    )
    from seedance_cli.ledger.export_file import (
        read_export as read_export,
    )
    from seedance_cli.ledger.findings import (
        Finding as Finding,
    )
    from seedance_cli.ledger.findings import (
        Weight as Weight,
    )
    from seedance_cli.ledger.history import History as History
    from seedance_cli.ledger.listing import (
        ListFilter as ListFilter,
    )
    from seedance_cli.ledger.record import (
        Ledger as Ledger,
    )
    from seedance_cli.ledger.refs import (
        Named as Named,
    )
    from seedance_cli.ledger.refs import (
        Unsettled as Unsettled,
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
    from seedance_cli.ledger.refs import (
        unsettled as unsettled,
    )
    from seedance_cli.ledger.shared import (
        SharedLedger as SharedLedger,
    )

__getattr__ = face(
    __name__,
    {
        "BatchRow": "batch_rows",
        "Charges": "charges",
        "Finding": "findings",
        "History": "history",
        "Ledger": "record",
        "LineFault": "export_file",
        "ListFilter": "listing",
        "Named": "refs",
        "SharedLedger": "shared",
        "Unsettled": "refs",
        "Weight": "findings",
        "batches": "refs",
        "in_use": "",
        "machine": "",
        "metadata_keys": "refs",
        "read_export": "export_file",
        "tasks": "refs",
        "unsettled": "refs",
    },
)
