import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.platform.integer_programs import HighsSolver
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.blueprint import Blueprint, Requirement, requirements_by_code
from pacnum_api.psychometrics.feasibility import BlueprintState, plan
from pacnum_api.psychometrics.shadow import (
    Effort,
    SolutionStatus,
    ZeroOneProgram,
    program_for,
)
from tests.unit.psychometrics.blueprints import (
    ExhaustiveSolver,
    alone,
    everything,
    excluding,
    mask,
    overlapping_blueprints,
)

EXACT = Effort(relative_gap=0.0).untimed()
"""Values in these tests are whole: a gap of 0 is a question of solutions, not of rounding."""


def program(
    blueprint: Blueprint, values: FloatArray, *, incumbent: tuple[int, ...] = ()
) -> ZeroOneProgram:
    return program_for(
        blueprint,
        BlueprintState((), incumbent),
        item_values=values,
        candidates=everything(blueprint),
    )


def crossed(size: int, *, seed: int) -> tuple[Blueprint, FloatArray]:
    """Five attributes, each independent of the others, and families across them: hundreds of cells,
    and the optimum of the relaxation is not always whole.
    """
    rng = np.random.default_rng(seed)
    requirements = [
        requirement
        for attribute in range(5)
        for requirement in requirements_by_code(
            f"attribute {attribute}",
            rng.integers(0, 5, size),
            counts=dict.fromkeys(range(5), (2, 3)),
        )
    ]
    families = rng.permutation(size)[: size // 2].reshape(-1, 5).tolist()
    blueprint = Blueprint.build(
        requirements,
        excludes=excluding(size, families),
        minimum_length=12,
        maximum_length=12,
    )
    return blueprint, rng.lognormal(0.0, 0.5, size)


@given(overlapping_blueprints(), st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=60, deadline=None)
def test_solutions_are_those_of_enumeration(
    blueprint: Blueprint,
    seed: int,
    has_incumbent: bool,  # noqa: FBT001 - hypothesis fills parameters by position
) -> None:
    values = np.random.default_rng(seed).integers(0, 20, blueprint.item_count).astype(np.float64)
    expected = ExhaustiveSolver()(program(blueprint, values), EXACT)
    is_possible = expected.status is SolutionStatus.OPTIMAL
    state = BlueprintState((), ())
    if is_possible and has_incumbent:
        state = plan(blueprint, (), item_values=-values, candidates=everything(blueprint))
    asked = program(blueprint, values, incumbent=state.planned)
    found = HighsSolver()(asked, EXACT)
    assert found.status is expected.status
    if is_possible:
        assert asked.is_feasible(found.chosen)
        assert values[found.chosen].sum() == expected.bound
        assert found.bound == pytest.approx(expected.bound, abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_sifting_and_reduction_lose_nothing(seed: int) -> None:
    blueprint, values = crossed(1500, seed=seed)
    # The best of these, all needed, are beyond the first columns by value.
    values[blueprint.members[0]] *= 1e-3
    state = plan(blueprint, (), item_values=-values, candidates=everything(blueprint))
    from_plan = HighsSolver()(program(blueprint, values, incumbent=state.planned), EXACT)
    # Without an incumbent all columns take part in the relaxation from the beginning.
    from_nothing = HighsSolver()(program(blueprint, values), EXACT)
    assert from_plan.status is from_nothing.status is SolutionStatus.OPTIMAL
    best = values[from_plan.chosen].sum()
    assert best == pytest.approx(values[from_nothing.chosen].sum(), rel=1e-9)
    assert best == pytest.approx(from_plan.bound, rel=1e-6)


def test_the_same_program_gives_the_same_solution_with_and_without_a_clock() -> None:
    blueprint, values = crossed(1500, seed=11)
    asked = program(blueprint, values)
    first, second = (
        HighsSolver()(asked, Effort().untimed()),
        HighsSolver()(asked, Effort(asked_seconds=60.0, hard_seconds=60.0)),
    )
    assert first.chosen.tolist() == second.chosen.tolist()
    assert first.bound == second.bound


def test_an_incumbent_within_the_gap_is_good_enough() -> None:
    blueprint, values = crossed(1500, seed=3)
    best = HighsSolver()(program(blueprint, values), EXACT)
    asked = program(blueprint, values, incumbent=tuple(best.chosen.tolist()))
    found = HighsSolver()(asked, Effort(relative_gap=0.05).untimed())
    assert found.chosen.tolist() == best.chosen.tolist()


def test_values_of_any_unit_are_solved_alike() -> None:
    blueprint, values = crossed(400, seed=5)
    expected = HighsSolver()(program(blueprint, values), EXACT)
    for unit in (1e-9, 1e9):
        found = HighsSolver()(program(blueprint, values * unit), EXACT)
        assert found.chosen.tolist() == expected.chosen.tolist()
        assert found.bound == pytest.approx(expected.bound * unit)


def test_without_values_any_test_that_fulfils_the_blueprint_is_optimal() -> None:
    blueprint, values = crossed(400, seed=5)
    asked = program(blueprint, np.zeros_like(values))
    found = HighsSolver()(asked, Effort().untimed())
    assert found.status is SolutionStatus.OPTIMAL
    assert asked.is_feasible(found.chosen)


def odd_cycle() -> tuple[Blueprint, FloatArray]:
    """Three items of which each two are enemies by different requirements: the relaxation takes
    half of each, whole solutions one.
    """
    pairs = [Requirement(f"{pair}", mask(9, pair), maximum=1) for pair in ([0, 1], [1, 2], [0, 2])]
    blueprint = Blueprint.build(pairs, excludes=alone(9), minimum_length=3, maximum_length=3)
    return blueprint, np.array([9.0, 9.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])


def test_a_relaxation_far_above_the_best_test_is_no_obstacle() -> None:
    blueprint, values = odd_cycle()
    found = HighsSolver()(program(blueprint, values, incumbent=(3, 4, 5)), EXACT)
    assert values[found.chosen].sum() == 11.0
    assert found.bound == pytest.approx(11.0)


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        ([[0, 4, 5], [2, 3, 6], [0, 3], [4, 6], [2, 4], [5, 6]], [2, 6, 1, 3, 6, 7, 9]),
        ([[1, 4], [2, 4], [2, 5], [1, 5], [0, 4, 5], [0, 3]], [5, 4, 1, 4, 5, 8]),
    ],
)
def test_no_better_test_is_lost_by_leaving_out_or_fixing_columns(
    rows: list[list[int]], values: list[float]
) -> None:
    # Of thousands drawn at random: a single column makes up most of what the best test is below the
    # relaxation. With half the gap as the threshold the best is lost.
    size = len(values)
    requirements = [Requirement(f"{row}", mask(size, row), maximum=1) for row in rows]
    blueprint = Blueprint.build(
        requirements, excludes=alone(size), minimum_length=3, maximum_length=3
    )
    asked = program(blueprint, np.array(values, dtype=np.float64))
    found = HighsSolver()(asked, EXACT)
    assert asked.values[found.chosen].sum() == ExhaustiveSolver()(asked, EXACT).bound


