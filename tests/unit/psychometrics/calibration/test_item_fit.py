from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.calibration.calibrate import Calibration, calibrate
from pacnum_api.psychometrics.calibration.item_fit import ItemFit, item_fit
from pacnum_api.psychometrics.calibration.responses import ResponseData
from tests.unit.psychometrics.calibration.lsat import SECTION_7, answers
from tests.unit.psychometrics.calibration.simulated import answered_by, two_pl_items

CREDIT = Item(ItemModel.PARTIAL_CREDIT, competence=0, level=1, a=1.0, b=0.2, steps=(-0.6, 0.0, 0.6))


def judged(found: tuple[ItemFit | None, ...]) -> list[ItemFit]:
    return [one for one in found if one is not None]


def fitted(true: list[Item], *, seed: int, each: int = 20) -> tuple[Calibration, ResponseData]:
    """Right/wrong items are fitted as 2PL, whatever they are."""
    theta = np.random.default_rng(seed).normal(size=4000)
    data = answered_by(true, theta, each=each, seed=seed + 1)
    model = [
        item if item.steps else replace(item, model=ItemModel.TWO_PL, c=0.0, d=1.0) for item in true
    ]
    return calibrate(model, data), data


def test_items_that_follow_their_curves_are_seldom_rejected() -> None:
    p_values: list[float] = []
    for seed in range(3):
        calibration, data = fitted([*two_pl_items(40, seed=seed), CREDIT, CREDIT], seed=seed)
        found = judged(item_fit(calibration, data))
        assert len(found) == 42
        assert {one.degrees for one in found} == {4}
        assert max(one.rmsd for one in found) < 0.06
        p_values += [one.p_value for one in found]
    assert np.mean(np.array(p_values) < 0.05) < 0.09
    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.1)


def test_an_item_that_can_be_guessed_does_not_follow_a_2pl_curve() -> None:
    true = two_pl_items(40, seed=11)
    true[0] = Item(ItemModel.THREE_PL, competence=0, level=1, a=2.5, b=1.0, c=0.3)
    calibration, data = fitted(true, seed=12)
    found = judged(item_fit(calibration, data))
    assert found[0].p_value < 1e-3
    assert found[0].rmsd == max(one.rmsd for one in found)
    low, *_, high = found[0].regions
    assert low.observed > low.expected
    assert high.observed > high.expected - 0.02
    assert np.mean([one.p_value < 0.05 for one in found[1:]]) < 0.15


def test_an_anchor_that_has_drifted_shows() -> None:
    items = two_pl_items(30, seed=13)
    theta = np.random.default_rng(14).normal(size=3000)
    drifted = [replace(items[0], b=items[0].b + 0.5), *items[1:]]
    data = answered_by(drifted, theta, each=15, seed=15)
    found = judged(item_fit(calibrate(items, data, anchors=range(30)), data))
    assert found[0].rmsd > 0.05
    assert all(region.observed < region.expected for region in found[0].regions)


def test_regions_share_out_the_answers() -> None:
    calibration, data = fitted(two_pl_items(20, seed=5), seed=6, each=10)
    for one in judged(item_fit(calibration, data, regions=4)):
        assert sum(region.answers for region in one.regions) == pytest.approx(one.answers)
        assert len(one.regions) == 4
        assert one.degrees == 3
        assert all(region.answers > 0.1 * one.answers for region in one.regions)
        ends = [(region.lowest, region.highest) for region in one.regions]
        assert ends == sorted(ends)


def test_few_answers_are_not_judged() -> None:
    calibration, data = fitted(two_pl_items(20, seed=5), seed=6, each=10)
    assert judged(item_fit(calibration, data, fewest=10_000)) == []
    with pytest.raises(ValueError, match="two regions"):
        item_fit(calibration, data, regions=1)


def test_lsat_7_item_by_item_against_the_statistic_written_out() -> None:
    items = [Item(ItemModel.TWO_PL, competence=0, level=1) for _ in range(5)]
    data = answers(SECTION_7)
    calibration = calibrate(items, data)
    found = judged(item_fit(calibration, data, regions=3))[2]
    nodes, item = calibration.posterior.nodes, calibration.items[2]
    chance = 1.0 / (1.0 + np.exp(-item.a * (nodes - item.b)))
    cuts = [region.lowest for region in found.regions]
    region = np.searchsorted(cuts, nodes, side="right") - 1
    scores, information = np.zeros(5), np.zeros((5, 5))
    for person, right in zip(
        data.person[data.item == 2], data.category[data.item == 2], strict=True
    ):
        weights = calibration.posterior.weights[person]
        others = weights / (chance if right else 1.0 - chance)
        others /= others.sum()
        for answer in (0, 1):
            posterior = others * (chance if answer else 1.0 - chance)
            predicted = posterior.sum()
            residual = (answer - chance) * posterior / predicted
            mean = np.array(
                [
                    residual @ (item.a * (nodes - item.b)),
                    -item.a * residual.sum(),
                    *(-item.a * residual[region == index].sum() for index in range(3)),
                ]
            )
            information += predicted * np.outer(mean, mean)
            scores += mean * (answer == right)
    turn = information[2:, :2] @ np.linalg.inv(information[:2, :2])
    departure = scores[2:] - turn @ scores[:2]
    left = information[2:, 2:] - turn @ information[:2, 2:]
    expected = departure @ np.linalg.pinv(left, rcond=1e-6) @ departure
    assert found.chi_squared == pytest.approx(expected, rel=1e-6)
    assert found.p_value == pytest.approx(chi2.sf(expected, 2))
