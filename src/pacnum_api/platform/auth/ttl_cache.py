"""A bounded cache whose entries die."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """At most ``size`` entries, each until its own deadline; the oldest written gives way, and
    goes when it is dead, so that memory follows what is alive.

    Eviction follows writing order rather than use: a look-up then changes nothing, which keeps it
    at two dictionary operations on every request.
    """

    def __init__(self, size: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._entries: dict[K, tuple[float, V]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The live value, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] <= self._clock():
            del self._entries[key]
            return None
        return entry[1]

    def put(self, key: K, value: V, *, seconds: float) -> None:
        """Keep the value for a time; nothing is kept for zero seconds or less."""
        self._entries.pop(key, None)
        if seconds <= 0:
            return
        now = self._clock()
        while self._entries:
            oldest = next(iter(self._entries))
            if len(self._entries) < self._size and self._entries[oldest][0] > now:
                break
            del self._entries[oldest]
        self._entries[key] = (now + seconds, value)

    def drop(self, key: K) -> None:
        """Forget one entry, if it is there."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
