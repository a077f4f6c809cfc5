"""What identifies an answer, and how long it may take."""

import hashlib
import json
import math
from datetime import datetime, timedelta

from pacnum_api.domains.test_sessions.types import (
    Accommodations,
    SessionPurpose,
    Submission,
)

LIMIT_FACTOR = 4
"""A certification item may take this many times what its author expects."""

GRACE = timedelta(seconds=5)
"""For the network: the clock is the server's."""


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def answer_hash(submission: Submission) -> bytes:
    """SHA-256 of item and response, whatever the order of members.

    Two submissions with the same hash are the same answer sent twice; how long the browser says it
    took is evidence, not part of the answer.
    """
    canonical = _canonical(submission.response)
    return hashlib.sha256(f"{submission.item_id}\n{canonical}".encode()).digest()


def time_limit_seconds(
    purpose: SessionPurpose, expected_seconds: int, *, accommodations: Accommodations
) -> int | None:
    """How long an item may take; None where time is not limited (all but certification)."""
    if purpose is not SessionPurpose.CERTIFICATION or accommodations.no_time_limits:
        return None
    return math.ceil(expected_seconds * LIMIT_FACTOR * accommodations.time_multiplier)


def was_late(issued_at: datetime, accepted_at: datetime, *, limit_seconds: int | None) -> bool:
    """Whether an answer came after its limit and a grace for the network."""
    if limit_seconds is None:
        return False
    return accepted_at - issued_at > timedelta(seconds=limit_seconds) + GRACE
