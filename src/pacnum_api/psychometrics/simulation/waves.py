"""A ceiling on exposure, when tests run at the same time.

The rule is ``psychometrics.exposure``. Here its counters are kept for simulated tests, which begin
in waves: all tests of a wave begin one after the other, as agents do who come within a few minutes,
whichever process serves them, and end before the next wave begins. The larger the waves, the more
tests there are of which the counters only know what they might use.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray
from pacnum_api.psychometrics.exposure import (
    Exposure,
    ExposureGroups,
    ceilings,
    eligible_groups,
)
from pacnum_api.psychometrics.simulation.records import NO_ITEM, SimulatedTests
from pacnum_api.psychometrics.tables import BankTables


@dataclass(eq=False)
class Waves:
    """The counters, and what each test may use.

    ``bound`` (g,): ceiling of each group; ``need``: items that a test may take of a competence.
    """

    groups: ExposureGroups
    bound: FloatArray
    need: int
    counters: Exposure = field(init=False)

    def __post_init__(self) -> None:
        self.counters = Exposure.none(len(self.groups))

    @classmethod
    def under(
        cls, ceiling: float, tables: BankTables, *, competences: tuple[int, ...], need: int
    ) -> "Waves":
        """Return the waves under a ceiling, a share of all tests.

        ``ValueError`` unless it is above 0, and at most 1.
        """
        if not 0.0 < ceiling <= 1.0:
            raise ValueError("a ceiling on exposure is a share above 0, at most 1")
        groups = ExposureGroups.of(tables.parameters)
        bound = ceilings(groups, competences=competences, need=need, ceiling=ceiling)
        return cls(groups, bound, need)

    def begin(self, count: int) -> BoolArray:
        """Let a wave of tests begin; return which items each of them may use, (count, n).

        ``exposure.eligible_groups`` for one test after the other.
        """
        sizes = np.bincount(self.groups.competence_of[self.bound > 0.0])
        least = np.minimum(self.need, sizes)
        is_open = np.zeros((count, len(self.groups)), dtype=np.bool_)
        before = self.counters
        in_use = before.administered + before.reserved
        for place in range(count):
            bound = np.maximum(1.0, np.floor(self.bound * (before.tests + place + 1)))
            np.logical_and(self.bound > 0.0, in_use + 1 <= bound, out=is_open[place])
            held = np.bincount(self.groups.competence_of[is_open[place]], minlength=len(least))
            if (held < least).any():
                # Seldom but at the start: the whole rule, which lets some in again.
                now = Exposure(before.tests + place, in_use, np.zeros_like(in_use))
                is_open[place] = eligible_groups(
                    now, self.groups, ceiling=self.bound, need=self.need
                )
            in_use += is_open[place]
        self.counters = replace(before, tests=before.tests + count)
        result: BoolArray = is_open[:, self.groups.group_of]
        return result

    def end(self, tests: SimulatedTests) -> None:
        """Count what a wave has used, now that it is over. A family counts once for a test."""
        given = tests.items != NO_ITEM
        rows = np.broadcast_to(np.arange(len(tests))[:, None], given.shape)[given]
        used = np.zeros((len(tests), len(self.groups)), dtype=np.bool_)
        used[rows, self.groups.group_of[tests.items[given]]] = True
        administered = self.counters.administered + np.count_nonzero(used, axis=0)
        self.counters = replace(self.counters, administered=administered)
