"""Many tests of one competence side by side.

For each agent the decisions are exactly those of the engine that serves real sessions (algorithms
1.0.0 and 2.0.0): the same items, the same bits of the estimate, the same reason to stop.
``criteria`` says why that is possible; the tests hold the two against each other. What is saved is
the interpreter's time: one call for all agents instead of one for each.
Beyond that engine a batch can hold content areas to their minimum (``content``).
"""

from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.exposure import FREELY
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.simulation.admissions import Admissions
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.content import Content
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
from pacnum_api.psychometrics.simulation.products import AsGiven, InBankOrder, Likelihoods
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
    session, and what each may be asked, None for all of the bank.
    """

    agents: IntArray
    seeds: tuple[int, ...]
    answers: AnswerModel
    admitted: Admissions | None = None


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


class _Walk:
    """The tests under way. Rows of ``likelihood``, ``blocked`` and ``had`` belong to ``alive``; all
    tests that are alive have had the same number of items.
    """

    def __init__(self, course: Course, cohort: Cohort) -> None:
        count, table = len(cohort.agents), course.tables.competences[course.competence]
        self.course, self.cohort, self.table = course, cohort, table
        self.alive = np.arange(count)
        product = InBankOrder if course.is_joint else AsGiven
        self.likelihood: Likelihoods = product(course.tables.likelihood, course.before, count=count)
        admitted = cohort.admitted or Admissions.free(count, course.tables.item_count)
        self.availability = admitted.availability[:, table.first : table.stop] / FREELY
        self.featured = admitted.featured - table.first
        self.blocked = self.availability == 0.0
        self.content = course.content and course.content.within(table.first, table.stop)
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
            step = self._step(posteriors, position)
            featured = self._featured(values) if position == 1 and course.is_joint else None
            places = course.choice(values, step)
            if featured is not None:
                places = np.where(featured >= 0, featured, places)
            self._take(places, position)

    def _step(self, posteriors: Posteriors, position: int) -> Step:
        rows = self.alive
        seeds = [self.cohort.seeds[row] for row in rows.tolist()]
        return Step(self.cohort.agents[rows], seeds, posteriors, self.availability, position)

    def _featured(self, values: FloatArray) -> IntArray:
        """Return the places of the items put first for their own sake, below 0 where none is."""
        place = self.featured[self.alive]
        place = np.where(place < values.shape[1], place, _OPEN)
        may_be = values[np.arange(len(place)), np.maximum(place, 0)] >= 0.0
        return np.where(may_be, place, _OPEN)

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
        self.availability = self.availability[going]
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


def _exclusions(tables: BankTables, first: int, *, stop: int) -> BoolArray | None:
    """Return, for each item of the slice, what it excludes, (items, items); None if only itself."""
    if all(len(excluded) == 1 for excluded in tables.excludes[first:stop]):
        return None
    matrix = np.zeros((stop - first, stop - first), dtype=np.bool_)
    for place, excluded in enumerate(tables.excludes[first:stop]):
        inside = excluded[(excluded >= first) & (excluded < stop)]
        matrix[place, inside - first] = True
    return matrix
