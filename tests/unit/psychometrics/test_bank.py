import math
from dataclasses import replace

import numpy as np
import pytest

from pacnum_api.psychometrics.bank import (
    NO_FAMILY,
    Item,
    ItemModel,
    ItemParameters,
    alike,
    category_probabilities,
    item_curves,
    item_information,
)
from tests.unit.psychometrics.banks import two_pl

GOOD = Item(ItemModel.FOUR_PL, competence=0, level=3, a=1.2, b=0.3, c=0.1, d=0.95)
STEPPED = Item(ItemModel.GRADED, competence=0, level=3, b=0.5, steps=(-0.8, 0.0, 0.9))


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        (replace(GOOD, a=0.0), "a must be positive"),
        (replace(GOOD, sigma_a=-0.1), "standard errors at least 0"),
        (replace(GOOD, sigma_b=-0.1), "standard errors at least 0"),
        (replace(GOOD, b=math.nan), "not a finite number"),
        (replace(GOOD, c=0.95), "0 <= c < d <= 1"),
        (replace(GOOD, d=1.01), "0 <= c < d <= 1"),
        (replace(GOOD, c=-0.01), "0 <= c < d <= 1"),
        (replace(GOOD, steps=(0.0, 1.0)), "steps go with graded"),
        (replace(STEPPED, steps=()), "steps go with graded"),
        (replace(STEPPED, steps=(0.0, 0.0)), "must rise strictly"),
        (replace(STEPPED, steps=(0.0, math.inf)), "not a finite number"),
        (replace(GOOD, enemies=(2,)), "not an item of the bank"),
        (replace(GOOD, competence=-1), "order of competence"),
    ],
)
def test_unusable_parameters_are_named_with_their_item(item: Item, fault: str) -> None:
    with pytest.raises(ValueError, match=rf"item 1: .*{fault}"):
        ItemParameters.from_items([GOOD, item])


def test_items_stand_in_order_of_competence() -> None:
    with pytest.raises(ValueError, match="item 1: items must stand in order"):
        ItemParameters.from_items([replace(GOOD, competence=1), GOOD])


def test_partial_credit_steps_may_fall() -> None:
    item = replace(STEPPED, model=ItemModel.PARTIAL_CREDIT, steps=(0.5, -0.5))
    assert len(ItemParameters.from_items([item])) == 1


def test_columns_hold_the_items() -> None:
    parameters = ItemParameters.from_items(
        [replace(GOOD, family=7), replace(STEPPED, competence=2, level=5)]
    )
    assert parameters.thresholds == pytest.approx(np.array([[0.3, 0.0, 0.0], [-0.3, 0.5, 1.4]]))
    assert parameters.categories.tolist() == [2, 4]
    assert parameters.family.tolist() == [7, NO_FAMILY]
    assert parameters.competence.tolist() == [0, 2]
    assert parameters.level.tolist() == [3, 5]
    for column in (parameters.a, parameters.level):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 2


def test_the_first_item_may_be_an_enemy() -> None:
    parameters = ItemParameters.from_items([GOOD, replace(GOOD, enemies=(0,))])
    assert parameters.enemies == ((), (0,))


def test_an_empty_bank_has_columns() -> None:
    empty = ItemParameters.from_items([])
    assert len(empty) == 0
    assert empty.thresholds.shape == (0, 1)


def test_every_item_is_in_one_group_of_its_kind() -> None:
    partial = replace(STEPPED, model=ItemModel.PARTIAL_CREDIT)
    items = [two_pl(1.0, 0.0), STEPPED, GOOD, partial, two_pl(1.0, 1.0), STEPPED]
    groups = [group.tolist() for group in alike(ItemParameters.from_items(items), at_most=2)]
    assert sorted(groups) == [[0, 2], [1, 5], [3], [4]]


def test_probabilities_at_one_ability_and_at_several() -> None:
    parameters = ItemParameters.from_items([GOOD])
    right = 0.1 + 0.85 / (1.0 + math.exp(-1.2 * (0.8 - 0.3)))
    single = category_probabilities(parameters, 0, theta=0.8)
    assert single[:, 0].tolist() == pytest.approx([1.0 - right, right])
    several = category_probabilities(parameters, 0, theta=np.array([-1.0, 0.8]))
    assert several.shape == (2, 2)
    assert several[:, 1] == pytest.approx(single[:, 0])


@pytest.mark.parametrize("model", [ItemModel.GRADED, ItemModel.PARTIAL_CREDIT, ItemModel.FOUR_PL])
def test_items_worked_out_together_are_what_each_is_alone(model: ItemModel) -> None:
    steps = () if model is ItemModel.FOUR_PL else (-0.8, 0.0, 0.9)
    items = [
        Item(model, competence=0, level=1, a=a, b=b, steps=steps, sigma_a=0.1, sigma_b=sigma_b)
        for a, b, sigma_b in ((0.7, -1.2, 0.0), (1.4, 0.3, 0.4), (2.1, 1.5, 0.8))
    ]
    parameters, theta = ItemParameters.from_items(items), np.linspace(-2.0, 2.0, 5)
    together = item_curves(parameters, np.arange(3), theta=theta)
    for place in range(3):
        alone = item_curves(parameters, np.array([place]), theta=theta)
        assert np.array_equal(together.probability[place], alone.probability[0])
        assert np.array_equal(together.slope[place], alone.slope[0])


def test_information_of_a_mixed_bank() -> None:
    items = [two_pl(1.0, 0.0), STEPPED, two_pl(2.0, 0.0)]
    found = item_information(ItemParameters.from_items(items), theta=np.array([0.0]))
    assert found[:, 0].tolist() == pytest.approx([0.25, found[1, 0], 1.0])
    # three thresholds tell more than the middle one alone
    assert (
        found[1, 0]
        > item_information(ItemParameters.from_items([two_pl(1.0, 0.5)]), theta=np.array([0.0]))[
            0, 0
        ]
    )
