from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.calibration.calibrate import Calibration, calibrate
from pacnum_api.psychometrics.calibration.dif import (
    ItemDif,
    Screening,
    matching_abilities,
    screen_dif,
    strata_of,
)
from pacnum_api.psychometrics.calibration.logistic_dif import change_class, logistic_dif
from pacnum_api.psychometrics.calibration.mantel_haenszel import DifClass
from pacnum_api.psychometrics.calibration.responses import ResponseData, from_matrix
from tests.unit.psychometrics.calibration.simulated import scores, sparse, two_pl_items

CREDIT = Item(ItemModel.PARTIAL_CREDIT, competence=0, level=1, a=1.0, b=0.2, steps=(-0.6, 0.0, 0.6))


def two_groups(
    items: list[Item], of_focal: list[Item], *, impact: float, seed: int, persons: int = 3000
) -> tuple[Calibration, ResponseData]:
    """Half of the persons are of the focal group, of mean ability ``impact``, and meet its
    items.
    """
    rng = np.random.default_rng(seed)
    group = np.repeat([0, 1], persons // 2)
    theta = rng.normal(np.where(group == 1, impact, 0.0), 1.0)
    both = [
        scores(those, theta[group == index], rng=rng)
        for index, those in enumerate((items, of_focal))
    ]
    data = from_matrix(sparse(np.concatenate(both), each=20, rng=rng), group=group)
    return calibrate(items, data), data


def test_groups_that_differ_in_ability_alone_differ_in_no_item() -> None:
    p_values: list[float] = []
    classes: list[DifClass | None] = []
    for seed in range(3):
        items = two_pl_items(40, seed=seed)
        found = screen_dif(*two_groups(items, items, impact=-0.8, seed=seed))
        for one in found:
            assert one.mantel_haenszel is not None
            assert one.logistic is not None
            p_values += [one.mantel_haenszel.p_value, one.logistic.uniform_p]
            classes.append(one.dif_class)
    assert np.mean(np.array(p_values) < 0.05) < 0.09
    assert DifClass.C not in classes


def test_items_that_are_harder_for_one_group_are_found() -> None:
    items = [*two_pl_items(39, seed=7), CREDIT]
    of_focal = [
        replace(item, b=item.b + 0.8) if index < 3 else item for index, item in enumerate(items)
    ]
    of_focal[39] = replace(CREDIT, b=CREDIT.b + 0.7)
    calibration, data = two_groups(items, of_focal, impact=-0.5, seed=8)
    found = screen_dif(calibration, data)
    for one in found[:3]:
        assert one.dif_class in {DifClass.B, DifClass.C}
        assert one.mantel_haenszel is not None
        assert one.mantel_haenszel.delta < -1.0
        assert one.logistic is not None
        assert one.logistic.uniform_p < 1e-3
        assert one.logistic.group_effect < -0.3
    credit = found[39]
    assert credit.mantel is not None
    assert credit.mantel.mean_difference < 0.0
    assert credit.dif_class is not DifClass.A
    assert credit.logistic is None
    assert sum(one.dif_class is DifClass.C for one in found[3:39]) == 0


def test_an_item_that_separates_differently_shows_in_the_product_only() -> None:
    items = two_pl_items(40, seed=9)
    items[0] = replace(items[0], a=0.5, b=0.0)
    of_focal = [replace(items[0], a=2.2), *items[1:]]
    calibration, data = two_groups(items, of_focal, impact=0.0, seed=10)
    first = screen_dif(calibration, data)[0]
    assert first.logistic is not None
    assert first.mantel_haenszel is not None
    assert first.logistic.non_uniform_p < 1e-6
    assert first.logistic.total_p < 1e-6
    assert abs(first.mantel_haenszel.delta) < 1.0


def test_the_match_leaves_the_studied_answer_out() -> None:
    items = two_pl_items(6, seed=1)
    data = from_matrix(scores(items, np.zeros(50), rng=np.random.default_rng(2)))
    calibration = calibrate(items, data)
    found = matching_abilities(calibration, data, left_out=[5])
    nodes = calibration.posterior.nodes

    def posterior_mean(person: int, without: set[int]) -> float:
        log_weight = -0.5 * nodes**2
        for one in np.flatnonzero(data.person == person):
            item = calibration.items[data.item[one]]
            if int(data.item[one]) not in without:
                logit = item.a * (nodes - item.b)
                log_weight -= np.logaddexp(0.0, -logit if data.category[one] else logit)
        weight = np.exp(log_weight)
        return float(weight @ nodes / weight.sum())

    for one in (0, 5, 77, 299):
        expected = posterior_mean(int(data.person[one]), {int(data.item[one]), 5})
        assert found[one] == pytest.approx(expected, abs=1e-8)


def test_large_items_are_taken_out_of_the_match() -> None:
    items = two_pl_items(40, seed=17)
    of_focal = [
        replace(item, b=item.b + 1.5) if index < 12 else item for index, item in enumerate(items)
    ]
    calibration, data = two_groups(items, of_focal, impact=0.0, seed=18)

    def mean_delta(found: tuple[ItemDif, ...]) -> float:
        return float(
            np.mean([one.mantel_haenszel.delta for one in found[12:] if one.mantel_haenszel])
        )

    once, purified = (
        screen_dif(calibration, data, screening=Screening(rounds=rounds)) for rounds in (1, 4)
    )
    # Items for the focal group's disadvantage make the others seem to its advantage.
    assert mean_delta(once) > 0.5
    assert abs(mean_delta(purified)) < mean_delta(once)


def test_few_answers_and_answers_all_alike_are_not_judged() -> None:
    items = two_pl_items(12, seed=1)
    rng = np.random.default_rng(1)
    answers = scores(items, rng.normal(size=240), rng=rng)
    answers[150:, 0] = np.nan
    answers[:, 1] = 1.0
    data = from_matrix(answers, group=np.repeat([0, 1, 2], 80))
    found = screen_dif(calibrate(items, data), data, screening=Screening(fewest=75, strata=4))
    assert found[0] == ItemDif(item=0, reference_answers=80, focal_answers=70)
    assert found[1] == ItemDif(item=1, reference_answers=80, focal_answers=80)
    assert found[0].dif_class is None
    assert found[2].mantel_haenszel is not None


def test_strata_are_of_equal_size_with_equal_abilities_together() -> None:
    assert np.bincount(strata_of(np.arange(100.0), strata=4)).tolist() == [25, 25, 25, 25]
    together = strata_of(np.array([0.0, 1.0, 1.0, 1.0, 1.0, 2.0]), strata=3)
    assert len(set(together[1:5].tolist())) == 1


def test_faults_of_the_screening_are_named() -> None:
    for wrong in ({"focal": 0}, {"strata": 1}, {"fewest": 1}, {"rounds": 0}):
        with pytest.raises(ValueError, match="two groups"):
            Screening(**wrong)


# --- the regressions ----------------------------------------------------------------------------


def regression_sample(seed: int) -> tuple[FloatArray, IntArray, BoolArray]:
    rng = np.random.default_rng(seed)
    ability, group = rng.normal(size=400), rng.random(400) < 0.4
    logit = 0.3 + 1.1 * ability - 0.6 * group + 0.5 * ability * group
    return ability, (rng.random(400) < 1.0 / (1.0 + np.exp(-logit))).astype(np.int64), group


def test_statistics_are_those_of_maximised_likelihoods() -> None:
    ability, right, group = regression_sample(4)
    found = logistic_dif(ability, right, is_focal=group)
    columns: FloatArray = np.stack((np.ones(400), ability, group, ability * group), axis=1)

    def best(size: int) -> float:
        def minus(coefficients: FloatArray) -> float:
            logit = columns[:, :size] @ coefficients
            return float(np.sum(np.logaddexp(0.0, logit) - right * logit))

        return -float(minimize(minus, np.zeros(size), method="BFGS").fun)

    none, plain, uniform, full = (best(size) for size in (1, 2, 3, 4))
    assert found.uniform == pytest.approx(2 * (uniform - plain), abs=1e-4)
    assert found.non_uniform == pytest.approx(2 * (full - uniform), abs=1e-4)
    assert found.total == pytest.approx(found.uniform + found.non_uniform, abs=1e-9)
    assert found.uniform_p == pytest.approx(chi2.sf(found.uniform, 1))
    assert found.non_uniform_p == pytest.approx(chi2.sf(found.non_uniform, 1))
    assert found.total_p == pytest.approx(chi2.sf(found.total, 2))

    def r_squared(model: float) -> float:
        return float((1 - np.exp(2 * (none - model) / 400)) / (1 - np.exp(2 * none / 400)))

    assert found.r_squared_change == pytest.approx(r_squared(full) - r_squared(plain), abs=1e-6)


def test_separated_groups_still_have_an_answer() -> None:
    ability = np.tile([-1.0, 1.0], 20)
    group = np.repeat([False, True], 20)
    found = logistic_dif(ability, group.astype(int), is_focal=group)
    assert np.isfinite(found.group_effect)
    assert found.group_effect > 3.0
    assert found.dif_class is DifClass.C
    assert found.r_squared_change == pytest.approx(1.0, abs=0.05)


def test_one_group_or_one_answer_tells_nothing() -> None:
    ability, right, group = regression_sample(1)
    for answers, focal in ((0 * right, group), (right, group & False), (right, group | True)):
        with pytest.raises(ValueError, match="both groups"):
            logistic_dif(ability, answers, is_focal=focal)


def test_classes_by_change() -> None:
    assert change_class(0.2, p_value=0.05) is DifClass.A
    assert change_class(0.034, p_value=0.01) is DifClass.A
    assert change_class(0.035, p_value=0.01) is DifClass.B
    assert change_class(0.070, p_value=0.01) is DifClass.C
