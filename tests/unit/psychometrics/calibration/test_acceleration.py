import numpy as np
import pytest

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.calibration.acceleration import Step, fixed_point

MATRIX = np.diag([0.99, 0.9, 0.5]) + 0.005
TARGET = np.array([1.0, -2.0, 3.0])


def slow(point: FloatArray) -> Step:
    """Contracts towards ``TARGET`` by at most 1 % at each step."""
    away = point - TARGET
    return Step(objective=-float(away @ away), reached=TARGET + MATRIX @ away)


def test_a_slow_linear_iteration_is_solved_in_as_many_steps_as_it_has_dimensions() -> None:
    found = fixed_point(slow, np.zeros(3), tolerance=1e-9, most_iterations=50)
    assert found.is_converged
    assert found.iterations <= 8
    assert found.point == pytest.approx(TARGET, abs=1e-6)


def test_a_step_that_lowers_the_objective_is_taken_back() -> None:
    seen: list[float] = []

    def treacherous(point: FloatArray) -> Step:
        """Climbs evenly up to 1: its first steps promise that it goes on so up to 100."""
        seen.append(float(point[0]))
        residual = np.minimum(0.1 - 0.001 * point, 1.0 - point)
        return Step(objective=-float((point[0] - 1.0) ** 2), reached=point + residual)

    found = fixed_point(treacherous, np.zeros(1), tolerance=1e-9, most_iterations=60)
    assert max(seen) > 50.0
    assert found.is_converged
    assert found.point == pytest.approx([1.0])


def test_it_says_when_it_has_not_arrived() -> None:
    found = fixed_point(slow, np.zeros(3), tolerance=1e-12, most_iterations=2)
    assert not found.is_converged
    assert found.iterations == 2
