"""A drawing is told in words, or the lint says what is missing."""

from pacnum_api.domains.items.policy.alternatives import untold_drawings
from pacnum_api.domains.items.policy.outcomes import OUTCOMES
from pacnum_api.domains.items.types import Item
from tests.support.authored_items import both, make_item

DRAWING = (
    '<svg viewBox="0 0 9 9"><text x="1" y="1">Imprimer</text><text x="1" y="5">Fermer</text></svg>'
)


def drawn(alt: str, stem: str = "question", *, of_type: str = "numeric") -> Item:
    file = {"name": "screen.svg", "alt": both(alt), "kind": "svg", "svg": DRAWING}
    note = {"name": "a.txt", "alt": both("note"), "kind": "text", "text": both("note")}
    return make_item(of_type, content={"files": [note, file], "stem": both(stem)})


def test_words_in_a_drawing_are_told_somewhere() -> None:
    assert list(untold_drawings(drawn("bouton Imprimer"), locale="fr")) == []
    assert list(untold_drawings(drawn("écran", "Où est Fermer ?"), locale="fr")) == []
    assert list(untold_drawings(drawn("écran"), locale="fr")) == [
        (1, frozenset({"imprimer", "fermer"}))
    ]


def test_regions_and_questions_tell_too() -> None:
    file = {"name": "screen.svg", "alt": both("écran"), "kind": "svg", "svg": DRAWING}
    regions = [
        {"id": "r", "text": both("Imprimer"), "x": 0, "y": 0, "width": 1, "height": 1},
        {"id": "s", "text": both("b"), "x": 2, "y": 0, "width": 1, "height": 1},
        {"id": "t", "text": both("c"), "x": 4, "y": 0, "width": 1, "height": 1},
    ]
    content = {
        "scenario": None,
        "files": [file],
        "interaction": {"image": "screen.svg", "regions": regions, "select": 1},
    }
    item = make_item("hotspot", content=content, answer={"regions": ["r"]})
    assert list(untold_drawings(item, locale="en")) == []
    content["interaction"] = {
        "image": "screen.svg",
        "regions": [*regions[1:], {**regions[0], "text": both("a")}],
    }
    silent = make_item("hotspot", content=content, answer={"regions": ["r"]})
    assert list(untold_drawings(silent, locale="en")) == [(0, frozenset({"imprimer", "fermer"}))]


def test_learning_outcomes_are_numbered_by_competence() -> None:
    assert len(OUTCOMES) == 523
    assert {"LO1.1.01", "LO1.1.21", "LO3.4.39", "LO5.4.17"} <= OUTCOMES
    assert not {"LO1.1.22", "LO1.1.00", "LO6.1.01"} & OUTCOMES
