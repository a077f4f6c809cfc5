from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray
from pacnum_api.psychometrics.blueprint import (
    Blueprint,
    BlueprintUnfulfillable,
    Requirement,
    requirements_by_code,
)
from pacnum_api.psychometrics.feasibility import BlueprintState, admissible, after, plan
from tests.unit.psychometrics.blueprints import (
    all_tests,
    alone,
    everything,
    excluding,
    mask,
    nested_blueprints,
    overlapping_blueprints,
)

SEEDS = st.integers(0, 2**32 - 1)


def drawn(blueprint: Blueprint, rng: np.random.Generator) -> tuple[FloatArray, BoolArray]:
    """Values with ties, and candidates that leave out some items."""
    values = rng.integers(0, 5, blueprint.item_count).astype(np.float64)
    return values, rng.random(blueprint.item_count) < 0.85


def possible_next(
    blueprint: Blueprint, given_items: Sequence[int], *, candidates: BoolArray
) -> set[int]:
    """The items that some test of the shortest length still to come holds, by enumeration."""
    length = max(blueprint.minimum_length, len(given_items) + 1)
    if length > blueprint.maximum_length:
        return set()
    usable = candidates | mask(blueprint.item_count, given_items)
    tests = all_tests(blueprint, length=length, candidates=usable)
    return {item for test in tests if test.issuperset(given_items) for item in test} - set(
        given_items
    )


def walk(blueprint: Blueprint, *, seed: int, is_exact: bool) -> None:
    """Give a whole test of admissible items, comparing with enumeration before each."""
    rng = np.random.default_rng(seed)
    values, candidates = drawn(blueprint, rng)
    is_possible = bool(possible_next(blueprint, (), candidates=candidates))
    try:
        state = plan(blueprint, (), item_values=values, candidates=candidates)
    except BlueprintUnfulfillable:
        assert not (is_possible and is_exact)
        return
    assert is_possible
    while len(state.given) < blueprint.maximum_length:
        expected = possible_next(blueprint, state.given, candidates=candidates)
        found = set(np.flatnonzero(admissible(blueprint, state, candidates=candidates)).tolist())
        assert found <= expected
        assert found == expected or not is_exact
        if not found:
            break
        state = after(blueprint, state, item=int(rng.choice(sorted(found))))
        if len(state.test) >= blueprint.minimum_length:
            assert blueprint.violations(state.test) == ()
    assert len(state.given) >= blueprint.minimum_length
    assert blueprint.violations(state.given) == ()


@given(nested_blueprints(), SEEDS)
@settings(max_examples=60)
def test_the_guard_is_exact_for_nested_blueprints(blueprint: Blueprint, seed: int) -> None:
    assert blueprint.is_nested()
    walk(blueprint, seed=seed, is_exact=True)


@given(overlapping_blueprints(), SEEDS)
@settings(max_examples=60)
def test_the_guard_is_safe_for_all_blueprints(blueprint: Blueprint, seed: int) -> None:
    walk(blueprint, seed=seed, is_exact=False)


