"""What answers are worth, type by type, as people give them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.domains.items.policy.grading import _judged, categories, grade
from pacnum_api.domains.items.policy.labels import label
from pacnum_api.domains.items.policy.solving import (
    _right,
    _wrong,
    right_response,
    wrong_response,
)
from pacnum_api.domains.items.types import GradedResponse, Item
from tests.support.authored_items import TYPES, make_item, part

SEED = 11


def answer(item: Item, **members: Any) -> GradedResponse:
    return grade(item, seed=SEED, response={"type": item.type.value, **members})


def labelled(item: Item, name: str, *ids: str) -> list[str]:
    return [label(item, SEED)[name].label(one) for one in ids]


def outcome(graded: GradedResponse) -> tuple[float, int, int]:
    return graded.score, graded.category, graded.categories


@pytest.mark.parametrize("of_type", TYPES)
@given(seed=st.integers(0, 2**64))
def test_the_key_is_right_and_its_opposite_wrong(of_type: str, seed: int) -> None:
    for item in (make_item(of_type), partial(of_type)):
        for locale in ("fr", "en"):
            right = grade(item, seed=seed, response=right_response(item, seed=seed, locale=locale))
            assert right.is_correct
            assert right.score == 1
            assert right.category == right.categories - 1
            wrong = grade(item, seed=seed, response=wrong_response(item, seed=seed, locale=locale))
            assert outcome(wrong)[:2] == (0, 0)
            assert not wrong.is_correct


def partial(of_type: str) -> Item:
    can = {"multiple_choice", "cloze", "ordering", "matching", "categorisation"}
    return make_item(of_type, answer={"partial": True} if of_type in can else {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "choice",
                    "choices",
                    "text",
                    "value",
                    "unit",
                    "blanks",
                    "order",
                    "pairs",
                    "categories",
                    "regions",
                    "b1",
                    "e1",
                    "l1",
                ]
            )
            | st.text(max_size=4),
            inner | st.sampled_from([*TYPES, "o1", "e1", "r1", "c1"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("of_type", TYPES)
@given(response=JSON)
@settings(max_examples=60)
def test_grading_is_total(of_type: str, response: object) -> None:
    item = partial(of_type)
    for one in (response, {"type": of_type, **response} if isinstance(response, dict) else None):
        graded = grade(item, seed=SEED, response=one)
        assert 0 <= graded.score <= 1
        assert 0 <= graded.category < graded.categories == categories(item.task)


def test_a_skipped_item_is_worth_nothing() -> None:
    assert outcome(grade(make_item("single_choice"), seed=1, response=None)) == (0, 0, 2)
    assert outcome(grade(partial("cloze"), seed=1, response=None)) == (0, 0, 4)


@pytest.mark.parametrize(
    ("chosen", "score", "category"),
    [
        (["yes1", "yes2", "yes3"], 1, 3),
        (["yes3", "yes1", "yes2"], 1, 3),
        (["yes1", "yes2"], 2 / 3, 2),
        (["yes1"], 1 / 3, 1),
        (["yes1", "yes2", "yes3", "no1"], 2 / 3, 2),
        (["yes1", "no1"], 0, 0),
        (["no1", "no2"], 0, 0),
        (["yes1", "yes2", "yes3", "no1", "no2"], 1 / 3, 1),
    ],
)
def test_multiple_choice_in_parts(chosen: list[str], score: float, category: int) -> None:
    item = partial("multiple_choice")
    graded = answer(item, choices=labelled(item, "options", *chosen))
    assert outcome(graded) == (score, category, 4)
    whole = make_item("multiple_choice")
    graded = answer(whole, choices=labelled(whole, "options", *chosen))
    assert outcome(graded) == (float(score == 1), int(score == 1), 2)


def test_parts_are_told_by_authors_id() -> None:
    item = make_item("multiple_choice")
    parts = answer(item, choices=labelled(item, "options", "yes1", "no1")).parts
    assert {one.id: one.is_correct for one in parts} == {
        "yes1": True,
        "yes2": False,
        "yes3": False,
        "no1": False,
        "no2": True,
    }


@pytest.mark.parametrize(
    ("order", "score", "category"),
    [
        (["first", "second", "third", "fourth"], 1, 3),
        (["second", "third", "fourth", "first"], 2 / 3, 2),
        (["third", "fourth", "first", "second"], 2 / 3, 2),
        (["first", "second", "fourth", "third"], 1 / 3, 1),
        (["fourth", "third", "second", "first"], 0, 0),
    ],
)
def test_ordering_counts_neighbours(order: list[str], score: float, category: int) -> None:
    item = partial("ordering")
    graded = answer(item, order=labelled(item, "entries", *order))
    assert outcome(graded) == (score, category, 4)


@pytest.mark.parametrize(
    ("pairs", "score", "category"),
    [
        ({"la": "ra", "lb": "rb", "lc": "rc"}, 1, 3),
        ({"la": "ra", "lb": "rb"}, 2 / 3, 2),
        ({"la": "ra", "lb": "rc", "lc": "rb"}, 1 / 3, 1),
        ({"la": "rd"}, 0, 0),
    ],
)
def test_matching_counts_pairs(pairs: dict[str, str], score: float, category: int) -> None:
    item = partial("matching")
    sent = dict(
        zip(labelled(item, "left", *pairs), labelled(item, "right", *pairs.values()), strict=True)
    )
    assert outcome(answer(item, pairs=sent)) == (score, category, 4)


@pytest.mark.parametrize(
    ("wrong", "score", "category"), [(0, 1, 3), (1, 0.75, 2), (2, 0.5, 1), (3, 0.25, 0), (4, 0, 0)]
)
def test_categorisation_counts_entries(wrong: int, score: float, category: int) -> None:
    """Four entries and four steps: a step is reached when its share of the score is."""
    item = partial("categorisation")
    key = {"ea": "keep", "eb": "keep", "ec": "drop", "ed": "drop"}
    other = {"keep": "drop", "drop": "keep"}
    sent = {
        labelled(item, "entries", entry)[0]: labelled(
            item, "categories", other[category] if place < wrong else category
        )[0]
        for place, (entry, category) in enumerate(key.items())
    }
    assert outcome(answer(item, categories=sent)) == (score, category, 4)


def test_cloze_counts_blanks() -> None:
    item = partial("cloze")
    good = labelled(item, "blank:pick", "good")[0]
    bad = labelled(item, "blank:pick", "bad")[0]
    assert outcome(answer(item, blanks={"b1": good, "b2": " Tableur ", "b3": "12,0"})) == (1, 3, 4)
    assert outcome(answer(item, blanks={"b1": bad, "b2": "tableur", "b3": 12})) == (2 / 3, 2, 4)
    assert outcome(answer(item, blanks={"b2": "tableur"})) == (1 / 3, 1, 4)
    assert outcome(answer(item, blanks={"b1": bad, "b2": "texte", "b3": 13})) == (0, 0, 4)


def test_few_parts_make_few_steps() -> None:
    two = make_item("multiple_choice", answer={"choices": ["yes1", "yes2"], "partial": True})
    assert categories(two.task) == 3
    one = make_item("multiple_choice", answer={"choices": ["yes1"], "partial": True})
    assert categories(one.task) == 2
    assert categories(make_item("cloze").task) == 2


def test_hotspots_are_sets() -> None:
    item = make_item(
        "hotspot", interaction={"select": 2}, answer={"regions": ["top_right", "bottom"]}
    )
    for order in (["top_right", "bottom"], ["bottom", "top_right"]):
        assert answer(item, regions=labelled(item, "regions", *order)).is_correct
    assert not answer(item, regions=labelled(item, "regions", "bottom", "top_left")).is_correct


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("Copie cachée", True),
        ("copie cachee", True),
        ("BLIND COPY", True),  # either language is right, whatever the reader's
        ("copie\u00a0cachée", True),
        ("copie", False),
    ],
)
def test_short_text(text: str, *, is_right: bool) -> None:
    assert answer(make_item("short_text"), text=text).is_correct is is_right


def test_an_empty_text_is_never_right() -> None:
    """Even where the accepted text has nothing but what is overlooked."""
    item = make_item(
        "cloze",
        answer={
            "blanks": {
                "pick": {"choice": "good"},
                "word": {"accepted": ["!"], "ignore": ["punctuation"]},
                "count": {"value": 1},
            },
            "partial": True,
        },
    )
    assert outcome(grade(item, seed=1, response=None))[0] == 0


@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        (1234.5, True),
        ("1 234,5", True),
        ("1\u202f234,50 €", True),
        ("1,234.50", True),
        ("1234,51", False),
        ("-1234,5", False),
    ],
)
def test_numeric(value: object, *, is_right: bool) -> None:
    assert answer(make_item("numeric"), value=value).is_correct is is_right


@pytest.mark.parametrize(
    ("tolerance", "value", "is_right"),
    [
        ({"absolute": 0.5}, 1235, True),
        ({"absolute": 0.5}, 1235.01, False),
        ({"relative": 0.01}, 1246.8, True),
        ({"relative": 0.01}, 1246.9, False),
    ],
)
def test_numeric_tolerance(tolerance: dict[str, float], value: float, *, is_right: bool) -> None:
    item = make_item("numeric", answer={"tolerance": tolerance})
    assert answer(item, value=value).is_correct is is_right


def test_a_tolerance_on_a_negative_key() -> None:
    item = make_item("numeric", answer={"value": -10, "tolerance": {"relative": 0.1}})
    assert answer(item, value=-10.9).is_correct
    assert not answer(item, value=-11.1).is_correct


@pytest.mark.parametrize(
    ("value", "unit", "is_right"),
    [
        (2.5, "mo", True),
        (2500, "ko", True),
        ("2 500 ko (fr)", "ko", True),
        (2.5, "ko", False),
        (2510, "ko", True),
        (2511, "ko", False),
        (0.0025, "go", False),  # not declared as an equivalent
    ],
)
def test_units_and_equivalents(value: object, unit: str, *, is_right: bool) -> None:
    item = make_item(
        "numeric",
        interaction={
            "unit": None,
            "decimals": None,
            "units": [part(u) for u in ("ko", "mo", "go")],
        },
        answer={
            "value": 2.5,
            "unit": "mo",
            "equivalents": {"ko": 1000},
            "tolerance": {"absolute": 0.01},
        },
    )
    graded = answer(item, value=value, unit=labelled(item, "units", unit)[0])
    assert graded.is_correct is is_right


def test_drawn_keys_follow_the_seed() -> None:
    item = make_item(
        "numeric",
        template={"parameters": {"n": {"integer": [1, 1000]}}, "derived": {"half": "n / 2"}},
        answer={"value": "{{ half }}", "tolerance": {"absolute": "{{ n - n }}"}},
    )
    keys = {right_response(item, seed=seed, locale="fr")["value"] for seed in range(30)}
    assert len(keys) > 20
    for seed in range(30):
        right = right_response(item, seed=seed, locale="en")
        assert grade(item, seed=seed, response=right).is_correct
        assert not grade(item, seed=seed + 1, response={**right, "value": -1}).is_correct


def test_only_tasks_are_judged_and_solved() -> None:
    with pytest.raises(TypeError, match="is not a task"):
        _judged("nonsense", None, words=())  # type: ignore[arg-type]  # what the type checker would refuse
    for solve in (_right, _wrong):
        with pytest.raises(TypeError, match="is not a task"):
            solve("nonsense", None, labels={})  # type: ignore[arg-type]  # what the type checker would refuse
