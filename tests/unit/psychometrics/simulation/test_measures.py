import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.scale import DEFAULT_SCALE, LevelScale
from pacnum_api.psychometrics.simulation.measures import (
    NOTHING,
    QUANTILES,
    Figure,
    accuracy,
    by_ability,
    by_level,
    coverage_of_mean,
    items_of,
    length_of,
    mean_of,
    quantile_of,
    reason_shares,
    root_mean_square,
    share_of,
)
from pacnum_api.psychometrics.simulation.records import NO_ITEM, REASONS, SimulatedTests, level_at
from pacnum_api.psychometrics.stopping import StopReason
from tests.unit.psychometrics.simulation.records import records_of


def is_nothing(figure: tuple[float, float]) -> bool:
    return math.isnan(figure[0])


def honest_tests(count: int, *, seed: int = 1, error: float = 0.4) -> SimulatedTests:
    """Estimates that are off by what they say: truth = theta + N(0, error²)."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(count, 2))
    z = rng.normal(size=(count, 2))
    blank = records_of(
        items=[[0]] * count,
        truth=(theta + error * z).tolist(),
        theta=theta.tolist(),
        standard_error=[[error] * 2] * count,
    )
    below = np.array([[0.5 * math.erfc(-one / math.sqrt(2)) for one in row] for row in z])
    level = level_at(DEFAULT_SCALE, theta)
    interval = np.stack((np.maximum(level - 1, 0), np.minimum(level + 1, 8)), axis=2)
    return replace(blank, share_below=below, level=level, level_interval=interval)


def test_a_mean_knows_its_error() -> None:
    assert mean_of(np.array([1.0, 2.0, 3.0])) == pytest.approx((2.0, 1.0 / math.sqrt(3)))
    alone = mean_of(np.array([4]))
    assert alone.value == 4.0
    assert math.isnan(alone.error)
    assert is_nothing(mean_of(np.array([])))


def test_a_share_knows_its_error() -> None:
    assert share_of(np.array([True, False, False, False])) == pytest.approx(
        (0.25, math.sqrt(0.25 * 0.75 / 4))
    )
    assert is_nothing(share_of(np.array([], dtype=np.bool_)))


def test_a_root_mean_square_knows_its_error() -> None:
    assert root_mean_square(np.array([3.0, -4.0])) == pytest.approx(
        (math.sqrt(12.5), 3.5 / (2 * math.sqrt(12.5)))
    )
    assert root_mean_square(np.zeros(3)) == (0.0, 0.0)


@pytest.mark.parametrize("figure", ["mean", "rms", "share", "median"])
def test_errors_are_those_of_repeated_samples(figure: str) -> None:
    rng = np.random.default_rng(3)
    of: dict[str, Callable[[FloatArray], Figure]] = {
        "mean": mean_of,
        "rms": root_mean_square,
        "share": lambda values: share_of(values > 0.5),
        "median": lambda values: quantile_of(values, 0.5),
    }
    found = [of[figure](rng.normal(size=400)) for _ in range(600)]
    spread = float(np.std([one.value for one in found]))
    assert float(np.mean([one.error for one in found])) == pytest.approx(spread, rel=0.1)


def test_quantiles_stay_within_the_values() -> None:
    assert quantile_of(np.array([5, 5, 5]), 0.05) == (5.0, 0.0)
    assert quantile_of(np.arange(101), 0.25).value == 25.0
    assert is_nothing(quantile_of(np.array([]), 0.5))


def test_honest_estimates_measure_as_honest() -> None:
    found = accuracy(honest_tests(20_000), 1, scale=DEFAULT_SCALE)
    assert found.count == 20_000
    assert abs(found.bias.value) < 4 * found.bias.error
    assert found.rmse.value == pytest.approx(0.4, abs=4 * found.rmse.error)
    assert found.mean_standard_error.value == pytest.approx(0.4)
    assert found.coverage_90.value == pytest.approx(0.90, abs=4 * found.coverage_90.error)
    assert found.coverage_95.value == pytest.approx(0.95, abs=4 * found.coverage_95.error)
    assert found.correlation.value == pytest.approx(1 / math.sqrt(1.16), abs=0.01)
    assert found.correlation.error == pytest.approx((1 - 1 / 1.16) / math.sqrt(20_000), rel=0.1)


def test_levels_are_right_one_off_or_covered() -> None:
    tests = records_of(items=[[0]] * 4, truth=[[0.0]] * 4)  # level 4
    tests = replace(
        tests,
        level=np.array([[4], [5], [3], [7]]),
        level_interval=np.array([[[4, 4]], [[4, 6]], [[2, 3]], [[5, 8]]]),
    )
    found = accuracy(tests, 0, scale=DEFAULT_SCALE)
    assert found.level_exact.value == 0.25
    assert found.level_within_one.value == 0.75
    assert found.level_covered.value == 0.5
    assert is_nothing(found.correlation)  # all true abilities are alike


def test_an_engine_without_intervals_has_no_coverage() -> None:
    tests = honest_tests(50)
    unknown = np.full((50, 2), np.nan)
    blind = replace(
        tests, share_below=unknown, standard_error=unknown, mean_standard_error=unknown[:, 0]
    )
    found = accuracy(blind, 0, scale=DEFAULT_SCALE)
    assert [found.coverage_90, found.coverage_95, found.level_covered] == [NOTHING] * 3
    assert is_nothing(found.mean_standard_error)
    assert found.rmse.value > 0.0
    assert coverage_of_mean(blind) == NOTHING


def test_bands_by_level_share_out_the_tests() -> None:
    tests = honest_tests(3000)
    bands = by_level(tests, 0, scale=DEFAULT_SCALE)
    assert [band.name for band in bands] == [str(level) for level in range(9)]
    assert sum(band.accuracy.count for band in bands) == 3000
    assert (bands[0].lowest, bands[0].highest) == (-math.inf, -2.45)
    in_four = level_at(DEFAULT_SCALE, tests.truth[:, 0]) == 4
    assert bands[4].accuracy == accuracy(tests, 0, scale=DEFAULT_SCALE, among=in_four)


def test_bands_by_ability_are_open_at_the_ends() -> None:
    tests = records_of(items=[[0]] * 4, truth=[[-9.0], [-1.0], [0.0], [0.99]])
    bands = by_ability(tests, 0, scale=LevelScale((0.5,)), edges=(-1.0, 0.0, 1.0))
    assert [band.accuracy.count for band in bands] == [1, 1, 2, 0]
    assert [band.name for band in bands] == [
        "-inf..-1.00", "-1.00..+0.00", "+0.00..+1.00", "+1.00..+inf",
    ]  # fmt: skip
    assert is_nothing(bands[3].accuracy.bias)
    assert len(by_ability(tests, 0, scale=DEFAULT_SCALE)) == 14


def test_the_mean_of_independent_estimates_is_covered() -> None:
    found = coverage_of_mean(honest_tests(20_000))
    assert found.value == pytest.approx(0.95, abs=4 * found.error)
    assert coverage_of_mean(honest_tests(20_000), 0.5).value == pytest.approx(0.5, abs=0.02)


def test_lengths_and_items_of_a_competence() -> None:
    tests = records_of(items=[[0, 3, NO_ITEM], [2, NO_ITEM, NO_ITEM], [1, 0, 2]])
    competence_of = np.array([0, 0, 1, 1])
    assert items_of(tests, competence_of, competence=0).tolist() == [1, 0, 2]
    assert items_of(tests, competence_of, competence=1).tolist() == [1, 1, 1]
    length = length_of(tests.lengths)
    assert length.mean.value == 2.0
    assert len(length.quantiles) == len(QUANTILES)
    assert length.quantiles[2].value == 2.0


def test_reasons_are_counted() -> None:
    codes = [REASONS.index(StopReason.ITEM_BUDGET)] * 3
    codes.append(REASONS.index(StopReason.PRECISION_REACHED))
    found = reason_shares(records_of(items=[[0]] * 4, reasons=codes))
    assert {reason: share.value for reason, share in found.items()} == {
        StopReason.PRECISION_REACHED: 0.25,
        StopReason.ITEM_BUDGET: 0.75,
    }
