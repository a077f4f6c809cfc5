"""Variants of one template: how many answers they have, and whether they are the same work."""

from typing import Any

import pytest

from pacnum_api.domains.items.policy import variants
from pacnum_api.domains.items.policy.variants import Variants, variants_of
from pacnum_api.domains.items.policy.wording import Wording
from pacnum_api.domains.items.types import Item
from tests.support.authored_items import TYPES, both, make_item, option, part

TEMPLATE = {"parameters": {"n": {"integer": [1, 1000]}}}
DRAWN = {"fr": "{{ n }}", "en": "{{ n }}"}


def drawn_part(name: str) -> dict[str, Any]:
    return {**part(name), "text": DRAWN}


CHANGES: dict[str, dict[str, Any]] = {
    "single_choice": {"interaction": {"options": [drawn_part("right"), part("b"), part("c")]}},
    "multiple_choice": {
        "interaction": {
            "options": [drawn_part("yes1"), part("yes2"), part("yes3"), part("no1"), part("no2")]
        }
    },
    "short_text": {"answer": {"accepted": [DRAWN]}},
    "numeric": {"answer": {"value": "{{ n }}"}},
    "cloze": {
        "answer": {
            "blanks": {
                "pick": {"choice": "good"},
                "word": {"accepted": [DRAWN]},
                "count": {"value": "{{ n + 1 }}"},
            }
        }
    },
    "ordering": {
        "interaction": {
            "entries": [drawn_part("first"), *(part(n) for n in ("second", "third", "fourth"))]
        }
    },
    "matching": {
        "interaction": {"right": [drawn_part("ra"), *(part(n) for n in ("rb", "rc", "rd"))]}
    },
    "categorisation": {
        "interaction": {"entries": [drawn_part("ea"), *(part(n) for n in ("eb", "ec", "ed"))]}
    },
    "hotspot": {
        "interaction": {
            "regions": [
                {**drawn_part("top_right"), "x": 50, "y": 0, "width": 20, "height": 10},
                {**part("b"), "x": 0, "y": 0, "width": 20, "height": 10},
                {**part("c"), "x": 0, "y": 30, "width": 20, "height": 10},
            ]
        }
    },
}


@pytest.mark.parametrize("of_type", TYPES)
def test_answers_differ_by_what_they_say(of_type: str) -> None:
    item = make_item(of_type, template=TEMPLATE, **CHANGES[of_type])
    found = variants_of(item, seeds=40)
    assert found.seeds == 40
    assert 35 <= found.answers <= 40
    assert found.commonest <= 0.1
    assert list(found.faults()) == []


@pytest.mark.parametrize("of_type", TYPES)
def test_one_answer_for_all_is_seen_through_every_order(of_type: str) -> None:
    found = variants_of(make_item(of_type, template=TEMPLATE), seeds=10)
    assert (found.answers, found.commonest) == (1, 1.0)


def test_gaps_of_lists_count_by_what_is_chosen() -> None:
    gap = {
        "id": "pick",
        "kind": "choice",
        "options": [{**option("good"), "text": DRAWN}, part("x")],
    }
    item = make_item(
        "cloze",
        template=TEMPLATE,
        interaction={
            "blanks": [
                gap,
                {"id": "word", "kind": "text", "max_length": 20},
                {"id": "count", "kind": "number"},
            ]
        },
    )
    assert variants_of(item, seeds=20).answers > 15


def test_what_is_wrong_with_variants_is_said() -> None:
    assert list(Variants(200, 2, 0.75, 1.5).faults()) == [
        "2 different answers in 200 variants",
        "one answer is right in 75% of 200 variants",
        "the longest variant has 1.50 times the words of the shortest",
    ]


def grown(file: dict[str, Any]) -> float:
    item: Item = make_item(
        "numeric",
        answer={"value": "{{ n }}"},
        template={"parameters": {"n": {"integer": [1, 60]}}},
        content={"scenario": None, "files": [{"alt": both("file"), **file}]},
    )
    return variants_of(item, seeds=20).growth


WORDS = {"fr": "{{ 'mot ' * n }}", "en": "{{ 'word ' * n }}"}


@pytest.mark.parametrize(
    "file",
    [
        {"name": "a.txt", "kind": "text", "text": WORDS},
        {
            "name": "a.eml",
            "kind": "email",
            "from": "a@b.example",
            "to": "c@b.example",
            "date": "2026-11-25T10:00:00+01:00",
            "subject": both("s"),
            "text": WORDS,
        },
        {"name": "a.pdf", "kind": "pdf", "title": both("t"), "paragraphs": [WORDS]},
        {"name": "a.svg", "kind": "svg", "svg": WORDS},
        {
            "name": "a.ods",
            "kind": "table",
            "format": "ods",
            "columns": [{"name": "x"}],
            "rows": [[WORDS]],
        },
    ],
    ids=lambda file: str(file["kind"]),
)
def test_files_count_as_what_there_is_to_read(file: dict[str, Any]) -> None:
    assert grown(file) > 2.0
    constant = {key: both("mot") if value is WORDS else value for key, value in file.items()}
    if file["kind"] == "pdf":
        constant["paragraphs"] = [both("mot")]
    if file["kind"] == "table":
        constant["rows"] = [[both("mot")]]
    assert grown(constant) == 1.0


def test_what_is_no_task_is_refused() -> None:
    with pytest.raises(TypeError, match="is not a task"):
        variants._answer(object(), Wording("fr", None))
