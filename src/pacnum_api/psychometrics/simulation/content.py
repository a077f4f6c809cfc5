"""Content areas that a test must not leave out.

The rule: as long as an area is below its minimum, only items of such areas are asked and no goal
ends the test. An area that has no item left is given up.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, ByteArray, FloatArray, IntArray
from pacnum_api.psychometrics.simulation.criteria import BEYOND, TAKEN


@dataclass(frozen=True, eq=False)
class Content:
    """Content areas of the bank: ``area`` (n,) of each item, ``minimum`` (areas,) items of each."""

    area: IntArray
    minimum: IntArray

    def __post_init__(self) -> None:
        if len(self.area) and not 0 <= int(self.area.min()) <= int(self.area.max()) < len(
            self.minimum
        ):
            raise ValueError("an item belongs to a content area that has no minimum")

    @classmethod
    def free(cls, items: int) -> "Content":
        """Return one area of all items, of which a test may have none."""
        return cls(np.zeros(items, dtype=np.int64), np.zeros(1, dtype=np.int64))

    @property
    def areas(self) -> int:
        return len(self.minimum)

    def within(self, first: int, stop: int) -> "Content":
        """Return the areas of a slice of the bank."""
        return Content(self.area[first:stop], self.minimum)

    def left(self, availability: ByteArray) -> FloatArray:
        """Return how many items each agent may still be asked of each area, (A, areas), from how
        freely they may use each item, (A, n), 0 for not at all.
        """
        counts: FloatArray = (availability > 0).astype(np.float64) @ self._members.T
        return counts

    def owed(self, had: IntArray, left: FloatArray) -> BoolArray:
        """Return the areas below their minimum that still have items, (A, areas).

        ``had`` and ``left`` (A, areas): items that each agent has had, and may still be asked.
        """
        return np.logical_and(had < self.minimum, left > 0.0)

    def capped(self, owed: BoolArray, cap: FloatArray) -> FloatArray:
        """Return ``cap`` with ``TAKEN`` for what is in no area owed, for agents who owe any."""
        owes = np.logical_or.reduce(owed, axis=1, keepdims=True)
        if not owes.any():
            return cap
        is_open = np.logical_or(owed, ~owes)
        # A product takes a fraction of the time of looking up the area of each item.
        capped: FloatArray = is_open.astype(np.float64) @ (self._members * BEYOND)
        capped += TAKEN
        return np.minimum(capped, cap, out=capped)

    @cached_property
    def _members(self) -> FloatArray:
        """1 where an item belongs to an area, else 0, (areas, n)."""
        members: FloatArray = (self.area == np.arange(self.areas)[:, None]).astype(np.float64)
        return members
