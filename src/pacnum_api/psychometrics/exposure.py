"""How often items are shown, kept below a ceiling for all tests together.

Online item eligibility (van der Linden & Veldkamp 2004, Journal of Educational and Behavioral
Statistics 29, 273-291) decides at the start of a test which items it may use, from what all tests
so far have used. Theirs is a lottery whose odds are adapted; ours is a bound that holds at every
moment: an item is eligible for one more test if, even when every test now under way that may use it
does, its share stays at or below the ceiling,

    administered + reserved + 1 <= max(1, floor(ceiling · (tests + 1)))

``reserved``: tests under way for which the item is eligible. Items made from one template count
together, as one *group*. Where a competence is too small for its ceiling (every test needs
``need`` of its ``size`` groups) the ceiling is raised to ``need / size``; and a test is never left
with less than it needs: the least shown groups are let in again.

The counters belong to a bank version; whoever keeps them (here PostgreSQL, one row locked while a
test begins) decides for all replicas at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.bank import NO_FAMILY, ItemParameters

DEFAULT_CEILING = 0.25


@dataclass(frozen=True, eq=False)
class ExposureGroups:
    """Which items count together: ``group_of`` (n,), groups numbered in the order of the bank;
    ``competence_of`` (g,): that of each group.
    """

    group_of: IntArray
    competence_of: IntArray

    @classmethod
    def of(cls, parameters: ItemParameters) -> "ExposureGroups":
        """Each family is one group, each item without family one of its own."""
        numbers: dict[int, int] = {}
        group_of = []
        competence_of = []
        for item, family in enumerate(parameters.family.tolist()):
            key = -1 - item if family == NO_FAMILY else family
            if key not in numbers:
                numbers[key] = len(numbers)
                competence_of.append(int(parameters.competence[item]))
            group_of.append(numbers[key])
        return cls(np.array(group_of, np.int64), np.array(competence_of, np.int64))

    def __len__(self) -> int:
        return len(self.competence_of)

    def shown(self, items: Sequence[int]) -> IntArray:
        """Return 1 for each group that a test has used, else 0, (g,)."""
        used = np.zeros(len(self), np.int64)
        used[self.group_of[list(items)]] = 1
        return used


@dataclass(frozen=True, eq=False)
class Exposure:
    """The counters of a bank: ``tests`` begun; for each group the tests that are over and used it
    (``administered``) and those under way that may (``reserved``), (g,) each.
    """

    tests: int
    administered: IntArray
    reserved: IntArray

    @classmethod
    def none(cls, groups: int) -> "Exposure":
        """Return the counters of a bank that was never used."""
        return cls(0, np.zeros(groups, np.int64), np.zeros(groups, np.int64))

    def begun(self, eligible: BoolArray) -> "Exposure":
        """Return the counters once a test has begun with the groups ``eligible`` (g,)."""
        return replace(self, tests=self.tests + 1, reserved=self.reserved + eligible)

    def ended(self, eligible: BoolArray, *, shown: IntArray) -> "Exposure":
        """Return the counters once that test is over; ``shown`` as of ``ExposureGroups.shown``."""
        return replace(
            self,
            administered=self.administered + shown,
            reserved=np.maximum(self.reserved - eligible, 0),
        )


def ceilings(
    groups: ExposureGroups, *, competences: Sequence[int], need: int, ceiling: float
) -> FloatArray:
    """Return the ceiling of each group, (g,); 0 for competences that the test does not ask about.

    ``need``: greatest number of items that a test takes of a competence.
    """
    sizes = np.bincount(groups.competence_of, minlength=max(competences, default=0) + 1)
    result = np.zeros(len(groups))
    for competence in competences:
        size = int(sizes[competence])
        if size:
            raised = max(ceiling, min(1.0, need / size))
            result[groups.competence_of == competence] = raised
    return result


def eligible_groups(
    exposure: Exposure, groups: ExposureGroups, *, ceiling: FloatArray, need: int
) -> BoolArray:
    """Return which groups the next test may use, (g,).

    ``ceiling`` (g,): see ``ceilings``; ``need``: items it may take of each competence, which it
    always finds where the bank has them.
    """
    in_use = exposure.administered + exposure.reserved
    bound = np.maximum(1.0, np.floor(ceiling * (exposure.tests + 1)))
    asked = ceiling > 0.0
    eligible: BoolArray = asked & (in_use + 1 <= bound)
    for competence in np.unique(groups.competence_of[asked]).tolist():
        members = np.flatnonzero(groups.competence_of == competence)
        missing = min(need, len(members)) - int(np.count_nonzero(eligible[members]))
        if missing > 0:
            out = members[~eligible[members]]
            share = in_use[out]
            # Stable: among equals the first of the bank.
            eligible[out[np.argsort(share, kind="stable")[:missing]]] = True
    return eligible


def eligible_items(groups: ExposureGroups, eligible: BoolArray) -> BoolArray:
    """Return which items of the bank may be put, (n,), from the groups that may."""
    items: BoolArray = eligible[groups.group_of]
    return items
