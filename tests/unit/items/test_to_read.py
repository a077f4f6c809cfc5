"""Feedback and reasons are for afterwards: no piece of them stands in what is read before."""

from typing import Any

import pytest

from pacnum_api.domains.items.policy import to_read
from pacnum_api.domains.items.policy.to_read import Foretold, foretold, texts_to_read
from pacnum_api.domains.items.policy.wording import Wording, wording
from tests.support.authored_items import both, make_item, option, part

TELLING = "la copie se fait chaque nuit"
RIGHT = "/feedback/correct"
SVG = '<svg viewBox="0 0 9 9"><text x="1" y="1">la copie se fait chaque nuit</text></svg>'
MESSAGE = {
    "kind": "email",
    "from": "a@mairie.example",
    "to": "b@mairie.example",
    "date": "2026-02-03 08:30",
}
TABLE = {"kind": "table", "format": "csv"}
FILES: dict[str, dict[str, Any]] = {
    "note.txt": {"kind": "text", "text": both(f"Rappel : {TELLING}.")},
    "mot.eml": {**MESSAGE, "subject": both("Copie"), "text": both(f"Rappel : {TELLING}.")},
    "objet.eml": {**MESSAGE, "subject": both(f"Rappel : {TELLING}"), "text": both("Bonjour")},
    "note.pdf": {"kind": "pdf", "title": both("Note"), "paragraphs": [both(f"Or {TELLING}.")]},
    "titre.pdf": {"kind": "pdf", "title": both(TELLING), "paragraphs": [both("Note")]},
    "suivi.csv": {**TABLE, "columns": [{"name": "quoi"}], "rows": [[both(f"Or {TELLING}.")]]},
    "entete.csv": {**TABLE, "columns": [{"name": TELLING}], "rows": [["12"]]},
    "vue.svg": {"kind": "svg", "svg": SVG},
}


def found(**changes: Any) -> list[Foretold]:
    feedback = {"correct": {"fr": TELLING, "en": "the copy is made every night"}}
    feedback["incorrect"] = both("relisez")
    of_type = changes.pop("of_type", "numeric")
    item = make_item(of_type, feedback=feedback, **changes)
    return list(foretold(item, seed=0, locale="fr"))


def test_what_is_told_afterwards_alone_is_no_fault() -> None:
    assert found() == []


@pytest.mark.parametrize("place", ["stem", "scenario"])
def test_the_question_shows_it(place: str) -> None:
    text = both(f"Ici, la copie  se fait\nchaque nuit, {place}")
    content = {"stem": both("Combien ?"), place: text}
    assert found(content=content) == [Foretold(RIGHT, TELLING)]


@pytest.mark.parametrize("name", FILES)
def test_a_file_shows_it(name: str) -> None:
    file = {"name": name, "alt": both("pièce"), **FILES[name]}
    assert found(content={"files": [file]}) == [Foretold(RIGHT, TELLING)]


def test_what_one_answers_with_shows_it() -> None:
    hint = {"max_length": 40, "hint": both(TELLING)}
    assert found(of_type="short_text", interaction=hint) == [Foretold(RIGHT, TELLING)]
    options = [{**part("right"), "text": both(TELLING)}, option("b"), option("c")]
    choice = found(of_type="single_choice", interaction={"options": options})
    assert choice == [Foretold(RIGHT, TELLING)]


def test_a_reason_is_for_afterwards_too() -> None:
    why = {"fr": "une copie reste sur place", "en": "x"}
    options = [part("right"), {**option("b"), "why": why}, option("c")]
    told = found(
        of_type="single_choice",
        interaction={"options": options},
        content={"stem": {"fr": "Et si une copie reste sur place ?", "en": "?"}},
    )
    assert told == [Foretold("/content/interaction/options/1/why", why["fr"])]


def test_so_is_the_reason_of_a_gaps_option() -> None:
    bad = {**option("bad"), "why": {"fr": "une copie reste sur place", "en": "x"}}
    options = [part("good"), bad, option("worse")]
    blanks = [{"id": "n", "kind": "number"}, {"id": "pick", "kind": "choice", "options": options}]
    text = {"fr": "[[n]] [[pick]]", "en": "[[n]] [[pick]]"}
    told = found(
        of_type="cloze",
        interaction={"text": text, "blanks": blanks},
        answer={"blanks": {"n": {"value": 1}, "pick": {"choice": "good"}}},
        content={"stem": {"fr": "Et si une copie reste sur place ?", "en": "?"}},
    )
    pointer = "/content/interaction/blanks/1/options/1/why"
    assert told == [Foretold(pointer, "une copie reste sur place")]


def test_other_language_and_three_words_are_no_fault() -> None:
    stem = {"fr": "Combien ?", "en": "the copy is made every night"}
    assert found(content={"stem": stem}) == []
    three = {"fr": "tous les soirs", "en": "x"}
    short = {"correct": three, "incorrect": both("relisez")}
    item = make_item("numeric", feedback=short, content={"stem": three})
    assert list(foretold(item, seed=0, locale="fr")) == []


def test_between_drawn_values_pieces_count_by_themselves() -> None:
    drawn = {"parameters": {"n": {"choice": [3, 4]}}}
    text = {"fr": "{{ n }} par jour, {{ n }} se font chaque nuit", "en": "x"}
    item = make_item(
        "numeric",
        template=drawn,
        feedback={"correct": text, "incorrect": both("relisez")},
        content={"stem": {"fr": "Combien se font chaque nuit de {{ n }} ?", "en": "?"}},
    )
    assert list(foretold(item, seed=0, locale="fr")) == [Foretold(RIGHT, "se font chaque nuit")]


def test_texts_to_read_are_in_the_readers_words() -> None:
    item = make_item("numeric", content={"stem": both("Combien ?"), "scenario": both("Cas")})
    words = wording(item, seed=0, locale="en")
    assert texts_to_read(item, words) == ["Combien ? (en)", "Cas (en)"]
    assert len(texts_to_read(make_item("numeric", content={"scenario": None}), words)) == 1


def test_what_is_no_file_is_refused() -> None:
    with pytest.raises(TypeError, match="is not a file"):
        to_read._text_of(object(), Wording("fr", None))
