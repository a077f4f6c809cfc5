"""What the loader refuses in one item, and where it says so."""

from typing import Any

import pytest

from pacnum_api.domains.items.policy.check_tasks import _faults
from pacnum_api.domains.items.policy.checks import item_faults
from pacnum_api.domains.items.policy.trials import trial_faults
from tests.support.authored_items import SVG, TYPES, both, make_item, option, part


def faults(of_type: str, **changes: Any) -> dict[str, str]:
    return {fault.pointer: fault.message for fault in item_faults(make_item(of_type, **changes))}


@pytest.mark.parametrize("of_type", TYPES)
def test_sound_items_pass(of_type: str) -> None:
    assert faults(of_type) == {}


ASKED, ANSWER = "/content/interaction", "/answer"
UNITS = {"unit": None, "units": [part("ko"), part("mo")]}
TWICE = [part("a"), part("b"), part("b"), part("c")]
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("numeric", {"key": "1.2-3-x"}, "/key", "1.1-3-<slug>"),
    ("numeric", {"key": "1.1-3-"[:-1]}, "/key", "1.1-3-<slug>"),
    ("numeric", {"enemies": ["1.1-3-numeric"]}, "/enemies", "other items"),
    ("numeric", {"content": {"stem": both("{{ n }}")}}, "/content/stem/fr", "without a template"),
    (
        "numeric",
        {"content": {"scenario": {"fr": " x", "en": "x"}}},
        "/content/scenario/fr",
        "spaces",
    ),
    (
        "single_choice",
        {"interaction": {"options": [option(n) for n in ("right", "b", "b")]}},
        f"{ASKED}/options/2/id",
        "twice",
    ),
    ("single_choice", {"answer": {"choice": "lost"}}, f"{ANSWER}/choice", "among right, near"),
    ("multiple_choice", {"answer": {"choices": ["yes1", "lost"]}}, f"{ANSWER}/choices", "among"),
    (
        "multiple_choice",
        {"answer": {"choices": ["yes1", "yes1"]}},
        f"{ANSWER}/choices",
        "only once",
    ),
    (
        "multiple_choice",
        {"answer": {"choices": ["yes1", "yes2", "yes3", "no1", "no2"]}},
        f"{ANSWER}/choices",
        "not all options",
    ),
    ("short_text", {"answer": {"accepted": ["x" * 41]}}, f"{ANSWER}/accepted/0", "at most 40"),
    ("numeric", {"answer": {"unit": "ko"}}, f"{ANSWER}/unit", "among"),
    ("numeric", {"interaction": UNITS}, f"{ANSWER}/unit", "units to choose"),
    ("numeric", {"interaction": UNITS, "answer": {"unit": "go"}}, f"{ANSWER}/unit", "among ko, mo"),
    (
        "numeric",
        {"interaction": UNITS, "answer": {"unit": "ko", "equivalents": {"go": 2}}},
        f"{ANSWER}/equivalents",
        "among",
    ),
    (
        "numeric",
        {"interaction": UNITS, "answer": {"unit": "ko", "equivalents": {"ko": 2}}},
        f"{ANSWER}/equivalents",
        "other units",
    ),
    ("numeric", {"answer": {"value": 1e15}}, f"{ANSWER}", "not a possible answer"),
    (
        "ordering",
        {"interaction": {"entries": TWICE}, "answer": {"order": ["a", "b", "b", "c"]}},
        f"{ASKED}/entries/2/id",
        "twice",
    ),
    ("ordering", {"answer": {"order": ["first", "second"]}}, f"{ANSWER}/order", "exactly once"),
    ("ordering", {"interaction": {"shuffle": False}}, f"{ASKED}/shuffle", "shown in order"),
    (
        "matching",
        {"answer": {"pairs": {"la": "ra", "lb": "rb"}}},
        f"{ANSWER}/pairs",
        "exactly once",
    ),
    (
        "matching",
        {"answer": {"pairs": {"la": "ra", "lb": "rb", "lc": "rx"}}},
        f"{ANSWER}/pairs",
        "among",
    ),
    (
        "matching",
        {"answer": {"pairs": {"la": "ra", "lb": "rb", "lc": "rb"}}},
        f"{ANSWER}/pairs",
        "at most once",
    ),
    (
        "categorisation",
        {"answer": {"categories": {"ea": "keep"}}},
        f"{ANSWER}/categories",
        "two categories",
    ),
    (
        "categorisation",
        {"answer": {"categories": dict.fromkeys(("ea", "eb", "ec", "ed"), "keep")}},
        f"{ANSWER}/categories",
        "two categories",
    ),
    ("hotspot", {"answer": {"regions": ["lost"]}}, f"{ANSWER}/regions", "among"),
    (
        "hotspot",
        {"answer": {"regions": ["bottom", "top_left"]}},
        f"{ANSWER}/regions",
        "1 different",
    ),
    (
        "hotspot",
        {"interaction": {"select": 3}, "answer": {"regions": ["bottom", "top_left", "top_right"]}},
        f"{ASKED}/select",
        "fewer",
    ),
    ("hotspot", {"interaction": {"image": "lost.svg"}}, f"{ASKED}/image", "svg in files"),
]


