from collections.abc import Callable
from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item, ItemModel, ItemParameters, category_probabilities
from pacnum_api.psychometrics.calibration.calibrate import (
    Calibration,
    Settings,
    calibrate,
    calibrate_bank,
)
from pacnum_api.psychometrics.calibration.priors import ItemPriors
from pacnum_api.psychometrics.calibration.responses import ResponseData, from_matrix
from tests.unit.psychometrics.calibration.simulated import answered_by, scores, sparse, two_pl_items

PRECISE = Settings(node_count=61, tolerance=1e-7)
MIXED = [
    Item(ItemModel.TWO_PL, competence=0, level=1, a=1.2, b=-0.4),
    Item(ItemModel.THREE_PL, competence=0, level=1, a=1.4, b=0.3, c=0.2),
    Item(ItemModel.FOUR_PL, competence=0, level=1, a=1.1, b=0.0, c=0.1, d=0.95),
    Item(ItemModel.PARTIAL_CREDIT, competence=0, level=1, a=0.9, b=0.1, steps=(-0.7, 0.1, 0.6)),
    Item(ItemModel.TWO_PL, competence=0, level=1, a=0.8, b=0.9),
]


def blank(item: Item) -> Item:
    """The item as one that nothing is known of yet."""
    steps = tuple(0.0 for _ in item.steps)
    return replace(item, a=1.0, b=0.0, steps=steps)


def column(found: Calibration, name: str) -> FloatArray:
    return np.array([getattr(item, name) for item in found.items])


# --- the maximum and its curvature, of a likelihood written out independently -------------------


def _items_at(point: FloatArray) -> list[Item]:
    """``MIXED`` with (a, thresholds) of each item read from the point."""
    items, place = [], 0
    for item in MIXED:
        steps = item.categories - 1
        thresholds = point[place + 1 : place + 1 + steps]
        middle = float(thresholds.mean())
        parts = tuple((thresholds - middle).tolist()) if item.steps else ()
        items.append(replace(item, a=float(point[place]), b=middle, steps=parts))
        place += 1 + steps
    return items


def _minus_log_posterior(point: FloatArray, answers: FloatArray, group: IntArray) -> float:
    """Trapezoidal rule with 61 nodes; the second group is N(point[-2], exp(point[-1])²)."""
    nodes = np.linspace(-6.0, 6.0, 61)
    parameters = ItemParameters.from_items(_items_at(point[:-2]))
    joint = np.zeros((len(answers), len(nodes)))
    for index in range(len(MIXED)):
        table = np.log(category_probabilities(parameters, index, theta=nodes))
        seen = ~np.isnan(answers[:, index])
        joint[seen] += table[answers[seen, index].astype(int)]
    means, spreads = (0.0, point[-2]), (1.0, np.exp(point[-1]))
    for value in (0, 1):
        density = norm.pdf(nodes, means[value], spreads[value])
        joint[group == value] += np.log(density / density.sum())
    log_prior = 0.0
    for item in _items_at(point[:-2]):
        log_prior += norm.logpdf(np.log(item.a), 0.0, 0.5) + norm.logpdf(item.b, 0.0, 2.0)
        log_prior += float(np.sum(norm.logpdf(item.steps, 0.0, 2.0)))
    return -float(np.logaddexp.reduce(joint, axis=1).sum()) - log_prior


@pytest.fixture(scope="module")
def mixed_answers() -> tuple[FloatArray, IntArray]:
    rng = np.random.default_rng(5)
    group = np.repeat([0, 1], 250)
    theta = rng.normal(np.where(group == 1, 0.6, 0.0), np.where(group == 1, 0.8, 1.0))
    return sparse(scores(MIXED, theta, rng=rng), each=4, rng=rng), group


@pytest.fixture(scope="module")
def mixed(mixed_answers: tuple[FloatArray, IntArray]) -> Calibration:
    answers, group = mixed_answers
    return calibrate(
        [blank(item) for item in MIXED], from_matrix(answers, group=group), settings=PRECISE
    )


def _point(found: Calibration) -> FloatArray:
    numbers: list[float] = []
    for item in found.items:
        numbers += [item.a, *(item.b + step for step in item.steps or (0.0,))]
    return np.array([*numbers, found.population.mean[1], np.log(found.population.sd[1])])


