"""What one does with tasks: check, submit, read, poll, price, fetch. Prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.tasks import batch as batch
    from seedance_cli.tasks import key_check as key_check
    from seedance_cli.tasks import pricing as pricing
    from seedance_cli.tasks import validate as validate
    from seedance_cli.tasks.arriving import answered as answered
    from seedance_cli.tasks.arriving import arrived as arrived
    from seedance_cli.tasks.arriving import called as called
    from seedance_cli.tasks.arriving import no_task as no_task
    from seedance_cli.tasks.cancelling import cancel as cancel
    from seedance_cli.tasks.cancelling import not_cancelled as not_cancelled
    from seedance_cli.tasks.channel import Channel as Channel
    from seedance_cli.tasks.delivery import Delivery as Delivery
    from seedance_cli.tasks.delivery import left_out as left_out
    from seedance_cli.tasks.downloads.fetch import Saved as Saved
    from seedance_cli.tasks.downloads.fetch import to_stream as to_stream
    from seedance_cli.tasks.downloads.jobs import Files as Files
    from seedance_cli.tasks.downloads.last_frame import last_frame_paths as last_frame_paths
    from seedance_cli.tasks.downloads.measure import measure_file as measure_file
    from seedance_cli.tasks.downloads.pool import VideoSource as VideoSource
    from seedance_cli.tasks.downloads.sidecar import check_sidecar as check_sidecar
    from seedance_cli.tasks.downloads.sidecar import sidecar_path as sidecar_path
    from seedance_cli.tasks.downloads.sidecar import write_sidecar as write_sidecar
    from seedance_cli.tasks.downloads.standing import Standing as Standing
    from seedance_cli.tasks.downloads.standing import standing as standing
    from seedance_cli.tasks.downloads.targets import STDOUT as STDOUT
    from seedance_cli.tasks.downloads.targets import check_target as check_target
    from seedance_cli.tasks.downloads.targets import descriptor as descriptor
    from seedance_cli.tasks.downloads.targets import is_stream as is_stream
    from seedance_cli.tasks.downloads.targets import open_stream as open_stream
    from seedance_cli.tasks.downloads.video_answer import Progress as Progress
    from seedance_cli.tasks.estimate import Estimates as Estimates
    from seedance_cli.tasks.estimate import Expected as Expected
    from seedance_cli.tasks.events import Checked as Checked
    from seedance_cli.tasks.events import Downloaded as Downloaded
    from seedance_cli.tasks.events import Downloading as Downloading
    from seedance_cli.tasks.events import Ended as Ended
    from seedance_cli.tasks.events import Event as Event
    from seedance_cli.tasks.events import Held as Held
    from seedance_cli.tasks.events import Logged as Logged
    from seedance_cli.tasks.events import Noted as Noted
    from seedance_cli.tasks.events import Transfer as Transfer
    from seedance_cli.tasks.events import Waiting as Waiting
    from seedance_cli.tasks.gate import submit as submit
    from seedance_cli.tasks.key_check import KeyCheck as KeyCheck
    from seedance_cli.tasks.media.body import filled as filled
    from seedance_cli.tasks.media.cache import UploadCache as UploadCache
    from seedance_cli.tasks.media.checks import Contents as Contents
    from seedance_cli.tasks.media.delivery import FileDelivery as FileDelivery
    from seedance_cli.tasks.media.delivery import Uploaded as Uploaded
    from seedance_cli.tasks.media.delivery import Uploading as Uploading
    from seedance_cli.tasks.media.local import LocalMedia as LocalMedia
    from seedance_cli.tasks.media.local import Place as Place
    from seedance_cli.tasks.media.local import local_media as local_media
    from seedance_cli.tasks.media.ways import Way as Way
    from seedance_cli.tasks.payment import Payment as Payment
    from seedance_cli.tasks.posters import Poster as Poster
    from seedance_cli.tasks.posters import poster as poster
    from seedance_cli.tasks.posters import posters_possible as posters_possible
    from seedance_cli.tasks.posters import room_for_each as room_for_each
    from seedance_cli.tasks.price_offers import Offer as Offer
    from seedance_cli.tasks.price_offers import offers as offers
    from seedance_cli.tasks.price_rows import PriceRow as PriceRow
    from seedance_cli.tasks.price_rows import price_list as price_list
    from seedance_cli.tasks.price_rows import price_of_one as price_of_one
    from seedance_cli.tasks.reading import Target as Target
    from seedance_cli.tasks.reading import ask as ask
    from seedance_cli.tasks.reading import read_patiently as read_patiently
    from seedance_cli.tasks.reading import state as state
    from seedance_cli.tasks.recovery import confirm as confirm
    from seedance_cli.tasks.recovery import find_intent as find_intent
    from seedance_cli.tasks.recovery import unsettled as unsettled
    from seedance_cli.tasks.spending import GROUPS as GROUPS
    from seedance_cli.tasks.spending import METADATA as METADATA
    from seedance_cli.tasks.spending import SpendReport as SpendReport
    from seedance_cli.tasks.spending import Sum as Sum
    from seedance_cli.tasks.spending import Unit as Unit
    from seedance_cli.tasks.spending import check_group as check_group
    from seedance_cli.tasks.spending import report as report
    from seedance_cli.tasks.validate import check as check
    from seedance_cli.tasks.validate import fit_default as fit_default
    from seedance_cli.tasks.wait import TaskKey as TaskKey
    from seedance_cli.tasks.wait import Wait as Wait
    from seedance_cli.tasks.wait import WaitOptions as WaitOptions
    from seedance_cli.tasks.wait import key_of as key_of

__getattr__ = face(
    __name__,
    {
        "Channel": "channel",
        "Checked": "events",
        "Contents": "media.checks",
        "Delivery": "delivery",
        "Downloaded": "events",
        "Downloading": "events",
        "Ended": "events",
        "Estimates": "estimate",
        "Event": "events",
        "Expected": "estimate",
        "FileDelivery": "media.delivery",
        "Files": "downloads.jobs",
        "GROUPS": "spending",
        "Held": "events",
        "KeyCheck": "key_check",
        "LocalMedia": "media.local",
        "Logged": "events",
        "METADATA": "spending",
        "Noted": "events",
        "Offer": "price_offers",
        "Payment": "payment",
        "Place": "media.local",
        "Poster": "posters",
        "PriceRow": "price_rows",
        "Progress": "downloads.video_answer",
        "STDOUT": "downloads.targets",
        "Saved": "downloads.fetch",
        "SpendReport": "spending",
        "Standing": "downloads.standing",
        "Sum": "spending",
        "Target": "reading",
        "TaskKey": "wait",
        "Transfer": "events",
        "Unit": "spending",
        "UploadCache": "media.cache",
        "Uploaded": "media.delivery",
        "Uploading": "media.delivery",
        "VideoSource": "downloads.pool",
        "Wait": "wait",
        "WaitOptions": "wait",
        "Waiting": "events",
        "Way": "media.ways",
        "answered": "arriving",
        "arrived": "arriving",
        "ask": "reading",
        "batch": "",
        "called": "arriving",
        "cancel": "cancelling",
        "check": "validate",
        "check_group": "spending",
        "check_sidecar": "downloads.sidecar",
        "check_target": "downloads.targets",
        "confirm": "recovery",
        "descriptor": "downloads.targets",
        "filled": "media.body",
        "find_intent": "recovery",
        "fit_default": "validate",
        "is_stream": "downloads.targets",
        "key_check": "",
        "key_of": "wait",
        "last_frame_paths": "downloads.last_frame",
        "left_out": "delivery",
        "local_media": "media.local",
        "measure_file": "downloads.measure",
        "no_task": "arriving",
        "not_cancelled": "cancelling",
        "offers": "price_offers",
        "open_stream": "downloads.targets",
        "poster": "posters",
        "posters_possible": "posters",
        "price_list": "price_rows",
        "price_of_one": "price_rows",
        "pricing": "",
        "read_patiently": "reading",
        "report": "spending",
        "room_for_each": "posters",
        "sidecar_path": "downloads.sidecar",
        "standing": "downloads.standing",
        "state": "reading",
        "submit": "gate",
        "to_stream": "downloads.fetch",
        "unsettled": "recovery",
        "validate": "",
        "write_sidecar": "downloads.sidecar",
    },
)
