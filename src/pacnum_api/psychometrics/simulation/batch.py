"""Many tests of one competence side by side.

For each agent the decisions are exactly those of the engine that serves real sessions (algorithms
1.0.0, 2.0.0 and 2.1.0): the same items, the same bits of the estimate, the same reason to stop.
``criteria`` says why that is possible; the tests hold the two against each other. What is saved is
the interpreter's time: one call for all agents instead of one for each.
Beyond that engine a batch can hold content areas to their minimum (``content``).
"""

from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, ByteArray, FloatArray, IntArray
from pacnum_api.psychometrics.exposure import FREELY
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.simulation.admissions import Admissions
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.content import Content
from pacnum_api.psychometrics.simulation.criteria import (
    BEYOND,
    TAKEN,
    Choice,
    Criterion,
    DrawAmongBest,
    PartlyByChance,
    Posteriors,
    Step,
    VarianceFall,
)
from pacnum_api.psychometrics.simulation.draws import seed_words
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
VERSIONS = frozenset({"1.0.0", "2.0.0", "2.1.0"})
"""Versions of the algorithm whose tests of one competence can run side by side.

The budget of a whole test (2.1.0) is never below what one competence may have: it ends none."""

AT_A_TIME = 128
"""So many agents are worked on at a time where every item of the bank or every point of the grid
takes part: what a step writes is still in the processor's cache when the next one reads it."""