def test_no_other_point_is_more_probable(
    mixed: Calibration, mixed_answers: tuple[FloatArray, IntArray]
) -> None:
    start = _point(mixed)
    best = minimize(_minus_log_posterior, start, args=mixed_answers, method="BFGS")
    assert mixed.is_converged
    assert start == pytest.approx(best.x, abs=2e-3)
    assert _minus_log_posterior(start, *mixed_answers) == pytest.approx(best.fun, abs=1e-3)


def _curvature(function: Callable[[FloatArray], float], at: FloatArray) -> FloatArray:
    """Second derivatives by differences, (P, P)."""
    step = 2e-4
    moves = np.eye(len(at)) * step
    once = [function(at + move) for move in moves]
    result = np.zeros((len(at), len(at)))
    for row, column in combinations_with_replacement(range(len(at)), 2):
        both = function(at + moves[row] + moves[column])
        result[row, column] = both - once[row] - once[column] + function(at)
    halves = np.triu(result, 1)
    return (result + halves.T) / step**2


def test_errors_are_those_of_the_curvature_there(
    mixed: Calibration, mixed_answers: tuple[FloatArray, IntArray]
) -> None:
    at = _point(mixed)
    slopes = np.array([0, 2, 4, 6, 10])

    def of_log_slopes(point: FloatArray) -> float:
        # ln a is what has a normal prior, so that is what the curvature is taken in
        plain = point.copy()
        plain[slopes] = np.exp(point[slopes])
        return _minus_log_posterior(plain, *mixed_answers)

    at_log = at.copy()
    at_log[slopes] = np.log(at[slopes])
    turn = np.eye(len(at))
    turn[slopes, slopes] = at[slopes]
    covariance = turn @ np.linalg.inv(_curvature(of_log_slopes, at_log)) @ turn
    errors = np.sqrt(np.diag(covariance))
    assert column(mixed, "sigma_a") == pytest.approx(errors[slopes], rel=3e-3)
    assert column(mixed, "sigma_b")[[0, 1, 2, 4]] == pytest.approx(errors[[1, 3, 5, 11]], rel=3e-3)
    credit = covariance[7:10, 7:10]
    assert mixed.items[3].sigma_b == pytest.approx(np.sqrt(credit.mean()), rel=3e-3)
    apart = np.eye(3) - 1.0 / 3.0
    assert mixed.step_errors[3] == pytest.approx(np.sqrt(np.diag(apart @ credit @ apart)), rel=3e-3)
    assert not mixed.step_errors[[0, 1, 2, 4]].any()
    assert mixed.population_errors[0].tolist() == [0.0, 0.0]
    assert mixed.population_errors[1, 0] == pytest.approx(errors[12], rel=3e-3)
    assert mixed.population_errors[1, 1] == pytest.approx(
        errors[13] * mixed.population.sd[1], rel=3e-3
    )


def test_guessing_ceiling_and_form_are_kept(mixed: Calibration) -> None:
    assert [(item.c, item.d) for item in mixed.items] == [(item.c, item.d) for item in MIXED]
    assert sum(mixed.items[3].steps) == pytest.approx(0.0)
    assert mixed.population.mean[0] == 0.0
    assert mixed.population.sd[0] == 1.0
    assert mixed.answers.sum() == 4 * 500


# --- recovery ------------------------------------------------------------------------------------


def test_parameters_come_back_from_sparse_answers_within_their_errors() -> None:
    items = two_pl_items(60, seed=3)
    theta = np.random.default_rng(4).normal(size=4000)
    found = calibrate([blank(item) for item in items], answered_by(items, theta, each=20, seed=5))
    slope = np.array([item.a for item in items])
    place = np.array([item.b for item in items])
    z_slope = (column(found, "a") - slope) / column(found, "sigma_a")
    z_place = (column(found, "b") - place) / column(found, "sigma_b")
    assert 0.75 < np.sqrt(np.mean(z_slope**2)) < 1.25
    assert 0.75 < np.sqrt(np.mean(z_place**2)) < 1.25
    assert found.reliability == pytest.approx(
        np.corrcoef(found.posterior.theta, theta)[0, 1] ** 2, abs=0.02
    )
    covered = np.abs(found.posterior.theta - theta) < 1.96 * found.posterior.standard_error
    assert covered.mean() == pytest.approx(0.95, abs=0.015)


