from dataclasses import replace

import numpy as np
import pytest

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.calibration.correlation import CorrelationEstimate, correlate
from pacnum_api.psychometrics.calibration.evidence import (
    Evidence,
    evidence_of,
    sites_under,
    some_persons,
)
from pacnum_api.psychometrics.calibration.responses import ResponseData, from_matrix
from pacnum_api.psychometrics.calibration.shrinkage import nearest_correlation, shrunk
from pacnum_api.psychometrics.simulation import draw_abilities, framework_correlation

EACH_COMPETENCE = 12


def bank(competences: int) -> list[Item]:
    rng = np.random.default_rng(1)
    return [
        Item(
            ItemModel.TWO_PL,
            competence=competence,
            level=1,
            a=float(rng.lognormal(0.2, 0.2)),
            b=float(rng.normal(0.0, 0.8)),
        )
        for competence in range(competences)
        for _ in range(EACH_COMPETENCE)
    ]


def answers(
    items: list[Item], theta: FloatArray, *, asked: int, each: int, seed: int
) -> ResponseData:
    """Each person is asked ``asked`` competences, ``each`` items of each."""
    rng = np.random.default_rng(seed)
    persons, competences = theta.shape
    those = rng.random((persons, competences)).argsort(axis=1)[:, :asked, None]
    within = rng.random((persons, asked, EACH_COMPETENCE)).argsort(axis=2)[:, :, :each]
    item = (those * EACH_COMPETENCE + within).reshape(-1)
    person = np.repeat(np.arange(persons), asked * each)
    slope, place = np.array([it.a for it in items])[item], np.array([it.b for it in items])[item]
    chance = 1.0 / (1.0 + np.exp(-slope * (theta[person, item // EACH_COMPETENCE] - place)))
    return ResponseData(person, item, (rng.random(len(item)) < chance).astype(np.int64), persons)


def evidence_from(true: FloatArray, *, persons: int, asked: int, each: int, seed: int) -> Evidence:
    items = bank(len(true))
    theta = draw_abilities(np.random.default_rng(seed), true, agents=persons)
    data = answers(items, theta, asked=asked, each=each, seed=seed + 1)
    return evidence_of(items, data, competence_count=len(true))


THREE = np.array([[1.0, 0.7, 0.3], [0.7, 1.0, 0.5], [0.3, 0.5, 1.0]])


def above(matrix: FloatArray) -> FloatArray:
    return matrix[np.triu_indices(len(matrix), 1)]


def test_correlations_come_back_within_their_errors() -> None:
    z = []
    for seed in range(100, 120, 2):
        evidence = evidence_from(THREE, persons=1500, asked=3, each=5, seed=seed)
        found = correlate(evidence)
        assert found.is_converged
        z.append(above(found.correlation - THREE) / above(found.standard_errors))
    assert abs(np.mean(z)) < 0.6
    assert 0.7 < np.sqrt(np.mean(np.square(z))) < 1.3


def test_estimated_abilities_would_have_shown_less() -> None:
    evidence = evidence_from(THREE, persons=2000, asked=3, each=3, seed=5)
    found = correlate(evidence)
    weights = np.exp(evidence.log_likelihood - 0.5 * evidence.nodes**2)
    theta = (weights @ evidence.nodes / weights.sum(axis=1)).reshape(-1, 3)
    plain = np.corrcoef(theta.T)
    assert above(plain).max() < 0.5
    assert above(found.correlation) == pytest.approx(above(THREE), abs=0.12)
    assert found.sd == pytest.approx(np.ones(3), abs=0.12)
    assert found.mean == pytest.approx(np.zeros(3), abs=0.12)


def test_a_population_elsewhere_is_seen_as_such() -> None:
    items = bank(2)
    true = np.array([[1.0, 0.6], [0.6, 1.0]])
    theta = draw_abilities(np.random.default_rng(1), true, agents=2500)
    theta = theta * np.array([1.3, 0.7]) + np.array([0.5, -0.4])
    data = answers(items, theta, asked=2, each=8, seed=2)
    found = correlate(evidence_of(items, data, competence_count=2))
    assert found.mean == pytest.approx([0.5, -0.4], abs=0.08)
    assert found.sd == pytest.approx([1.3, 0.7], abs=0.08)
    assert found.correlation[0, 1] == pytest.approx(0.6, abs=4 * found.standard_errors[0, 1])


def test_competences_asked_by_turns() -> None:
    areas = np.repeat([0, 1], 3)
    true = framework_correlation(areas.tolist(), within=0.8, across=0.3)
    evidence = evidence_from(true, persons=4000, asked=3, each=6, seed=3)
    found = correlate(evidence)
    assert np.diag(found.persons).sum() == 4000 * 3
    assert (found.persons == found.persons.T).all()
    z = above(found.correlation - true) / above(found.standard_errors)
    assert np.sqrt(np.mean(z**2)) < 1.6
    assert np.linalg.eigvalsh(found.correlation)[0] > 0.0


def test_errors_are_those_of_the_expected_information() -> None:
    """Two competences, everybody asked both: the information about both deviations and the
    correlation, person by person, with the derivatives of the covariance written out.
    """
    evidence = evidence_from(THREE[:2, :2], persons=600, asked=2, each=4, seed=9)
    found = correlate(evidence, rounds=1)
    ones = np.ones(len(evidence.person))
    sites = sites_under(evidence, mean=0.0 * ones, variance=ones)
    (one, two), r = found.sd, found.correlation[0, 1]
    covariance = np.array([[one * one, r * one * two], [r * one * two, two * two]])
    slopes = [
        np.array([[2.0 * one, r * two], [r * two, 0.0]]),
        np.array([[0.0, r * one], [r * one, 2.0 * two]]),
        np.array([[0.0, one * two], [one * two, 0.0]]),
    ]
    information = np.zeros((3, 3))
    away = np.zeros(2)
    for precision, place in zip(
        sites.precision.reshape(-1, 2), sites.place.reshape(-1, 2), strict=True
    ):
        inverse = np.linalg.inv(covariance + np.diag(1.0 / precision))
        turned = [inverse @ slope for slope in slopes]
        information += [[0.5 * np.trace(a @ b) for b in turned] for a in turned]
        away += inverse @ (place - found.mean)
    expected = np.sqrt(np.linalg.inv(information)[2, 2])
    assert found.standard_errors[0, 1] == pytest.approx(expected, rel=1e-6)
    assert away == pytest.approx(np.zeros(2), abs=0.2)


def test_sites_give_the_moments_of_the_exact_function() -> None:
    items = [replace(item, model=ItemModel.THREE_PL, c=0.25) for item in bank(1)[:2]]
    data = from_matrix(np.array([[1.0, 1.0], [0.0, np.nan]]))
    evidence = evidence_of(items, data, competence_count=1)
    sites = sites_under(evidence, mean=np.array([0.2, 0.0]), variance=np.array([0.8, 1.0]))
    weights = np.exp(evidence.log_likelihood[0] - (evidence.nodes - 0.2) ** 2 / 1.6)
    middle = weights @ evidence.nodes / weights.sum()
    precision = 1.0 / 0.8 + sites.precision[0]
    assert (0.2 / 0.8 + sites.precision[0] * sites.place[0]) / precision == pytest.approx(middle)
    assert np.all(sites.precision >= 1e-3)


def test_some_persons_may_come_twice() -> None:
    evidence = evidence_from(THREE, persons=5, asked=2, each=1, seed=1)
    chosen = some_persons(evidence, np.array([3, 0, 3]))
    assert chosen.person.tolist() == [0, 0, 1, 1, 2, 2]
    rows = np.array([6, 7, 0, 1, 6, 7])
    assert chosen.competence.tolist() == evidence.competence[rows].tolist()
    assert (chosen.log_likelihood == evidence.log_likelihood[rows]).all()
    assert chosen.person_count == 3


def test_faults_are_named() -> None:
    items = bank(2)
    data = answers(items, np.zeros((4, 2)), asked=2, each=1, seed=1)
    with pytest.raises(ValueError, match="not counted"):
        evidence_of(items, data, competence_count=1)
    with pytest.raises(ValueError, match="nobody was asked"):
        correlate(evidence_of(items, data, competence_count=3))


def unpaired(persons: int) -> CorrelationEstimate:
    """Competences 0 and 2 are never asked of the same person."""
    items = bank(3)
    theta = draw_abilities(np.random.default_rng(3), THREE, agents=persons)
    data = answers(items, theta, asked=3, each=6, seed=4)
    left_out = np.where(data.person % 2 == 0, 0, 2)
    kept = data.item // EACH_COMPETENCE != left_out
    return correlate(
        evidence_of(
            items,
            ResponseData(data.person[kept], data.item[kept], data.category[kept], persons),
            competence_count=3,
        )
    )


def test_of_a_pair_that_nobody_was_asked_nothing_is_claimed() -> None:
    found = unpaired(1500)
    assert found.persons[0, 2] == 0
    assert np.isinf(found.standard_errors[0, 2])
    assert found.standard_errors[0, 1] < 0.1
    assert np.linalg.eigvalsh(found.correlation)[0] > 0.0
    drawn = shrunk(found, ["a", "a", "a"])
    assert drawn.within is not None
    assert drawn.across is None
    assert drawn.within.pairs == 2
    assert drawn.correlation[0, 2] == pytest.approx(drawn.within.mean, abs=1e-9)
    expected = np.hypot(drawn.within.sd, drawn.within.standard_error)
    assert drawn.standard_errors[0, 2] == pytest.approx(expected)
    assert drawn.within.standard_error > 0.01
    with pytest.raises(ValueError, match="nothing is known"):
        shrunk(found, ["a", "b", "a"])
    with pytest.raises(ValueError, match="one area for each"):
        shrunk(found, ["a"])


def test_shrinking_comes_nearer_to_the_truth_where_little_is_known() -> None:
    areas = [0, 0, 0, 1, 1, 1, 2, 2]
    true = framework_correlation(areas)
    found = correlate(evidence_from(true, persons=400, asked=8, each=2, seed=11))
    drawn = shrunk(found, areas)
    before, after = (np.sqrt(np.mean(above(one.correlation - true) ** 2)) for one in (found, drawn))
    assert after < 0.6 * before
    assert drawn.within is not None
    assert drawn.across is not None
    assert drawn.within.mean == pytest.approx(0.7, abs=0.12)
    assert drawn.across.mean == pytest.approx(0.6, abs=0.12)
    assert np.mean(above(drawn.standard_errors)) < np.mean(above(found.standard_errors))
    z = above(drawn.correlation - true) / above(drawn.standard_errors)
    assert np.sqrt(np.mean(z**2)) < 1.8
    assert np.linalg.eigvalsh(drawn.correlation)[0] >= 1e-3
    assert drawn.largest_repair == 0.0


def test_well_known_differences_stay() -> None:
    found = correlate(evidence_from(THREE, persons=6000, asked=3, each=10, seed=13))
    drawn = shrunk(found, ["a", "a", "a"])
    assert drawn.within is not None
    assert drawn.within.sd > 0.1
    assert above(drawn.correlation) == pytest.approx(above(found.correlation), abs=0.02)


def test_a_pair_alone_of_its_kind_stays() -> None:
    found = correlate(evidence_from(THREE, persons=500, asked=3, each=4, seed=1))
    drawn = shrunk(found, ["a", "a", "b"])
    assert drawn.within is not None
    assert drawn.within.pairs == 1
    assert drawn.correlation[0, 1] == pytest.approx(found.correlation[0, 1])
    assert drawn.standard_errors[0, 1] == pytest.approx(found.standard_errors[0, 1])


def test_the_nearest_correlation_matrix() -> None:
    assert nearest_correlation(THREE) is not THREE
    assert (nearest_correlation(THREE) == THREE).all()
    impossible = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    found = nearest_correlation(impossible)
    assert np.linalg.eigvalsh(found)[0] >= 1e-3
    assert np.diag(found) == pytest.approx(np.ones(3))
    # By symmetry the nearest has r, -r with r = 1/2, but for the eigenvalues' lower bound.
    assert above(found) == pytest.approx([0.5, -0.5, 0.5], abs=0.01)


def test_the_spread_of_a_kind_is_what_errors_do_not_explain() -> None:
    """Six pairs of four competences, errors of 0.1 that go together by 0.3: by hand."""
    found = np.array([0.5, 0.7, 0.6, 0.9, 0.4, 0.5])
    correlation = np.eye(4)
    correlation[np.triu_indices(4, 1)] = found
    estimate = CorrelationEstimate(
        correlation=correlation + np.triu(correlation, 1).T,
        covariance=0.01 * (0.7 * np.eye(6) + 0.3),
        mean=np.zeros(4),
        sd=np.ones(4),
        persons=np.full((4, 4), 50),
        iterations=1,
        is_converged=True,
    )
    within = shrunk(estimate, ["a"] * 4).within
    assert within is not None
    # The sample variance is expected to be that of the differences: 0.01 (1 - 0.3), and the spread.
    between = float(np.var(found, ddof=1)) - 0.007
    assert within.sd == pytest.approx(np.sqrt(between))
    assert within.mean == pytest.approx(found.mean())
    assert within.standard_error == pytest.approx(np.sqrt(between / 6 + 0.01 * (0.7 / 6 + 0.3)))
