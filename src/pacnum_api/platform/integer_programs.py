"""The solver of 0/1 programs, by HiGHS. Nothing else here imports it.

A program of thousands of columns is not given to branch and bound as it is. In three parts, each of
them exact:

1. *Linear relaxation by sifting.* The relaxation is solved over a few columns, all columns are
   priced with its duals, the promising ones join, until none is left (Bixby et al. 1992, Operations
   Research 40, 885-897). Any duals y give an upper bound (Lagrange) for the whole program: the sum
   of upper (y > 0) or lower bounds times y, plus the sum of the positive reduced costs.
2. *Reduction.* A column whose reduced cost is so far below 0 that the bound with it would fall
   below the best known solution is in no better one, and leaves; one as far above 0 is in all
   better ones, and is fixed. Some tens of columns remain.
3. *Branch and bound* over those. At first they are chosen for a gap of a thousandth; if the
   solution found is worse than that, again for its own gap, so that nothing better was left out.

One thread, a fixed seed, limits by nodes and gap: the same program gives the same solution. A
clock, where the effort asks for one, can only end the work without any.
"""

import math
import time
from dataclasses import dataclass

import highspy
import numpy as np

# The binding itself: the class around it, ``highspy.Highs``, prints a line to standard output and
# forms a circle with its callbacks, so that models stay in memory until garbage is collected.
from highspy._core import _Highs

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.blueprint import Columns
from pacnum_api.psychometrics.shadow import (
    Clock,
    Effort,
    Solution,
    SolutionStatus,
    ZeroOneProgram,
)

_FIRST_COLUMNS = 300
_COLUMNS_PER_ROUND = 300
_FIRST_GAP = 1e-3
# In units of the greatest value: what HiGHS, too, takes for equal.
_TOLERANCE = 1e-7
_NEAR_WHOLE = 1e-6
_SHARE_OF_HARD_LIMIT = 0.8
_OPTIONS: dict[str, str | float] = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "random_seed": 0,
}
_Status = highspy.HighsModelStatus
_SOLVED = frozenset({_Status.kOptimal})
_BRANCHED = frozenset({_Status.kOptimal, _Status.kInfeasible, _Status.kSolutionLimit})
_NOTHING = np.zeros(0, dtype=np.int64)


class _OutOfTime(Exception):
    """No further part of the work may begin, or one was cut off."""


class _SolverFailed(Exception):
    """HiGHS gave up for a reason that says nothing about the program."""


@dataclass(frozen=True, slots=True)
class _Timer:
    """``asked_at`` and ``hard_at``: instants of the clock; infinite if the effort has no limit."""

    clock: Clock
    asked_at: float
    hard_at: float

    @classmethod
    def start(cls, clock: Clock, effort: Effort) -> "_Timer":
        if effort.asked_seconds is None and effort.hard_seconds is None:
            return cls(lambda: 0.0, math.inf, math.inf)
        now = clock()
        hard = math.inf if effort.hard_seconds is None else effort.hard_seconds
        asked = hard if effort.asked_seconds is None else effort.asked_seconds
        return cls(clock, now + asked, now + _SHARE_OF_HARD_LIMIT * hard)

    def seconds_left(self) -> float:
        """Return what a part that begins now may take."""
        now = self.clock()
        if now >= min(self.asked_at, self.hard_at):
            raise _OutOfTime
        return self.hard_at - now


@dataclass(frozen=True, eq=False)
class _Relaxation:
    """``reduced_costs`` (n,): of all columns, minus infinity where not free; ``bound``: of the
    whole program; ``columns`` that took part in the end and their ``weights``, 0 to 1, in the
    optimum.
    """

    reduced_costs: FloatArray
    bound: float
    columns: IntArray
    weights: FloatArray


@dataclass(frozen=True, eq=False)
class _Choice:
    """``columns`` at 1 and the sum of their values; minus infinity if there is no choice."""

    columns: IntArray
    value: float


_NO_CHOICE = _Choice(_NOTHING, -math.inf)


@dataclass(frozen=True, eq=False)
class _Branched:
    """``bound``: of the columns that took part; ``is_cut``: the node limit ended it."""

    best: _Choice
    bound: float
    is_cut: bool


