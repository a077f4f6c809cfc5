from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.calibration.calibrate import calibrate
from pacnum_api.psychometrics.calibration.curves import (
    Alike,
    Parameters,
    lay_out,
    parameters_of,
)
from pacnum_api.psychometrics.calibration.maximisation import log_prior_density
from pacnum_api.psychometrics.calibration.priors import ItemPriors, sharers_of
from pacnum_api.psychometrics.calibration.responses import from_matrix

ITEMS = [
    Item(ItemModel.TWO_PL, competence=0, level=1, a=1.3, b=0.4, sigma_a=0.2, sigma_b=0.3),
    Item(
        ItemModel.PARTIAL_CREDIT,
        competence=0,
        level=1,
        a=0.8,
        b=-0.2,
        steps=(-0.9, 0.1, 0.5),
        sigma_a=0.1,
        sigma_b=0.25,
    ),
]
HERE = Parameters(np.log([1.1, 1.2]), np.array([[0.9, 0.0, 0.0], [-0.6, 0.2, 0.3]]))


def log_density(priors: ItemPriors, at: Parameters) -> float:
    """Of the parameters, each normal by itself, constants included."""
    total = 0.0
    for index, item in enumerate(ITEMS):
        size = item.categories - 1
        thresholds = at.thresholds[index, :size]
        middle, steps = thresholds.mean(), priors.step_mean[index, :size]
        total += norm.logpdf(
            at.log_slope[index], priors.log_slope_mean[index], priors.log_slope_sd[index]
        )
        total += norm.logpdf(middle, priors.difficulty_mean[index], priors.difficulty_sd[index])
        departures = thresholds - middle - (steps - steps.mean())
        total += float(norm.logpdf(departures, 0.0, priors.step_sd[index]).sum())
    return total


@pytest.mark.parametrize("priors", [ItemPriors.weak(ITEMS), ItemPriors.from_bank(ITEMS)])
def test_density_gradient_and_precision_are_of_one_function(priors: ItemPriors) -> None:
    layout = lay_out(ITEMS, anchors=(), answered=np.array([1, 1]))
    there = parameters_of(ITEMS)
    apart = log_prior_density(priors, HERE, layout=layout) - log_prior_density(
        priors, there, layout=layout
    )
    assert apart == pytest.approx(log_density(priors, HERE) - log_density(priors, there))
    step, group = 1e-5, Alike(items=np.array([1]), steps=3)
    sharers = np.ones(2)
    gradient = priors.gradient(HERE, group=group, sharers=sharers)[0]
    precision = priors.precision(group, sharers=sharers)[0]
    for place in range(4):
        ends = []
        for by in (step, -step):
            log_slope, thresholds = HERE.log_slope.copy(), HERE.thresholds.copy()
            if place == 0:
                log_slope[1] += by
            else:
                thresholds[1, place - 1] += by
            ends.append(Parameters(log_slope, thresholds))
        slope = (log_density(priors, ends[0]) - log_density(priors, ends[1])) / (2.0 * step)
        assert gradient[place] == pytest.approx(slope, rel=1e-6)
        turned = [priors.gradient(end, group=group, sharers=sharers)[0] for end in ends]
        assert (turned[1] - turned[0]) / (2.0 * step) == pytest.approx(
            precision[:, place], abs=1e-6
        )


def test_the_bank_s_priors_stand_where_the_bank_does() -> None:
    priors = ItemPriors.from_bank(ITEMS)
    assert np.exp(priors.log_slope_mean) == pytest.approx([1.3, 0.8])
    assert priors.log_slope_sd == pytest.approx([0.2 / 1.3, 0.125])
    assert priors.difficulty_mean == pytest.approx([0.4, -0.2 - 0.1])
    assert priors.difficulty_sd == pytest.approx([0.3, 0.25])


def test_a_shared_slope_has_one_prior_however_many_share_it() -> None:
    """A prior six times as strong would leave an error of 0.02 instead of 0.04."""
    rng = np.random.default_rng(1)
    theta = rng.normal(size=(300, 1))
    places = np.linspace(-1.0, 1.0, 6)
    answers = (rng.random((300, 6)) < 1.0 / (1.0 + np.exp(-2.0 * (theta - places)))).astype(float)
    items = [Item(ItemModel.ONE_PL, competence=0, level=1) for _ in range(6)]
    layout = lay_out(items, anchors=(), answered=np.full(6, 300))
    assert sharers_of(layout).tolist() == [6.0] * 6
    priors = ItemPriors.weak(items)
    strong = replace(priors, log_slope_sd=np.full(6, 0.05))
    found = calibrate(items, from_matrix(answers), priors=strong)
    free = calibrate(items, from_matrix(answers), priors=ItemPriors.none(items))
    # Two normal sources of one number: their mean, weighted by precision.
    log_slope, error = np.log(free.items[0].a), free.items[0].sigma_a / free.items[0].a
    kept = 0.05**2 / (0.05**2 + error**2)
    assert np.log(found.items[0].a) == pytest.approx(kept * log_slope, rel=0.15)
    assert found.items[0].sigma_a / found.items[0].a == pytest.approx(
        (0.05**-2 + error**-2) ** -0.5, rel=0.1
    )
