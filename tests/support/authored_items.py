"""Authored items for tests: one small sound document of each type, to be changed at will."""

import copy
from typing import Any

from pacnum_api.domains.items.schemas.authoring import ITEM_ADAPTER
from pacnum_api.domains.items.types import Item

Document = dict[str, Any]


def both(text: str) -> dict[str, str]:
    """A text that differs by language, so that mixing them up shows."""
    return {"fr": f"{text} (fr)", "en": f"{text} (en)"}


def part(name: str) -> Document:
    return {"id": name, "text": both(name)}


def option(name: str) -> Document:
    return {**part(name), "why": both(f"why {name}")}


SVG = '<svg viewBox="0 0 100 50"><rect x="0" y="0" width="100" height="50"/></svg>'

_INTERACTIONS: dict[str, Document] = {
    "single_choice": {"options": [option("right"), option("near"), option("far"), option("off")]},
    "multiple_choice": {
        "options": [option(n) for n in ("yes1", "yes2", "yes3", "no1", "no2")],
    },
    "short_text": {"max_length": 40, "hint": both("hint")},
    "numeric": {"unit": {"fr": "€", "en": "€"}, "decimals": 2},
    "cloze": {
        "text": {
            "fr": "Un [[pick]] et [[word]] et [[count]].",
            "en": "[[count]] [[word]] [[pick]]",
        },
        "blanks": [
            {"id": "pick", "kind": "choice", "options": [option("good"), option("bad")]},
            {"id": "word", "kind": "text", "max_length": 20},
            {"id": "count", "kind": "number"},
        ],
    },
    "ordering": {"entries": [part(n) for n in ("first", "second", "third", "fourth")]},
    "matching": {
        "left": [part(n) for n in ("la", "lb", "lc")],
        "right": [part(n) for n in ("ra", "rb", "rc", "rd")],
    },
    "categorisation": {
        "categories": [part("keep"), part("drop")],
        "entries": [part(n) for n in ("ea", "eb", "ec", "ed")],
    },
    "hotspot": {
        "image": "screen.svg",
        "regions": [
            {**part("bottom"), "x": 0, "y": 30, "width": 20, "height": 10},
            {**part("top_right"), "x": 50, "y": 0, "width": 20, "height": 10},
            {**part("top_left"), "x": 0, "y": 0, "width": 20, "height": 10},
        ],
        "select": 1,
    },
}
_ANSWERS: dict[str, Document] = {
    "single_choice": {"choice": "right"},
    "multiple_choice": {"choices": ["yes1", "yes2", "yes3"]},
    "short_text": {"accepted": [{"fr": "copie cachée", "en": "blind copy"}]},
    "numeric": {"value": 1234.5},
    "cloze": {
        "blanks": {
            "pick": {"choice": "good"},
            "word": {"accepted": ["tableur"]},
            "count": {"value": 12},
        }
    },
    "ordering": {"order": ["first", "second", "third", "fourth"]},
    "matching": {"pairs": {"la": "ra", "lb": "rb", "lc": "rc"}},
    "categorisation": {"categories": {"ea": "keep", "eb": "keep", "ec": "drop", "ed": "drop"}},
    "hotspot": {"regions": ["top_right"]},
}
TYPES = tuple(_INTERACTIONS)


def authored(
    of_type: str,
    *,
    interaction: Document | None = None,
    answer: Document | None = None,
    **changes: Any,
) -> Document:
    """A document of one type; ``interaction`` and ``answer`` are merged into the usual ones."""
    files = [{"name": "screen.svg", "alt": both("a screen"), "kind": "svg", "svg": SVG}]
    document = {
        "key": f"1.1-3-{of_type.replace('_', '-')}",
        "level": 3,
        "type": of_type,
        "status": "active",
        "themes": ["courriel"],
        "setting": "prefecture",
        "justification": {"task": "routine", "autonomy": "alone", "cognitive": "apply"},
        "expected_seconds": 60,
        "content": {
            "scenario": both("situation"),
            "stem": both("question"),
            "files": files if of_type == "hotspot" else [],
            "interaction": {**copy.deepcopy(_INTERACTIONS[of_type]), **(interaction or {})},
        },
        "answer": {**copy.deepcopy(_ANSWERS[of_type]), **(answer or {})},
        "feedback": {"correct": both("well done"), "incorrect": both("because")},
    }
    content = changes.pop("content", {})
    document["content"] = {**document["content"], **content}  # type: ignore[dict-item]  # a literal of many shapes
    return {**document, **changes}


def make_item(of_type: str, **changes: Any) -> Item:
    """The same as the domain holds it: not tried out, so that faulty ones can be made too."""
    document = ITEM_ADAPTER.validate_python(authored(of_type, **changes))
    return document.build(framework="digcomp-2.2", competence="1.1")