@pytest.mark.parametrize(("of_type", "changes", "pointer", "expected"), CASES)
def test_faults_of_items(
    of_type: str, changes: dict[str, Any], *, pointer: str, expected: str
) -> None:
    found = faults(of_type, **changes)
    assert pointer in found, found
    assert expected in found[pointer]


def cloze(**changes: Any) -> dict[str, str]:
    return faults("cloze", **changes)


def test_faults_of_clozes() -> None:
    text = {"fr": "[[pick]] [[word]]", "en": "[[pick]] [[word]] [[count]] [[count]]"}
    found = cloze(interaction={"text": text})
    assert list(found) == [f"{ASKED}/text/fr", f"{ASKED}/text/en"]
    key = {"pick": {"choice": "lost"}, "word": {"accepted": ["x" * 21]}, "extra": {"value": 1}}
    found = cloze(answer={"blanks": key})
    assert list(found) == [
        f"{ANSWER}/blanks",
        f"{ANSWER}/blanks/pick/choice",
        f"{ANSWER}/blanks/word/accepted/0",
    ]
    wrong_kind = {"pick": {"accepted": ["x"]}, "word": {"value": 1}, "count": {"choice": "x"}}
    found = cloze(answer={"blanks": wrong_kind})
    assert found[f"{ANSWER}/blanks/pick"] == "expected choice: the blank is a choice"
    assert found[f"{ANSWER}/blanks/word"] == "expected accepted: the blank is a text"
    assert found[f"{ANSWER}/blanks/count"] == "expected value: the blank is a number"


def file(name: str, **definition: Any) -> dict[str, Any]:
    return {"name": name, "alt": both("f"), **definition}


TABLE = {"kind": "table", "format": "csv", "columns": [{"name": "a"}, {"name": "b"}]}


def test_faults_of_files() -> None:
    files = [
        file("a.xlsx", **TABLE, rows=[[1, 2], [1]]),
        file("a.xlsx", kind="pdf", title=both("t"), paragraphs=[both("p")]),
        file("b.csv", **TABLE, rows_from="lost"),
        file("c.csv", **{**TABLE, "columns": [{"name": "a", "field": "x"}]}, rows=[]),
        file("d.png", kind="text", text=both("t")),
    ]
    assert faults("numeric", content={"files": files}) == {
        "/content/files/0/name": "expected a name in .csv",
        "/content/files/0/rows/1": "expected 2 cells",
        "/content/files/1/name": "expected a name in .pdf",
        "/content/files/2/rows_from": "expected a parameter or derived value",
        "/content/files/2/columns/0": "expected field or value",
        "/content/files/2/columns/1": "expected field or value",
        "/content/files/3/columns/0/field": "expected rows_from with it",
        "/content/files/4/name": "expected a name in .txt or .log or .md or .ini or .conf",
    }
    twice = [file("a.txt", kind="text", text=both("t"))] * 2
    assert "only once" in faults("numeric", content={"files": twice})["/content/files/1/name"]


def region(name: str, *, x: float, y: float) -> dict[str, Any]:
    return {**part(name), "x": x, "y": y, "width": 20, "height": 10}


def test_faults_of_regions() -> None:
    regions = [region("top_right", x=0, y=0), region("b", x=10, y=5), region("c", x=90, y=0)]
    found = faults("hotspot", interaction={"regions": regions})
    assert found == {
        f"{ASKED}/regions/1": "expected not to overlap top_right",
        f"{ASKED}/regions/2": "expected to lie inside the viewBox",
    }
    side_by_side = [region("top_right", x=0, y=0), region("b", x=20, y=0), region("c", x=0, y=10)]
    assert faults("hotspot", interaction={"regions": side_by_side}) == {}


