import numpy as np
import pytest
from scipy import stats

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.simulation import draw_abilities, framework_correlation
from pacnum_api.psychometrics.simulation.population import (
    AgentPopulation,
    ListedPopulation,
    MixturePopulation,
    NormalPopulation,
    SkewedPopulation,
    UniformPopulation,
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


CORRELATION = framework_correlation([1, 1, 2])
NORMAL = NormalPopulation(np.array([0.5, 0.0, -1.0]), np.array([1.0, 0.5, 2.0]), CORRELATION)


def drawn(population: AgentPopulation, *, agents: int = 20_000) -> FloatArray:
    return population.draw(np.random.default_rng(7), agents=agents)


def correlation(abilities: FloatArray) -> float:
    return float(stats.pearsonr(abilities[:, 0], abilities[:, 1]).statistic)


def test_a_normal_population_has_its_moments() -> None:
    found = drawn(NORMAL)
    assert found.mean(axis=0) == pytest.approx(NORMAL.mean, abs=0.05)
    assert found.std(axis=0) == pytest.approx(NORMAL.standard_deviation, rel=0.02)
    assert np.corrcoef(found.T) == pytest.approx(CORRELATION, abs=0.02)


def test_the_generator_decides() -> None:
    assert (drawn(NORMAL) == drawn(NORMAL)).all()


@pytest.mark.parametrize(
    ("mean", "deviation"), [([0.0, 0.0], [1.0] * 3), ([0.0] * 3, [1.0]), ([0.0] * 3, [1, 1, -1])]
)
def test_a_normal_population_needs_moments_that_fit(
    mean: list[float], deviation: list[float]
) -> None:
    with pytest.raises(ValueError, match="standard deviation"):
        NormalPopulation(np.array(mean), np.array(deviation, dtype=float), CORRELATION)


def test_a_uniform_population_fills_its_range_alike() -> None:
    found = drawn(UniformPopulation(-3.0, 2.0, CORRELATION))
    for column in found.T:
        counts, _ = np.histogram(column, bins=10, range=(-3.0, 2.0))
        assert counts.sum() == len(column)
        assert counts == pytest.approx(np.full(10, 2000), rel=0.1)
    # The correlation of a copula's uniform margins: 6 / pi asin(r / 2) (Pearson 1907).
    assert correlation(found) == pytest.approx(6 / np.pi * np.arcsin(0.35), abs=0.02)
    with pytest.raises(ValueError, match="below the highest"):
        UniformPopulation(1.0, 1.0, CORRELATION)


@pytest.mark.parametrize("skewness", [1.5, -1.0])
def test_a_skewed_population_has_the_skewness_asked_for(skewness: float) -> None:
    found = drawn(SkewedPopulation(0.3, 1.2, skewness, CORRELATION), agents=100_000)
    assert found.mean(axis=0) == pytest.approx([0.3] * 3, abs=0.02)
    assert found.std(axis=0) == pytest.approx([1.2] * 3, abs=0.02)
    assert stats.skew(found, axis=0) == pytest.approx([skewness] * 3, abs=0.1)
    assert correlation(found) == pytest.approx(0.68, abs=0.03)


@pytest.mark.parametrize("skewness", [0.0, 4.5, -4.5])
def test_a_skewness_that_no_population_has_is_refused(skewness: float) -> None:
    with pytest.raises(ValueError, match="skewness"):
        SkewedPopulation(0.0, 1.0, skewness, CORRELATION)


def test_a_mixture_draws_from_its_groups_by_their_weights() -> None:
    low, high = UniformPopulation(-3.0, -2.0, CORRELATION), UniformPopulation(1, 2, CORRELATION)
    found = drawn(MixturePopulation((low, high), (0.3, 0.7)))
    assert (found[:, 0] < -1.0).mean() == pytest.approx(0.3, abs=0.02)
    assert ((found < -1.0).all(axis=1) | (found > 0.0).all(axis=1)).all()


@pytest.mark.parametrize("weights", [(1.0,), (0.5, 0.6), (1.0, 0.0), ()])
def test_weights_of_groups_are_shares(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="weight"):
        MixturePopulation((NORMAL, NORMAL), weights)


def test_given_abilities_are_taken_in_turn() -> None:
    rows = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    assert drawn(ListedPopulation(rows), agents=5)[:, 0].tolist() == [0.1, 0.3, 0.5, 0.1, 0.3]


@pytest.mark.parametrize("rows", [np.zeros((0, 2)), np.zeros(3), np.array([[np.nan]])])
def test_given_abilities_are_numbers(rows: FloatArray) -> None:
    with pytest.raises(ValueError, match="abilities"):
        ListedPopulation(rows)
