"""Which item next, when all abilities are estimated together: the choice of version 2.

A line of small steps over the bank at once: competences that are done drop out (stopping), every
item of those left is valued by what its answer is expected to tell about *all* of them, chance
takes its part at the start (progressive exposure control), and one of the best is drawn.

Value of an item
----------------
The answer to an item of competence k moves the mean of theta_k; the fall of the variance of
theta_k that is expected of it is the variance between answers, exact (``selection``). With
covariance matrix S of the joint posterior, theta_j moves along by S_jk / S_kk, so that over the
competences still open, each counted alike,

    value = B_k(item) · Σ_j (S_jk / S_kk)²

which is the rank-one fall ``‖S_k‖² I / (1 + I S_kk)`` with B_k for ``S_kk² I / (1 + I S_kk)``.
Segall (1996) maximises the fall of the volume instead; the trace goes where goals are not reached.

A competence with a target counts with the quadratic risk p (1 - p) of misclassification, p the
probability that the target is reached. Its own items: the exact fall. Items of others move its mean
by S_jk / S_kk times as much as their own, and p by the density f_j of theta_j at the cut:
``f_j² (S_jk / S_kk)² B_k``, to first order.

Chance
------
At position t, with share ``w = max(0, 1 - (t - 1) / progressive_items) / 2``, items are ranked by
``(1 - w) value + w u max(value)``, u uniform for each item (after Revuelta & Ponsoda 1998, Journal
of Educational Measurement 35, 311-327, who begin by chance alone): early, when values are least
certain, many items have a chance, but nobody begins with one that is far too easy or too hard. The
items that this leaves unused are featured. The ranking counts an item for less when it is scarce
(``exposure``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray, uniform, uniforms
from pacnum_api.psychometrics.estimation import CompetencePosterior
from pacnum_api.psychometrics.joint_estimation import JointPosterior, Posterior, SinglePosterior
from pacnum_api.psychometrics.rules import Rules, StoppingRules
from pacnum_api.psychometrics.scale import NODES, THETA_STEP, LevelScale
from pacnum_api.psychometrics.selection import (
    CANDIDATES_KEPT,
    Candidate,
    Decision,
    Selection,
    ValueKind,
    done,
    draw_probabilities,
    drawn,
    item_values,
)
from pacnum_api.psychometrics.session import Quota, SessionState
from pacnum_api.psychometrics.stopping import (
    StopReason,
    goal_reached,
    quota_of,
    session_budget_spent,
)
from pacnum_api.psychometrics.tables import (
    PROBABILITY_UNITS,
    WEIGHT_UNITS,
    BankTables,
)
from pacnum_api.psychometrics.within_blueprint import is_owed_more, kept_to

_BLOCKED = -1.0
_NODE_WEIGHT_UNITS = 4.0 * WEIGHT_UNITS
_MARGIN = 0.05


@dataclass(frozen=True, eq=False)
class _Valued:
    """The value of each item of the bank, (n,), below 0 for those that may not be put now;
    ``best``: the greatest for each competence that still has items.
    """

    values: FloatArray
    best: dict[int, float]


def select(
    tables: BankTables, posterior: Posterior, *, state: SessionState, rules: Rules
) -> Decision:
    """Return the next item, or why there is none. Depends on nothing but its arguments."""
    is_owed = is_owed_more(state)
    closed = {} if is_owed else _closed(posterior, state=state, rules=rules.stopping)
    spent = session_budget_spent(state)
    still_open = [index for index in state.plan.competences if index not in closed]
    if spent is not None:
        return done(closed | dict.fromkeys(still_open, spent))
    valued = _valued(tables, posterior, state=state, still_open=still_open)
    closed |= dict.fromkeys(still_open - valued.best.keys(), StopReason.NO_ITEM_LEFT)
    below = _below_minimum(valued, state=state, rules=rules.stopping)
    eligible = list(valued.best)
    if not is_owed:
        eligible = _eligible(valued, below, state=state, rules=rules.stopping)
    if not eligible:
        return done(closed | dict.fromkeys(valued.best, StopReason.NO_MORE_TO_GAIN))
    for competence in valued.best.keys() - set(eligible):
        table = tables.competences[competence]
        valued.values[table.first : table.stop] = _BLOCKED
    tryout = _tryout_due(tables, state)
    featured = state.plan.featured
    if tryout is not None and not _is_tight(state, below):
        chosen = _alone(tables, tryout, value=0.0, kind=ValueKind.TRYOUT, state=state)
    elif featured is not None and not state.items and valued.values[featured] >= 0.0:
        value = float(valued.values[featured])
        chosen = _alone(tables, featured, value=value, kind=ValueKind.FEATURED, state=state)
    else:
        chosen = _choose(tables, valued.values, state=state, rules=rules)
    return Decision(selection=chosen, closed=closed, reason=None)


def _alone(
    tables: BankTables, item: int, *, value: float, kind: ValueKind, state: SessionState
) -> Selection:
    """An item that is put for its own sake, whatever the others are worth."""
    return Selection(
        item=item,
        competence=tables.competence_of[item],
        position=state.position,
        pool_size=1,
        candidates=(Candidate(item, value, 1.0),),
        draw=0.0,
        value_kind=kind,
    )


def _closed(
    posterior: Posterior, *, state: SessionState, rules: StoppingRules
) -> dict[int, StopReason]:
    usual = Quota(minimum=rules.minimum_items, maximum=rules.maximum_items)
    certain = _may_be_certain(posterior, certainty=rules.level_certainty)
    precise = rules.standard_error * rules.standard_error
    closed = {}
    for place, competence in enumerate(posterior.competences):
        quota, count = state.plan.quotas.get(competence, usual), state.counts[competence]
        target = state.plan.targets.get(competence)
        reason = None
        if count >= quota.minimum:
            if target is None and posterior.variances[place] <= precise:
                reason = StopReason.PRECISION_REACHED
            elif target is not None or certain[place]:
                # The marginal on the grid costs as much as the rest: only where it may matter.
                marginal = posterior.marginal(competence)
                reason = goal_reached(marginal, target=target, rules=rules)
        if reason is None and count >= quota.maximum:
            reason = StopReason.ITEM_BUDGET
        if reason is not None:
            closed[competence] = reason
    return closed


def _may_be_certain(posterior: Posterior, *, certainty: float) -> list[bool]:
    """Whether a level of each competence might hold the probability wished: by the nodes, which
    give a little too much to every level.
    """
    if certainty > 1.0 or isinstance(posterior, SinglePosterior):
        return [certainty <= 1.0] * len(posterior.competences)
    first, stop = _node_bounds(posterior.tables.scale)
    weights = posterior.node_weights
    held = np.zeros((len(weights), weights.shape[1] + 1))
    np.add.accumulate(weights, axis=1, out=held[:, 1:])
    most = np.maximum.reduce(held[:, stop] - held[:, first], axis=1)
    found: list[bool] = (most >= certainty - _MARGIN).tolist()
    return found


@lru_cache(maxsize=16)
def _node_bounds(scale: LevelScale) -> tuple[IntArray, IntArray]:
    """The nodes whose cells touch each level: first, and the one after the last."""
    half = float(NODES[1] - NODES[0]) / 2.0
    cuts = np.array((-np.inf, *scale.cuts, np.inf))
    first = np.searchsorted(NODES, cuts[:-1] - half, side="right")
    stop = np.searchsorted(NODES, cuts[1:] + half, side="left")
    return first, stop


def _below_minimum(valued: _Valued, *, state: SessionState, rules: StoppingRules) -> dict[int, int]:
    """Return how many items are missing to the minimum of each competence that has items left."""
    missing = {
        competence: quota_of(state, competence, rules=rules).minimum - state.counts[competence]
        for competence in valued.best
    }
    return {competence: count for competence, count in missing.items() if count > 0}


def _is_tight(state: SessionState, below: Mapping[int, int]) -> bool:
    """Whether the budget of the session leaves room for the minima alone."""
    budget = state.plan.item_budget
    return budget is not None and budget - len(state.items) <= sum(below.values())


def _eligible(
    valued: _Valued, below: Mapping[int, int], *, state: SessionState, rules: StoppingRules
) -> list[int]:
    """Return the competences whose items may be put now.

    All that have an item left, while one of them promises something; those below their minimum
    alone when nothing else does, or when the budget of the session leaves room for no more.
    """
    if _is_tight(state, below):
        return list(below)
    if max(valued.best.values(), default=0.0) < _least_fall(state, rules):
        return list(below)
    return list(valued.best)


def _tryout_due(tables: BankTables, state: SessionState) -> int | None:
    """Return the new item that is to be put now, unless an item put before excludes it."""
    tryout = state.plan.tryouts.get(state.position)
    if tryout is None or not set(state.items).isdisjoint(tables.excludes[tryout].tolist()):
        return None
    return tryout


def _least_fall(state: SessionState, rules: StoppingRules) -> float:
    return rules.least_risk_fall if state.plan.targets else rules.least_variance_fall


def _valued(
    tables: BankTables, posterior: Posterior, *, state: SessionState, still_open: Sequence[int]
) -> _Valued:
    if isinstance(posterior, SinglePosterior):
        return _valued_alone(tables, posterior, state=state, still_open=still_open)
    filled, starts = tables.filled
    used_up = dict(
        zip(filled, np.logical_and.reduceat(state.blocked, starts).tolist(), strict=True)
    )
    free = [index for index in still_open if not used_up.get(index, True)]
    values = np.full(tables.item_count, _BLOCKED)
    if free:
        _fill(values, tables, posterior=posterior, state=state, competences=free)
    values[state.blocked] = _BLOCKED
    if state.plan.blueprint is not None:
        values[~kept_to(values, state)] = _BLOCKED
    best = dict(zip(filled, np.maximum.reduceat(values, starts).tolist(), strict=True))
    return _Valued(values, {index: best[index] for index in free if best[index] >= 0.0})


def _valued_alone(
    tables: BankTables,
    posterior: SinglePosterior,
    *,
    state: SessionState,
    still_open: Sequence[int],
) -> _Valued:
    """``_valued`` for a single competence: one slice of the bank."""
    values = np.full(tables.item_count, _BLOCKED)
    best = {}
    for competence in still_open:
        table = tables.competences[competence]
        items = slice(table.first, table.stop)
        blocked = state.blocked[items]
        if blocked.all():
            continue
        own = values[items]
        target = state.plan.targets.get(competence)
        own[:] = item_values(table, posterior.only, target=target, drops_impossible=True)
        own[blocked] = _BLOCKED
        if state.plan.blueprint is not None:
            values[~kept_to(values, state)] = _BLOCKED
        greatest = float(own.max())
        if greatest >= 0.0:
            best[competence] = greatest
    return _Valued(values, best)


def _fill(
    values: FloatArray,
    tables: BankTables,
    *,
    posterior: JointPosterior,
    state: SessionState,
    competences: Sequence[int],
) -> None:
    targets = state.plan.targets
    others = _along(posterior, competences, state=state)
    between = _between_answers(tables, posterior, competences=competences)
    factor = np.zeros(tables.competence_count)
    factor[list(competences)] = others
    if not targets:
        factor[list(competences)] += 1.0
    values[:] = between * factor[tables.parameters.competence]
    is_out = np.ones(tables.competence_count, dtype=np.bool_)
    is_out[list(competences)] = False
    values[is_out[tables.parameters.competence]] = _BLOCKED
    for competence in competences if targets else ():
        table = tables.competences[competence]
        items = slice(table.first, table.stop)
        target = targets.get(competence)
        if target is None:
            values[items] += between[items]
        else:
            marginal = posterior.marginal(competence)
            values[items] += item_values(table, marginal, target=target, drops_impossible=True)


def _along(
    posterior: JointPosterior, competences: Sequence[int], *, state: SessionState
) -> list[float]:
    """Return what the other open competences gain for each unit of fall of one's own variance."""
    places = [posterior.place[competence] for competence in competences]
    covariance = posterior.moments.covariance[np.ix_(places, places)]
    ratio = covariance / np.diagonal(covariance)
    ratio *= ratio
    counted = np.array(
        [
            _counted(posterior, competence, target=state.plan.targets.get(competence))
            for competence in competences
        ]
    )
    moved = np.add.reduce(counted[:, None] * ratio, axis=0) - counted
    result: list[float] = moved.tolist()
    return result


