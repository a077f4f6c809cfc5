"""A stream of choices drawn from a seed, the same on every machine and for ever.

Python's ``random`` and NumPy promise no stability of derived methods between versions; a session
must replay bit for bit years later. So: SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable
pseudorandom number generators", OOPSLA), started from blake2b of the seed and the stream's names,
and derived draws that are spelt out here.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1
_GOLDEN_GAMMA = 0x9E3779B97F4A7C15


class SeededStream:
    """Draws for one purpose: streams of different names are independent of one another."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, *names: str) -> None:
        """Start the stream of ``names`` (an item's key, then a purpose) under a session's seed."""
        material = "\x1f".join((str(seed), *names)).encode()
        self._state = int.from_bytes(blake2b(material, digest_size=8).digest(), "big")

    def word(self) -> int:
        """The next 64 bits of SplitMix64."""
        self._state = (self._state + _GOLDEN_GAMMA) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def below(self, count: int) -> int:
        """0 to count - 1, each exactly as likely: words of the last, incomplete run are redrawn."""
        limit = (1 << 64) - (1 << 64) % count
        word = self.word()
        while word >= limit:
            word = self.word()
        return word % count

    def one_of(self, values: Sequence[T]) -> T:
        """One of the values."""
        return values[self.below(len(values))]

    def shuffled(self, values: Sequence[T]) -> tuple[T, ...]:
        """The values in random order (Fisher–Yates from the end, Durstenfeld 1964)."""
        order = list(values)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return tuple(order)
