"""What a reviewer is told about sound items."""

from typing import Any

from pacnum_api.domains.items.policy.review import doubts, longest_option_rate, notes_of
from tests.support.authored_items import both, make_item, option, part


def messages(*items: Any) -> list[tuple[str, str]]:
    return [(doubt.pointer, doubt.message) for doubt in doubts([notes_of(item) for item in items])]


def choice(key: str, right: str, **changes: Any) -> Any:
    options = [{**option(n), "text": both(n)} for n in ("aaa", "bbb")]
    right_option = {**option("right"), "text": both(right)}
    return make_item(
        "single_choice",
        key=f"1.1-3-{key}",
        interaction={"options": [right_option, *options]},
        content={
            "stem": both(f"question {key}"),
            "interaction": {"options": [right_option, *options]},
        },
        **changes,
    )


def test_sound_items_raise_no_doubt() -> None:
    assert messages(choice("one", "cc"), choice("two", "dd")) == []


def test_distractors_are_to_be_explained() -> None:
    options = [part("right"), part("b"), option("c")]
    item = make_item("single_choice", interaction={"options": options})
    assert ("/content/interaction/options/1", "a distractor without why (its misconception)") in (
        messages(item)
    )
    several = make_item(
        "multiple_choice",
        interaction={"options": [part(n) for n in ("yes1", "yes2", "yes3", "no1")]},
    )
    assert [pointer for pointer, _ in messages(several)] == ["/content/interaction/options/3"]


def test_texts_are_looked_through() -> None:
    texts = {
        "scenario": {"fr": "Écrire à x@prefecture.example, voir https://impots.gouv.fr", "en": "b"},
        "stem": {"fr": "le **gras**", "en": "le **gras**"},
    }
    assert messages(make_item("numeric", content=texts)) == [
        ("/content/stem", "looks like markup; texts are shown as they are"),
        ("/content/stem", "the same in French and English"),
        ("/content/scenario", "impots.gouv.fr is not a reserved name"),
    ]


def test_the_same_question_twice() -> None:
    twice = [make_item("numeric", key=f"1.1-3-{name}", content={"scenario": None}) for name in "ab"]
    assert messages(*twice) == [("/content/stem", "asks the same as 1.1-3-a")]


def test_the_right_option_is_not_the_longest_as_a_rule() -> None:
    items = [choice("one", "much longer"), choice("two", "cc"), choice("three", "ddd")]
    assert longest_option_rate([*items, make_item("numeric")]) == (1, 3)
    assert messages(*items) == [
        ("", "the right option is the longest in 1 of 3 single choices"),
    ]
    assert messages(*items, choice("four", "ee")) == []
