"""The sandbox: the documented APIs of every provider, emulated over a real loopback socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.sandbox import serve as serve
    from seedance_cli.sandbox.embedded import (
        running as running,
    )
    from seedance_cli.sandbox.endpoints import (
        Sandbox as Sandbox,
    )
    from seedance_cli.sandbox.options import (
        Options as Options,
    )
    from seedance_cli.sandbox.options import (
        require as require,
    )
    from seedance_cli.sandbox.options import (
        seconds_from as seconds_from,
    )
    from seedance_cli.sandbox.web.server import (
        serving as serving,
    )

__getattr__ = face(
    __name__,
    {
        "Options": "options",
        "Sandbox": "endpoints",
        "require": "options",
        "running": "embedded",
        "seconds_from": "options",
        "serve": "",
        "serving": "web.server",
    },
)