def test_a_drawing_that_runs_something_is_told_once_it_is_tried() -> None:
    files = [file("screen.svg", kind="svg", svg=SVG.replace("<rect", "<rect onload='x()'"))]
    found = faults("hotspot", content={"files": files})
    assert "event handlers" in found["/content/files/0"]


N = {"parameters": {"n": {"integer": [1, 9]}}}


@pytest.mark.parametrize(
    ("of_type", "changes", "pointer", "expected"),
    [
        ("numeric", {"template": {**N, "require": ["n > 9"]}}, "/template", "no draw of 200"),
        ("numeric", {"template": {**N, "require": ["n == 9"]}}, "/template/require", "20 %"),
        (
            "numeric",
            {"template": {**N, "require": ["2 ** (n * 10 ** 9)"]}},
            "/template",
            "4096 bits",
        ),
        (
            "numeric",
            {"template": N, "answer": {"value": "{{ 'a' * 10 ** 9 }}"}},
            "/content",
            "long",
        ),
        ("numeric", {"template": N, "answer": {"value": "{{ lost }}"}}, "/content", "lost"),
        (
            "numeric",
            {"template": N, "feedback": {"correct": both("{{ lost }}"), "incorrect": both("x")}},
            "/feedback/correct",
            "lost",
        ),
        (
            "numeric",
            {
                "template": {"parameters": {"n": {"choice": [{"fr": 1, "en": 2}, 3]}}},
                "answer": {"value": "{{ n }}"},
            },
            "/answer/value",
            "same number",
        ),
        (
            "numeric",
            {
                "template": {"parameters": {"n": {"integer": [1, 2]}}},
                "answer": {"value": "{{ n * 10 ** 15 }}"},
            },
            "/answer/value",
            "below 10^15",
        ),
        (
            "single_choice",
            {
                "template": N,
                "interaction": {
                    "options": [
                        {"id": name, "text": both(text)}
                        for name, text in (("right", "{{ n }}"), ("b", "{{ 10 - n }}"), ("c", "12"))
                    ]
                },
            },
            "/content/interaction/options/1/text",
            "reads as another",
        ),
        (
            "single_choice",
            {
                "interaction": {
                    "options": [part("right"), part("b"), {**part("c"), "text": both("b")}]
                }
            },
            "/content/interaction/options/2/text",
            "reads as another",
        ),
        (
            "single_choice",
            {
                "template": N,
                "interaction": {
                    "options": [
                        {"id": name, "text": both(text)}
                        for name, text in (("right", "{{ lost }}"), ("b", "2"), ("c", "3"))
                    ]
                },
            },
            "/content",
            "lost",
        ),
        (
            "short_text",
            {"answer": {"accepted": ["zzzz"], "typos": 2}, "interaction": {"max_length": 3}},
            "/answer/accepted/0",
            "at most 3",
        ),
        ("short_text", {"answer": {"accepted": ["zzz"]}}, "/answer", "would be graded right"),
        (
            "short_text",
            {"template": N, "answer": {"accepted": ["{{ 'x' * 41 }}"]}},
            "/answer",
            "not a possible answer",
        ),
        (
            "cloze",
            {
                "template": {"parameters": {"n": {"choice": [{"fr": 1, "en": 2}, 3]}}},
                "answer": {
                    "blanks": {
                        "pick": {"choice": "good"},
                        "word": {"accepted": ["x"]},
                        "count": {"value": "{{ n }}"},
                    }
                },
            },
            "/answer/blanks/count/value",
            "same number",
        ),
    ],
)
def test_faults_that_show_only_in_use(
    of_type: str, changes: dict[str, Any], *, pointer: str, expected: str
) -> None:
    found = faults(of_type, **changes)
    assert pointer in found, found
    assert expected in found[pointer]


def test_a_key_that_cannot_be_right_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "pacnum_api.domains.items.policy.trials.right_response",
        lambda *_args, **_kwargs: {"type": "numeric", "value": 5},
    )
    found = trial_faults(make_item("numeric"))
    assert "would not be graded right" in found[0].message


def test_the_seed_that_failed_is_named() -> None:
    template = {"parameters": {"n": {"integer": [0, 9]}}}
    item = make_item("numeric", template=template, answer={"value": "{{ 1 / n }}"})
    (french, english) = trial_faults(item)
    assert "division by zero (seed" in french.message
    assert english.message.startswith("en")


def test_only_tasks_are_checked() -> None:
    with pytest.raises(TypeError, match="is not a task"):
        _faults("nonsense")
