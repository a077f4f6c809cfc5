"""Abilities in level units."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.domains.recommendations.policy.position import (
    CELLS_PER_LEVEL,
    LevelAxis,
    default_target,
    expected_gap,
    probability_of_level,
    quantile,
    standing,
)
from pacnum_api.domains.recommendations.types import Ability

CUTS = (-2.45, -1.75, -1.05, -0.35, 0.35, 1.05, 1.75, 2.45)
AXIS = LevelAxis(CUTS)

abilities = st.builds(
    Ability, theta=st.floats(-4, 4), standard_error=st.floats(0.05, 2, exclude_min=True)
)


def normal_cdf(z: float) -> float:
    return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))


def test_the_axis_covers_level_0_to_beyond_the_highest() -> None:
    assert AXIS.levels == 8
    assert AXIS.size == 9 * CELLS_PER_LEVEL
    assert AXIS.positions[0] == pytest.approx(0.5 / CELLS_PER_LEVEL)
    assert AXIS.positions[3 * CELLS_PER_LEVEL + CELLS_PER_LEVEL // 2] == pytest.approx(3.5)
    assert not AXIS.positions.flags.writeable


@given(ability=abilities)
def test_probabilities_of_levels_are_those_of_the_normal_distribution(ability: Ability) -> None:
    weights = AXIS.distribution(ability)
    assert weights.sum() == pytest.approx(1.0)
    for level, cut in enumerate(CUTS, start=1):
        expected = 1.0 - normal_cdf((cut - ability.theta) / ability.standard_error)
        assert probability_of_level(weights, level) == pytest.approx(expected, abs=1e-12)
    assert probability_of_level(weights, 0) == pytest.approx(1.0)


def test_bands_of_unequal_width_are_stretched_to_one_level_each() -> None:
    axis = LevelAxis((-1.0, 0.0, 2.0))
    weights = axis.distribution(Ability(theta=1.0, standard_error=1e-6))
    # the middle of the band from 0 to 2 is position 2.5
    assert weights @ axis.positions == pytest.approx(2.5, abs=0.05)


def test_a_framework_with_a_single_level_still_has_an_axis() -> None:
    axis = LevelAxis((0.0,))
    assert axis.ability_at(1).theta == pytest.approx(0.35)
    assert probability_of_level(axis.distribution(Ability(0.0, 1.0)), 1) == pytest.approx(0.5)


@pytest.mark.parametrize("level", range(9))
def test_a_posted_level_is_the_middle_of_its_band(level: int) -> None:
    ability = AXIS.ability_at(level)
    assert ability.theta == pytest.approx(-2.45 + 0.7 * (level - 1) + 0.35)
    assert ability.standard_error == pytest.approx(0.35)
    found = standing(AXIS.distribution(ability), axis=AXIS, target=8)
    assert found.level == level
    assert found.low == max(level - 1, 0)
    assert found.high == min(level + 1, 8)


def test_a_sure_ability_has_an_interval_of_one_level() -> None:
    found = standing(AXIS.distribution(Ability(0.0, 0.05)), axis=AXIS, target=6)
    assert (found.level, found.low, found.high, found.target) == (4, 4, 4, 6)
    assert found.gap == pytest.approx(1.5, abs=0.01)


@given(ability=abilities, target=st.integers(1, 8))
def test_the_expected_gap_is_that_of_the_positions(ability: Ability, target: int) -> None:
    weights = AXIS.distribution(ability)
    rng = np.random.default_rng(1)
    thetas = rng.normal(ability.theta, ability.standard_error, 40_000)
    positions = np.clip((thetas + 2.45) / 0.7 + 1.0, 0.0, 9.0)
    drawn = np.maximum(target - positions, 0.0).mean()
    assert expected_gap(weights, axis=AXIS, target=target) == pytest.approx(drawn, abs=0.08)


@pytest.mark.parametrize(("level", "target"), [(0, 2), (3, 5), (6, 8), (7, 8), (8, 8)])
def test_the_default_target_is_two_levels_up(level: int, target: int) -> None:
    weights = AXIS.distribution(AXIS.ability_at(level))
    assert default_target(weights, axis=AXIS) == target


def test_quantiles_hold_in_spite_of_rounding() -> None:
    assert quantile([0.05, 0.9, 0.05], 0.05) == 0
    assert quantile([0.05, 0.9, 0.05], 0.06) == 1
    assert quantile([0.3, 0.3, 0.3], 0.95) == 2  # sums to less than 0.95


told = st.lists(st.floats(0, 1), min_size=9, max_size=9).filter(lambda values: sum(values) > 0.01)


@given(ability=abilities, values=told)
def test_levels_that_a_test_has_told_are_kept(ability: Ability, values: list[float]) -> None:
    shares = tuple(value / sum(values) for value in values)
    informed = Ability(ability.theta, ability.standard_error, shares)
    weights = AXIS.distribution(informed)
    assert weights.sum() == pytest.approx(1.0)
    for level in range(1, 9):
        expected = pytest.approx(sum(shares[level:]), abs=1e-9)
        assert probability_of_level(weights, level) == expected


def test_levels_of_another_scale_are_not_used() -> None:
    ability = Ability(0.3, 0.4)
    odd = Ability(0.3, 0.4, (0.5, 0.5))
    assert np.array_equal(AXIS.distribution(odd), AXIS.distribution(ability))


def test_the_interval_is_the_one_that_results_give() -> None:
    shares = (0.0, 0.05, 0.2, 0.3, 0.25, 0.15, 0.05, 0.0, 0.0)
    weights = AXIS.distribution(Ability(-0.5, 0.7, shares))
    found = standing(weights, axis=AXIS, target=4)
    assert (found.level, found.low, found.high) == (3, 2, 5)
