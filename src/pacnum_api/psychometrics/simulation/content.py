"""Content areas that a test must not leave out.

The rule: as long as an area is below its minimum, only items of such areas are asked and no goal
ends the test. An area that has no item left is given up.
"""

from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, IntArray


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

    @property
    def areas(self) -> int:
        return len(self.minimum)

    def within(self, first: int, stop: int) -> "Content":
        """Return the areas of a slice of the bank."""
        return Content(self.area[first:stop], self.minimum)

    def barred(self, had: IntArray, blocked: BoolArray) -> tuple[BoolArray, BoolArray]:
        """Return the items that may not be asked now, (A, items), and the agents who owe items to
        an area that still has some, (A,).
        """
        below = had < self.minimum
        if not below.any():
            return blocked, np.zeros(len(had), dtype=np.bool_)
        elsewhere = blocked | ~below[:, self.area]
        owes = np.logical_not(np.logical_and.reduce(elsewhere, axis=1))
        return np.where(owes[:, None], elsewhere, blocked), owes
