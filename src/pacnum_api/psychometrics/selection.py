"""Which item next: ``select``, the second of the two seams of the engine.

A line of small steps over the whole bank at once: competences that are done drop out (stopping),
the one with the strongest claim is taken (balance), its items that may be asked are valued, and
one of the best is drawn (exposure).

Value of an item
----------------
Let g(theta) be what the session wants to know: theta itself, or, for a target, whether theta has
reached it (1 or 0). Before the answer to an item, g has the posterior variance Var(g); after it,
on average, less. By the law of total variance the expected fall is the variance, over the possible
answers, of the mean of g after the answer:

    value = sum over categories x of  S_x² / A_x
    A_x = sum over theta of  w(theta) P(x | theta)
    S_x = sum over theta of  w(theta) (g(theta) - E g) P(x | theta)

For g = theta this is the exact expected fall of the posterior variance ("minimum expected
posterior variance", van der Linden 1998, Psychometrika 63, 201-216), whose approximation for
small information is ``V² I / (1 + V I)``. For a target, g is an indicator, E g the probability p
that the target is reached, and Var(g) = p (1 - p) the quadratic risk of misclassification. (The
chance of being wrong itself, min(p, 1 - p), would not do: no single answer may change the
decision, and then all items would have the value 0.)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, total, uniform
from pacnum_api.psychometrics.estimation import CompetencePosterior, SessionPosterior
from pacnum_api.psychometrics.rules import Rules, SelectionRules, StoppingRules
from pacnum_api.psychometrics.scale import THETA
from pacnum_api.psychometrics.session import SessionState
from pacnum_api.psychometrics.stopping import (
    StopReason,
    competence_closed,
    quota_of,
    session_budget_spent,
    weakest,
)
from pacnum_api.psychometrics.tables import (
    NODE_SHARES,
    PROBABILITY_UNITS,
    WEIGHT_UNITS,
    BankTables,
    CompetenceTable,
)

CANDIDATES_KEPT = 10
_BLOCKED = -1.0


class ValueKind(StrEnum):
    """What the value of an item counts: theta², or probability² of misclassification; or nothing,
    for a new item that is put to be calibrated; or less than others, for one that all tests
    together have shown too little.
    """

    VARIANCE_FALL = "expected_variance_fall"
    RISK_FALL = "expected_risk_fall"
    TRYOUT = "tryout"
    FEATURED = "featured"


class Candidate(NamedTuple):
    """An item considered, its value, and the probability with which it would be drawn."""

    item: int
    value: float
    probability: float


@dataclass(frozen=True, slots=True)
class Selection:
    """The item to put next, and how it came to be chosen.

    ``pool_size``: items of the competence that could have been asked; ``candidates``: the best of
    them (at most 10), best first; ``draw``: the number in [0, 1) that picked among them;
    ``random_share``: how much of their order was chance (``SelectionRules.progressive_items``).
    """

    item: int
    competence: int
    position: int
    pool_size: int
    candidates: tuple[Candidate, ...]
    draw: float
    value_kind: ValueKind
    random_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Either a ``selection``, or the ``reason`` why the session is done.

    ``closed``: the competences that are done by now, each with why.
    """

    selection: Selection | None
    closed: Mapping[int, StopReason]
    reason: StopReason | None


def select(
    tables: BankTables, posterior: SessionPosterior, *, state: SessionState, rules: Rules
) -> Decision:
    """Return the next item, or why there is none. Depends on nothing but its arguments."""
    spent = session_budget_spent(state)
    closed = _closed(posterior, state=state, rules=rules.stopping)
    if spent is not None:
        left = {index: spent for index in state.plan.competences if index not in closed}
        return done(closed | left)
    for competence in _by_claim(posterior, state=state, closed=closed, rules=rules.stopping):
        chosen = _choose(tables, posterior, competence=competence, state=state, rules=rules)
        if isinstance(chosen, Selection):
            return Decision(selection=chosen, closed=closed, reason=None)
        closed[competence] = chosen
    return done(closed)


