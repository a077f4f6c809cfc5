import numpy as np
import pytest

from pacnum_api.psychometrics.simulation import (
    draw_abilities,
    draw_category,
    framework_correlation,
)


def test_correlation_is_higher_within_an_area() -> None:
    assert framework_correlation(["a", "a", "b"]).tolist() == [
        [1.0, 0.7, 0.6],
        [0.7, 1.0, 0.6],
        [0.6, 0.6, 1.0],
    ]
    assert framework_correlation([1, 2], across=0.1)[0, 1] == 0.1


def test_abilities_have_the_correlation_asked_for() -> None:
    correlation = framework_correlation([1, 1, 2, 2, 3])
    drawn = draw_abilities(np.random.default_rng(1), correlation, agents=20_000)
    assert drawn.shape == (20_000, 5)
    assert drawn.mean(axis=0) == pytest.approx(np.zeros(5), abs=0.03)
    assert np.cov(drawn.T) == pytest.approx(correlation, abs=0.04)


def test_a_matrix_that_is_no_correlation_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        draw_abilities(np.random.default_rng(1), framework_correlation([1, 1, 1], within=-0.9))


@pytest.mark.parametrize(
    ("draw", "category"), [(0.0, 0), (0.19, 0), (0.2, 1), (0.69, 1), (0.7, 2), (0.9999, 2)]
)
def test_a_draw_falls_upon_its_category(draw: float, category: int) -> None:
    assert draw_category(np.array([0.2, 0.5, 0.3]), draw) == category


def test_a_draw_beyond_rounding_takes_the_last_category() -> None:
    assert draw_category(np.array([0.5, 0.4999999]), 0.99999999) == 1
