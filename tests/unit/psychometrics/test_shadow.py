from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pacnum_api.psychometrics.blueprint import (
    Blueprint,
    BlueprintUnfulfillable,
    Requirement,
    requirements_by_code,
)
from pacnum_api.psychometrics.feasibility import BlueprintState, after
from pacnum_api.psychometrics.shadow import (
    Effort,
    FallbackReason,
    ShadowMethod,
    ShadowStep,
    Solution,
    SolutionStatus,
    Solver,
    ZeroOneProgram,
    program_for,
    shadow_step,
)
from tests.unit.psychometrics.blueprints import (
    ExhaustiveSolver,
    all_tests,
    alone,
    everything,
    excluding,
    mask,
    overlapping_blueprints,
)

NOTHING_GIVEN = BlueprintState((), ())
PAIRS = Blueprint.build(
    requirements_by_code("competence", np.array([0, 0, 0, 1, 1, 1]), counts={0: (1, 1), 1: (1, 1)}),
    excludes=alone(6),
    minimum_length=2,
    maximum_length=2,
)
PAIR_VALUES = np.array([5.0, 6.0, 1.0, 2.0, 9.0, 3.0])


def answering(solution: Solution) -> Solver:
    return lambda _program, _effort: solution


def without_time(program: ZeroOneProgram, effort: Effort) -> Solution:
    return Solution(SolutionStatus.OUT_OF_TIME, np.zeros(0, dtype=np.int64), np.inf)


def step_of(
    blueprint: Blueprint,
    state: BlueprintState,
    *,
    values: Sequence[float] | np.ndarray,
    solver: Solver,
) -> ShadowStep:
    return shadow_step(
        blueprint,
        state,
        item_values=np.asarray(values, dtype=np.float64),
        candidates=everything(blueprint),
        how=ShadowMethod(solver),
    )


def test_the_next_item_is_the_best_free_one_of_the_best_test() -> None:
    step = step_of(PAIRS, NOTHING_GIVEN, values=PAIR_VALUES, solver=ExhaustiveSolver())
    assert step == ShadowStep(
        item=4, shadow=BlueprintState((), (4, 1)), value=15.0, bound=15.0, reason=None
    )
    assert not step.is_fallback
    state = after(PAIRS, step.shadow, item=step.item)
    assert step_of(PAIRS, state, values=PAIR_VALUES, solver=ExhaustiveSolver()).item == 1


def test_greed_gives_way_to_what_must_come_later() -> None:
    # The best item, 0, would use up the only place of b, which the second best test needs twice.
    blueprint = Blueprint.build(
        [
            Requirement("a", mask(5, [1, 2]), minimum=1),
            Requirement("b", mask(5, [0, 1, 2]), maximum=1),
        ],
        excludes=alone(5),
        minimum_length=2,
        maximum_length=2,
    )
    step = step_of(blueprint, NOTHING_GIVEN, values=[9, 2, 1, 4, 3], solver=ExhaustiveSolver())
    assert set(step.shadow.planned) == {1, 3}
    assert step.item == 3


def test_equal_values_go_to_the_lower_index() -> None:
    step = step_of(PAIRS, BlueprintState((), (5, 2)), values=np.ones(6), solver=without_time)
    assert step.shadow.planned == (2, 5)


