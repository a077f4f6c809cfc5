"""Identifiers that sort by the time they were made."""

import os
import threading
import time
from uuid import UUID

PUBLIC_TENANT_ID = UUID(int=0)
"""Owner of what ships with the product; every tenant may read it, none may change it."""

_RANDOM_BITS = 74
_lock = threading.Lock()
_last: tuple[int, int] = (0, 0)
_maker = os.getpid()


def new_id() -> UUID:
    """Make a UUIDv7 (RFC 9562, section 5.7) that is greater than every earlier one of this process.

    48 bits of Unix milliseconds, then 74 random bits; within one millisecond, or when the clock
    steps back, the random part is counted up instead of being drawn anew (method 2 of section 6.2).
    """
    global _last, _maker  # noqa: PLW0603 - the one counter of the process, guarded by its lock
    millisecond = time.time_ns() // 1_000_000
    drawn = int.from_bytes(os.urandom(10)) >> (80 - _RANDOM_BITS + 1)  # headroom for counting up
    with _lock:
        if _maker != os.getpid():  # forked: its brothers would count up from the same identifier
            _last, _maker = (0, 0), os.getpid()
        previous, counter = _last
        tail = drawn if millisecond > previous else counter + 1
        _last = (max(millisecond, previous), tail)
        millisecond = _last[0]
    value = (millisecond << 80) | (0x7 << 76) | ((tail >> 62) << 64) | (0b10 << 62)
    return UUID(int=value | (tail & ((1 << 62) - 1)))