class HighsSolver:
    """A ``Solver`` for as many callers as wish; it keeps nothing between calls."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock

    def __call__(self, program: ZeroOneProgram, effort: Effort) -> Solution:
        """Solve the program; ``values`` may be in any unit, gaps are relative."""
        if not program.free.any():  # HiGHS does not tell a model without columns from an error
            is_feasible = program.is_feasible(_NOTHING)
            status = SolutionStatus.OPTIMAL if is_feasible else SolutionStatus.INFEASIBLE
            return Solution(status, _NOTHING, 0.0 if is_feasible else -math.inf)
        timer = _Timer.start(self._clock, effort)
        scale = float(program.values.max(initial=0.0, where=program.free)) or 1.0
        try:
            return _Search(program, effort, values=program.values / scale, timer=timer).run(scale)
        except _OutOfTime:
            return Solution(SolutionStatus.OUT_OF_TIME, _NOTHING, math.inf)
        except _SolverFailed:
            return Solution(SolutionStatus.FAILED, _NOTHING, math.inf)


class _Search:
    """The work on one program, in units in which the greatest value is 1."""

    def __init__(
        self, program: ZeroOneProgram, effort: Effort, *, values: FloatArray, timer: _Timer
    ) -> None:
        self._program = program
        self._effort = effort
        self._values = values
        self._timer = timer

    def run(self, scale: float) -> Solution:
        relaxation = self._relax()
        if relaxation is None:
            return Solution(SolutionStatus.INFEASIBLE, _NOTHING, -math.inf)
        whole, gap = relaxation.bound, _FIRST_GAP * relaxation.bound
        best = max(self._incumbent(), self._if_whole(relaxation), key=_value)
        while best.value < whole * (1.0 - self._effort.relative_gap) - _TOLERANCE:
            threshold = min(gap, whole - best.value)
            branched = self._branch(relaxation, threshold)
            best = max(best, branched.best, key=_value)
            if branched.is_cut:
                return _solution(SolutionStatus.NODE_LIMIT, best, bound=whole * scale)
            if best is _NO_CHOICE and threshold == math.inf:
                return Solution(SolutionStatus.INFEASIBLE, _NOTHING, -math.inf)
            if best.value >= whole - threshold - _TOLERANCE:
                whole = min(whole, max(branched.bound, best.value))
                break
            gap = math.inf
        return _solution(SolutionStatus.OPTIMAL, best, bound=max(whole, best.value) * scale)

    def _if_feasible(self, columns: IntArray) -> _Choice:
        if not self._program.is_feasible(columns):
            return _NO_CHOICE
        return _Choice(columns, float(np.add.reduce(self._values[columns])))

    def _incumbent(self) -> _Choice:
        known = self._program.incumbent
        return _NO_CHOICE if known is None else self._if_feasible(known)

    def _if_whole(self, relaxation: _Relaxation) -> _Choice:
        """Return the optimum of the relaxation if it happens to be whole: often it is."""
        if np.any(np.abs(relaxation.weights - np.rint(relaxation.weights)) > _NEAR_WHOLE):
            return _NO_CHOICE
        return self._if_feasible(relaxation.columns[relaxation.weights > 0.5])

    def _relax(self) -> _Relaxation | None:
        """Solve the relaxation by sifting; None if it, and so the program, has no solution."""
        program = self._program
        # With an incumbent among the columns infeasibility would be an error of the solver.
        expected = _SOLVED if program.incumbent is not None else _SOLVED | {_Status.kInfeasible}
        columns = self._first_columns()
        model = _model(program, columns, values=self._values)
        highs = _highs(presolve="off", time_limit=self._timer.seconds_left())
        highs.passModel(model)
        waiting = program.free.copy()
        while True:
            waiting[columns] = False
            if _run(highs, expected=expected) == _Status.kInfeasible:
                return None
            solution = highs.getSolution()
            duals = np.array(solution.row_dual)
            reduced_costs = self._values - program.columns.weighed(duals)
            joining = _most_promising(np.where(waiting, reduced_costs, -math.inf))
            if not len(joining):
                break
            self._timer.seconds_left()
            _add_columns(highs, program.columns.taken(joining), costs=self._values[joining])
            columns = np.concatenate([columns, joining])
        return _Relaxation(
            reduced_costs=np.where(program.free, reduced_costs, -math.inf),
            bound=_lagrange_bound(program, reduced_costs, duals=duals),
            columns=columns,
            weights=np.array(solution.col_value),
        )

    def _first_columns(self) -> IntArray:
        """Return the columns to begin with: the incumbent, so that there is a solution, and those
        of greatest value; all if no incumbent is known.
        """
        free = np.flatnonzero(self._program.free)
        if self._program.incumbent is None or len(free) <= _FIRST_COLUMNS:
            return free
        order = np.argsort(-self._values[free], kind="stable")[:_FIRST_COLUMNS]
        return np.union1d(free[order], self._program.incumbent)

    def _branch(self, relaxation: _Relaxation, threshold: float) -> _Branched:
        """Search all solutions that are less than ``threshold`` below the relaxation's bound."""
        # Reduced costs are known within the tolerance: in doubt a column stays, and stays open.
        columns = np.flatnonzero(relaxation.reduced_costs >= -threshold - _TOLERANCE)
        is_fixed = relaxation.reduced_costs[columns] > threshold + _TOLERANCE
        model = _model(self._program, columns, values=self._values)
        model.col_lower_ = is_fixed.astype(np.float64)
        model.integrality_ = [highspy.HighsVarType.kInteger] * len(columns)
        highs = _highs(
            time_limit=self._timer.seconds_left(),
            mip_rel_gap=self._effort.relative_gap,
            mip_max_nodes=self._effort.node_limit,
        )
        highs.passModel(model)
        status = _run(highs, expected=_BRANCHED)
        if status == _Status.kInfeasible:
            return _Branched(_NO_CHOICE, -math.inf, is_cut=False)
        taken = np.array(highs.getSolution().col_value) > 0.5
        best = self._if_feasible(columns[taken])
        bound = highs.getInfo().mip_dual_bound
        return _Branched(best, bound, is_cut=status == _Status.kSolutionLimit)


