"""The sandbox: the documented APIs of every provider, emulated over a real loopback socket.

- `dialects/` one provider each: JSON in → a `Job` or a documented error; a task → documented JSON
- `web/`      HTTP: door, routes, endpoints, answers, the page at `/`, callbacks, the socket
- `video/`    a `Job` → a real MP4, kept on disk
- `tasks`     the tasks' state, in SQLite, and what the clock makes of it
- `faults`    the words that provoke a fault
- `serve`     serves it for one command, or for other clients

Nothing here is imported before the sandbox is asked for, and only `web/callbacks` ever calls
anybody: loopback addresses, unless more is allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.sandbox import serve as serve
    from seedance_cli.sandbox.dialects._registry import (
        require_dialect as require_dialect,
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
    from seedance_cli.sandbox.serve import (
        running as running,
    )
    from seedance_cli.sandbox.state import (
        Sandbox as Sandbox,
    )

__getattr__ = face(
    __name__,
    {
        "Options": "options",
        "Sandbox": "state",
        "require": "options",
        "require_dialect": "dialects._registry",
        "running": "serve",
        "seconds_from": "options",
        "serve": "",
    },
)
