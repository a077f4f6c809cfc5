"""Many tests of one competence side by side.

For each agent the decisions are exactly those of the engine that serves real sessions (algorithms
1.0.0 and 2.0.0): the same items, the same bits of the estimate, the same reason to stop.
``criteria`` says why that is possible; the tests hold the two against each other. What is saved is
the interpreter's time: one call for all agents instead of one for each.

Beyond that engine a batch can hold content areas to their minimum, with this rule: as long as an
area is below it, only items of such areas are asked and no goal ends the test. An area that has no
item left is given up.
"""

from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.criteria import (
    TAKEN,
    Choice,
    Criterion,
    DrawAmongBest,
    PartlyByChance,
    Posteriors,
    Step,
    VarianceFall,
)
from pacnum_api.psychometrics.simulation.records import (
    NO_ITEM,
    REASONS,
    SimulatedTests,
    level_probabilities,
    levels_of,
    share_below,
)
from pacnum_api.psychometrics.simulation.sessions import Engine
from pacnum_api.psychometrics.stopping import StopReason
from pacnum_api.psychometrics.tables import BankTables

_CODE = {reason: code for code, reason in enumerate(REASONS)}
_OPEN = -1
VERSIONS = frozenset({"1.0.0", "2.0.0"})
"""Versions of the algorithm whose tests of one competence can run side by side."""


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


@dataclass(frozen=True, eq=False)
class Course:
    """How tests of one competence run, the same for all agents.

    ``criterion`` and ``choice``: what an item is worth and which one is put; ``before`` (201,):
    prior mass of the ability; ``has_least_fall``: whether the criterion's values are what ``rules``
    mean by the least fall worth an item; ``is_joint``: whether bits are those of version 2, which
    multiplies answers in the order of the bank, scaled to a greatest value of 1, and compares
    variances where version 1 compares standard errors.
    """

    tables: BankTables
    competence: int
    rules: Rules
    criterion: Criterion
    choice: Choice
    before: FloatArray
    target: int | None = None
    content: Content | None = None
    has_least_fall: bool = True
    is_joint: bool = False

    @classmethod
    def of_engine(
        cls, tables: BankTables, competence: int, *, engine: Engine, target: int | None = None
    ) -> "Course":
        """Return the course of a version of the algorithm. ``ValueError`` for one that is not
        known here: it has to be played (``sessions``).
        """
        version = engine.algorithm.version
        if version not in VERSIONS:
            raise ValueError(f"version {version} cannot run many tests side by side")
        table, rules = tables.competences[competence], engine.rules
        plan = SessionPlan(competences=(competence,), seed=0)
        start = engine.measure(tables, plan, responses=()).posterior
        draw = DrawAmongBest(rules.selection)
        return cls(
            tables=tables,
            competence=competence,
            rules=rules,
            criterion=VarianceFall(table, tables.scale, target),
            choice=draw if version == "1.0.0" else PartlyByChance(draw, table.first),
            before=start.marginal(competence).mass,
            target=target,
            is_joint=version != "1.0.0",
        )


@dataclass(frozen=True, eq=False)
class Cohort:
    """Who takes the tests: ``agents`` (N,) by their number in ``answers``, the seed of each one's
    session, and which items of the whole bank each may be asked, (N, n), None for all.
    """

    agents: IntArray
    seeds: tuple[int, ...]
    answers: AnswerModel
    eligible: BoolArray | None = None


def run(course: Course, cohort: Cohort) -> SimulatedTests:
    """Return the tests of the cohort, in its order. Needs about 15 kB for each agent and 500 items:
    a few hundred agents at a time stay within a processor's cache.
    """
    walk = _Walk(course, cohort)
    position = 1
    while len(walk.alive):
        posteriors = walk.without_closed(given=position - 1)
        if len(posteriors):
            walk.ask(posteriors, position=position)
        position += 1
    return walk.tests()


