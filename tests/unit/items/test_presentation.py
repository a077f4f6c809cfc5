"""What an agent sees: shuffled, relabelled, in the reader's words, and never the key."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.domains.items.policy.labels import _label, label
from pacnum_api.domains.items.policy.presentation import _shown, media_type, present
from pacnum_api.domains.items.schemas.presented import ItemContent
from pacnum_api.domains.items.types import Item
from tests.support.authored_items import SVG, TYPES, both, make_item, part

SEEDS = st.integers(0, 2**64)


def interaction(item: Item, *, seed: int = 1, locale: str = "fr") -> dict[str, Any]:
    content: dict[str, Any] = dict(present(item, seed=seed, locale=locale).content)
    found: dict[str, Any] = content["interaction"]
    return found


@pytest.mark.parametrize("of_type", TYPES)
@given(seed=SEEDS)
def test_every_type_fits_its_schema_and_keeps_its_secrets(of_type: str, seed: int) -> None:
    item = make_item(of_type)
    for locale in ("fr", "en"):
        shown = present(item, seed=seed, locale=locale)
        assert shown.type == of_type
        content = ItemContent.model_validate(shown.content)
        assert content.model_dump(mode="json") == shown.content
        text = json.dumps(shown.content)
        for secret in ("well done", "because", "why ", "justification", "accepted"):
            assert secret not in text
        assert f"({locale})" in text
        assert f"({'en' if locale == 'fr' else 'fr'})" not in text


@pytest.mark.parametrize("of_type", TYPES)
def test_authors_ids_are_never_shown(of_type: str) -> None:
    item = make_item(of_type)
    ids = {shown_id for labelled in label(item, 3).values() for shown_id in labelled.ids}
    found: set[object] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            found.update(value.get(name) for name in ("id",))
            for member in value.values():
                walk(member)
        elif isinstance(value, list):
            for member in value:
                walk(member)

    walk(dict(present(item, seed=3, locale="fr").content))
    assert not found & ids
    if of_type == "cloze":
        assert interaction(item)["text"] == "Un [[b1]] et [[b2]] et [[b3]]."
        assert interaction(item, locale="en")["text"] == "[[b3]] [[b2]] [[b1]]"


def test_places_of_the_right_option_are_even() -> None:
    item = make_item("single_choice")
    places = [label(item, seed)["options"].label("right") for seed in range(400)]
    for place in ("o1", "o2", "o3", "o4"):
        assert 65 < places.count(place) < 135  # 100 expected, 4 standard deviations


def test_languages_share_one_order() -> None:
    item = make_item("single_choice")
    for seed in range(20):
        french = [one["text"][:-5] for one in interaction(item, seed=seed)["options"]]
        english = [one["text"][:-5] for one in interaction(item, seed=seed, locale="en")["options"]]
        assert french == english


@pytest.mark.parametrize(
    ("of_type", "lists"),
    [
        ("single_choice", ["options"]),
        ("multiple_choice", ["options"]),
        ("matching", ["left", "right"]),
        ("categorisation", ["categories", "entries"]),
    ],
)
def test_order_is_kept_where_the_author_says_so(of_type: str, lists: list[str]) -> None:
    item = make_item(of_type, interaction={"shuffle": False})
    for seed in range(10):
        shown = interaction(item, seed=seed)
        for name in lists:
            authored = [p.text.fr for p in getattr(item.task.interaction, name)]
            assert [one["text"] for one in shown[name]] == authored


@given(seed=SEEDS)
def test_an_ordering_is_never_shown_in_order(seed: int) -> None:
    item = make_item(
        "ordering",
        interaction={"entries": [part(n) for n in ("a", "b", "c")]},
        answer={"order": ["b", "a", "c"]},
    )
    assert label(item, seed)["entries"].ids != ("b", "a", "c")


def test_an_ordering_may_be_kept_as_written() -> None:
    item = make_item("ordering", interaction={"shuffle": False}, answer={"order": ["fourth"]})
    assert label(item, 8)["entries"].ids == ("first", "second", "third", "fourth")


def test_units_and_blanks_are_labelled_too() -> None:
    item = make_item("numeric", interaction={"unit": None, "units": [part("ko"), part("mo")]})
    assert {one["id"] for one in interaction(item)["units"]} == {"u1", "u2"}
    orders = {label(item, seed)["units"].ids for seed in range(20)}
    assert orders == {("ko", "mo"), ("mo", "ko")}
    blanks = {label(make_item("cloze"), seed)["blank:pick"].ids for seed in range(20)}
    assert blanks == {("good", "bad"), ("bad", "good")}


def test_regions_are_named_in_reading_order() -> None:
    shown = interaction(make_item("hotspot"))
    assert [region["id"] for region in shown["regions"]] == ["r1", "r2", "r3"]
    assert [region["text"] for region in shown["regions"]] == [
        "top_left (fr)",
        "top_right (fr)",
        "bottom (fr)",
    ]


def test_a_hotspot_names_its_image_in_the_readers_language() -> None:
    files = [
        {"name": "note.txt", "kind": "text", "alt": both("note"), "text": both("note")},
        {
            "name": {"fr": "ecran.svg", "en": "screen.svg"},
            "kind": "svg",
            "alt": both("x"),
            "svg": SVG,
        },
    ]
    item = make_item("hotspot", content={"files": files})
    assert interaction(item)["image"] == "ecran.svg"
    assert interaction(item, locale="en")["image"] == "screen.svg"


def test_what_is_optional_is_null() -> None:
    item = make_item("short_text", interaction={"hint": None}, content={"scenario": None})
    shown = present(item, seed=1, locale="fr")
    assert shown.content["scenario"] is None
    assert interaction(item)["hint"] is None
    assert interaction(make_item("numeric", interaction={"unit": None}))["unit"] is None


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            {"kind": "table", "format": "csv", "columns": [{"name": "a"}], "rows": []},
            "text/csv; charset=utf-8",
        ),
        ({"kind": "text", "text": both("t")}, "text/plain; charset=utf-8"),
        ({"kind": "svg", "svg": SVG}, "image/svg+xml"),
    ],
)
def test_files_are_announced(file: dict[str, Any], expected: str) -> None:
    item = make_item(
        "single_choice", content={"files": [{"name": "f.bin", "alt": both("f"), **file}]}
    )
    assert media_type(item.content.files[0]) == expected
    assert present(item, seed=1, locale="en").content["files"] == [
        {"name": "f.bin", "media_type": expected, "alt": "f (en)"}
    ]


def test_template_values_are_in_the_texts() -> None:
    item = make_item(
        "single_choice",
        template={"parameters": {"n": {"integer": [1000, 9999]}}},
        content={"stem": {"fr": "Combien font {{ n | num }} ?", "en": "What is {{ n | num }}?"}},
    )
    french = present(item, seed=4, locale="fr").content["stem"]
    english = present(item, seed=4, locale="en").content["stem"]
    assert isinstance(french, str)
    assert isinstance(english, str)
    digits = [character for character in french if character.isdigit()]
    assert digits == [character for character in english if character.isdigit()]
    assert "\u202f" in french
    assert "," in english


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(TypeError, match="is not an interaction"):
        _shown("nonsense", None, labels={})  # type: ignore[arg-type]  # what the type checker would refuse
    with pytest.raises(TypeError, match="is not a task"):
        _label("nonsense", None)  # type: ignore[arg-type]  # what the type checker would refuse
