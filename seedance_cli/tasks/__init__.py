"""What one does with tasks: check, submit, read, poll, price, fetch. Prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.tasks import key_check as key_check
    from seedance_cli.tasks import pricing as pricing
    from seedance_cli.tasks import validate as validate
    from seedance_cli.tasks.channel import Channel as Channel
    from seedance_cli.tasks.delivery import Delivery as Delivery
    from seedance_cli.tasks.delivery import urls as urls
    from seedance_cli.tasks.downloads.fetch import Saved as Saved
    from seedance_cli.tasks.downloads.fetch import Whole as Whole
    from seedance_cli.tasks.downloads.fetch import download as download
    from seedance_cli.tasks.downloads.fetch import look as look
    from seedance_cli.tasks.downloads.fetch import to_stream as to_stream
    from seedance_cli.tasks.downloads.part_files import remove_leftover as remove_leftover
    from seedance_cli.tasks.downloads.pauses import PATIENCE as PATIENCE
    from seedance_cli.tasks.downloads.pauses import SHORT_PATIENCE as SHORT_PATIENCE
    from seedance_cli.tasks.downloads.pool import AT_ONCE as AT_ONCE
    from seedance_cli.tasks.downloads.pool import MOST as MOST
    from seedance_cli.tasks.downloads.pool import Begun as Begun
    from seedance_cli.tasks.downloads.pool import Crew as Crew
    from seedance_cli.tasks.downloads.pool import Done as Done
    from seedance_cli.tasks.downloads.pool import Ended as Ended
    from seedance_cli.tasks.downloads.pool import GoesOn as GoesOn
    from seedance_cli.tasks.downloads.pool import Logged as Logged
    from seedance_cli.tasks.downloads.pool import Order as Order
    from seedance_cli.tasks.downloads.pool import Placing as Placing
    from seedance_cli.tasks.downloads.pool import Renewed as Renewed
    from seedance_cli.tasks.downloads.pool import Source as Source
    from seedance_cli.tasks.downloads.pool import Told as Told
    from seedance_cli.tasks.downloads.pool import Transfer as Transfer
    from seedance_cli.tasks.downloads.pool import Video as Video
    from seedance_cli.tasks.downloads.pool import Waits as Waits
    from seedance_cli.tasks.downloads.standing import Standing as Standing
    from seedance_cli.tasks.downloads.standing import standing as standing
    from seedance_cli.tasks.downloads.targets import STDOUT as STDOUT
    from seedance_cli.tasks.downloads.targets import check_target as check_target
    from seedance_cli.tasks.downloads.targets import descriptor as descriptor
    from seedance_cli.tasks.downloads.targets import is_stream as is_stream
    from seedance_cli.tasks.downloads.video_answer import Progress as Progress
    from seedance_cli.tasks.estimate import Estimates as Estimates
    from seedance_cli.tasks.gate import submit as submit
    from seedance_cli.tasks.key_check import Checked as Checked
    from seedance_cli.tasks.payment import Payment as Payment
    from seedance_cli.tasks.polling import Seen as Seen
    from seedance_cli.tasks.polling import Watch as Watch
    from seedance_cli.tasks.pricing import Limit as Limit
    from seedance_cli.tasks.reading import Target as Target
    from seedance_cli.tasks.reading import ask as ask
    from seedance_cli.tasks.reading import concern as concern
    from seedance_cli.tasks.reading import read as read
    from seedance_cli.tasks.reading import read_patiently as read_patiently
    from seedance_cli.tasks.reading import state as state
    from seedance_cli.tasks.validate import check as check
    from seedance_cli.tasks.validate import fit_default as fit_default

__getattr__ = face(
    __name__,
    {
        "AT_ONCE": "downloads.pool",
        "Begun": "downloads.pool",
        "Channel": "channel",
        "Checked": "key_check",
        "Crew": "downloads.pool",
        "Delivery": "delivery",
        "Done": "downloads.pool",
        "Ended": "downloads.pool",
        "Estimates": "estimate",
        "GoesOn": "downloads.pool",
        "Limit": "pricing",
        "Logged": "downloads.pool",
        "MOST": "downloads.pool",
        "Order": "downloads.pool",
        "PATIENCE": "downloads.pauses",
        "Payment": "payment",
        "Placing": "downloads.pool",
        "Progress": "downloads.video_answer",
        "Renewed": "downloads.pool",
        "SHORT_PATIENCE": "downloads.pauses",
        "STDOUT": "downloads.targets",
        "Saved": "downloads.fetch",
        "Seen": "polling",
        "Source": "downloads.pool",
        "Standing": "downloads.standing",
        "Target": "reading",
        "Told": "downloads.pool",
        "Transfer": "downloads.pool",
        "Video": "downloads.pool",
        "Waits": "downloads.pool",
        "Watch": "polling",
        "Whole": "downloads.fetch",
        "ask": "reading",
        "check": "validate",
        "check_target": "downloads.targets",
        "concern": "reading",
        "descriptor": "downloads.targets",
        "download": "downloads.fetch",
        "fit_default": "validate",
        "is_stream": "downloads.targets",
        "key_check": "",
        "look": "downloads.fetch",
        "pricing": "",
        "read": "reading",
        "read_patiently": "reading",
        "remove_leftover": "downloads.part_files",
        "standing": "downloads.standing",
        "state": "reading",
        "submit": "gate",
        "to_stream": "downloads.fetch",
        "urls": "delivery",
        "validate": "",
    },
)
