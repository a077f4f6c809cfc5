"""How often items are shown, kept below a ceiling for all tests together.

Online item eligibility (van der Linden & Veldkamp 2004, Journal of Educational and Behavioral
Statistics 29, 273-291) decides at the start of a test which items it may use, from what all tests
so far have used. Theirs is a lottery whose odds are adapted; ours is a bound that holds at every
moment: an item is eligible for one more test if, even when every test now under way that may use it
does, its share stays at or below the ceiling,

    administered + reserved + 1 <= max(1, floor(ceiling · (tests + 1) - phase))

``reserved``: tests under way for which the item is eligible. ``phase``, from 0 to less than 1,
differs from item to item, so that items open up one by one: without it every good item would open
to the same test, and to none of the next. An item that comes near its bound is *scarce*: in the
ranking its value counts less the less room is left, so that it goes to those whom it tells most; a
price in the sense of linear programming, found by use. And an item that fewer than a ``floor`` of
all tests have shown is *featured*: a test shows it first, where it costs least.

Items made from one template count together, as one *group*. Where a competence is too small for its
ceiling (every test needs ``need`` of its ``size`` groups) the ceiling is raised to ``need / size``;
and a test is never left with less than it needs: the least shown groups are let in again.

The counters belong to a bank version; whoever keeps them (here PostgreSQL, one row locked while a
test begins) decides for all replicas at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, ByteArray, FloatArray, IntArray
from pacnum_api.psychometrics.bank import NO_FAMILY, ItemParameters

DEFAULT_CEILING = 0.25
DEFAULT_FLOOR = 0.002
FREELY = 255.0
"""The availability of a group that is not scarce."""

SCARCE = 10.0
"""So many more tests may show a group before it counts as scarce."""

LEAST_SHARE = 0.02
_GOLDEN_RATIO = 0.6180339887498949
"""Multiples of it, modulo 1, spread evenly (Weyl)."""


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


@dataclass(frozen=True, eq=False)
class Limits:
    """``ceiling`` (g,): greatest share of all tests that may show a group, 0 for those that the
    test at hand does not ask about; ``floor``: the share that is wished at least.
    """

    ceiling: FloatArray
    floor: float

    @classmethod
    def of(
        cls,
        groups: ExposureGroups,
        *,
        competences: Sequence[int],
        need: int,
        ceiling: float = DEFAULT_CEILING,
        floor: float = DEFAULT_FLOOR,
    ) -> "Limits":
        """Return the limits for a test of ``competences`` that takes ``need`` items of each."""
        found = np.zeros(len(groups))
        for competence in competences:
            members = groups.competence_of == competence
            size = int(np.count_nonzero(members))
            if size:
                found[members] = max(ceiling, min(1.0, need / size))
        return cls(ceiling=found, floor=floor)


@dataclass(frozen=True, eq=False)
class Admission:
    """What one test may use: for each group a whole number from 0, not at all, to 255, freely,
    (g,); ``featured``: the group that it shows first because all tests have shown it too little.
    """

    availability: ByteArray
    featured: int | None

    @property
    def eligible(self) -> BoolArray:
        """Which groups the test may use at all, (g,)."""
        allowed: BoolArray = self.availability > 0
        return allowed


def admit(
    exposure: Exposure,
    groups: ExposureGroups,
    *,
    limits: Limits,
    need: int,
    left_out: BoolArray | None = None,
) -> Admission:
    """Return what the next test may use.

    ``need``: items it may take of each competence, which it always finds where the bank has them.
    ``left_out`` (g,): groups that it does not use whatever the counters say, such as those that
    the agent knows; what the test needs is then found among the others.
    """
    is_open = limits.ceiling > 0.0
    if left_out is not None:
        is_open &= ~left_out
    in_use = exposure.administered + exposure.reserved
    tests = exposure.tests + 1
    phase = phase_of_groups(len(groups))
    bound = np.maximum(1.0, np.floor(limits.ceiling * tests - phase))
    eligible = is_open & (in_use + 1 <= bound)
    for competence in np.unique(groups.competence_of[is_open]).tolist():
        members = np.flatnonzero(is_open & (groups.competence_of == competence))
        _let_in_again(eligible, members, in_use=in_use, need=need)
    # Most tests under way that may show a group do not: the price reckons with what is usual.
    usual = exposure.administered + limits.ceiling * exposure.reserved
    room = (limits.ceiling * tests - usual) / SCARCE
    share = np.where(limits.ceiling < 1.0, np.clip(room, LEAST_SHARE, 1.0), 1.0)
    lagging = np.flatnonzero(eligible & (exposure.administered < np.floor(limits.floor * tests)))
    return Admission(
        availability=np.where(eligible, np.rint(share * FREELY), 0).astype(np.uint8),
        # By turns, so that tests under way at the same time feature different ones.
        featured=int(lagging[tests % len(lagging)]) if len(lagging) else None,
    )


def phase_of_groups(groups: int) -> FloatArray:
    """Return a number in [0, 1) for each group, those of neighbours in the bank far apart."""
    phase: FloatArray = np.arange(1, groups + 1, dtype=np.float64) * _GOLDEN_RATIO % 1.0
    return phase


def _let_in_again(eligible: BoolArray, members: IntArray, *, in_use: IntArray, need: int) -> None:
    """Make eligible what is missing to ``need`` of the groups ``members`` of one competence.

    The least used; among equals by phase. A class that begins together on a new bank finds all
    groups in use once: in the order of the bank, which is that of levels, each of its tests would
    be let use items of one or two levels alone.
    """
    missing = min(need, len(members)) - int(np.count_nonzero(eligible[members]))
    if missing > 0:
        out = members[~eligible[members]]
        order = np.lexsort((phase_of_groups(len(eligible))[out], in_use[out]))
        eligible[out[order[:missing]]] = True


def availability_of_items(groups: ExposureGroups, availability: ByteArray) -> FloatArray:
    """Return the factor of each item of the bank in the ranking, from 0 to 1, (n,)."""
    factor: FloatArray = availability[groups.group_of] / FREELY
    return factor
