"""Responses of the wrong form: every fault, where it is, and what was expected."""

from decimal import Decimal
from typing import Any

import pytest

from pacnum_api.domains.items.policy.responses import Given, _read, read_response
from pacnum_api.domains.items.types import Item
from tests.support.authored_items import make_item, part


def faults(item: Item, response: object) -> dict[str, str]:
    found = read_response(item, seed=1, response=response)
    assert isinstance(found, tuple), found
    return {fault.pointer: fault.message for fault in found}


def given(item: Item, response: object) -> Given:
    found = read_response(item, seed=1, response=response)
    assert isinstance(found, Given), found
    return found


@pytest.mark.parametrize("response", [None, [], "o1", 3, True])
def test_an_object_is_expected(response: object) -> None:
    assert list(faults(make_item("single_choice"), response)) == ["/response"]


@pytest.mark.parametrize("of_type", ["numeric", "", None, ["single_choice"]])
def test_the_type_is_the_items(of_type: object) -> None:
    found = faults(make_item("single_choice"), {"type": of_type, "choice": "o1"})
    assert found == {"/response/type": "expected 'single_choice'"}


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("single_choice", {}, "/response/choice", "one of o1, o2, o3, o4"),
    ("single_choice", {"choice": "o5"}, "/response/choice", "one of o1"),
    ("single_choice", {"choice": "right"}, "/response/choice", "one of o1"),
    ("single_choice", {"choice": 1}, "/response/choice", "one of o1"),
    ("single_choice", {"choice": "o1", "secret": 1}, "/response", "no other members"),
    ("multiple_choice", {"choices": []}, "/response/choices", "a list of 1 to 5"),
    ("multiple_choice", {"choices": "o1"}, "/response/choices", "a list of 1 to 5"),
    ("multiple_choice", {"choices": ["o1"] * 6}, "/response/choices", "a list of 1 to 5"),
    ("multiple_choice", {"choices": ["o1", "o9"]}, "/response/choices/1", "one of o1"),
    ("multiple_choice", {"choices": ["o1", "o1"]}, "/response/choices/1", "only once"),
    ("hotspot", {"regions": ["r1", "r2"]}, "/response/regions", "a list of 1 of r1, r2, r3"),
    ("hotspot", {"regions": ["top_right"]}, "/response/regions/0", "one of r1"),
    ("ordering", {"order": ["e1", "e2"]}, "/response/order", "a list of 4 of"),
    ("ordering", {"order": ["e1", "e2", "e3", "e1"]}, "/response/order/3", "only once"),
    ("short_text", {}, "/response/text", "not empty"),
    ("short_text", {"text": "  "}, "/response/text", "not empty"),
    ("short_text", {"text": 12}, "/response/text", "not empty"),
    ("short_text", {"text": "x" * 41}, "/response/text", "at most 40 characters"),
    ("short_text", {"text": "a\x00b"}, "/response/text", "control"),
    ("short_text", {"text": "a\nb"}, "/response/text", "control"),
    ("short_text", {"text": "a\ud800b"}, "/response/text", "control"),
    ("numeric", {"value": "douze"}, "/response/value", "a number"),
    ("numeric", {"value": None}, "/response/value", "a number"),
    ("numeric", {"value": True}, "/response/value", "a number"),
    ("numeric", {"value": float("nan")}, "/response/value", "a number"),
    ("numeric", {"value": float("inf")}, "/response/value", "a number"),
    ("numeric", {"value": 1, "unit": "u1"}, "/response/unit", "no unit"),
    ("cloze", {}, "/response/blanks", "at least one of b1, b2, b3"),
    ("cloze", {"blanks": {}}, "/response/blanks", "at least one"),
    ("cloze", {"blanks": {"pick": "o1"}}, "/response/blanks", "no other members than b1"),
    ("cloze", {"blanks": {"b1": "o3"}}, "/response/blanks/b1", "one of o1, o2"),
    ("cloze", {"blanks": {"b2": "x" * 21}}, "/response/blanks/b2", "at most 20"),
    ("cloze", {"blanks": {"b3": "x"}}, "/response/blanks/b3", "a number"),
    ("matching", {"pairs": []}, "/response/pairs", "at least one of l1"),
    ("matching", {"pairs": {"l1": "l2"}}, "/response/pairs/l1", "one of r1, r2, r3, r4"),
    ("matching", {"pairs": {"l1": "r1", "l2": "r1"}}, "/response/pairs/l2", "at most once"),
    ("categorisation", {"categories": {"e1": "c3"}}, "/response/categories/e1", "one of c1, c2"),
    ("categorisation", {"categories": {"e9": "c1"}}, "/response/categories", "no other members"),
]


@pytest.mark.parametrize(("of_type", "response", "pointer", "expected"), CASES)
def test_faults_point_at_what_is_wrong(
    of_type: str, response: dict[str, Any], *, pointer: str, expected: str
) -> None:
    found = faults(make_item(of_type), {"type": of_type, **response})
    assert list(found) == [pointer]
    assert expected in found[pointer]


def test_all_faults_come_at_once() -> None:
    response = {"type": "multiple_choice", "choices": ["o9", "o1", 3], "extra": 1}
    found = faults(make_item("multiple_choice"), response)
    assert list(found) == ["/response", "/response/choices/0", "/response/choices/2"]


def test_a_unit_must_be_chosen_where_there_are_some() -> None:
    item = make_item("numeric", interaction={"unit": None, "units": [part("ko"), part("mo")]})
    found = faults(item, {"type": "numeric", "value": 3})
    assert found == {"/response/unit": "expected one of u1, u2"}
    assert given(item, {"type": "numeric", "value": 3, "unit": "u1"}).unit in {"ko", "mo"}


def test_the_units_own_text_may_follow_the_number() -> None:
    item = make_item("numeric", interaction={"unit": {"fr": "jours", "en": "days"}})
    for value in ("12 jours", "12 days", 12):
        assert given(item, {"type": "numeric", "value": value}).readings == (Decimal(12),)


def test_parts_may_be_left_out() -> None:
    assert set(given(make_item("cloze"), {"type": "cloze", "blanks": {"b2": "x"}}).blanks) == {
        "word"
    }
    pairs = given(make_item("matching"), {"type": "matching", "pairs": {"l1": "r1"}}).pairs
    assert len(pairs) == 1


def test_only_tasks_are_read() -> None:
    with pytest.raises(TypeError, match="is not a task"):
        _read("nonsense", {}, labels={}, reader=None)  # type: ignore[arg-type]  # what the type checker would refuse
