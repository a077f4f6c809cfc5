"""Other ways to choose items, on the same agents with the same luck.

All but the tubes estimate and stop as the engine does, so that what differs is the choice alone:
any item at random, Fisher information at the point estimate, difficulty nearest to it. None of
these is drawn among several, and none knows when an item would not help: they stop by the goals and
the number of items.

Tubes
-----
The rule-based way in use in French practice. The items of a competence, in order of difficulty,
stand for skills that build on one another. A right answer is taken to prove the item and all easier
ones, a wrong one to disprove it and all harder ones; what has been inferred is not asked. The next
item is the one that is expected to settle most: with e items not settled below it, h above it, and
P the chance of a right answer at the present estimate,

    P (e + 1) + (1 - P) (h + 1)

The test ends when everything is settled, or at the greatest number of items. The method states no
error. Its estimate is the middle between the hardest item proved and the easiest disproved, or the
last of them where all went one way.
"""

from enum import StrEnum

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.estimation import Prior, begin_with
from pacnum_api.psychometrics.rules import Rules, SelectionRules
from pacnum_api.psychometrics.simulation.batch import Cohort, Course, run
from pacnum_api.psychometrics.simulation.criteria import (
    Anything,
    Closeness,
    Criterion,
    DrawAmongBest,
    PointInformation,
    Posteriors,
)
from pacnum_api.psychometrics.simulation.records import (
    NO_ITEM,
    REASONS,
    ItemArray,
    SimulatedTests,
    level_at,
)
from pacnum_api.psychometrics.stopping import StopReason
from pacnum_api.psychometrics.tables import BankTables


class Peer(StrEnum):
    """What the engine can be held against."""

    RANDOM = "random"
    INFORMATION = "information"
    NEAREST = "b-matching"
    TUBES = "tubes"


_BEST = DrawAmongBest(SelectionRules(pool_size=1, sharpness=0))
"""The choice of all peers: the greatest value, the first of equals."""


def run_peer(
    peer: Peer, tables: BankTables, *, competence: int, rules: Rules, cohort: Cohort
) -> SimulatedTests:
    """Return the tests of the cohort on one competence, run the peer's way."""
    if peer is Peer.TUBES:
        return _Tubes(tables, competence, rules=rules).run(cohort)
    course = Course(
        tables=tables,
        competence=competence,
        rules=rules,
        criterion=_criterion(peer, tables, competence=competence, seed=cohort.answers.seed),
        choice=_BEST,
        before=_population(tables, competence),
        has_least_fall=False,
    )
    return run(course, cohort)


def _criterion(peer: Peer, tables: BankTables, *, competence: int, seed: int) -> Criterion:
    table = tables.competences[competence]
    if peer is Peer.RANDOM:
        # Other numbers than those that decide the answers: 1 less is another stream of them.
        return Anything(np.arange(table.first, table.stop), seed - 1)
    if peer is Peer.INFORMATION:
        return PointInformation.of(tables, competence)
    return Closeness(difficulties(tables, competence))


def _population(tables: BankTables, competence: int) -> FloatArray:
    """The mass of N(0, 1) on the grid."""
    before = begin_with(tables, Prior.standard(tables.competence_count))
    return before.competences[competence].mass


def difficulties(tables: BankTables, competence: int) -> FloatArray:
    """Return the difficulties of the items of a competence: the mean of their thresholds."""
    table, parameters = tables.competences[competence], tables.parameters
    thresholds = parameters.thresholds[table.first : table.stop]
    steps = parameters.categories[table.first : table.stop] - 1
    mean: FloatArray = np.add.reduce(thresholds, axis=1) / steps
    return mean


class _Tubes:
    """See the module's head. Places count items of the competence from the easiest up."""

    def __init__(self, tables: BankTables, competence: int, *, rules: Rules) -> None:
        table = tables.competences[competence]
        found = difficulties(tables, competence)
        order = np.argsort(found, kind="stable")
        self.tables, self.competence, self.rules = tables, competence, rules
        self.order, self.difficulty = table.first + order, found[order]
        row_of = np.array(tables.row_of, dtype=np.int64)
        self.row_of = row_of[self.order]
        # Full marks count as a right answer.
        self.top = tables.parameters.categories[self.order] - 1
        self.chance = np.ascontiguousarray(tables.likelihood[self.row_of + self.top].T)

    def run(self, cohort: Cohort) -> SimulatedTests:
        """Return the tests; ``cohort.eligible`` is not asked: tubes are as long as the bank."""
        count, longest = len(cohort.agents), self.rules.stopping.maximum_items
        proved, disproved = np.full(count, -1), np.full(count, len(self.order))
        before = _population(self.tables, self.competence)
        mass = np.repeat(before[None, :], count, axis=0)
        items = np.full((count, longest), NO_ITEM, np.int32)
        for position in range(longest):
            alive = np.flatnonzero(disproved - proved > 1)
            if len(alive) == 0:
                break
            places = self._next(mass[alive], proved=proved[alive], disproved=disproved[alive])
            asked = self.order[places]
            categories = cohort.answers.categories(cohort.agents[alive], asked)
            mass[alive] *= self.tables.likelihood[self.row_of[places] + categories]
            items[alive, position] = asked
            right = categories == self.top[places]
            proved[alive[right]], disproved[alive[~right]] = places[right], places[~right]
        return self._tests(cohort, items, proved=proved, disproved=disproved)

    def _next(self, mass: FloatArray, *, proved: IntArray, disproved: IntArray) -> IntArray:
        place = np.arange(len(self.order))
        easier, harder = place - proved[:, None], disproved[:, None] - place
        chance = self.chance[Posteriors.from_mass(mass).nearest]
        settled = chance * easier + (1.0 - chance) * harder
        settled[(easier <= 0) | (harder <= 0)] = 0.0
        best: IntArray = settled.argmax(axis=1)
        return best

    def _tests(
        self, cohort: Cohort, items: ItemArray, *, proved: IntArray, disproved: IntArray
    ) -> SimulatedTests:
        last = len(self.order) - 1
        low = self.difficulty[np.where(proved >= 0, proved, np.minimum(disproved, last))]
        high = self.difficulty[np.where(disproved <= last, disproved, np.maximum(proved, 0))]
        theta = (low + high) / 2.0
        level = level_at(self.tables.scale, theta)[:, None]
        unknown = np.full_like(theta, np.nan)
        settled = disproved - proved <= 1
        reached = REASONS.index(StopReason.NO_ITEM_LEFT)
        return SimulatedTests(
            truth=cohort.answers.abilities[cohort.agents, self.competence][:, None],
            theta=theta[:, None],
            standard_error=unknown[:, None],
            share_below=unknown[:, None],
            level=level,
            level_interval=np.stack((level, level), axis=2),
            items=items,
            reasons=np.where(settled, reached, REASONS.index(StopReason.ITEM_BUDGET)),
            mean_theta=theta,
            mean_standard_error=unknown,
        )
