"""Fixed points of a slow but safe iteration, found in few steps.

Anderson's acceleration (1965, Journal of the ACM 12, 547-560; for expectation-maximisation
Henderson & Varadhan 2019, JCGS 28, 834-846): the next point is the combination of the last ones
whose residuals cancel best. Where that would lower the objective the plain step is taken instead
and the memory cleared.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray

_SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Step:
    """One application of the iteration: the objective at the point it was applied to, and where it
    leads.
    """

    objective: float
    reached: FloatArray


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """``point`` (P,), the number of applications it took, and whether it is one: the last step
    moved no coordinate by more than the tolerance.
    """

    point: FloatArray
    iterations: int
    is_converged: bool


@dataclass
class _Memory:
    size: int
    points: list[FloatArray] = field(default_factory=list)
    residuals: list[FloatArray] = field(default_factory=list)

    def next_point(self, point: FloatArray, residual: FloatArray) -> FloatArray:
        self.points = [*self.points, point][-self.size - 1 :]
        self.residuals = [*self.residuals, residual][-self.size - 1 :]
        if len(self.points) == 1:
            return point + residual
        moved = np.diff(np.array(self.points), axis=0).T
        changed = np.diff(np.array(self.residuals), axis=0).T
        share = np.linalg.lstsq(changed, residual, rcond=None)[0]
        result: FloatArray = point + residual - (moved + changed) @ share
        return result

    def clear(self) -> None:
        self.points, self.residuals = [], []


def fixed_point(
    iterate: Callable[[FloatArray], Step],
    start: FloatArray,
    *,
    tolerance: float,
    most_iterations: int,
    memory: int = 5,
) -> FixedPoint:
    """Return the point that ``iterate`` leaves where it is, from ``start`` on.

    ``tolerance``: greatest move of a coordinate that counts as none; ``memory``: number of earlier
    steps combined.
    """
    kept = _Memory(size=memory)
    point, safe, best = start, start, -np.inf
    for iteration in range(1, most_iterations + 1):
        step = iterate(point)
        residual = step.reached - point
        if float(np.max(np.abs(residual), initial=0.0)) <= tolerance:
            return FixedPoint(point=step.reached, iterations=iteration, is_converged=True)
        if step.objective < best - _SLACK * abs(best):
            kept.clear()
            # From here on the plain step counts, whatever its objective: it cannot be undone twice.
            point, best = safe, -np.inf
            continue
        safe, best = step.reached, step.objective
        point = kept.next_point(point, residual)
    return FixedPoint(point=safe, iterations=most_iterations, is_converged=False)
