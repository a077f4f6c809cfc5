import math

import numpy as np
import pytest
from scipy.stats import lognorm, norm

from pacnum_api.psychometrics.response_times import (
    POPULATION_SPEED_SD,
    ResponseTimes,
    Speed,
    expected_seconds,
    speed_after,
)

TIMES = ResponseTimes(
    intensity=np.array([3.0, 4.2, 3.6, 2.5]), precision=np.array([1.5, 2.0, 0.8, 3.0])
)


def test_before_any_answer_the_speed_is_that_of_the_population() -> None:
    assert Speed() == Speed(mean=0.0, standard_error=POPULATION_SPEED_SD)
    found = speed_after(TIMES, [], seconds=[], prior=Speed(0.1, 0.3))
    assert found.mean == pytest.approx(0.1)
    assert found.standard_error == pytest.approx(0.3)


def test_the_speed_is_the_mean_and_deviation_of_its_posterior_by_numerical_integration() -> None:
    items, seconds = [2, 0, 3], [31.0, 12.5, 14.0]
    prior = Speed(mean=0.1, standard_error=0.4)
    tau = np.linspace(-3.0, 3.0, 6001)
    density = norm.pdf(tau, prior.mean, prior.standard_error)
    for item, time in zip(items, seconds, strict=True):
        scale = np.exp(TIMES.intensity[item] - tau)
        density *= lognorm.pdf(time, s=1.0 / TIMES.precision[item], scale=scale)
    density /= density.sum()
    mean = float(density @ tau)
    found = speed_after(TIMES, items, seconds=seconds, prior=prior)
    assert found.mean == pytest.approx(mean, abs=1e-9)
    assert found.standard_error == pytest.approx(math.sqrt(density @ (tau - mean) ** 2), abs=1e-9)


def test_answers_can_be_taken_in_one_after_another() -> None:
    at_once = speed_after(TIMES, [0, 1], seconds=[20.0, 50.0], prior=Speed())
    first = speed_after(TIMES, [0], seconds=[20.0], prior=Speed())
    then = speed_after(TIMES, [1], seconds=[50.0], prior=first)
    assert then.mean == pytest.approx(at_once.mean)
    assert then.standard_error == pytest.approx(at_once.standard_error)


def test_who_needs_less_time_is_faster() -> None:
    usual = math.exp(3.0)
    assert speed_after(TIMES, [0], seconds=[usual / 2.0], prior=Speed()).mean > 0.0
    assert speed_after(TIMES, [0], seconds=[usual], prior=Speed()).mean == pytest.approx(0.0)
    assert speed_after(TIMES, [0], seconds=[usual * 2.0], prior=Speed()).mean < 0.0


@pytest.mark.parametrize("error", [0.0, 0.35])
def test_expected_times_are_means_of_lognormals(error: float) -> None:
    found = expected_seconds(TIMES, Speed(mean=0.2, standard_error=error))
    for item in range(4):
        deviation = math.hypot(1.0 / TIMES.precision[item], error)
        scale = math.exp(TIMES.intensity[item] - 0.2)
        assert found[item] == pytest.approx(float(lognorm.mean(s=deviation, scale=scale)))


@pytest.mark.parametrize(
    ("intensity", "precision", "message"),
    [([3.0], [1.0, 1.0], "each item needs"), ([3.0, 3.0], [1.0, 0.0], "must be positive")],
)
def test_parameters_that_make_no_sense_are_refused(
    intensity: list[float], precision: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ResponseTimes(np.array(intensity), np.array(precision))


def test_a_bank_without_items_has_no_times() -> None:
    empty = ResponseTimes(np.zeros(0), np.zeros(0))
    assert expected_seconds(empty, Speed()).shape == (0,)