def adaptive_answers(items: list[Item], theta: FloatArray, *, each: int, seed: int) -> ResponseData:
    """Each next item is the most informative at an estimate that the answers so far decide."""
    rng = np.random.default_rng(seed)
    slope, place = np.array([it.a for it in items]), np.array([it.b for it in items])
    nodes = np.linspace(-4.0, 4.0, 33)
    log_posterior = np.tile(-0.5 * nodes**2, (len(theta), 1))
    free = np.ones((len(theta), len(items)))
    chosen, given = [], []
    for _ in range(each):
        weights = np.exp(log_posterior - log_posterior.max(axis=1, keepdims=True))
        estimate = weights @ nodes / weights.sum(axis=1)
        chance = 1.0 / (1.0 + np.exp(-slope * (estimate[:, None] - place)))
        value = free * slope**2 * chance * (1.0 - chance) * rng.uniform(0.5, 1.0, free.shape)
        item = value.argmax(axis=1)
        free[np.arange(len(theta)), item] = 0.0
        right = rng.random(len(theta)) < 1.0 / (1.0 + np.exp(-slope[item] * (theta - place[item])))
        logit = slope[item, None] * (nodes - place[item, None])
        log_posterior -= np.logaddexp(0.0, np.where(right[:, None], -logit, logit))
        chosen.append(item)
        given.append(right.astype(np.int64))
    person = np.tile(np.arange(len(theta)), each)
    return ResponseData(person, np.concatenate(chosen), np.concatenate(given), len(theta))


def test_adaptive_choice_leaves_the_estimates_unbiased() -> None:
    items = two_pl_items(60, seed=8)
    theta = np.random.default_rng(9).normal(size=5000)
    data = adaptive_answers(items, theta, each=15, seed=10)
    found = calibrate([blank(item) for item in items], data)
    used = found.answers > 300
    estimate, error = column(found, "b")[used], column(found, "sigma_b")[used]
    true = np.array([item.b for item in items])[used]
    z = (estimate - true) / error
    assert used.sum() > 15
    assert abs(z.mean()) < 0.5
    assert 0.7 < np.sqrt(np.mean(z**2)) < 1.3
    # Everybody gets about half of them right, and still each item's place is found.
    right = np.bincount(data.item, weights=data.category, minlength=60)[used] / found.answers[used]
    assert right.std() < 0.1
    assert np.corrcoef(estimate, true)[0, 1] > 0.97


# --- anchors, groups, persons known from elsewhere -----------------------------------------------


def test_anchors_keep_the_running_scale() -> None:
    items = two_pl_items(40, seed=11)
    theta = np.random.default_rng(12).normal(0.8, 1.3, 4000)
    data = answered_by(items, theta, each=20, seed=13)
    start = [item if index < 15 else blank(item) for index, item in enumerate(items)]
    found = calibrate(start, data, anchors=range(15))
    assert found.items[:15] == tuple(items[:15])
    assert found.is_estimated.tolist() == [False] * 15 + [True] * 25
    new = np.arange(15, 40)
    z = (column(found, "b") - [item.b for item in items])[new] / column(found, "sigma_b")[new]
    assert np.sqrt(np.mean(z**2)) < 1.4
    assert found.population.mean[0] == pytest.approx(0.8, abs=4 * found.population_errors[0, 0])
    assert found.population.sd[0] == pytest.approx(1.3, abs=4 * found.population_errors[0, 1])
    assert 0.01 < found.population_errors[0, 0] < 0.04


def test_extreme_anchors_stay_though_no_estimate_may_go_there() -> None:
    anchor = Item(ItemModel.TWO_PL, competence=0, level=1, a=0.01, b=-9.5)
    answers = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    found = calibrate([anchor, MIXED[0]], from_matrix(answers), anchors=[0])
    assert found.items[0] == anchor


def test_with_nothing_but_anchors_the_population_is_estimated() -> None:
    items = two_pl_items(30, seed=1)
    theta = np.random.default_rng(2).normal(-0.5, 0.7, 2000)
    found = calibrate(items, answered_by(items, theta, each=20, seed=3), anchors=range(30))
    assert found.items == tuple(items)
    assert found.population.mean[0] == pytest.approx(-0.5, abs=4 * found.population_errors[0, 0])
    assert found.population.sd[0] == pytest.approx(0.7, abs=4 * found.population_errors[0, 1])


