"""Parameters before there are data."""

import math
from typing import Any

import pytest

from pacnum_api.domains.items.policy.parameters import (
    basis_of,
    chance,
    expected_share,
    provisional_parameters,
)
from pacnum_api.domains.items.types import ParameterModel, ParameterStatus
from pacnum_api.psychometrics.scale import DEFAULT_SCALE
from tests.support.authored_items import make_item, part


@pytest.mark.parametrize("level", range(1, 9))
def test_mastered_at_the_middle_of_its_level(level: int) -> None:
    made = provisional_parameters(basis_of(make_item("numeric", level=level)), DEFAULT_SCALE)
    theta = DEFAULT_SCALE.middle_of(level)
    assert 1 / (1 + math.exp(-made.a * (theta - made.b))) == pytest.approx(0.67, abs=1e-6)
    assert (made.model, made.status) == (ParameterModel.LOGISTIC, ParameterStatus.PROVISIONAL)
    assert made.sigma_b == 0.5
    assert made.steps == ()


@pytest.mark.parametrize(("right", "steps"), [(["yes1", "yes2"], 2), (["yes1", "yes2", "yes3"], 3)])
@pytest.mark.parametrize("level", [1, 5, 8])
def test_partial_credit_earns_as_much_at_the_middle(
    level: int, right: list[str], *, steps: int
) -> None:
    item = make_item("multiple_choice", level=level, answer={"choices": right, "partial": True})
    made = provisional_parameters(basis_of(item), DEFAULT_SCALE)
    assert made.model is ParameterModel.PARTIAL_CREDIT
    assert len(made.steps) == steps
    assert sum(made.steps) == pytest.approx(0)
    assert made.c == 0
    theta = DEFAULT_SCALE.middle_of(level)
    assert expected_share(theta, made.b, steps=made.steps) == pytest.approx(0.67, abs=1e-6)


def test_expected_share_by_hand() -> None:
    """At theta = b with steps ±s, categories weigh 1, e^s, 1: the mean share is one half."""
    assert expected_share(0.3, 0.3, steps=(-0.4, 0.4)) == pytest.approx(0.5)
    assert expected_share(0, 0, steps=(0.0,)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("of_type", "changes", "probability"),
    [
        ("single_choice", {}, 1 / 4),
        ("multiple_choice", {}, 1 / 30),
        ("short_text", {}, 0),
        ("numeric", {}, 0),
        ("cloze", {}, 0),
        ("ordering", {}, 1 / 24),
        ("matching", {}, 1 / 24),
        ("categorisation", {}, 1 / 16),
        ("hotspot", {}, 1 / 3),
        ("matching", {"answer": {"partial": True}}, 0),
    ],
)
def test_chance_of_a_blind_answer(
    of_type: str, changes: dict[str, Any], *, probability: float
) -> None:
    assert chance(make_item(of_type, **changes).task) == pytest.approx(probability)


def test_chance_of_a_cloze_of_choices() -> None:
    item = make_item(
        "cloze",
        interaction={
            "text": {"fr": "[[a]] [[b]]", "en": "[[a]] [[b]]"},
            "blanks": [
                {"id": "a", "kind": "choice", "options": [part(n) for n in "xyz"]},
                {"id": "b", "kind": "choice", "options": [part(n) for n in "xy"]},
            ],
        },
        answer={"blanks": {"a": {"choice": "x"}, "b": {"choice": "y"}}},
    )
    assert chance(item.task) == pytest.approx(1 / 6)
