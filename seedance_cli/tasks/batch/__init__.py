"""A file of rows, each one submission under a name of its own (contract, section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.tasks.batch.columns import request as request
    from seedance_cli.tasks.batch.engine import Batch as Batch
    from seedance_cli.tasks.batch.engine import BatchEvent as BatchEvent
    from seedance_cli.tasks.batch.engine import Bought as Bought
    from seedance_cli.tasks.batch.engine import Delivered as Delivered
    from seedance_cli.tasks.batch.engine import EngineOptions as EngineOptions
    from seedance_cli.tasks.batch.engine import Halted as Halted
    from seedance_cli.tasks.batch.engine import Lost as Lost
    from seedance_cli.tasks.batch.engine import Paused as Paused
    from seedance_cli.tasks.batch.engine import Refused as Refused
    from seedance_cli.tasks.batch.engine import Settled as Settled
    from seedance_cli.tasks.batch.engine import Submitted as Submitted
    from seedance_cli.tasks.batch.engine import Watched as Watched
    from seedance_cli.tasks.batch.identity import batch_name as batch_name
    from seedance_cli.tasks.batch.identity import in_shard as in_shard
    from seedance_cli.tasks.batch.identity import is_hashed as is_hashed
    from seedance_cli.tasks.batch.identity import keys as keys
    from seedance_cli.tasks.batch.identity import parse_shard as parse_shard
    from seedance_cli.tasks.batch.items import AT_REST as AT_REST
    from seedance_cli.tasks.batch.items import Action as Action
    from seedance_cli.tasks.batch.items import Item as Item
    from seedance_cli.tasks.batch.items import Seller as Seller
    from seedance_cli.tasks.batch.items import action as action
    from seedance_cli.tasks.batch.items import is_here as is_here
    from seedance_cli.tasks.batch.items import is_open as is_open
    from seedance_cli.tasks.batch.items import may_buy as may_buy
    from seedance_cli.tasks.batch.manifest import FORMATS as FORMATS
    from seedance_cli.tasks.batch.manifest import MOST_BYTES as MOST_BYTES
    from seedance_cli.tasks.batch.manifest import TEXTS as TEXTS
    from seedance_cli.tasks.batch.manifest import Diagnostic as Diagnostic
    from seedance_cli.tasks.batch.manifest import Manifest as Manifest
    from seedance_cli.tasks.batch.manifest import ManifestRow as ManifestRow
    from seedance_cli.tasks.batch.manifest import form_of as form_of
    from seedance_cli.tasks.batch.manifest import parse as parse
    from seedance_cli.tasks.batch.pace import Pace as Pace

__getattr__ = face(
    __name__,
    {
        "AT_REST": "items",
        "Action": "items",
        "Batch": "engine",
        "BatchEvent": "engine",
        "Bought": "engine",
        "Delivered": "engine",
        "Diagnostic": "manifest",
        "EngineOptions": "engine",
        "FORMATS": "manifest",
        "Halted": "engine",
        "Item": "items",
        "Lost": "engine",
        "MOST_BYTES": "manifest",
        "Manifest": "manifest",
        "ManifestRow": "manifest",
        "Pace": "pace",
        "Paused": "engine",
        "Refused": "engine",
        "Seller": "items",
        "Settled": "engine",
        "Submitted": "engine",
        "TEXTS": "manifest",
        "Watched": "engine",
        "action": "items",
        "batch_name": "identity",
        "form_of": "manifest",
        "in_shard": "identity",
        "is_hashed": "identity",
        "is_here": "items",
        "is_open": "items",
        "keys": "identity",
        "may_buy": "items",
        "parse": "manifest",
        "parse_shard": "identity",
        "request": "columns",
    },
)