def _counted(posterior: JointPosterior, competence: int, *, target: int | None) -> float:
    if target is None:
        return 1.0
    density = density_at_cut(posterior.marginal(competence), target)
    return density * density


def density_at_cut(marginal: CompetencePosterior, level: int) -> float:
    """Return the posterior density of theta where a level begins: that of the cell it lies in."""
    share = marginal.scale.shares[marginal.scale.place_of(level)]
    cell = int(np.argmax(share > 0.0))
    return float(marginal.weights[cell]) / THETA_STEP


def _between_answers(
    tables: BankTables, posterior: JointPosterior, *, competences: Sequence[int]
) -> FloatArray:
    """Return the expected fall of an item's own variance for the items of ``competences``, (n,).

    As ``selection.between_answers``, for several competences in the same passes over the bank.
    Each product with a table is a sum of whole numbers below 2**53: exact.
    """
    rows = _whole_numbers(posterior)
    widest = max(len(tables.competences[competence].scored) for competence in competences)
    products = np.zeros((widest, 2, tables.item_count))
    for competence in competences:
        table = tables.competences[competence]
        pair = rows[posterior.place[competence]]
        for category, scored in enumerate(table.scored):
            products[category, :, table.first : table.stop] = pair @ scored
    totals = np.ones(tables.competence_count)
    totals[list(posterior.competences)] = np.add.reduce(rows[:, 0], axis=1) * PROBABILITY_UNITS
    whole = totals[tables.parameters.competence]
    chance_0, shift_0 = whole.copy(), np.zeros(tables.item_count)
    between = np.zeros(tables.item_count)
    for chance, shift in products:
        chance_0 -= chance
        shift_0 -= shift
        # A category that an item does not have has no chance, and then no shift either.
        between += shift * shift / np.maximum(chance, 1.0)
    # Category 0 is what is missing to one: below one unit of probability that is rounding alone.
    possible = chance_0 >= whole / PROBABILITY_UNITS
    between += np.where(possible, shift_0 * shift_0, 0.0) / np.where(possible, chance_0, 1.0)
    between /= whole
    return between