def done(closed: Mapping[int, StopReason]) -> Decision:
    """Return the decision to put nothing more."""
    return Decision(selection=None, closed=closed, reason=weakest(closed.values()))


def _closed(
    posterior: SessionPosterior, *, state: SessionState, rules: StoppingRules
) -> dict[int, StopReason]:
    reasons = (
        (
            index,
            competence_closed(
                posterior.competences[index], state=state, competence=index, rules=rules
            ),
        )
        for index in state.plan.competences
    )
    return {index: reason for index, reason in reasons if reason is not None}


def _by_claim(
    posterior: SessionPosterior,
    *,
    state: SessionState,
    closed: Mapping[int, StopReason],
    rules: StoppingRules,
) -> list[int]:
    """Return the open competences, strongest claim first.

    Those below their minimum come first, fewest items first; then those farthest from their goal.
    Equals stand in the session's own drawn order.
    """

    def claim(competence: int) -> tuple[bool, float, int]:
        count, rank = state.counts[competence], state.rank[competence]
        if count < quota_of(state, competence, rules=rules).minimum:
            return False, count, rank
        target = state.plan.targets.get(competence)
        return True, -_distance(posterior.competences[competence], target, rules=rules), rank

    still_open = [index for index in state.plan.competences if index not in closed]
    return sorted(still_open, key=claim) if len(still_open) > 1 else still_open


def _distance(posterior: CompetencePosterior, target: int | None, *, rules: StoppingRules) -> float:
    """Return how far a competence is from its goal, as a ratio that is 1 when it is reached."""
    if target is None:
        return posterior.standard_error / rules.standard_error
    chance = posterior.probability_at_least(target)
    return min(chance, 1.0 - chance) / (1.0 - rules.target_probability)


def _choose(
    tables: BankTables,
    posterior: SessionPosterior,
    *,
    competence: int,
    state: SessionState,
    rules: Rules,
) -> Selection | StopReason:
    table = tables.competences[competence]
    blocked = state.blocked[table.first : table.stop]
    pool_size = len(blocked) - int(np.count_nonzero(blocked))
    if pool_size == 0:
        return StopReason.NO_ITEM_LEFT
    target = state.plan.targets.get(competence)
    values = item_values(table, posterior.competences[competence], target=target)
    values[blocked] = _BLOCKED
    best = list(best_of(values, count=min(CANDIDATES_KEPT, pool_size)))
    if best[0][1] < _least_fall(state, competence, rules=rules.stopping):
        return StopReason.NO_MORE_TO_GAIN
    draw = uniform(state.plan.seed, state.position, purpose="item")
    chances = draw_probabilities([value for _, value in best], rules=rules.selection)
    candidates = tuple(
        Candidate(table.first + index, value, chance)
        for (index, value), chance in zip(best, chances, strict=True)
    )
    return Selection(
        item=drawn(candidates, draw),
        competence=competence,
        position=state.position,
        pool_size=pool_size,
        candidates=candidates,
        draw=draw,
        value_kind=ValueKind.VARIANCE_FALL if target is None else ValueKind.RISK_FALL,
    )


def _least_fall(state: SessionState, competence: int, *, rules: StoppingRules) -> float:
    if state.counts[competence] < quota_of(state, competence, rules=rules).minimum:
        return 0.0
    if competence in state.plan.targets:
        return rules.least_risk_fall
    return rules.least_variance_fall


def item_values(
    table: CompetenceTable,
    posterior: CompetencePosterior,
    *,
    target: int | None,
    drops_impossible: bool = False,
) -> FloatArray:
    """Return the expected fall of the posterior variance of theta, or with a ``target`` level of
    the indicator of having reached it, by each item of the competence: (items,), at least 0.

    The formula of the module's head, the sums taken over the nodes: between them (0.25 apart) a
    response curve counts as straight. That makes values about 0.5 % a² too small for an item of
    discrimination a. Exact numbers are not needed to rank items; repeatable ones are.
    ``drops_impossible``: see ``between_answers``.
    """
    if target is None:
        score = THETA - posterior.theta
    else:
        share_above = posterior.scale.shares[posterior.scale.place_of(target)]
        score = share_above - posterior.probability_at_least(target)
    weight = np.rint(posterior.weights * WEIGHT_UNITS)
    weighted_score = np.rint(weight * score)
    return between_answers(
        table.scored,
        weight @ NODE_SHARES,
        weighted_score=weighted_score @ NODE_SHARES,
        drops_impossible=drops_impossible,
    )