def reasons_to_stop(course: Course, posteriors: Posteriors) -> IntArray:
    """Return the goal that each agent has reached, (A,): codes of ``REASONS``, -1 for none.

    ``stopping.goal_reached`` row for row, or what version 2 makes of it.
    """
    scale, rules = course.tables.scale, course.rules.stopping
    reasons = np.full(len(posteriors), _OPEN)
    if course.target is not None:
        chance = posteriors.probability_at_least(scale, course.target)
        decided = np.maximum(chance, 1.0 - chance) >= rules.target_probability
        reasons[decided] = _CODE[StopReason.TARGET_DECIDED]
        return reasons
    variance, goal = posteriors.variance, rules.standard_error
    is_precise = np.zeros(len(posteriors), dtype=np.bool_)
    if course.is_joint:
        is_precise |= variance <= goal * goal
    if rules.level_certainty <= 1.0:
        certainty = level_probabilities(scale, posteriors.weights).max(axis=1)
        reasons[certainty >= rules.level_certainty] = _CODE[StopReason.LEVEL_CERTAIN]
    if rules.level_certainty <= 1.0 or not course.is_joint:
        is_precise |= np.sqrt(variance) <= goal
    reasons[is_precise] = _CODE[StopReason.PRECISION_REACHED]
    return reasons


class _AsGiven:
    """Prior times the answers' probabilities in the order given, (A, 201): one product a step."""

    def __init__(self, course: Course, count: int) -> None:
        self._table = course.tables.likelihood
        self._mass = np.repeat(course.before[None, :], count, axis=0)

    def mass(self) -> FloatArray:
        return self._mass

    def take(self, rows: IntArray) -> None:
        self._mass *= self._table[rows]

    def keep(self, going: BoolArray) -> None:
        self._mass = self._mass[going]


class _InBankOrder:
    """Prior times the answers' probabilities in the order of the bank, scaled, (A, 201).

    ``joint_estimation.Answers.likelihood`` row for row; made anew at each step.
    """

    def __init__(self, course: Course, count: int) -> None:
        self._table, self._before = course.tables.likelihood, course.before
        self._rows = np.zeros((count, 0), dtype=np.int64)

    def mass(self) -> FloatArray:
        if not self._rows.shape[1]:
            return np.repeat(self._before[None, :], len(self._rows), axis=0)
        product = self._table[self._rows[:, 0]]
        for place in range(1, self._rows.shape[1]):
            product *= self._table[self._rows[:, place]]
        product /= product.max(axis=1)[:, None]
        product *= self._before
        return product

    def take(self, rows: IntArray) -> None:
        self._rows = np.sort(np.concatenate((self._rows, rows[:, None]), axis=1), axis=1)

    def keep(self, going: BoolArray) -> None:
        self._rows = self._rows[going]


