"""What a bank can measure, and what it lacks, before anybody has answered.

Precision is asked for at the middle of each level: information I there, and the standard error
that a test beginning with N(0, 1) is left with,

    SE = 1 / sqrt(1 + I)

which is the normal approximation of the posterior (Bock & Mislevy 1982, Applied Psychological
Measurement 6, 431-444). At the outermost levels the engine's own standard error is smaller: it
estimates those agents nearer to the middle, where more items tell something. On the other hand the
ability is taken as known when the best items are picked, and a test has to find it first. Every
competence counts by itself; in a test of several what is known of one helps the others, and fewer
items do.

Items lacking are reckoned in *typical* ones: the median, over the bank, of an item's information at
the middle of the level that it was written for, parameter error included. So the number falls when
calibration narrows the parameters' errors, without an item written.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray, stable_exp
from pacnum_api.psychometrics.bank import item_information
from pacnum_api.psychometrics.exposure import Exposure, ExposureGroups
from pacnum_api.psychometrics.rules import StoppingRules
from pacnum_api.psychometrics.scale import MASTERY, THETA, LevelScale
from pacnum_api.psychometrics.tables import BankTables

_ROUNDING = 1e-9
"""What a number of items may lie above a whole number by rounding alone."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A ``standard_error`` (theta, 0 to 1) to be reached with ``maximum_items`` of a competence.

    ``ValueError`` for a standard error that the prior already has, or that none can have.
    """

    standard_error: float
    maximum_items: int

    def __post_init__(self) -> None:
        if not 0.0 < self.standard_error < 1.0:
            raise ValueError("a standard error to be reached lies between 0 and 1")

    @classmethod
    def of(cls, rules: StoppingRules) -> "Goal":
        """Return the goal that tests under these rules stop at."""
        return cls(standard_error=rules.standard_error, maximum_items=rules.maximum_items)

    @property
    def information(self) -> float:
        """Information that leads from N(0, 1) to the goal: 1 / SE² - 1, in 1 / theta²."""
        return 1.0 / (self.standard_error * self.standard_error) - 1.0


@dataclass(frozen=True, eq=False)
class BankPrecision:
    """What K competences can be told of agents at the middle of each of L levels.

    ``middles`` (L,): theta; ``agents`` (L,): share of the reference population on each level, what
    is missing to 1 being below level 1; ``items`` (K, L): items written for each level;
    ``information`` (K, L): sum over all items of the competence, in 1 / theta²;
    ``best`` (K, L, m + 1): information of the best 0 .. m items that one test may combine, m the
    most that any competence allows; ``at_own_level`` (n,): information of each item at the middle
    of the level that it was written for; ``typical_information``: see the module's head.
    """

    middles: FloatArray
    agents: FloatArray
    items: IntArray
    information: FloatArray
    best: FloatArray
    at_own_level: FloatArray
    typical_information: float

    def standard_error(self, *, items: int | None = None) -> FloatArray:
        """Return the standard error after so many best items, None for the whole bank, (K, L)."""
        most = self.best.shape[2] - 1
        return _standard_error(self.best[:, :, most if items is None else min(items, most)])

    def overall_standard_error(self, *, items: int | None = None) -> FloatArray:
        """Return the same for agents of all levels, (K,): the root of the mean variance over the
        reference population from level 1 up.
        """
        variance = self.standard_error(items=items) ** 2
        found: FloatArray = np.sqrt(variance @ self.agents / self.agents.sum())
        return found

    def typical_standard_error(self, items: int) -> float:
        """Return the standard error after so many items of typical quality."""
        return 1.0 / math.sqrt(1.0 + items * self.typical_information)

    def is_within_reach(self, goal: Goal) -> BoolArray:
        """Whether a test within the goal's number of items can reach it, (K, L)."""
        reached: BoolArray = (
            self.standard_error(items=goal.maximum_items) <= goal.standard_error + _ROUNDING
        )
        return reached

    def missing_items(self, goal: Goal) -> IntArray:
        """Return how many typical items more let all items together reach the goal, (K, L).

        The goal's ``maximum_items`` is left aside: where typical items are too weak for it, no
        number of them will do (``typical_standard_error``), only better ones.
        """
        lacking = (goal.information - self.best[:, :, -1]) / self.typical_information
        return np.maximum(0, np.ceil(lacking - _ROUNDING)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class PrecisionGap:
    """A level of a competence where the bank is not enough.

    ``items``: written for the level; ``standard_error``: that of the whole bank there;
    ``missing``: items more for each of the goals; ``is_within_reach``: whether tests get to each of
    the goals within their length: with nothing missing they may still not, where the best items are
    too weak; ``excess``: posterior variance above the strictest goal, times the share of agents on
    the level: what the gap costs all agents together.
    """

    competence: int
    level: int
    items: int
    standard_error: float
    missing: tuple[int, ...]
    is_within_reach: tuple[bool, ...]
    excess: float


@dataclass(frozen=True, slots=True)
class CeilingGap:
    """A competence with too few exposure groups for a ceiling.

    ``demand``: groups that a test takes of it, on average over all tests; shared evenly among
    ``groups`` each is shown by ``demand / groups`` of the tests; ``missing``: groups more that
    bring this down to the ceiling.
    """

    competence: int
    groups: int
    demand: float
    missing: int


@dataclass(frozen=True, eq=False)
class ExposureSummary:
    """How often a bank was used. ``shares`` (g,): of the ``tests`` begun, those that are over and
    showed the group; ``by_share``: groups shown at all, the most shown first; ``never``: those
    not; ``over``: those above the ceiling, the most shown first.
    """

    tests: int
    shares: FloatArray
    by_share: IntArray
    never: IntArray
    over: IntArray


def measure_precision(tables: BankTables, *, usable: BoolArray | None = None) -> BankPrecision:
    """Return what tests from a bank can know.

    ``usable`` (n,): items that may measure, None for all. The best items are found greedily, item
    by item, leaving out enemies and siblings of those taken: with enemies a lower bound.
    """
    scale, parameters = tables.scale, tables.parameters
    if usable is None:
        usable = np.ones(len(parameters), np.bool_)
    middles = np.array([scale.middle_of(level) for level in range(1, scale.levels + 1)])
    information = item_information(parameters, theta=middles)
    at_own_level = information[np.arange(len(parameters)), parameters.level - 1]
    return BankPrecision(
        middles=middles,
        agents=_agents(scale),
        items=_written(tables, usable),
        information=_by_competence(tables, information, usable=usable),
        best=_best(tables, information, usable=usable),
        at_own_level=at_own_level,
        typical_information=_typical(at_own_level[usable]),
    )


def information_curves(tables: BankTables, *, usable: BoolArray | None = None) -> FloatArray:
    """Return the test information of each competence along ``scale.THETA``, (K, 201)."""
    if usable is None:
        usable = np.ones(len(tables.parameters), np.bool_)
    return _by_competence(tables, item_information(tables.parameters, theta=THETA), usable=usable)


def precision_gaps(precision: BankPrecision, goals: Sequence[Goal]) -> tuple[PrecisionGap, ...]:
    """Return the levels without an item, or where tests miss one of the ``goals`` (at least one):
    those that cost agents most first, equal ones in the order of the bank.
    """
    errors = precision.standard_error()
    missing = np.stack([precision.missing_items(goal) for goal in goals], axis=-1)
    reached = np.stack([precision.is_within_reach(goal) for goal in goals], axis=-1)
    strictest = min(goal.standard_error for goal in goals)
    excess = precision.agents * np.maximum(errors * errors - strictest * strictest, 0.0)
    found = [
        PrecisionGap(
            competence=competence,
            level=place + 1,
            items=int(precision.items[competence, place]),
            standard_error=float(errors[competence, place]),
            missing=tuple(missing[competence, place].tolist()),
            is_within_reach=tuple(reached[competence, place].tolist()),
            excess=float(excess[competence, place]),
        )
        for competence, place in np.ndindex(errors.shape)
        if precision.items[competence, place] == 0 or not reached[competence, place].all()
    ]
    return tuple(sorted(found, key=lambda gap: -round(gap.excess, 9)))


def ceiling_gaps(
    groups: ExposureGroups, demand: FloatArray, *, ceiling: float
) -> tuple[CeilingGap, ...]:
    """Return the competences whose groups cannot hold a ceiling, those that lack most first.

    However they are drawn, the shares of a competence's groups add up to its ``demand`` (K,), so
    that ``demand / ceiling`` groups are needed. Groups at or beyond K (tryouts) do not count.
    """
    sizes = _sizes(groups, len(demand))
    needed = np.ceil(demand / ceiling - _ROUNDING).astype(np.int64)
    found = [
        CeilingGap(
            competence=competence,
            groups=int(sizes[competence]),
            demand=float(demand[competence]),
            missing=int(needed[competence] - sizes[competence]),
        )
        for competence in np.flatnonzero(needed > sizes).tolist()
    ]
    return tuple(sorted(found, key=lambda gap: -gap.missing))


def mean_demand(exposure: Exposure, groups: ExposureGroups, *, competences: int) -> FloatArray:
    """Return the groups of each competence that a test took, on average over all tests, (K,).

    Tests that did not ask about a competence count too, as they do in the ceiling. Zero before the
    first test.
    """
    shown = np.zeros(competences + 1)
    np.add.at(shown, np.minimum(groups.competence_of, competences), exposure.administered)
    found: FloatArray = shown[:competences] / max(exposure.tests, 1)
    return found


def summarise_exposure(exposure: Exposure, *, ceiling: float) -> ExposureSummary:
    """Return how often the groups were shown; ties stand in the order of the bank."""
    shares = exposure.administered / max(exposure.tests, 1)
    order = np.argsort(-shares, kind="stable")
    return ExposureSummary(
        tests=exposure.tests,
        shares=shares,
        by_share=order[shares[order] > 0.0],
        never=np.flatnonzero(exposure.administered == 0),
        over=order[shares[order] > ceiling + _ROUNDING],
    )


def _standard_error(information: FloatArray) -> FloatArray:
    result: FloatArray = 1.0 / np.sqrt(1.0 + information)
    return result


def _agents(scale: LevelScale) -> FloatArray:
    density = stable_exp(-0.5 * THETA * THETA)
    return np.array(scale.probabilities(density / density.sum())[1:])


def _written(tables: BankTables, usable: BoolArray) -> IntArray:
    counts = np.zeros((tables.competence_count, tables.scale.levels), np.int64)
    parameters = tables.parameters
    np.add.at(counts, (parameters.competence[usable], parameters.level[usable] - 1), 1)
    return counts


def _by_competence(tables: BankTables, information: FloatArray, *, usable: BoolArray) -> FloatArray:
    kept = np.where(usable[:, None], information, 0.0)
    return np.stack([kept[one.first : one.stop].sum(axis=0) for one in tables.competences])


def _best(tables: BankTables, information: FloatArray, *, usable: BoolArray) -> FloatArray:
    levels = information.shape[1]
    runs = [
        [_run(tables, information[:, place], span=span, usable=usable) for place in range(levels)]
        for span in (range(one.first, one.stop) for one in tables.competences)
    ]
    most = max((len(run) for row in runs for run in row), default=1)
    filled = [[run + run[-1:] * (most - len(run)) for run in row] for row in runs]
    return np.array(filled).reshape(len(runs), levels, most)


def _run(
    tables: BankTables, information: FloatArray, *, span: range, usable: BoolArray
) -> list[float]:
    """Information of the best 0, 1, 2, … items of a competence that one test may combine."""
    barred: set[int] = set()
    gains = []
    for place in np.argsort(-information[span.start : span.stop], kind="stable").tolist():
        item = span[place]
        if usable[item] and item not in barred:
            barred.update(tables.excludes[item].tolist())
            gains.append(float(information[item]))
    return list(accumulate(gains, initial=0.0))


def _typical(at_own_level: FloatArray) -> float:
    if not len(at_own_level):
        return MASTERY * (1.0 - MASTERY)  # as an author means it: a = 1, nothing unknown
    return float(np.median(at_own_level))


def _sizes(groups: ExposureGroups, competences: int) -> IntArray:
    members = groups.competence_of[groups.competence_of < competences]
    return np.bincount(members, minlength=competences)
