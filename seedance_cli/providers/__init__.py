"""The providers: one module each, found by listing this folder, imported when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.providers._base import (
        Api as Api,
    )
    from seedance_cli.providers._base import (
        Provider as Provider,
    )
    from seedance_cli.providers._document import (
        unreadable as unreadable,
    )
    from seedance_cli.providers._fields import (
        FLAGS as FLAGS,
    )
    from seedance_cli.providers._files import (
        FileLimits as FileLimits,
    )
    from seedance_cli.providers._files import (
        Upload as Upload,
    )
    from seedance_cli.providers._files import (
        UploadForm as UploadForm,
    )
    from seedance_cli.providers._info import (
        Media as Media,
    )
    from seedance_cli.providers._info import (
        ModelInfo as ModelInfo,
    )
    from seedance_cli.providers._info import (
        ModelUse as ModelUse,
    )
    from seedance_cli.providers._info import (
        ProviderInfo as ProviderInfo,
    )
    from seedance_cli.providers._info import (
        RateLimit as RateLimit,
    )
    from seedance_cli.providers._registry import (
        get as get,
    )
    from seedance_cli.providers._registry import (
        names as names,
    )

__getattr__ = face(
    __name__,
    {
        "Api": "_base",
        "FLAGS": "_fields",
        "FileLimits": "_files",
        "Media": "_info",
        "ModelInfo": "_info",
        "ModelUse": "_info",
        "Provider": "_base",
        "ProviderInfo": "_info",
        "RateLimit": "_info",
        "Upload": "_files",
        "UploadForm": "_files",
        "get": "_registry",
        "names": "_registry",
        "unreadable": "_document",
    },
)