@given(nested_blueprints(), SEEDS)
@settings(max_examples=60)
def test_a_test_can_be_taken_up_again_from_its_items(blueprint: Blueprint, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random(blueprint.item_count)
    candidates = everything(blueprint)
    begun = sorted(possible_next(blueprint, (), candidates=candidates))
    assume(begun)
    first = int(rng.choice(begun))
    state = plan(blueprint, (first,), item_values=values, candidates=candidates)
    assert state.given == (first,)
    assert blueprint.violations(state.test) == ()


def test_a_plan_prefers_great_values_and_then_low_indices() -> None:
    blueprint = Blueprint.build(
        [Requirement("odd", np.arange(6) % 2 == 1, minimum=1)],
        excludes=alone(6),
        minimum_length=3,
        maximum_length=3,
    )
    values = np.array([4.0, 1.0, 5.0, 2.0, 4.0, 2.0])
    state = plan(blueprint, (), item_values=values, candidates=everything(blueprint))
    assert state == BlueprintState((), (3, 2, 0))
    assert state.test == (3, 2, 0)


def test_an_item_outside_the_plan_takes_the_place_of_one_in_it() -> None:
    competence = np.array([0, 0, 1, 1])
    blueprint = Blueprint.build(
        requirements_by_code("competence", competence, counts={0: (1, 1), 1: (1, 1)}),
        excludes=alone(4),
        minimum_length=2,
        maximum_length=2,
    )
    state = after(blueprint, BlueprintState((), (0, 2)), item=3)
    assert state == BlueprintState((3,), (0,))
    assert np.flatnonzero(
        admissible(blueprint, state, candidates=everything(blueprint))
    ).tolist() == [
        0,
        1,
    ]
    with pytest.raises(ValueError, match="item 2 would break the blueprint"):
        after(blueprint, state, item=2)


def test_an_enemy_of_a_planned_item_can_only_replace_that_one() -> None:
    blueprint = Blueprint.build(
        [],
        excludes=excluding(5, [[0, 2], [1, 3], [0, 4], [1, 4]]),
        minimum_length=2,
        maximum_length=2,
    )
    state = BlueprintState((), (0, 1))
    allowed = admissible(blueprint, state, candidates=everything(blueprint))
    # Item 4 would have to replace both: with nothing else planned it is on the safe side forbidden.
    assert allowed.tolist() == [True, True, True, True, False]
    assert after(blueprint, state, item=2) == BlueprintState((2,), (1,))
    assert after(blueprint, state, item=3) == BlueprintState((3,), (0,))


def test_planned_items_that_are_no_candidates_any_more_are_not_admissible() -> None:
    blueprint = Blueprint.build([], excludes=alone(3), minimum_length=2, maximum_length=2)
    allowed = admissible(blueprint, BlueprintState((), (0, 1)), candidates=mask(3, [1, 2]))
    assert allowed.tolist() == [False, True, True]


def test_beyond_the_shortest_length_maxima_alone_decide() -> None:
    blueprint = Blueprint.build(
        [Requirement("first", mask(6, [0, 1, 2]), minimum=1, maximum=2)],
        excludes=excluding(6, [[0, 5]]),
        minimum_length=2,
        maximum_length=4,
    )
    candidates = everything(blueprint)
    state = plan(blueprint, (0, 3), item_values=np.zeros(6), candidates=candidates)
    assert state == BlueprintState((0, 3), ())
    assert np.flatnonzero(admissible(blueprint, state, candidates=candidates)).tolist() == [1, 2, 4]
    # A plan that goes on beyond the shortest length is dropped when something else is given.
    longer = after(blueprint, BlueprintState((0, 3), (4,)), item=1)
    assert longer == BlueprintState((0, 3, 1), ())
    assert np.flatnonzero(admissible(blueprint, longer, candidates=candidates)).tolist() == [4]
    full = after(blueprint, longer, item=4)
    assert not admissible(blueprint, full, candidates=candidates).any()


def test_a_greedy_filling_that_fails_is_repaired() -> None:
    # Item 0 meets a minimum and is the most valuable, but uses up the one place of c, without
    # which the other minimum cannot be met: it has to leave again.
    blueprint = Blueprint.build(
        [
            Requirement("a", mask(5, [0, 1]), minimum=1),
            Requirement("b", mask(5, [2, 3]), minimum=1),
            Requirement("c", mask(5, [0, 2, 3]), maximum=1),
        ],
        excludes=excluding(5, [[1, 4]]),
        minimum_length=2,
        maximum_length=2,
    )
    values = np.array([9.0, 1.0, 3.0, 2.0, 1.0])
    state = plan(blueprint, (), item_values=values, candidates=everything(blueprint))
    assert set(state.planned) == {1, 2}


def bounded(
    size: int, bounds: Sequence[tuple[list[int], int, int]], *, groups: list[list[int]], length: int
) -> Blueprint:
    return Blueprint.build(
        [
            Requirement(f"{items}", mask(size, items), minimum, maximum)
            for items, minimum, maximum in bounds
        ],
        excludes=excluding(size, groups),
        minimum_length=length,
        maximum_length=length,
    )


# Two blueprints of thousands drawn at random, for which no exchange lowers the sum of violations of
# the first filling further. In the first, items just removed come back at once if they may; in the
# second one of them has to come back in the end.
STUCK = bounded(
    10,
    [
        ([1, 3, 8, 9], 1, 2),
        ([0, 5, 6], 2, 2),
        ([2, 4, 7], 0, 2),
        ([0, 1, 6, 9], 1, 1),
        ([2, 3, 4, 5, 7, 8], 1, 2),
        ([1, 5, 9], 1, 1),
        ([3, 4, 7], 0, 2),
        ([0, 2, 6, 8], 2, 2),
    ],
    groups=[[4, 5], [5, 6]],
    length=3,
)
STUCK_VALUES = np.array([0, 7, 9, 3, 6, 2, 5, 8, 4, 1], dtype=np.float64)
GOING_ROUND = bounded(
    10,
    [
        ([0, 1, 2, 3, 4, 7, 8], 2, 2),
        ([5, 6], 0, 1),
        ([9], 0, 1),
        ([1], 1, 1),
        ([3, 5, 6, 7], 2, 2),
        ([0, 2, 4, 8, 9], 0, 2),
        ([1, 3], 1, 1),
        ([0, 2, 4, 5], 1, 1),
        ([6, 7, 8, 9], 2, 2),
    ],
    groups=[[0, 4], [5, 8]],
    length=4,
)
GOING_ROUND_VALUES = np.array([2, 6, 1, 4, 7, 0, 3, 9, 5, 8], dtype=np.float64)


@pytest.mark.parametrize(
    ("blueprint", "values"), [(STUCK, STUCK_VALUES), (GOING_ROUND, GOING_ROUND_VALUES)]
)
def test_a_repair_gets_out_of_a_dead_end(blueprint: Blueprint, values: FloatArray) -> None:
    state = plan(blueprint, (), item_values=values, candidates=everything(blueprint))
    assert blueprint.violations(state.test) == ()


@pytest.mark.parametrize("given_items", [(0, 1), (2, 2)])
def test_given_items_that_may_not_meet_are_refused(given_items: tuple[int, ...]) -> None:
    blueprint = Blueprint.build(
        [], excludes=excluding(4, [[0, 1]]), minimum_length=2, maximum_length=3
    )
    with pytest.raises(ValueError, match="may not meet"):
        plan(blueprint, given_items, item_values=np.zeros(4), candidates=everything(blueprint))


def test_given_items_beyond_a_maximum_are_refused() -> None:
    blueprint = Blueprint.build(
        [Requirement("first", mask(5, [0, 1]), maximum=1)],
        excludes=alone(5),
        minimum_length=2,
        maximum_length=3,
    )
    candidates = everything(blueprint)
    with pytest.raises(ValueError, match="more items of a kind"):
        plan(blueprint, (0, 1), item_values=np.zeros(5), candidates=candidates)
    with pytest.raises(ValueError, match="more items were given"):
        plan(blueprint, (0, 2, 3, 4), item_values=np.zeros(5), candidates=candidates)


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
    values = np.zeros(4)
    with pytest.raises(BlueprintUnfulfillable, match="no test was found"):
        plan(impossible, (), item_values=values, candidates=everything(impossible))
    with pytest.raises(BlueprintUnfulfillable, match="do not suffice"):
        plan(impossible, (), item_values=values, candidates=mask(4, [0, 2]))
    with pytest.raises(BlueprintUnfulfillable, match="no test was found"):
        plan(impossible, (0, 1, 2), item_values=values, candidates=everything(impossible))