def _value(choice: _Choice) -> float:
    return choice.value


def _solution(status: SolutionStatus, best: _Choice, *, bound: float) -> Solution:
    return Solution(status, np.sort(best.columns), bound)


def _highs(**options: str | float) -> _Highs:
    highs = _Highs()
    for name, value in (_OPTIONS | options).items():
        highs.setOptionValue(name, value)
    return highs


def _run(highs: _Highs, *, expected: frozenset[_Status]) -> _Status:
    highs.run()
    status = highs.getModelStatus()
    if status == _Status.kTimeLimit:
        raise _OutOfTime
    if status not in expected:
        raise _SolverFailed
    return status


def _model(program: ZeroOneProgram, columns: IntArray, *, values: FloatArray) -> highspy.HighsLp:
    taken = program.columns.taken(columns)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(columns), len(program.lower)
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = values[columns]
    model.col_lower_, model.col_upper_ = np.zeros(len(columns)), np.ones(len(columns))
    model.row_lower_ = program.lower.astype(np.float64)
    model.row_upper_ = program.upper.astype(np.float64)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = taken.starts.astype(np.int32)
    model.a_matrix_.index_ = taken.rows.astype(np.int32)
    model.a_matrix_.value_ = np.ones(len(taken.rows))
    return model


def _add_columns(highs: _Highs, joining: Columns, *, costs: FloatArray) -> None:
    count, entries = len(joining), len(joining.rows)
    highs.addCols(
        count,
        costs,
        np.zeros(count),
        np.ones(count),
        entries,
        joining.starts[:-1].astype(np.int32),
        joining.rows.astype(np.int32),
        np.ones(entries),
    )


def _most_promising(reduced_costs: FloatArray) -> IntArray:
    """Return the columns of positive reduced cost, the greatest first, at most so many."""
    order = np.argsort(-reduced_costs, kind="stable")[:_COLUMNS_PER_ROUND]
    promising: IntArray = order[reduced_costs[order] > _TOLERANCE]
    return promising


def _lagrange_bound(
    program: ZeroOneProgram, reduced_costs: FloatArray, *, duals: FloatArray
) -> float:
    at_bounds = np.where(duals > 0.0, program.upper, program.lower) * duals
    gains = np.maximum(reduced_costs, 0.0, where=program.free, out=np.zeros(len(reduced_costs)))
    return float(np.add.reduce(at_bounds) + np.add.reduce(gains))
