"""What a provider says went wrong, as a value."""

from __future__ import annotations

from seedance_cli.models import Problem


def test_the_status_is_no_part_of_what_problems_are_compared_by() -> None:
    """The ledger does not keep it: a failure read again is the same one, and changes no row."""
    heard, kept = Problem("busy", "try later", 503), Problem("busy", "try later")
    assert heard == kept
    assert (heard != kept) is False
    assert hash(heard) == hash(kept)
    assert heard not in {Problem("busy", "now"), Problem(None, "try later")}
    assert heard.status == 503
