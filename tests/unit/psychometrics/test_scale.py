import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from pacnum_api.psychometrics import scale
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.scale import (
    DEFAULT_CUTS,
    DEFAULT_SCALE,
    NODE_STRIDE,
    NODES,
    THETA,
    LevelScale,
    default_cuts,
    level_interval,
    most_probable_level,
    points,
    provisional_difficulty,
    theta_interval,
)


def normal_weights(mean: float, deviation: float) -> FloatArray:
    weights: FloatArray = norm.pdf(THETA, mean, deviation)
    weights /= weights.sum()
    return weights


def test_default_cuts_are_those_of_the_framework() -> None:
    assert DEFAULT_CUTS == (-2.45, -1.75, -1.05, -0.35, 0.35, 1.05, 1.75, 2.45)
    assert default_cuts() == DEFAULT_CUTS
    assert default_cuts(2) == (-2.45, -1.75)


def test_the_grid_is_symmetric_and_the_nodes_are_part_of_it() -> None:
    ends_and_middle = THETA[[0, 100, -1]].tolist()
    assert ends_and_middle == [-5.0, 0.0, 5.0]
    assert len(THETA) == 201
    assert np.array_equal(THETA, -THETA[::-1])
    assert pytest.approx(THETA[::NODE_STRIDE], abs=1e-15) == NODES


def test_a_grid_goes_from_whole_numbers_outwards() -> None:
    grid = scale._evenly_spaced(5, step=0.25)
    assert grid.tolist() == [-0.5, -0.25, 0.0, 0.25, 0.5]
    assert grid.dtype == np.float64
    assert not grid.flags.writeable


@pytest.mark.parametrize(
    ("theta", "level"), [(-5.0, 0), (-2.46, 0), (-2.45, 1), (0.0, 4), (0.35, 5), (2.45, 8), (9, 8)]
)
def test_a_level_begins_at_its_cut(theta: float, level: int) -> None:
    assert DEFAULT_SCALE.level_at(theta) == level


def test_bands_have_a_middle() -> None:
    assert DEFAULT_SCALE.middle_of(1) == pytest.approx(-2.1)
    assert DEFAULT_SCALE.middle_of(8) == pytest.approx(2.8)
    assert LevelScale((0.5,)).middle_of(1) == pytest.approx(0.85)
    assert LevelScale((0.5, 1.5)).middle_of(2) == pytest.approx(2.0)


@pytest.mark.parametrize("level", [0, 9, -1])
def test_only_levels_of_the_scale_have_a_band(level: int) -> None:
    with pytest.raises(ValueError, match=r"not one of 1\.\.8"):
        DEFAULT_SCALE.start_of(level)


@pytest.mark.parametrize("cuts", [(), (0.0, 0.0), (1.0, 0.0), (-5.0, 0.0), (0.0, 5.0)])
def test_cuts_must_rise_strictly_within_the_grid(cuts: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="rise strictly"):
        LevelScale(cuts)


@given(st.floats(-2.0, 2.0), st.floats(0.15, 0.7))
def test_level_probabilities_are_those_of_the_normal_distribution(
    mean: float, deviation: float
) -> None:
    edges = norm.cdf([-np.inf, *DEFAULT_CUTS, np.inf], mean, deviation)
    found = DEFAULT_SCALE.probabilities(normal_weights(mean, deviation))
    assert sum(found) == pytest.approx(1.0, abs=1e-12)
    assert min(found) >= 0.0
    assert found == pytest.approx(np.diff(edges), abs=3e-3)


def test_a_cut_between_grid_points_takes_its_share_of_the_cell() -> None:
    fine = LevelScale((0.01, 0.06))
    weights = np.zeros(201)
    weights[100], weights[101] = 0.6, 0.4  # cells -0.025..0.025 and 0.025..0.075
    assert fine.above(weights) == pytest.approx([0.6 * 0.3 + 0.4, 0.4 * 0.3])
    assert fine.probabilities(weights) == pytest.approx((0.42, 0.46, 0.12))


def test_shares_above_agree_with_the_level_probabilities() -> None:
    weights = normal_weights(0.3, 0.4)
    assert DEFAULT_SCALE.shares @ weights == pytest.approx(DEFAULT_SCALE.above(weights), abs=1e-12)
    # 0.35 is a grid point: half of its cell lies above
    assert DEFAULT_SCALE.shares[4, 106:109].tolist() == [0.0, 0.5, 1.0]


def test_the_most_probable_level_is_the_lower_of_equals() -> None:
    assert most_probable_level((0.2, 0.4, 0.4)) == 1


@pytest.mark.parametrize(
    ("probabilities", "interval"),
    [
        ((0.0, 0.95, 0.05), (1, 1)),
        ((0.1, 0.5, 0.4), (1, 2)),
        ((0.25, 0.5, 0.25), (0, 2)),
        ((0.5, 0.3, 0.2), (0, 2)),
        ((0.2, 0.3, 0.5), (0, 2)),
        ((0.06, 0.89, 0.05), (0, 1)),
    ],
)
def test_level_interval_is_the_shortest_run(
    probabilities: tuple[float, ...], interval: tuple[int, int]
) -> None:
    assert level_interval(probabilities) == interval


def test_level_interval_takes_the_lower_of_equal_neighbours() -> None:
    assert level_interval((0.2, 0.6, 0.2), coverage=0.8) == (0, 1)


def test_level_interval_may_be_the_whole_scale() -> None:
    assert level_interval((0.3, 0.3, 0.3), coverage=0.999) == (0, 2)


@given(st.lists(st.floats(0.001, 1.0), min_size=2, max_size=9), st.floats(0.5, 0.99))
def test_level_interval_holds_what_it_promises(raw: list[float], coverage: float) -> None:
    probabilities = [value / sum(raw) for value in raw]
    low, high = level_interval(probabilities, coverage=coverage)
    assert low <= most_probable_level(probabilities) <= high
    assert sum(probabilities[low : high + 1]) >= coverage - 1e-9


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (-1.5, 0.4), (2.0, 0.25)])
def test_theta_interval_is_that_of_the_normal_distribution(mean: float, deviation: float) -> None:
    low, high = theta_interval(normal_weights(mean, deviation))
    assert (low, high) == pytest.approx(norm.interval(0.9, mean, deviation), abs=5e-3)


@pytest.mark.parametrize(("cell", "edges"), [(0, (-5.025, -4.975)), (200, (4.975, 5.025))])
def test_theta_interval_of_an_outermost_cell(cell: int, edges: tuple[float, float]) -> None:
    weights = np.zeros(201)
    weights[cell] = 1.0
    low, high = edges
    expected = (low + 0.1 * (high - low), high - 0.1 * (high - low))
    assert theta_interval(weights, coverage=0.8) == pytest.approx(expected)


@given(st.integers(1, 8), st.floats(0.3, 3.0))
def test_an_item_of_a_level_is_mastered_at_two_thirds_in_the_middle_of_its_band(
    level: int, discrimination: float
) -> None:
    difficulty = provisional_difficulty(level, discrimination=discrimination)
    middle = DEFAULT_SCALE.middle_of(level)
    assert 1.0 / (1.0 + math.exp(-discrimination * (middle - difficulty))) == pytest.approx(0.67)


def test_provisional_difficulty_needs_a_positive_discrimination() -> None:
    with pytest.raises(ValueError, match="positive"):
        provisional_difficulty(3, discrimination=0.0)


def test_points_are_eight_per_level_up_to_a_cap() -> None:
    assert points(5) == 40
    assert points(8, cap=56) == 56
    assert points(0) == 0
    assert points(3, points_per_level=10, cap=56) == 30