class _Walk:
    """The tests under way. Rows of ``likelihood``, ``blocked`` and ``had`` belong to ``alive``; all
    tests that are alive have had the same number of items.
    """

    def __init__(self, course: Course, cohort: Cohort) -> None:
        count, table = len(cohort.agents), course.tables.competences[course.competence]
        self.course, self.cohort, self.table = course, cohort, table
        self.alive = np.arange(count)
        self.likelihood = (
            _InBankOrder(course, count) if course.is_joint else _AsGiven(course, count)
        )
        self.blocked = (
            np.zeros((count, table.stop - table.first), dtype=np.bool_)
            if cohort.eligible is None
            else ~cohort.eligible[:, table.first : table.stop]
        )
        self.content = _ContentOfCompetence.of(course)
        self.had = np.zeros((count, self.content.areas if self.content else 0), dtype=np.int64)
        self.barred = self.blocked
        self.row_of = np.array(course.tables.row_of, dtype=np.int64)
        self.excluded = _exclusions(course.tables, table.first, stop=table.stop)
        self.items = np.full((count, course.rules.stopping.maximum_items), NO_ITEM, np.int32)
        self.weights = np.empty((count, len(course.before)))
        self.moments = np.empty((2, count))
        self.reasons = np.full(count, _OPEN)

    def without_closed(self, *, given: int) -> Posteriors:
        """Let the tests end that have reached a goal or a budget after ``given`` items each, and
        return the posteriors of the others.
        """
        rules, posteriors = self.course.rules.stopping, Posteriors.from_mass(self.likelihood.mass())
        reasons = np.full(len(posteriors), _OPEN)
        owes = self._owed()
        if given >= rules.minimum_items:
            reasons = reasons_to_stop(self.course, posteriors)
            reasons[owes] = _OPEN
        if given >= rules.maximum_items:
            reasons[reasons == _OPEN] = _CODE[StopReason.ITEM_BUDGET]
        return self._end(posteriors, reasons)

    def _owed(self) -> BoolArray:
        """Bar what is not of an area below its minimum; return who owes items to such an area."""
        if self.content is None:
            self.barred = self.blocked
            return np.zeros(len(self.alive), dtype=np.bool_)
        self.barred, owes = self.content.barred(self.had, self.blocked)
        return owes

    def ask(self, posteriors: Posteriors, *, position: int) -> None:
        """Put the next item to each agent alive, unless none is left or worth it."""
        course, rules = self.course, self.course.rules.stopping
        values = course.criterion(self._step(posteriors, position))
        np.copyto(values, TAKEN, where=self.barred)
        best = values.max(axis=1, initial=TAKEN)
        reasons = np.full(len(best), _OPEN)
        if position > rules.minimum_items and course.has_least_fall:
            least = rules.least_variance_fall if course.target is None else rules.least_risk_fall
            reasons[best < least] = _CODE[StopReason.NO_MORE_TO_GAIN]
        reasons[best < 0.0] = _CODE[StopReason.NO_ITEM_LEFT]
        if (reasons != _OPEN).any():
            posteriors = self._end(posteriors, reasons)
            values = values[reasons == _OPEN]
        if len(values):
            self._take(course.choice(values, self._step(posteriors, position)), position)

    def _step(self, posteriors: Posteriors, position: int) -> Step:
        rows = self.alive
        seeds = [self.cohort.seeds[row] for row in rows.tolist()]
        return Step(self.cohort.agents[rows], seeds, posteriors, position)

    def _take(self, places: IntArray, position: int) -> None:
        items = self.table.first + places
        categories = self.cohort.answers.categories(self.cohort.agents[self.alive], items)
        self.likelihood.take(self.row_of[items] + categories)
        self.items[self.alive, position - 1] = items
        rows = np.arange(len(places))
        if self.excluded is None:
            self.blocked[rows, places] = True
        else:
            self.blocked |= self.excluded[places]
        if self.content is not None:
            self.had[rows, self.content.area[places]] += 1

    def _end(self, posteriors: Posteriors, reasons: IntArray) -> Posteriors:
        """Keep what the tests with a reason have come to; return the posteriors of the others."""
        done = reasons != _OPEN
        if not done.any():
            return posteriors
        rows, going = self.alive[done], ~done
        self.weights[rows] = posteriors.weights[done]
        self.moments[:, rows] = posteriors.theta[done], posteriors.variance[done]
        self.reasons[rows] = reasons[done]
        self.likelihood.keep(going)
        self.alive, self.had = self.alive[going], self.had[going]
        self.blocked, self.barred = self.blocked[going], self.barred[going]
        return Posteriors(
            posteriors.weights[going], posteriors.theta[going], posteriors.variance[going]
        )

    def tests(self) -> SimulatedTests:
        """Return the records, once all tests have ended."""
        course, cohort = self.course, self.cohort
        truth = cohort.answers.abilities[cohort.agents, course.competence]
        theta, error = self.moments[0], np.sqrt(self.moments[1])
        level, interval = levels_of(level_probabilities(course.tables.scale, self.weights))
        return SimulatedTests(
            truth=truth[:, None],
            theta=theta[:, None],
            standard_error=error[:, None],
            share_below=share_below(self.weights, truth)[:, None],
            level=level[:, None],
            level_interval=interval[:, None, :],
            items=self.items,
            reasons=self.reasons,
            mean_theta=theta,
            mean_standard_error=error,
        )


@dataclass(frozen=True, eq=False)
class _ContentOfCompetence:
    """``Content`` cut to the items of one competence."""

    area: IntArray
    minimum: IntArray

    @classmethod
    def of(cls, course: Course) -> "_ContentOfCompetence | None":
        if course.content is None:
            return None
        table = course.tables.competences[course.competence]
        return cls(course.content.area[table.first : table.stop], course.content.minimum)

    @property
    def areas(self) -> int:
        return len(self.minimum)

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


def _exclusions(tables: BankTables, first: int, *, stop: int) -> BoolArray | None:
    """Return, for each item of the slice, what it excludes, (items, items); None if only itself."""
    if all(len(excluded) == 1 for excluded in tables.excludes[first:stop]):
        return None
    matrix = np.zeros((stop - first, stop - first), dtype=np.bool_)
    for place, excluded in enumerate(tables.excludes[first:stop]):
        inside = excluded[(excluded >= first) & (excluded < stop)]
        matrix[place, inside - first] = True
    return matrix