def between_answers(
    scored: FloatArray,
    weight: FloatArray,
    *,
    weighted_score: FloatArray,
    drops_impossible: bool = False,
) -> FloatArray:
    """Return the variance between answers, S² / A summed over categories, of each item.

    ``scored``: see ``CompetenceTable``; ``weight`` and ``weighted_score`` (41,): whole numbers for
    each node, in any unit; the latter adds up to 0 (but for rounding, of no account here) and is 0
    wherever the former is. ``drops_impossible``: the score 0 of an item with steps, where it is
    less likely than one unit of probability, counts for nothing. What is missing to one then is
    rounding alone; version 1.0.0 divides by it nevertheless, and values can come out too great, or
    below 0.
    """
    used = np.flatnonzero(weight)
    first, stop = int(used[0]), int(used[-1]) + 1
    weight, weighted_score = weight[first:stop], weighted_score[first:stop]
    whole = total(weight) * PROBABILITY_UNITS
    # Each product with a table is a sum of whole numbers, below 2**53 throughout: exact.
    chance = weight @ scored[0, first:stop]
    shift = weighted_score @ scored[0, first:stop]
    if len(scored) == 1:
        # Right or wrong: S² / A + S² / (1 - A) = S² / (A (1 - A)), in fewer passes over the bank.
        return _ratio(shift, chance, by=whole - chance)
    chance_0, shift_0 = whole - chance, -shift
    between = _ratio(shift, chance, by=whole)
    for category in scored[1:, first:stop]:
        chance, shift = weight @ category, weighted_score @ category
        chance_0 -= chance
        shift_0 -= shift
        # A category that an item does not have has no chance, and then no shift either.
        between += _ratio(shift, np.maximum(chance, 1.0), by=whole)
    if drops_impossible:
        possible = chance_0 >= whole / PROBABILITY_UNITS
        chance_0, shift_0 = np.where(possible, chance_0, 1.0), np.where(possible, shift_0, 0.0)
    between += _ratio(shift_0, chance_0, by=whole)
    return between


def _ratio(shift: FloatArray, chance: FloatArray, *, by: FloatArray | float) -> FloatArray:
    squared: FloatArray = shift * shift
    squared /= chance
    squared /= by
    return squared


def best_of(values: FloatArray, *, count: int) -> Iterator[tuple[int, float]]:
    """Yield index and value of the ``count`` greatest, the lower index first among equals.

    Takes them out of ``values``.
    """
    for _ in range(count):
        index = int(values.argmax())
        yield index, float(values[index])
        values[index] = _BLOCKED


def draw_probabilities(values: list[float], *, rules: SelectionRules) -> list[float]:
    """Return the probability of each of the candidates, best first: proportional to
    ``(value / best value) ** sharpness`` within the pool, 0 beyond it.
    """
    pool, best = values[: rules.pool_size], values[0]
    ratios = [value / best if best > 0.0 else 1.0 for value in pool]
    odds = [_whole_power(ratio, rules.sharpness) for ratio in ratios]
    # Added one by one: since Python 3.12 the built-in sum compensates, and gives other bits.
    whole = 0.0
    for odd in odds:
        whole += odd
    return [odd / whole for odd in odds] + [0.0] * (len(values) - len(pool))


def _whole_power(base: float, exponent: int) -> float:
    # By squaring: ``**`` on floats asks the C library, whose last bit is not fixed.
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


def drawn(candidates: tuple[Candidate, ...], draw: float) -> int:
    """Return the item whose share of [0, 1) holds the number drawn."""
    chosen, cumulative = candidates[0].item, 0.0
    for candidate in candidates:
        if draw >= cumulative and candidate.probability > 0.0:
            chosen = candidate.item
        cumulative += candidate.probability
    return chosen
