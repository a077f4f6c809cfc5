import numpy as np
import pytest

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, ItemModel, ItemParameters, category_probabilities
from pacnum_api.psychometrics.simulation.answers import (
    AnswerModel,
    answer_draws,
    answered,
    draw_category,
    true_parameters,
)
from tests.unit.psychometrics.banks import two_pl

MIXED = ItemParameters.from_items([
    Item(ItemModel.THREE_PL, competence=0, level=1, a=1.3, b=0.2, c=0.2, sigma_b=0.4, sigma_a=0.2),
    Item(ItemModel.GRADED, competence=0, level=1, a=0.9, b=-0.1, steps=(-0.5, 0.4)),
    Item(ItemModel.PARTIAL_CREDIT, competence=0, level=1, a=1.1, steps=(0.3, -0.3, 0.9)),
    Item(ItemModel.TWO_PL, competence=1, level=1, a=0.7, b=1.0),
])  # fmt: skip


@pytest.mark.parametrize(
    ("draw", "category"), [(0.0, 0), (0.19, 0), (0.2, 1), (0.69, 1), (0.7, 2), (0.9999, 2)]
)
def test_a_draw_falls_upon_its_category(draw: float, category: int) -> None:
    assert draw_category(np.array([0.2, 0.5, 0.3]), draw) == category


def test_a_draw_beyond_rounding_takes_the_last_category() -> None:
    assert draw_category(np.array([0.5, 0.4999999]), 0.99999999) == 1


def test_draws_depend_on_seed_agent_and_item_alone() -> None:
    agents, items = np.arange(300), np.arange(200)
    drawn = answer_draws(5, agents[:, None], items=items[None, :])
    assert drawn.shape == (300, 200)
    assert answer_draws(5, np.array([7, 7]), items=np.array([3, 4])).tolist() == [
        drawn[7, 3],
        drawn[7, 4],
    ]
    assert len(np.unique(drawn)) == drawn.size
    assert not np.intersect1d(drawn, answer_draws(6, agents[:, None], items=items)).size
    assert answer_draws(5 - 2**64, agents, items=agents).tolist() == np.diag(drawn).tolist() + [
        answer_draws(5, np.array([i]), items=np.array([i]))[0] for i in range(200, 300)
    ]


def test_draws_are_uniform_and_independent() -> None:
    drawn = answer_draws(1, np.arange(500)[:, None], items=np.arange(500)[None, :])
    assert 0.0 <= drawn.min() < 1e-4
    assert 0.9999 < drawn.max() < 1.0
    counts, _ = np.histogram(drawn, bins=100, range=(0.0, 1.0))
    # 99 degrees of freedom: beyond 160 once in ten thousand seeds.
    assert np.sum((counts - 2500) ** 2 / 2500) < 160
    for left, right in ((drawn[1:], drawn[:-1]), (drawn[:, 1:], drawn[:, :-1])):
        assert abs(np.corrcoef(left.ravel(), right.ravel())[0, 1]) < 0.01


def test_the_first_draws_stay_what_they_are() -> None:
    # A change here changes every simulation that somebody has kept.
    assert answer_draws(44, np.array([0, 0, 1]), items=np.array([0, 1, 0])).tolist() == [
        0.6095516085054311,
        0.47152949784297193,
        0.07944410923455802,
    ]


@pytest.mark.parametrize("item", range(4))
def test_a_pair_answers_as_its_curves_say(item: int) -> None:
    thetas = np.array([-1.7, 0.1, 2.3])
    draws: FloatArray = np.linspace(0.0, 0.999, 50)
    for theta in thetas:
        chances = category_probabilities(MIXED, item, theta=float(theta))[:, 0]
        expected = [draw_category(chances, draw) for draw in draws]
        found = answered(MIXED, np.full(50, item), theta=np.full(50, theta), draws=np.array(draws))
        assert found.tolist() == expected


def test_mixed_items_are_answered_together() -> None:
    rng = np.random.default_rng(3)
    items, theta, draws = rng.integers(0, 4, 200), rng.normal(size=200), rng.random(200)
    together = answered(MIXED, items, theta=theta, draws=draws)
    alone = [
        answered(MIXED, items[i : i + 1], theta=theta[i : i + 1], draws=draws[i : i + 1])[0]
        for i in range(200)
    ]
    assert together.tolist() == alone


def test_agents_answer_by_the_ability_of_the_item_s_competence() -> None:
    abilities = np.array([[-9.0, 9.0], [9.0, -9.0]])
    model = AnswerModel(MIXED, abilities, seed=1)
    assert model.categories(np.array([0, 1]), np.array([3, 3])).tolist() == [1, 0]
    assert model.category(0, 3) == 1
    assert model.category(1, 2) == 3


def test_true_parameters_lie_around_the_bank_s_by_their_errors() -> None:
    item = Item(
        ItemModel.GRADED, competence=0, level=1, a=1.0, b=0.5, steps=(0.0, 1.0),
        sigma_a=0.2, sigma_b=0.6,
    )  # fmt: skip
    bank = ItemParameters.from_items([item] * 4000)
    true = true_parameters(np.random.default_rng(2), bank)
    assert true.sigma_a.tolist() == true.sigma_b.tolist() == [0.0] * 4000
    assert true.a.mean() == pytest.approx(1.0, abs=0.02)
    assert true.a.std() == pytest.approx(0.2, abs=0.01)
    assert true.thresholds[:, 0].mean() == pytest.approx(0.5, abs=0.04)
    assert true.thresholds[:, 0].std() == pytest.approx(0.6, abs=0.03)
    assert np.allclose(true.thresholds[:, 1] - true.thresholds[:, 0], 1.0)


def test_a_true_discrimination_stays_positive() -> None:
    bank = ItemParameters.from_items([
        Item(ItemModel.TWO_PL, competence=0, level=1, a=0.5, sigma_a=2.0)
    ] * 200)  # fmt: skip
    assert true_parameters(np.random.default_rng(2), bank).a.min() == pytest.approx(0.05)
    exact = ItemParameters.from_items([two_pl(1.2, 0.3)])
    assert true_parameters(np.random.default_rng(2), exact).a.tolist() == [1.2]
