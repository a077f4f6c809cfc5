"""What the items of a bank are worth when all abilities are estimated together.

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
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.estimation import CompetencePosterior
from pacnum_api.psychometrics.joint_estimation import JointPosterior, Posterior, SinglePosterior
from pacnum_api.psychometrics.scale import NODES, THETA_STEP
from pacnum_api.psychometrics.selection import item_values
from pacnum_api.psychometrics.session import SessionState
from pacnum_api.psychometrics.tables import PROBABILITY_UNITS, WEIGHT_UNITS, BankTables
from pacnum_api.psychometrics.within_blueprint import kept_to

BLOCKED = -1.0
"""The value of an item that may not be put now."""
_NODE_WEIGHT_UNITS = 4.0 * WEIGHT_UNITS


@dataclass(frozen=True, eq=False)
class Valued:
    """The value of each item of the bank, (n,), below 0 for those that may not be put now;
    ``best``: the greatest for each competence that still has items.
    """

    values: FloatArray
    best: dict[int, float]


def valued_items(
    tables: BankTables, posterior: Posterior, *, state: SessionState, still_open: Sequence[int]
) -> Valued:
    """Return what each item is worth now; ``still_open``: the competences that want more items."""
    if isinstance(posterior, SinglePosterior):
        return _valued_alone(tables, posterior, state=state, still_open=still_open)
    filled, starts = tables.filled
    used_up = dict(
        zip(filled, np.logical_and.reduceat(state.blocked, starts).tolist(), strict=True)
    )
    free = [index for index in still_open if not used_up.get(index, True)]
    values = np.full(tables.item_count, BLOCKED)
    if free:
        _fill(values, tables, posterior=posterior, state=state, competences=free)
    values[state.blocked] = BLOCKED
    if state.plan.blueprint is not None:
        values[~kept_to(values, state)] = BLOCKED
    best = dict(zip(filled, np.maximum.reduceat(values, starts).tolist(), strict=True))
    return Valued(values, {index: best[index] for index in free if best[index] >= 0.0})


def _valued_alone(
    tables: BankTables,
    posterior: SinglePosterior,
    *,
    state: SessionState,
    still_open: Sequence[int],
) -> Valued:
    """``valued_items`` for a single competence: one slice of the bank."""
    values = np.full(tables.item_count, BLOCKED)
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
        own[blocked] = BLOCKED
        if state.plan.blueprint is not None:
            values[~kept_to(values, state)] = BLOCKED
        greatest = float(own.max())
        if greatest >= 0.0:
            best[competence] = greatest
    return Valued(values, best)


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
    values[is_out[tables.parameters.competence]] = BLOCKED
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
