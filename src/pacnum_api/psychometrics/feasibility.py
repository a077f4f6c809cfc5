"""A promise kept: at every step of a test there is a known way to finish it within its blueprint.

Besides the items given, a state carries the items *planned*: a completion that fulfils the
blueprint. An item outside the plan may be taken if it can stand in for one planned, everything else
unchanged; the plan is then changed so. Whoever takes only such items, or planned ones, never breaks
the blueprint, whatever its form.

Is the guard too strict? For nested blueprints (``Blueprint.is_nested``) it is exact: it forbids an
item if and only if no completion with it exists. The tests of a given length that fulfil nested
bounds are the bases of a matroid (a layer of a generalised matroid; Tardos 1985, Frank & Tardos
1988), and for two bases every element of one can replace some element of the other. For blueprints
that overlap it may forbid an item that two simultaneous exchanges would have allowed.

The plan itself comes from a greedy filling repaired by exchanges that lower the sum of violations.
For nested blueprints such a sum is M-convex and a repair by steepest descent ends without violation
if that is possible at all (Murota 2003, ch. 6 and 10). For overlapping ones descent may get stuck:
then the least bad exchange is made and items just removed are kept out for a while (tabu; Glover
1989). If that fails too, only a solver can tell whether the blueprint is possible (``shadow``).

Lengths: up to the shortest length allowed a plan is a test of exactly that length, so that the
session can stop there. After it minima are met for good, and maxima alone decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.blueprint import Blueprint, BlueprintUnfulfillable

_NONE = -1
_SEVERAL = -2
_IMPOSSIBLE = np.inf
_TABU_MOVES = 7
_MOVES_PER_ITEM = 10


@dataclass(frozen=True, slots=True)
class BlueprintState:
    """The items ``given``, in order, and those ``planned``, that complete them in a way that the
    blueprint allows.
    """

    given: tuple[int, ...]
    planned: tuple[int, ...]

    @property
    def test(self) -> tuple[int, ...]:
        return self.given + self.planned


class _Exchanges(NamedTuple):
    """For each item (n,): the least change of the sum of violations if it stands in for a planned
    item (infinite where it may not), and the place in the plan of that item.
    """

    change: FloatArray
    partner: IntArray


def plan(
    blueprint: Blueprint, given: Sequence[int], *, item_values: FloatArray, candidates: BoolArray
) -> BlueprintState:
    """Return a state with a plan for the items ``given``, preferring items of great value.

    ``item_values`` (n,), in any unit; ``candidates`` (n,): the items that may be planned. Ties go
    to the lower index: the plan depends on nothing but the arguments. ``ValueError`` if the given
    items break the blueprint by themselves, ``BlueprintUnfulfillable`` if no plan was found.
    """
    _check_given(blueprint, given)
    filled = _filled(blueprint, given, item_values=item_values, candidates=candidates)
    return _repaired(blueprint, filled, item_values=item_values, candidates=candidates)


def admissible(blueprint: Blueprint, state: BlueprintState, *, candidates: BoolArray) -> BoolArray:
    """Return which ``candidates`` (n,) may be given next without breaking the blueprint, now or in
    the end. Exact for nested blueprints, on the safe side otherwise.
    """
    length = len(state.given)
    if length >= blueprint.minimum_length:
        free = _usable(blueprint, state.given, candidates=candidates)
        is_full = blueprint.counts(state.given) >= blueprint.maximum
        has_room = blueprint.cells @ is_full == 0.0
        within: BoolArray = has_room[blueprint.cell_of] & (length < blueprint.maximum_length)
        return free & within
    exchanges = _exchanges(blueprint, state, candidates=candidates)
    allowed: BoolArray = exchanges.change <= 0.0
    planned = list(state.planned)
    allowed[planned] = candidates[planned]
    return allowed


def after(blueprint: Blueprint, state: BlueprintState, *, item: int) -> BlueprintState:
    """Return the state once ``item`` was given. ``ValueError`` if it is not admissible."""
    given = (*state.given, item)
    if item in state.planned:
        return BlueprintState(given, tuple(one for one in state.planned if one != item))
    asked = np.zeros(blueprint.item_count, dtype=np.bool_)
    asked[item] = True
    if not admissible(blueprint, state, candidates=asked)[item]:
        raise ValueError(f"item {item} would break the blueprint")
    if len(state.given) >= blueprint.minimum_length:
        return BlueprintState(given, ())
    place = int(_exchanges(blueprint, state, candidates=asked).partner[item])
    return BlueprintState(given, state.planned[:place] + state.planned[place + 1 :])


def _check_given(blueprint: Blueprint, given: Sequence[int]) -> None:
    taken = set(given)
    if len(taken) != len(given) or any(
        taken.intersection(blueprint.excludes[item].tolist()) != {item} for item in given
    ):
        raise ValueError("items were given that may not meet")
    if np.any(blueprint.counts(given) > blueprint.maximum):
        raise ValueError("more items of a kind were given than the blueprint allows")
    if len(given) > blueprint.maximum_length:
        raise ValueError("more items were given than the blueprint allows")


def _usable(blueprint: Blueprint, items: Sequence[int], *, candidates: BoolArray) -> BoolArray:
    usable = candidates.copy()
    for item in items:
        usable[blueprint.excludes[item]] = False
    return usable


def _rise(blueprint: Blueprint, counts: IntArray) -> FloatArray:
    """Return by how much one item more of each requirement changes the sum of violations, (r,):
    -1 below the minimum, +1 at the maximum or above.
    """
    return np.where(
        counts >= blueprint.maximum, 1.0, np.where(counts < blueprint.minimum, -1.0, 0.0)
    )


def _fall(blueprint: Blueprint, counts: IntArray) -> FloatArray:
    """Return the same for one item less: +1 at the minimum or below, -1 above the maximum."""
    return np.where(
        counts <= blueprint.minimum, 1.0, np.where(counts > blueprint.maximum, -1.0, 0.0)
    )


def _addition_cost(blueprint: Blueprint, items: Sequence[int]) -> FloatArray:
    """Return the change of the sum of violations by one item more of each cell: (q,)."""
    return blueprint.cells @ _rise(blueprint, blueprint.counts(items))


def _first_best(change: FloatArray, item_values: FloatArray) -> int:
    """Return the most valuable among the items that change the sum of violations for the best."""
    least = np.flatnonzero(change == change.min())
    return int(least[np.argmax(item_values[least])])


def _filled(
    blueprint: Blueprint, given: Sequence[int], *, item_values: FloatArray, candidates: BoolArray
) -> BlueprintState:
    items = list(given)
    usable = _usable(blueprint, given, candidates=candidates)
    while len(items) < blueprint.minimum_length:
        if not usable.any():
            raise BlueprintUnfulfillable("the items that may be asked do not suffice for a test")
        cost = _addition_cost(blueprint, items)[blueprint.cell_of]
        item = _first_best(np.where(usable, cost, _IMPOSSIBLE), item_values)
        items.append(item)
        usable[blueprint.excludes[item]] = False
    return BlueprintState(tuple(given), tuple(items[len(given) :]))


def _violation(blueprint: Blueprint, items: Sequence[int]) -> int:
    counts = blueprint.counts(items)
    missing = np.maximum(blueprint.minimum - counts, 0)
    beyond = np.maximum(counts - blueprint.maximum, 0)
    return int((missing + beyond).sum())


def _repaired(
    blueprint: Blueprint, state: BlueprintState, *, item_values: FloatArray, candidates: BoolArray
) -> BlueprintState:
    removed: list[int] = []
    moves = 0
    while _violation(blueprint, state.test) > 0:
        moves += 1
        exchanges = _exchanges(blueprint, state, candidates=candidates)
        # A true improvement is made even so: on it rests the promise for nested blueprints.
        held = removed[-_TABU_MOVES:]
        exchanges.change[held] = np.where(
            exchanges.change[held] < 0.0, exchanges.change[held], _IMPOSSIBLE
        )
        item = _first_best(exchanges.change, item_values)
        if exchanges.change[item] == _IMPOSSIBLE or moves > _MOVES_PER_ITEM * len(state.test):
            raise BlueprintUnfulfillable("no test was found that fulfils the blueprint")
        place = int(exchanges.partner[item])
        removed.append(state.planned[place])
        planned = (*state.planned[:place], item, *state.planned[place + 1 :])
        state = BlueprintState(state.given, planned)
    return state


def _exchanges(blueprint: Blueprint, state: BlueprintState, *, candidates: BoolArray) -> _Exchanges:
    """Return the best exchange of each candidate outside the test for one planned item.

    A candidate that excludes one planned item can only stand in for that one; one that excludes a
    given item, or several planned, cannot.
    """
    if not state.planned:
        nothing = np.full(blueprint.item_count, _IMPOSSIBLE)
        return _Exchanges(nothing, np.zeros(blueprint.item_count, dtype=np.int64))
    cost = _exchange_cost(blueprint, state)
    partner = cost.argmin(axis=1)[blueprint.cell_of]
    meets = _meets(blueprint, state)
    partner = np.where(meets >= 0, meets, partner)
    change = cost[blueprint.cell_of, partner]
    change[~candidates | (meets == _SEVERAL)] = _IMPOSSIBLE
    change[list(state.test)] = _IMPOSSIBLE
    return _Exchanges(change, partner)


def _exchange_cost(blueprint: Blueprint, state: BlueprintState) -> FloatArray:
    """Return the change of the sum of violations if an item of a cell stands in for a planned one:
    (q, planned). Whole numbers, so that the product is exact in any order of adding.
    """
    counts = blueprint.counts(state.test)
    rise, fall = _rise(blueprint, counts), _fall(blueprint, counts)
    leaving = blueprint.cells[blueprint.cell_of[list(state.planned)]]
    # Requirements of the newcomer alone rise, those of the leaver alone fall, common ones stay.
    per_newcomer = rise * (1.0 - leaving) - fall * leaving
    cost: FloatArray = blueprint.cells @ per_newcomer.T + leaving @ fall
    return cost


def _meets(blueprint: Blueprint, state: BlueprintState) -> IntArray:
    """Return for each item the place in the plan of the one item that it may not meet, or none, or
    several (a given one counts as several: it cannot leave).
    """
    meets = np.full(blueprint.item_count, _NONE)
    for place, item in enumerate(state.planned):
        banned = blueprint.excludes[item]
        meets[banned] = np.where(meets[banned] == _NONE, place, _SEVERAL)
    for item in state.given:
        meets[blueprint.excludes[item]] = _SEVERAL
    return meets
