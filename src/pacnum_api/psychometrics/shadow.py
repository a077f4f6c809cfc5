"""Shadow tests: before each item, the best whole test that could still be given.

At each step a full test is assembled that holds all items given so far, fulfils every constraint of
the blueprint and maximises the sum of the items' present values; the next item is one of its items
not yet given, the best or the one that a chooser takes (van der Linden & Reese 1998, Applied
Psychological Measurement 22, 259-270; van der Linden 2005, Linear Models for Optimal Test Design,
ch. 9). So every item is chosen with all later constraints in view, and no test ends outside its
blueprint.

In time
-------
The 0/1 program goes to a ``Solver`` with an ``Effort``. What the clock cuts off is thrown away: the
answer then is the *fallback*, the best free item of the previous shadow test, which is feasible
still by construction (before the first item: of a test planned by ``feasibility``). So a step has
one of two outcomes, each a pure function of its arguments: the solver's (optimal, or the best
within its limit of nodes: both the same at each run) or the fallback. A step's ``reason`` says
which, and ``ShadowMethod.as_recorded`` makes a replay go the same way without a clock.

The plan is part of the state. Where values tie, another plan to start from may lead to another
optimum: so either it is kept with the session (some tens of numbers), or all steps are repeated.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.blueprint import Blueprint, BlueprintUnfulfillable, Columns
from pacnum_api.psychometrics.feasibility import BlueprintState, admissible, plan

Clock = Callable[[], float]
"""Seconds of a clock that never runs backwards; its zero does not matter."""

Chooser = Callable[[Sequence[int]], int]
"""From the free items of a shadow test, best first, to the one to give."""


def best_first(items: Sequence[int]) -> int:
    """The chooser of plain shadow testing: the item of greatest value."""
    return items[0]


@dataclass(frozen=True, slots=True)
class Effort:
    """What a solver may spend on one program.

    ``relative_gap``: a solution is optimal that is at most this share below the best possible;
    ``node_limit``: nodes of branch and bound, the limit that is the same on every machine;
    ``asked_seconds``: after it no further part of the work is begun; ``hard_seconds``: work under
    way is cut off in time to return by then. None: the clock is not looked at.
    """

    relative_gap: float = 1e-4
    node_limit: int = 500
    asked_seconds: float | None = 0.060
    hard_seconds: float | None = 0.250

    def untimed(self) -> "Effort":
        return replace(self, asked_seconds=None, hard_seconds=None)


@dataclass(frozen=True, eq=False)
class ZeroOneProgram:
    """Maximise ``values`` · x subject to ``lower`` <= A x <= ``upper``, x 0 or 1, and 0 where not
    ``free``.

    ``values`` (n,) at least 0; ``columns``: A, n columns of r rows; ``lower``, ``upper`` (r,);
    ``incumbent``: columns whose choice is feasible, to start from; None if none is known.
    """

    values: FloatArray
    columns: Columns
    lower: IntArray
    upper: IntArray
    free: BoolArray
    incumbent: IntArray | None

    def is_feasible(self, chosen: IntArray) -> bool:
        """Tell whether the choice of these columns (each once) keeps all bounds."""
        counts = self.columns.row_counts(chosen, row_count=len(self.lower))
        return bool(
            self.free[chosen].all() and np.all((self.lower <= counts) & (counts <= self.upper))
        )


class SolutionStatus(StrEnum):
    OPTIMAL = "optimal"
    NODE_LIMIT = "node_limit"
    OUT_OF_TIME = "out_of_time"
    INFEASIBLE = "infeasible"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Solution:
    """``chosen``: the columns at 1, ascending; empty unless optimal or stopped by the node limit.
    ``bound``: no solution has a greater objective.
    """

    status: SolutionStatus
    chosen: IntArray
    bound: float


class Solver(Protocol):
    """Solves one program; the same program and effort without a clock give the same solution."""

    def __call__(self, program: ZeroOneProgram, effort: Effort) -> Solution: ...


class FallbackReason(StrEnum):
    """Why the solver's answer was not used. ``SOLVER_FAILED``: none, or one that breaks a bound."""

    OUT_OF_TIME = "out_of_time"
    SOLVER_FAILED = "solver_failed"


@dataclass(frozen=True, slots=True)
class ShadowMethod:
    """How steps are made. ``recorded``: in a replay, the fallback to take without solving."""

    solver: Solver
    effort: Effort = Effort()
    chooser: Chooser = best_first
    recorded: FallbackReason | None = None

    def as_recorded(self, reason: FallbackReason | None) -> "ShadowMethod":
        """Return the method that repeats a step whose ``reason`` was this, whatever the clock."""
        return replace(self, effort=self.effort.untimed(), recorded=reason)


@dataclass(frozen=True, slots=True)
class ShadowStep:
    """The ``item`` to give next, and the shadow test that it comes from.

    ``shadow``: the items given and the free ones, best first: what ``feasibility.after`` goes on
    from; ``value``: the sum of the free items' values; ``bound``: no feasible test has a greater
    one (None for a fallback, which does not know); ``reason``: of the fallback, None if it is none.
    """

    item: int
    shadow: BlueprintState
    value: float
    bound: float | None
    reason: FallbackReason | None

    @property
    def is_fallback(self) -> bool:
        return self.reason is not None


