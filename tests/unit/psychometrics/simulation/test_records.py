import numpy as np
import pytest

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.scale import (
    DEFAULT_SCALE,
    THETA,
    LevelScale,
    level_interval,
    most_probable_level,
    theta_interval,
)
from pacnum_api.psychometrics.simulation.records import (
    NO_ITEM,
    REASONS,
    SimulatedTests,
    level_at,
    level_probabilities,
    levels_of,
    one_after_another,
    pooled,
    share_below,
    side_by_side,
)
from pacnum_api.psychometrics.stopping import StopReason, weakest
from tests.unit.psychometrics.simulation.records import records_of


def posteriors(count: int, *, seed: int = 1) -> FloatArray:
    rng = np.random.default_rng(seed)
    centre, width = rng.normal(size=(count, 1)), rng.uniform(0.1, 1.5, size=(count, 1))
    weights: FloatArray = np.exp(-0.5 * ((THETA - centre) / width) ** 2)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def test_an_interval_holds_the_truth_where_the_share_below_says_so() -> None:
    weights = posteriors(400)
    truth = np.random.default_rng(2).normal(size=400) * 2.0
    below = share_below(weights, truth)
    for coverage in (0.5, 0.9, 0.95):
        tail = (1.0 - coverage) / 2.0
        for row, value, share in zip(weights, truth, below, strict=True):
            low, high = theta_interval(row, coverage=coverage)
            assert (low <= value <= high) == (tail <= share <= 1.0 - tail)


def test_nothing_is_below_the_scale_and_all_of_it_below_its_end() -> None:
    ends = share_below(posteriors(2), np.array([-7.0, 7.0]))
    assert ends == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize("scale", [DEFAULT_SCALE, LevelScale((0.0,)), LevelScale((-1.01, 1.3))])
def test_levels_are_those_of_the_scale(scale: LevelScale) -> None:
    weights = posteriors(300)
    probabilities = level_probabilities(scale, weights)
    level, interval = levels_of(probabilities)
    for row, chances, one, run in zip(weights, probabilities, level, interval, strict=True):
        assert tuple(chances) == scale.probabilities(row)
        assert one == most_probable_level(chances.tolist())
        assert tuple(run) == level_interval(chances.tolist())


def test_an_interval_that_holds_too_little_is_the_whole_scale() -> None:
    # Probabilities may add up to a little less than was asked for.
    level, interval = levels_of(np.array([[0.2, 0.3, 0.3]]))
    assert level.tolist() == [1]
    assert interval.tolist() == [[0, 2]]


def test_levels_of_known_abilities() -> None:
    thetas = np.array([[-3.0, -2.45], [0.0, 9.0]])
    expected = [[DEFAULT_SCALE.level_at(float(one)) for one in row] for row in thetas]
    assert level_at(DEFAULT_SCALE, thetas).tolist() == expected


def test_lengths_and_uses() -> None:
    tests = records_of(items=[[3, 1, NO_ITEM], [3, NO_ITEM, NO_ITEM], [0, 1, 3]])
    assert tests.lengths.tolist() == [2, 1, 3]
    assert tests.uses(5).tolist() == [1, 2, 0, 3, 0]
    assert (len(tests), tests.competence_count) == (3, 1)


def test_parts_follow_one_another() -> None:
    first = records_of(items=[[1, 2]], theta=[[0.5]])
    second = records_of(items=[[0, 2, 3], [4, NO_ITEM, NO_ITEM]], theta=[[1.0], [2.0]])
    both = one_after_another([first, second])
    assert both.items.tolist() == [[1, 2, NO_ITEM], [0, 2, 3], [4, NO_ITEM, NO_ITEM]]
    assert both.theta.tolist() == [[0.5], [1.0], [2.0]]
    assert both.reasons.shape == (3,)


def code(reason: StopReason) -> int:
    return REASONS.index(reason)


def test_competences_stand_side_by_side() -> None:
    reasons = [StopReason.ITEM_BUDGET, StopReason.PRECISION_REACHED]
    first = records_of(
        items=[[1, NO_ITEM], [0, 1]], theta=[[1.0], [0.0]], standard_error=[[0.3], [0.4]],
        reasons=[code(one) for one in reasons],
    )  # fmt: skip
    second = records_of(
        items=[[5, 4], [6, NO_ITEM]], theta=[[0.0], [1.0]], standard_error=[[0.4], [0.3]],
        reasons=[code(StopReason.PRECISION_REACHED), code(StopReason.NO_MORE_TO_GAIN)],
    )  # fmt: skip
    both: SimulatedTests = side_by_side([first, second])
    assert both.items.tolist() == [[1, 5, 4, NO_ITEM], [0, 1, 6, NO_ITEM]]
    assert both.theta.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert both.mean_theta.tolist() == [0.5, 0.5]
    assert both.mean_standard_error == pytest.approx([0.25, 0.25])
    assert both.level_interval.shape == (2, 2, 2)
    assert both.reasons.tolist() == [
        code(weakest([StopReason.ITEM_BUDGET, StopReason.PRECISION_REACHED])),
        code(weakest([StopReason.PRECISION_REACHED, StopReason.NO_MORE_TO_GAIN])),
    ]


def test_competences_are_pooled_agent_by_agent() -> None:
    tests = records_of(
        items=[[3, 1, 2], [0, NO_ITEM, NO_ITEM]],
        truth=[[0.1, 0.2], [0.3, 0.4]],
        theta=[[1.0, 2.0], [3.0, 4.0]],
        standard_error=[[0.5, 0.6], [0.7, 0.8]],
        reasons=[4, 5],
    )
    found = pooled(tests)
    assert found.truth.tolist() == [[0.1], [0.2], [0.3], [0.4]]
    assert found.theta.ravel().tolist() == found.mean_theta.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert found.mean_standard_error.tolist() == [0.5, 0.6, 0.7, 0.8]
    assert found.reasons.tolist() == [4, 4, 5, 5]
    assert found.uses(4).tolist() == tests.uses(4).tolist()
    assert found.level_interval.shape == (4, 1, 2)
