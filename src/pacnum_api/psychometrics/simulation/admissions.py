"""What each of many tests may use of the bank, as ``exposure`` says for one."""

from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, ByteArray, FloatArray, IntArray
from pacnum_api.psychometrics.exposure import FREELY

NONE_FEATURED = -1


@dataclass(frozen=True, eq=False)
class Admissions:
    """``availability`` (N, n): for each test and item of the bank from 0, not at all, to 255,
    freely; ``featured`` (N,): the item that a test shows first, -1 for none.
    """

    availability: ByteArray
    featured: IntArray

    @classmethod
    def free(cls, tests: int, items: int) -> "Admissions":
        """Return tests that may use the whole bank freely."""
        return cls(
            np.full((tests, items), int(FREELY), dtype=np.uint8),
            np.full(tests, NONE_FEATURED, dtype=np.int64),
        )

    @classmethod
    def only(cls, eligible: BoolArray) -> "Admissions":
        """Return tests that may use the items of their row freely, and no others."""
        free = cls.free(*eligible.shape)
        return cls(np.where(eligible, free.availability, np.uint8(0)), free.featured)

    def part(self, first: int, stop: int) -> "Admissions":
        """Return those of the tests ``first`` to ``stop - 1``."""
        return Admissions(self.availability[first:stop], self.featured[first:stop])

    def eligible(self, test: int) -> BoolArray:
        """Return which items one test may use, (n,)."""
        allowed: BoolArray = self.availability[test] > 0
        return allowed

    def factor(self, test: int) -> FloatArray:
        """Return the factors of the items in the ranking of one test, (n,), 0 to 1."""
        factor: FloatArray = self.availability[test] / FREELY
        return factor

    def featured_item(self, test: int) -> int | None:
        """Return the item that one test shows first."""
        item = int(self.featured[test])
        return None if item == NONE_FEATURED else item