def test_persons_known_from_elsewhere_make_the_scale() -> None:
    items = two_pl_items(30, seed=21)
    rng = np.random.default_rng(22)
    theta = rng.normal(size=3000)
    known = np.where(np.arange(3000) < 1500, theta + rng.normal(0.0, 0.3, 3000), np.nan)
    plain = answered_by(items, theta, each=20, seed=23)
    data = replace(plain, known_mean=known / 1.09, known_sd=np.full(3000, 0.3 / np.sqrt(1.09)))
    assert data.is_known.sum() == 1500
    with_known, without = (calibrate([blank(i) for i in items], one) for one in (data, plain))
    slope = np.array([item.a for item in items])
    assert column(with_known, "sigma_a").mean() < column(without, "sigma_a").mean()
    assert column(with_known, "a") == pytest.approx(slope, abs=0.25)
    with_errors = calibrate([blank(i) for i in items[:-1]] + items[-1:], data, anchors=[29])
    assert with_errors.population.mean[0] == pytest.approx(0.0, abs=0.12)


def test_persons_who_have_answered_nothing_change_nothing() -> None:
    items = two_pl_items(20, seed=2)
    data = answered_by(items, np.random.default_rng(3).normal(0.7, 0.8, 800), each=10, seed=4)
    more = replace(data, person_count=8000)
    few, many = (calibrate(items, one, anchors=range(10)) for one in (data, more))
    assert many.iterations == few.iterations
    assert many.population.mean == pytest.approx(few.population.mean, abs=1e-6)
    assert many.population_errors == pytest.approx(few.population_errors, abs=1e-6)
    assert column(many, "sigma_b") == pytest.approx(column(few, "sigma_b"), abs=1e-6)
    assert many.reliability == pytest.approx(few.reliability)
    assert many.has_answered.sum() == 800


def test_a_group_nobody_is_drawn_from_keeps_its_population() -> None:
    items = two_pl_items(5, seed=1)
    answers = scores(items, np.zeros(40), rng=np.random.default_rng(1))
    group = np.repeat([0, 2], 20)
    found = calibrate(items, from_matrix(answers, group=group))
    assert found.population.mean[1] == 0.0
    assert found.population_errors[1].tolist() == [0.0, 0.0]
    assert found.population_errors[2, 0] > 0.0


# --- what few answers, and priors, do ------------------------------------------------------------


def test_an_item_without_an_answer_stays_as_it_is() -> None:
    items = [*two_pl_items(6, seed=1), replace(MIXED[3], sigma_a=0.3, sigma_b=0.5)]
    answers = scores(items, np.random.default_rng(2).normal(size=300), rng=np.random.default_rng(3))
    answers[:, 6] = np.nan
    found = calibrate(items, from_matrix(answers))
    assert found.items[6] == items[6]
    assert found.answers[6] == 0
    assert not found.is_estimated[6]


def test_weak_priors_hold_an_item_that_all_got_right() -> None:
    items = [blank(item) for item in two_pl_items(6, seed=1)]
    answers = scores(items, np.random.default_rng(2).normal(size=300), rng=np.random.default_rng(3))
    answers[:, 0] = 1.0
    found = calibrate(items, from_matrix(answers))
    assert -8.0 < found.items[0].b < -2.0
    assert found.items[0].sigma_b > 0.5
    assert found.is_maximum


def test_without_priors_such_an_item_ends_at_the_bound_and_says_so() -> None:
    items = [blank(item) for item in two_pl_items(3, seed=1)]
    answers = scores(items, np.random.default_rng(2).normal(size=60), rng=np.random.default_rng(3))
    answers[:, 0] = 1.0
    found = calibrate(
        items,
        from_matrix(answers),
        priors=ItemPriors.none(items),
        settings=Settings(most_iterations=30),
    )
    assert not (found.is_converged and found.is_maximum)


def test_the_bank_s_parameters_as_priors_are_updated_not_replaced() -> None:
    items = [replace(item, sigma_a=0.1, sigma_b=0.1) for item in two_pl_items(20, seed=31)]
    items.append(replace(MIXED[3], sigma_a=0.1, sigma_b=0.1))
    theta = np.random.default_rng(32).normal(size=250)
    stray = [replace(item, b=item.b + 0.4) for item in items]
    data = answered_by(items, theta, each=15, seed=33)
    held, free = (
        calibrate(stray, data, priors=priors)
        for priors in (ItemPriors.from_bank(stray), ItemPriors.none(stray))
    )
    assert np.all(column(held, "sigma_b") < 0.1)
    assert np.all(column(held, "sigma_b") < column(free, "sigma_b"))
    distance = np.abs(column(held, "b") - [item.b for item in stray])
    assert distance.max() < 0.4