def test_a_blueprint_that_only_whole_tests_cannot_fulfil_is_impossible() -> None:
    pairs = [Requirement(f"{pair}", mask(4, pair), 1, 1) for pair in ([0, 1], [1, 2], [0, 2])]
    blueprint = Blueprint.build(pairs, excludes=alone(4), minimum_length=2, maximum_length=2)
    for values in (np.ones(4), np.zeros(4)):
        found = HighsSolver()(program(blueprint, values), EXACT)
        assert found.status is SolutionStatus.INFEASIBLE


def ticking(clock: Iterator[int]) -> HighsSolver:
    """A solver for which a second goes by between any two looks at the clock."""
    return HighsSolver(lambda: next(clock))


def test_no_part_of_the_work_begins_after_the_time_asked() -> None:
    blueprint, values = crossed(1500, seed=0)
    values[blueprint.members[0]] *= 1e-3
    state = plan(blueprint, (), item_values=-values, candidates=everything(blueprint))
    asked = program(blueprint, values, incumbent=state.planned)
    effort = Effort(relative_gap=0.0, asked_seconds=1e6, hard_seconds=1e6)
    clock = count()
    assert ticking(clock)(asked, effort).status is SolutionStatus.OPTIMAL
    looks = next(clock)
    assert looks >= 4  # at the start, and before relaxation, further columns, and branch and bound
    for look in range(1, looks):
        clock = count()
        found = ticking(clock)(asked, replace(effort, asked_seconds=look - 0.5))
        assert (found.status, len(found.chosen), found.bound) == (
            SolutionStatus.OUT_OF_TIME,
            0,
            math.inf,
        )
        assert next(clock) == look + 1