@given(overlapping_blueprints(longest=3), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_whole_tests_keep_the_blueprint_and_each_shadow_is_the_best(
    blueprint: Blueprint, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    candidates = everything(blueprint)
    assume(any(all_tests(blueprint, length=blueprint.minimum_length, candidates=candidates)))
    solver, state = ExhaustiveSolver(), NOTHING_GIVEN
    for place in range(blueprint.minimum_length):
        values = rng.integers(0, 4, blueprint.item_count).astype(np.float64)
        is_cut = state.planned and rng.random() < 0.3
        step = step_of(blueprint, state, values=values, solver=without_time if is_cut else solver)
        assert step.is_fallback == bool(is_cut)
        assert len(step.shadow.test) == blueprint.minimum_length
        assert blueprint.violations(step.shadow.test) == ()
        tests = all_tests(blueprint, length=blueprint.minimum_length, candidates=candidates)
        best = max(
            sum(values[list(test - set(state.given))])
            for test in tests
            if test.issuperset(state.given)
        )
        # Reduction to undominated items has lost nothing.
        assert step.value == best if not is_cut else step.value <= best
        state = after(blueprint, step.shadow, item=step.item)
        assert len(state.given) == place + 1
    assert blueprint.violations(state.given) == ()


def test_out_of_time_the_previous_shadow_test_goes_on() -> None:
    state = BlueprintState((4,), (0,))
    step = step_of(PAIRS, state, values=PAIR_VALUES, solver=without_time)
    assert step == ShadowStep(
        item=0,
        shadow=BlueprintState((4,), (0,)),
        value=5.0,
        bound=None,
        reason=FallbackReason.OUT_OF_TIME,
    )
    assert step.is_fallback


def test_out_of_time_at_the_first_step_a_test_is_planned() -> None:
    step = step_of(PAIRS, NOTHING_GIVEN, values=PAIR_VALUES, solver=without_time)
    assert step.is_fallback
    assert (step.item, step.shadow.planned) == (4, (4, 1))


@pytest.mark.parametrize(
    "solution",
    [
        Solution(SolutionStatus.FAILED, np.zeros(0, dtype=np.int64), np.inf),
        Solution(SolutionStatus.OPTIMAL, np.array([0, 1]), 11.0),
        Solution(SolutionStatus.NODE_LIMIT, np.array([1]), 6.0),
    ],
)
def test_a_solution_that_breaks_a_bound_is_not_used(solution: Solution) -> None:
    step = step_of(PAIRS, NOTHING_GIVEN, values=PAIR_VALUES, solver=answering(solution))
    assert step.reason is FallbackReason.SOLVER_FAILED
    assert step.shadow.planned == (4, 1)


def test_a_solution_with_an_item_that_may_not_be_asked_is_not_used() -> None:
    step = shadow_step(
        PAIRS,
        NOTHING_GIVEN,
        item_values=PAIR_VALUES,
        candidates=mask(6, [0, 3]),
        how=ShadowMethod(answering(Solution(SolutionStatus.OPTIMAL, np.array([1, 4]), 15.0))),
    )
    assert (step.reason, step.shadow.planned) == (FallbackReason.SOLVER_FAILED, (0, 3))


def test_the_best_within_the_node_limit_is_used() -> None:
    solution = Solution(SolutionStatus.NODE_LIMIT, np.array([0, 4]), 15.0)
    state = BlueprintState((), (0, 3))
    step = step_of(PAIRS, state, values=PAIR_VALUES, solver=answering(solution))
    assert (step.is_fallback, step.value, step.bound) == (False, 14.0, 15.0)


def test_a_replay_goes_the_recorded_way_without_a_clock() -> None:
    asked: list[Effort] = []

    def observed(program: ZeroOneProgram, effort: Effort) -> Solution:
        asked.append(effort)
        return ExhaustiveSolver()(program, effort)

    how = ShadowMethod(observed, effort=Effort(node_limit=7))
    arguments = {"item_values": PAIR_VALUES, "candidates": everything(PAIRS)}
    state = BlueprintState((4,), (0,))
    replayed = shadow_step(
        PAIRS, state, **arguments, how=how.as_recorded(FallbackReason.OUT_OF_TIME)
    )
    assert not asked
    assert replayed == step_of(PAIRS, state, values=PAIR_VALUES, solver=without_time)
    assert shadow_step(PAIRS, state, **arguments, how=how.as_recorded(None)).item == 1
    assert asked == [Effort(node_limit=7, asked_seconds=None, hard_seconds=None)]


def test_the_chooser_takes_among_the_free_items_best_first() -> None:
    seen: list[Sequence[int]] = []

    def second(items: Sequence[int]) -> int:
        seen.append(items)
        return items[1]

    how = ShadowMethod(ExhaustiveSolver(), chooser=second)
    arguments = {"item_values": PAIR_VALUES, "candidates": everything(PAIRS)}
    step = shadow_step(PAIRS, NOTHING_GIVEN, **arguments, how=how)
    assert (seen, step.item) == ([(4, 1)], 1)
    with pytest.raises(ValueError, match="not free in the shadow test"):
        shadow_step(PAIRS, NOTHING_GIVEN, **arguments, how=replace(how, chooser=lambda _: 0))


def test_the_solver_starts_from_the_plan_among_undominated_items() -> None:
    solver = ExhaustiveSolver()
    step_of(PAIRS, BlueprintState((), (0, 3)), values=PAIR_VALUES, solver=solver)
    (program,) = solver.programs
    assert program.incumbent is not None
    assert program.incumbent.tolist() == [0, 3]
    # The best of each competence, and the plan.
    assert np.flatnonzero(program.free).tolist() == [0, 1, 3, 4]


def test_items_given_lower_the_bounds_and_exclude_their_enemies() -> None:
    blueprint = Blueprint.build(
        [Requirement("first", mask(5, [0, 1, 2]), minimum=1, maximum=2)],
        excludes=excluding(5, [[0, 3]]),
        minimum_length=3,
        maximum_length=4,
    )
    program = program_for(
        blueprint,
        BlueprintState((0,), ()),
        item_values=np.ones(5),
        candidates=everything(blueprint),
    )
    assert program.lower.tolist() == [2, 0, 0]
    assert program.upper.tolist() == [2, 1, 0]
    # Of the two other items of the requirement one is enough; item 3 is an enemy of what was given.
    assert np.flatnonzero(program.free).tolist() == [1, 4]
    assert program.incumbent is None


def test_a_plan_with_an_item_that_may_not_be_asked_any_more_is_made_anew() -> None:
    solver = ExhaustiveSolver()
    step = shadow_step(
        PAIRS,
        BlueprintState((4,), (1,)),
        item_values=PAIR_VALUES,
        candidates=mask(6, [0, 2]),
        how=ShadowMethod(solver),
    )
    assert step.item == 0
    assert solver.programs[0].incumbent is not None
    assert solver.programs[0].incumbent.tolist() == [0]


LONGER = Blueprint.build(
    [Requirement("first", mask(5, [0, 1, 2]), minimum=1, maximum=2)],
    excludes=alone(5),
    minimum_length=2,
    maximum_length=4,
)


def test_beyond_the_shortest_length_tests_go_on_to_the_greatest() -> None:
    values = [5, 4, 3, 2, 1]
    step = step_of(LONGER, BlueprintState((0, 3), ()), values=values, solver=ExhaustiveSolver())
    assert (step.item, step.shadow.planned) == (1, (1, 4))
    cut = step_of(LONGER, BlueprintState((0, 3), ()), values=values, solver=without_time)
    assert (cut.item, cut.shadow.planned) == (1, (1,))


def test_a_test_of_the_greatest_length_is_complete() -> None:
    with pytest.raises(BlueprintUnfulfillable, match="greatest length"):
        step_of(
            LONGER,
            BlueprintState((0, 1, 3, 4), ()),
            values=np.ones(5),
            solver=ExhaustiveSolver(),
        )


def test_what_cannot_be_met_is_told() -> None:
    impossible = Blueprint.build(
        [
            Requirement("a", mask(4, [0, 1]), minimum=2),
            Requirement("b", mask(4, [2, 3]), minimum=2),
        ],
        excludes=alone(4),
        minimum_length=3,
        maximum_length=3,
    )
    with pytest.raises(BlueprintUnfulfillable, match="no test with the items given fulfils"):
        step_of(impossible, NOTHING_GIVEN, values=np.ones(4), solver=ExhaustiveSolver())
    with pytest.raises(BlueprintUnfulfillable, match="was found in time"):
        step_of(impossible, NOTHING_GIVEN, values=np.ones(4), solver=without_time)


def test_no_item_left_beyond_the_shortest_length_is_told() -> None:
    with pytest.raises(BlueprintUnfulfillable, match="no test with the items given fulfils"):
        shadow_step(
            LONGER,
            BlueprintState((0, 1), ()),
            item_values=np.ones(5),
            candidates=mask(5, [2]),
            how=ShadowMethod(ExhaustiveSolver()),
        )


@pytest.mark.parametrize(
    "values", [np.ones(5), np.array([1, 1, 1, 1, 1, -0.1]), np.full(6, np.nan)]
)
def test_values_are_finite_and_not_negative(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite and at least 0"):
        step_of(PAIRS, NOTHING_GIVEN, values=values, solver=ExhaustiveSolver())


def test_a_plan_that_breaks_the_blueprint_is_refused() -> None:
    with pytest.raises(ValueError, match="plan of the state"):
        step_of(PAIRS, BlueprintState((), (0, 1)), values=PAIR_VALUES, solver=ExhaustiveSolver())