def _whole_numbers(posterior: JointPosterior) -> FloatArray:
    """Return posterior weights at the nodes and weights times deviation from the mean, both as
    whole numbers: (K, 2, 41).
    """
    weight = np.rint(posterior.node_weights * _NODE_WEIGHT_UNITS)
    score = NODES - posterior.moments.mean[:, None]
    return np.stack((weight, np.rint(weight * score)), axis=1)


def _greatest(values: FloatArray, *, count: int) -> IntArray:
    """Return the indices of the greatest, best first, the lower one first among equals."""
    found = np.arange(len(values))
    if count < len(values):
        least = np.partition(values, len(values) - count)[len(values) - count]
        found = np.flatnonzero(values >= least)
    return found[np.argsort(-values[found], kind="stable")[:count]]


def _choose(
    tables: BankTables, values: FloatArray, *, state: SessionState, rules: Rules
) -> Selection:
    if rules.selection.is_per_second and state.plan.expected_seconds is not None:
        # Only here: whether there is more to gain is not a matter of time.
        values = values / state.plan.expected_seconds
    allowed = values >= 0.0
    pool_size = int(np.count_nonzero(allowed))
    position = state.position
    share = rules.selection.random_share(position)
    ranked = values.copy()
    if share > 0.0:
        chance = uniforms(state.plan.seed, position, count=len(values))
        ranked = (1.0 - share) * values + share * float(values.max()) * chance
    if state.plan.availability is not None:
        ranked *= state.plan.availability
    ranked[~allowed] = _BLOCKED
    best = _greatest(ranked, count=min(CANDIDATES_KEPT, pool_size))
    draw = uniform(state.plan.seed, position, purpose="item")
    chances = draw_probabilities(ranked[best].tolist(), rules=rules.selection)
    candidates = tuple(map(Candidate, best.tolist(), values[best].tolist(), chances))
    item = drawn(candidates, draw)
    competence = tables.competence_of[item]
    is_target = competence in state.plan.targets
    return Selection(
        item=item,
        competence=competence,
        position=position,
        pool_size=pool_size,
        candidates=candidates,
        draw=draw,
        value_kind=ValueKind.RISK_FALL if is_target else ValueKind.VARIANCE_FALL,
        random_share=share,
    )
