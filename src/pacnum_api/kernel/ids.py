"""Identifiers that sort by the time they were made."""

import os
import threading
import time
from uuid import UUID

PUBLIC_TENANT_ID = UUID(int=0)
"""Owner of what ships with the product; every tenant may read it, none may change it."""

_RANDOM_BITS = 74
_COUNTED = (1 << 62) - 1
"""The bits below the variant: what ids of one row count in."""

_lock = threading.Lock()
_last: tuple[int, int] = (0, 0)
_maker = os.getpid()


def new_id() -> UUID:
    """Make a UUIDv7 (RFC 9562, section 5.7) that is greater than every earlier one of this process.

    48 bits of Unix milliseconds, then 74 random bits; within one millisecond, or when the clock
    steps back, the random part is counted up instead of being drawn anew (method 2 of section 6.2).
    """
    return _spelled(*_take(1))


def new_ids(count: int) -> UUID:
    """The first of ``count`` identifiers, each one more than the one before; none is given again.

    For rows that PostgreSQL makes in one statement: it has no UUIDv7 of its own before 18. The last
    62 bits count up without a carry, so the first 64 bits are the same in all of them.
    """
    return _spelled(*_take(count))


def _take(count: int) -> tuple[int, int]:
    """Milliseconds and random part of the first of ``count`` in a row; the others are taken too."""
    global _last, _maker  # noqa: PLW0603 - the one counter of the process, guarded by its lock
    millisecond = time.time_ns() // 1_000_000
    drawn = int.from_bytes(os.urandom(10)) >> (80 - _RANDOM_BITS + 1)  # headroom for counting up
    with _lock:
        if _maker != os.getpid():  # forked: its brothers would count up from the same identifier
            _last, _maker = (0, 0), os.getpid()
        previous, counter = _last
        tail = drawn if millisecond > previous else counter + 1
        if (tail & _COUNTED) + count - 1 > _COUNTED:
            tail = (tail | _COUNTED) + 1  # a row never straddles the variant's two bits
        _last = (max(millisecond, previous), tail + count - 1)
        return _last[0], tail


def _spelled(millisecond: int, tail: int) -> UUID:
    value = (millisecond << 80) | (0x7 << 76) | ((tail >> 62) << 64) | (0b10 << 62)
    return UUID(int=value | (tail & _COUNTED))
