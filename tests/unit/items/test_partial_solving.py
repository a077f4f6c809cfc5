"""Simulated agents answer to any score, through the public interface."""

from typing import Any

import pytest

from pacnum_api.domains.items.policy.grading import categories, grade
from pacnum_api.domains.items.policy.partial_solving import response_worth
from pacnum_api.domains.items.policy.responses import read_response
from pacnum_api.domains.items.types import Item
from tests.support.authored_items import authored, make_item

IN_STEPS = ("cloze", "ordering", "matching", "categorisation", "multiple_choice")


def in_steps(of_type: str) -> Item:
    answer: dict[str, Any] = {**authored(of_type)["answer"], "partial": True}
    return make_item(of_type, answer=answer)


@pytest.mark.parametrize("of_type", IN_STEPS)
@pytest.mark.parametrize("seed", [1, 99])
def test_every_score_that_parts_can_give_is_met(of_type: str, seed: int) -> None:
    item = in_steps(of_type)
    last = categories(item.task) - 1
    assert last > 1
    for category in range(last + 1):
        answer = response_worth(item, category, seed=seed, locale="fr")
        assert not isinstance(read_response(item, seed=seed, response=answer), tuple)
        assert grade(item, seed=seed, response=answer).category == category


@pytest.mark.parametrize("of_type", ["single_choice", "numeric", "short_text", "hotspot"])
def test_what_is_right_or_wrong_is_either(of_type: str) -> None:
    item = make_item(of_type)
    for category in (0, 1):
        answer = response_worth(item, category, seed=5, locale="en")
        assert grade(item, seed=5, response=answer).category == category


def test_a_score_that_cannot_be_is_met_as_nearly_as_can_be() -> None:
    item = make_item("single_choice")
    answer = response_worth(item, 7, seed=5, locale="en")
    assert grade(item, seed=5, response=answer).is_correct