_SORTED_AT = frozenset({4, 7, 11})
"""Positions before which abilities have become clearer and are worth sorting by."""


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
        table, rules, is_joint = tables.competences[competence], engine.rules, version != "1.0.0"
        plan = SessionPlan(competences=(competence,), seed=0)
        start = engine.measure(tables, plan, responses=()).posterior
        draw = DrawAmongBest(rules.selection)
        return cls(
            tables=tables,
            competence=competence,
            rules=rules,
            criterion=VarianceFall(table, tables.scale, target, drops_impossible=is_joint),
            choice=PartlyByChance(draw, table.first) if is_joint else draw,
            before=start.marginal(competence).mass,
            target=target,
            is_joint=is_joint,
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
    """Return the tests of the cohort, in its order. Needs about 20 kB for each agent and 500 items:
    a few hundred agents at a time stay within a processor's cache.
    """
    walk = _Walk(course, cohort)
    position = 1
    while len(walk.alive):
        posteriors = walk.without_closed(given=position - 1)
        if position in _SORTED_AT:
            posteriors = walk.sorted(posteriors)
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
    """The tests under way. Rows of ``likelihood`` belong to those ``alive``, of everything else to
    all tests; all that are alive have had the same number of items.

    ``availability``: how freely a test may still use each item of the competence, 0 to 255. In
    bytes, and worked out anew for those worked on at a time, because what a step reads should
    not drive out of the processor's cache what it writes.
    """

    def __init__(self, course: Course, cohort: Cohort) -> None:
        count, table = len(cohort.agents), course.tables.competences[course.competence]
        self.course, self.cohort, self.table = course, cohort, table
        self.alive = np.arange(count)
        product = InBankOrder if course.is_joint else AsGiven
        self.likelihood: Likelihoods = product(course.tables.likelihood, course.before, count=count)
        admitted = cohort.admitted or Admissions.free(count, course.tables.item_count)
        self.availability = admitted.availability[:, table.first : table.stop].copy()
        self.featured = admitted.featured - table.first
        whole = course.content or Content.free(course.tables.item_count)
        self.content = whole.within(table.first, table.stop)
        self.had = np.zeros((count, self.content.areas), dtype=np.int64)
        self.left = self.content.left(self.availability)
        self.seeds = seed_words(cohort.seeds)
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
        rules, posteriors = self.course.rules.stopping, self._posteriors()
        reasons = np.full(len(posteriors), _OPEN)
        if given >= rules.minimum_items:
            reasons = reasons_to_stop(self.course, posteriors)
            reasons[self._owed(self.alive).any(axis=1)] = _OPEN
        if given >= rules.maximum_items:
            reasons[reasons == _OPEN] = _CODE[StopReason.ITEM_BUDGET]
        return self._end(posteriors, reasons)

    def sorted(self, posteriors: Posteriors) -> Posteriors:
        """Put agents of like ability next to each other: those worked on at a time then have their
        weights on few nodes, and valuing the bank takes half the time.
        """
        return self._kept(posteriors, np.argsort(posteriors.theta, kind="stable"))

    def _posteriors(self) -> Posteriors:
        firsts = range(0, len(self.alive), AT_A_TIME)
        parts = [slice(first, first + AT_A_TIME) for first in firsts]
        return Posteriors.joined(
            [Posteriors.from_mass(self.likelihood.mass(rows)) for rows in parts]
        )

    def ask(self, posteriors: Posteriors, *, position: int) -> None:
        """Put the next item to each agent alive, unless none is left or worth it."""
        course, rules = self.course, self.course.rules.stopping
        best, places = self._chosen(posteriors, position)
        reasons = np.full(len(best), _OPEN)
        if position > rules.minimum_items and course.has_least_fall:
            least = rules.least_variance_fall if course.target is None else rules.least_risk_fall
            reasons[best < least] = _CODE[StopReason.NO_MORE_TO_GAIN]
        reasons[best < 0.0] = _CODE[StopReason.NO_ITEM_LEFT]
        self._end(posteriors, reasons)
        places = places[reasons == _OPEN]
        if len(places):
            self._take(places, position)

    def _chosen(self, posteriors: Posteriors, position: int) -> tuple[FloatArray, IntArray]:
        """Return the value of the best item of each test, below 0 where none is left, and the
        place of the item that would be put.
        """
        count = len(posteriors)
        best, places = np.full(count, TAKEN), np.zeros(count, dtype=np.int64)
        if self.table.first == self.table.stop:
            return best, places
        for first in range(0, count, AT_A_TIME):
            rows = slice(first, first + AT_A_TIME)
            step = self._step(posteriors, rows, position=position)
            values = self.course.criterion(step)
            np.minimum(values, step.cap, out=values)
            best[rows] = values.max(axis=1)
            chosen = self.course.choice(values, step)
            if position == 1 and self.course.is_joint:
                chosen = _or_featured(chosen, self.featured[self.alive[rows]], cap=step.cap)
            places[rows] = chosen
        return best, places

    def _step(self, posteriors: Posteriors, rows: slice, *, position: int) -> Step:
        alive = self.alive[rows]
        availability = self.availability[alive].astype(np.float64)
        # The lesser of value and cap is found in a tenth of the time that a mask takes: where items
        # are barred without a pattern, a processor mispredicts every second one.
        cap = availability * BEYOND
        cap += TAKEN
        availability /= FREELY
        return Step(
            agents=self.cohort.agents[alive],
            seeds=self.seeds[alive],
            posteriors=posteriors.part(rows),
            availability=availability,
            cap=self.content.capped(self._owed(alive), cap),
            position=position,
        )

    def _owed(self, alive: IntArray) -> BoolArray:
        return self.content.owed(self.had[alive], self.left[alive])

    def _take(self, places: IntArray, position: int) -> None:
        items, rows, area = self.table.first + places, self.alive, self.content.area[places]
        categories = self.cohort.answers.categories(self.cohort.agents[rows], items)
        self.likelihood.take(self.row_of[items] + categories)
        self.items[rows, position - 1] = items
        self.had[rows, area] += 1
        if self.excluded is None:
            self.availability[rows, places] = 0
            self.left[rows, area] -= 1.0
        else:
            self.availability[rows] &= self.excluded[places]
            self.left[rows] = self.content.left(self.availability[rows])

    def _end(self, posteriors: Posteriors, reasons: IntArray) -> Posteriors:
        """Keep what the tests with a reason have come to; return the posteriors of the others."""
        done = reasons != _OPEN
        if not done.any():
            return posteriors
        rows = self.alive[done]
        self.weights[rows] = posteriors.weights[done]
        self.moments[:, rows] = posteriors.theta[done], posteriors.variance[done]
        self.reasons[rows] = reasons[done]
        return self._kept(posteriors, ~done)

    def _kept(self, posteriors: Posteriors, rows: BoolArray | IntArray) -> Posteriors:
        self.likelihood.keep(rows)
        self.alive = self.alive[rows]
        return posteriors.part(rows)

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


def _or_featured(places: IntArray, featured: IntArray, *, cap: FloatArray) -> IntArray:
    """Return the places of the items put first for their own sake, where there is one and it is
    open, else ``places``; all (A,), below 0 or beyond the competence's items for none.
    """
    is_here = (featured >= 0) & (featured < cap.shape[1])
    featured = np.where(is_here, featured, 0)
    is_open = cap[np.arange(len(places)), featured] > 0.0
    return np.where(is_here & is_open, featured, places)


def _exclusions(tables: BankTables, first: int, *, stop: int) -> ByteArray | None:
    """Return, for each item of the slice, a mask without the bits of what it excludes,
    (items, items); None if each excludes only itself.
    """
    if all(len(excluded) == 1 for excluded in tables.excludes[first:stop]):
        return None
    matrix = np.full((stop - first, stop - first), int(FREELY), dtype=np.uint8)
    for place, excluded in enumerate(tables.excludes[first:stop]):
        inside = excluded[(excluded >= first) & (excluded < stop)]
        matrix[place, inside - first] = 0
    return matrix