def shadow_step(
    blueprint: Blueprint,
    state: BlueprintState,
    *,
    item_values: FloatArray,
    candidates: BoolArray,
    how: ShadowMethod,
) -> ShadowStep:
    """Return the next item by a shadow test, or by the fallback if the solver gives none in time.

    ``item_values`` (n,), finite and at least 0; ``candidates`` (n,): the items that may be asked.
    The state's plan is where the solver starts from; without one, or where it holds an item that
    may not be asked any more, a new one is made. ``ValueError`` if values are not such or the given
    items break the blueprint; ``BlueprintUnfulfillable`` if no test that holds the given items and
    at least one more fulfils it (or none was found and the solver had no time to tell).
    """
    _check(blueprint, state, item_values=item_values)
    ready = _with_plan(blueprint, state, item_values=item_values, candidates=candidates)
    reason, bound, planned = how.recorded, None, ready.planned
    if reason is None:
        program = program_for(blueprint, ready, item_values=item_values, candidates=candidates)
        if program.incumbent is not None and not program.is_feasible(program.incumbent):
            raise ValueError("the plan of the state does not fulfil the blueprint")
        solution = how.solver(program, how.effort)
        reason = _why_not(program, solution)
        if reason is None:
            bound, planned = solution.bound, tuple(solution.chosen.tolist())
    if not planned:
        raise BlueprintUnfulfillable("no test with the items given was found in time")
    free = tuple(sorted(planned, key=lambda item: (-item_values[item], item)))
    item = how.chooser(free)
    if item not in free:
        raise ValueError("the chooser took an item that is not free in the shadow test")
    value = float(np.add.reduce(item_values[list(free)]))
    return ShadowStep(item, BlueprintState(state.given, free), value, bound=bound, reason=reason)


def _check(blueprint: Blueprint, state: BlueprintState, *, item_values: FloatArray) -> None:
    if item_values.shape != (blueprint.item_count,) or not np.all(
        np.isfinite(item_values) & (item_values >= 0.0)
    ):
        raise ValueError("each item needs a value, finite and at least 0")
    if len(state.given) >= blueprint.maximum_length:
        raise BlueprintUnfulfillable("the test has its greatest length")


def program_for(
    blueprint: Blueprint,
    state: BlueprintState,
    *,
    item_values: FloatArray,
    candidates: BoolArray,
) -> ZeroOneProgram:
    """Return the program of the free items of the next shadow test.

    Items given are taken out and the bounds lowered by what they count. Up to the shortest length
    allowed the test has exactly that length, afterwards at least one item more. The state's plan,
    if there is one, is the incumbent.

    Of items in the same rows (``Blueprint.twins``) only the most valuable are free, as many as the
    tightest of their rows allows. No optimum is lost: a test with another of them leaves out one
    of these, and can exchange it without loss.
    """
    given = np.array(state.given, dtype=np.int64)
    lower, upper = blueprint.row_bounds()
    if len(given) < blueprint.minimum_length:
        upper[0] = blueprint.minimum_length
    else:
        lower[0] = len(given) + 1
    taken = blueprint.columns.row_counts(given, row_count=len(lower))
    lower, upper = np.maximum(lower - taken, 0), upper - taken
    usable = _usable(blueprint, state, candidates=candidates)
    free = _undominated(blueprint, usable, item_values=item_values, upper=upper)
    planned = np.array(sorted(state.planned), dtype=np.int64)
    free[planned] = True
    return ZeroOneProgram(
        values=item_values,
        columns=blueprint.columns,
        lower=lower,
        upper=upper,
        free=free,
        incumbent=planned if len(planned) else None,
    )


def _undominated(
    blueprint: Blueprint, usable: BoolArray, *, item_values: FloatArray, upper: IntArray
) -> BoolArray:
    items = np.flatnonzero(usable)
    ordered = items[np.lexsort((-item_values[items], blueprint.twins[items]))]
    group = blueprint.twins[ordered]
    places = np.arange(len(ordered))
    is_first = np.append(True, group[1:] != group[:-1])[: len(ordered)]
    rank = places - np.maximum.accumulate(np.where(is_first, places, 0))
    free = np.zeros(blueprint.item_count, dtype=np.bool_)
    free[ordered[rank < blueprint.columns.tightest(upper)[ordered]]] = True
    return free


def _usable(blueprint: Blueprint, state: BlueprintState, *, candidates: BoolArray) -> BoolArray:
    usable = candidates.copy()
    for item in state.given:
        usable[blueprint.excludes[item]] = False
    return usable


def _with_plan(
    blueprint: Blueprint, state: BlueprintState, *, item_values: FloatArray, candidates: BoolArray
) -> BlueprintState:
    """Return the state with a plan of items that may be asked, or with none if none was found."""
    if state.planned and candidates[list(state.planned)].all():
        return state
    bare = BlueprintState(state.given, ())
    if len(state.given) >= blueprint.minimum_length:
        allowed = admissible(blueprint, bare, candidates=candidates)
        best = int(np.argmax(np.where(allowed, item_values, -1.0)))
        return BlueprintState(state.given, (best,)) if allowed[best] else bare
    try:
        return plan(blueprint, state.given, item_values=item_values, candidates=candidates)
    except BlueprintUnfulfillable:
        return bare


def _why_not(program: ZeroOneProgram, solution: Solution) -> FallbackReason | None:
    """Return why a solution cannot be used; None if it can.

    It is checked against the program: a solver works in floating point, within tolerances.
    """
    if solution.status is SolutionStatus.INFEASIBLE:
        raise BlueprintUnfulfillable("no test with the items given fulfils the blueprint")
    if solution.status is SolutionStatus.OUT_OF_TIME:
        return FallbackReason.OUT_OF_TIME
    return None if program.is_feasible(solution.chosen) else FallbackReason.SOLVER_FAILED
