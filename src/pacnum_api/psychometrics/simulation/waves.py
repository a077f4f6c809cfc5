"""A ceiling on exposure, when tests run at the same time.

The rule is ``psychometrics.exposure``. Here its counters are kept for simulated tests, which begin
in waves: all tests of a wave begin one after the other, as agents do who come within a few minutes,
whichever process serves them, and end before the next wave begins. The larger the waves, the more
tests there are of which the counters only know what they might use.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from pacnum_api.psychometrics.exposure import Exposure, ExposureGroups, Limits
from pacnum_api.psychometrics.simulation.admissions import NONE_FEATURED, Admissions
from pacnum_api.psychometrics.simulation.admitting import admit_each
from pacnum_api.psychometrics.simulation.records import NO_ITEM, SimulatedTests
from pacnum_api.psychometrics.tables import BankTables


@dataclass(eq=False)
class Waves:
    """The counters, and what each test may use.

    ``need``: items that a test may take of a competence.
    """

    groups: ExposureGroups
    limits: Limits
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
        limits = Limits.of(groups, competences=competences, need=need, ceiling=ceiling)
        return cls(groups, limits, need)

    def begin(self, count: int) -> Admissions:
        """Let a wave of tests begin; return what each of them may use."""
        group_of = self.groups.group_of
        admitted, self.counters = admit_each(
            count, self.counters, groups=self.groups, limits=self.limits, need=self.need
        )
        # The first of a family stands for it.
        first_of = np.unique(group_of, return_index=True)[1]
        of_group = np.append(first_of, NONE_FEATURED)
        return Admissions(admitted.availability[:, group_of], of_group[admitted.featured])

    def end(self, tests: SimulatedTests) -> None:
        """Count what a wave has used, now that it is over: nothing stays reserved."""
        given = tests.items != NO_ITEM
        rows = np.broadcast_to(np.arange(len(tests))[:, None], given.shape)[given]
        used = np.zeros((len(tests), len(self.groups)), dtype=np.bool_)
        used[rows, self.groups.group_of[tests.items[given]]] = True
        self.counters = replace(
            self.counters,
            administered=self.counters.administered + np.count_nonzero(used, axis=0),
            reserved=np.zeros_like(self.counters.reserved),
        )
