"""Profiles and keys: what the two files and the environment say, and how they are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.config import edit as edit
    from seedance_cli.config import keys as keys
    from seedance_cli.config import resolve as resolve
    from seedance_cli.config import row_endpoint as row_endpoint
    from seedance_cli.config import settings as settings
    from seedance_cli.config import show as show
    from seedance_cli.config.edit import (
        Change as Change,
    )
    from seedance_cli.config.ledger_setting import (
        LedgerPlace as LedgerPlace,
    )
    from seedance_cli.config.ledger_setting import (
        ledger_place as ledger_place,
    )
    from seedance_cli.config.ledger_setting import (
        sandbox_place as sandbox_place,
    )
    from seedance_cli.config.ledger_setting import (
        typed_place as typed_place,
    )
    from seedance_cli.config.resolve import (
        Choice as Choice,
    )
    from seedance_cli.config.resolve import (
        ConfigFiles as ConfigFiles,
    )
    from seedance_cli.config.resolve import (
        KeyPlace as KeyPlace,
    )
    from seedance_cli.config.resolve import (
        Settings as Settings,
    )
    from seedance_cli.config.schema import (
        OPTIONS as OPTIONS,
    )
    from seedance_cli.config.schema import (
        Profile as Profile,
    )
    from seedance_cli.config.show import (
        Access as Access,
    )
    from seedance_cli.config.show import (
        Effective as Effective,
    )
    from seedance_cli.config.show import (
        effective as effective,
    )
    from seedance_cli.config.show import (
        source_object as source_object,
    )
    from seedance_cli.config.sources import (
        known_keys as known_keys,
    )
    from seedance_cli.config.sources import (
        load as load,
    )
    from seedance_cli.config.sources import (
        paths as paths,
    )

__getattr__ = face(
    __name__,
    {
        "Access": "show",
        "Change": "edit",
        "Choice": "resolve",
        "ConfigFiles": "resolve",
        "Effective": "show",
        "KeyPlace": "resolve",
        "LedgerPlace": "ledger_setting",
        "OPTIONS": "schema",
        "Profile": "schema",
        "Settings": "resolve",
        "edit": "",
        "effective": "show",
        "keys": "",
        "known_keys": "sources",
        "ledger_place": "ledger_setting",
        "load": "sources",
        "paths": "sources",
        "resolve": "",
        "row_endpoint": "",
        "sandbox_place": "ledger_setting",
        "settings": "",
        "show": "",
        "source_object": "show",
        "typed_place": "ledger_setting",
    },
)