def test_known_exactly_means_hardly_moved() -> None:
    items = two_pl_items(8, seed=1)
    data = answered_by(items, np.random.default_rng(2).normal(size=400), each=6, seed=3)
    found = calibrate(items, data, priors=ItemPriors.from_bank(items))
    assert column(found, "b") == pytest.approx([item.b for item in items], abs=0.05)


# --- many competences ----------------------------------------------------------------------------


def test_each_competence_is_calibrated_by_itself() -> None:
    first, second = two_pl_items(8, seed=1), two_pl_items(8, seed=2)
    items = [
        *first,
        *(replace(item, competence=2) for item in second),
        replace(first[0], competence=3),
    ]
    rng = np.random.default_rng(4)
    answers = scores(items, rng.normal(size=500), rng=rng)
    answers[:, 16] = np.nan
    priors = ItemPriors.weak(items)
    found = calibrate_bank(items, from_matrix(answers), anchors=[1, 9], priors=priors)
    assert sorted(found) == [0, 2]
    alone = calibrate(items[8:16], from_matrix(answers[:, 8:16]), anchors=[1])
    assert found[2].items == alone.items
    assert calibrate_bank(items, from_matrix(answers))[0].is_estimated.all()


# --- what cannot be calibrated -------------------------------------------------------------------


def test_faults_are_named() -> None:
    data = from_matrix(np.array([[1.0, 0.0], [0.0, 1.0]]))
    pair = two_pl_items(2, seed=1)
    with pytest.raises(ValueError, match="an item that is not there"):
        calibrate(pair[:1], data)
    with pytest.raises(ValueError, match="cannot give"):
        calibrate(pair, from_matrix(np.array([[2.0, 0.0]])))
    with pytest.raises(ValueError, match="anchor 2 is not"):
        calibrate(pair, data, anchors=[2])
    with pytest.raises(ValueError, match="item 1: a must be positive"):
        calibrate([pair[0], replace(pair[1], a=0.0)], data)
    graded = Item(ItemModel.GRADED, competence=0, level=1, steps=(-1.0, 1.0))
    with pytest.raises(ValueError, match="item 1: graded"):
        calibrate([pair[0], graded], data)
    with pytest.raises(ValueError, match="at least 5 nodes"):
        Settings(node_count=4)
    with pytest.raises(ValueError, match="deviations of priors"):
        replace(ItemPriors.weak(pair), step_sd=np.zeros(2))


def test_errors_hold_where_posteriors_are_nothing_like_normal() -> None:
    """Steps instead of slopes: all polynomials that there are take part."""
    items = [Item(ItemModel.TWO_PL, competence=0, level=1, a=5.0, b=b) for b in (-0.5, 0.0, 0.5)]
    theta = np.random.default_rng(1).normal(size=500)
    answers = scores(items, theta, rng=np.random.default_rng(2))
    found = calibrate(items, from_matrix(answers), settings=PRECISE)

    def minus_log_posterior(point: FloatArray) -> float:
        nodes = np.linspace(-6.0, 6.0, 61)
        weights = np.exp(-0.5 * nodes**2)
        logit = np.exp(point[:3, None]) * (nodes - point[3:, None])
        joint = -answers @ np.logaddexp(0.0, -logit) - (1.0 - answers) @ np.logaddexp(0.0, logit)
        total = float(np.log(np.exp(joint) @ weights / weights.sum()).sum())
        priors = norm.logpdf(point[:3], 0.0, 0.5).sum() + norm.logpdf(point[3:], 0.0, 2.0).sum()
        return -total - float(priors)

    at = np.concatenate((np.log(column(found, "a")), column(found, "b")))
    errors = np.sqrt(np.diag(np.linalg.inv(_curvature(minus_log_posterior, at))))
    assert column(found, "sigma_a") / column(found, "a") == pytest.approx(errors[:3], rel=0.02)
    assert column(found, "sigma_b") == pytest.approx(errors[3:], rel=0.02)
