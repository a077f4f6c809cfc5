from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.simulation import framework_correlation
from pacnum_api.psychometrics.small_matrices import cholesky, inverse, split

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 12)


def positive_definite(seed: int, *, size: int, count: int = 3) -> FloatArray:
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(count, size, size))
    result: FloatArray = factors @ factors.transpose(0, 2, 1) + 0.1 * np.eye(size)
    return result


def random_correlation(seed: int, *, size: int) -> FloatArray:
    covariance = positive_definite(seed, size=size, count=1)[0]
    deviation = np.sqrt(np.diagonal(covariance))
    correlation = covariance / deviation[:, None] / deviation[None, :]
    np.fill_diagonal(correlation, 1.0)
    result: FloatArray = (correlation + correlation.T) / 2.0
    return result


@given(seeds, sizes)
def test_inverses_and_determinants_are_those_of_numpy(seed: int, size: int) -> None:
    matrices = positive_definite(seed, size=size)
    before = matrices.copy()
    inverted, determinant = inverse(matrices)
    assert inverted == pytest.approx(np.linalg.inv(matrices), rel=1e-9, abs=1e-9)
    assert determinant == pytest.approx(np.linalg.det(matrices), rel=1e-9)
    assert np.array_equal(matrices, before)


def test_a_matrix_without_rows_has_determinant_one() -> None:
    inverted, determinant = inverse(np.zeros((2, 0, 0)))
    assert inverted.shape == (2, 0, 0)
    assert determinant.tolist() == [1.0, 1.0]


@given(seeds, sizes)
def test_cholesky_factors_are_those_of_numpy(seed: int, size: int) -> None:
    matrices = positive_definite(seed, size=size)
    factor = cholesky(matrices)
    assert factor == pytest.approx(np.linalg.cholesky(matrices), rel=1e-9, abs=1e-12)
    assert np.array_equal(factor, np.tril(factor))


@pytest.mark.parametrize("second", [[[1.0, 1.0], [1.0, 1.0]], [[1.0, 2.0], [2.0, 1.0]]])
def test_one_matrix_that_is_not_positive_definite_is_enough_to_refuse(
    second: list[list[float]],
) -> None:
    with pytest.raises(ValueError, match="positive definite"):
        cholesky(np.array([np.eye(2), np.array(second)]))


@given(seeds, st.integers(1, 10))
def test_split_puts_the_correlation_together_again(seed: int, size: int) -> None:
    correlation = random_correlation(seed, size=size)
    unique, factor = split(correlation)
    smallest = float(np.linalg.eigvalsh(correlation).min())
    assert unique == pytest.approx(smallest, abs=1e-10)
    assert factor.shape[1] == size - 1
    assert unique * np.eye(size) + factor @ factor.T == pytest.approx(correlation, abs=2e-9)


@pytest.mark.parametrize(
    ("areas", "rank"),
    [
        ([1, 1, 1, 1], 1),
        ([1, 1, 2, 2, 3, 3], 3),
        ([0] * 3 + [1] * 6 + [2] * 4 + [3] * 5 + [4] * 3, 5),
        ([1, 2, 1, 2, 2], 2),
    ],
)
def test_competences_in_areas_need_one_factor_for_each_area(
    areas: Sequence[int], rank: int
) -> None:
    correlation = framework_correlation(areas)
    unique, factor = split(correlation)
    assert factor.shape == (len(areas), rank)
    assert unique == pytest.approx(0.3, abs=1e-10)
    assert unique * np.eye(len(areas)) + factor @ factor.T == pytest.approx(correlation, abs=2e-9)


@pytest.mark.parametrize("size", [1, 4])
def test_independent_competences_need_no_factor(size: int) -> None:
    unique, factor = split(np.eye(size))
    assert unique == pytest.approx(1.0, abs=1e-10)
    assert factor.shape == (size, 0)


def test_asymmetry_of_rounding_is_evened_out() -> None:
    correlation = np.array([[1.0, 0.5 + 1e-12], [0.5, 1.0]])
    assert split(correlation)[0] == pytest.approx(0.5, abs=1e-10)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1.0, 0.5], [0.4, 1.0]], "symmetric"),
        ([[1.0, 1.0], [1.0, 1.0]], "positive definite"),
        ([[1.0, -1.5], [-1.5, 1.0]], "positive definite"),
    ],
)
def test_what_is_no_correlation_matrix_is_refused(matrix: list[list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split(np.array(matrix))