def test_work_under_way_is_cut_off() -> None:
    blueprint, values = crossed(1500, seed=0)
    found = HighsSolver(lambda: 0.0)(program(blueprint, values), Effort(hard_seconds=1e-6))
    assert found.status is SolutionStatus.OUT_OF_TIME


@pytest.mark.parametrize(
    ("asked", "hard", "is_in_time"), [(None, 60.0, True), (60.0, None, True), (None, 0.0, False)]
)
def test_either_limit_may_stand_alone(
    asked: float | None, hard: float | None, *, is_in_time: bool
) -> None:
    blueprint, values = odd_cycle()
    effort = Effort(asked_seconds=asked, hard_seconds=hard)
    found = HighsSolver()(program(blueprint, values), effort)
    assert (found.status is SolutionStatus.OPTIMAL) == is_in_time


def enemies_everywhere(size: int, *, length: int) -> tuple[Blueprint, FloatArray]:
    """Three of ten pairs are enemies: a hard case, far from any real bank."""
    rng = np.random.default_rng(1)
    pairs = [(i, j) for i in range(size) for j in range(i) if rng.random() < 0.3]
    blueprint = Blueprint.build(
        [], excludes=excluding(size, pairs), minimum_length=length, maximum_length=length
    )
    return blueprint, rng.lognormal(0.0, 0.5, size)


def test_the_node_limit_leaves_the_best_so_far() -> None:
    blueprint, values = enemies_everywhere(120, length=11)
    asked = program(blueprint, values)
    found = HighsSolver()(asked, Effort(relative_gap=0.0, node_limit=1).untimed())
    assert found.status is SolutionStatus.NODE_LIMIT
    assert asked.is_feasible(found.chosen)
    assert values[found.chosen].sum() < found.bound


def test_the_node_limit_may_leave_nothing() -> None:
    blueprint, values = enemies_everywhere(80, length=9)
    found = HighsSolver()(program(blueprint, values), Effort(node_limit=0).untimed())
    assert (found.status, len(found.chosen)) == (SolutionStatus.NODE_LIMIT, 0)


def test_branch_and_bound_under_way_is_cut_off() -> None:
    blueprint, values = enemies_everywhere(80, length=9)
    found = HighsSolver()(program(blueprint, values), Effort(hard_seconds=0.02))
    assert found.status is SolutionStatus.OUT_OF_TIME


def without_columns(blueprint: Blueprint, values: FloatArray) -> ZeroOneProgram:
    asked = program(blueprint, values)
    return replace(asked, free=np.zeros_like(asked.free))


def test_without_columns_only_a_test_without_items_is_feasible() -> None:
    asked = without_columns(*odd_cycle())
    assert HighsSolver()(asked, EXACT).status is SolutionStatus.INFEASIBLE
    found = HighsSolver()(replace(asked, lower=np.zeros_like(asked.lower)), EXACT)
    assert (found.status, len(found.chosen), found.bound) == (SolutionStatus.OPTIMAL, 0, 0.0)


def test_an_incumbent_that_breaks_a_bound_is_a_failure() -> None:
    blueprint, values = odd_cycle()
    asked = program(blueprint, values)
    too_few = np.arange(9) < 2
    found = HighsSolver()(replace(asked, free=too_few, incumbent=np.array([0, 1])), EXACT)
    assert found.status is SolutionStatus.FAILED
