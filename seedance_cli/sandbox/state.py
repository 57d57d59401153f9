"""What the parts of one running sandbox share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seedance_cli.sandbox.options import Options
    from seedance_cli.sandbox.tasks import TaskStore
    from seedance_cli.sandbox.video.store import Videos


@dataclass(slots=True)
class Sandbox:
    """One running sandbox: its tasks, its videos, how it behaves, where it answers."""

    store: TaskStore
    videos: Videos
    options: Options
    host: str
    """The address it is bound to."""
    port: int
    tried: set[str] = field(default_factory=set)
    """Submits that were rate-limited once."""
