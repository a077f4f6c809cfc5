"""Some well-formed response to whatever item is shown, knowing no more than its front end does."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

Shown = Mapping[str, Any]


def some_response(shown: Shown, chance: random.Random) -> dict[str, Any] | None:
    """A response by chance to a ``pending_item``; now and then none at all."""
    if chance.random() < 0.1:
        return None
    interaction = shown["content"]["interaction"]
    return {"type": shown["type"], **_GUESSES[shown["type"]](interaction, chance)}


def _labels(parts: Sequence[Shown]) -> list[str]:
    return [part["id"] for part in parts]


def _some(parts: Sequence[Shown], chance: random.Random) -> list[str]:
    labels = _labels(parts)
    return chance.sample(labels, chance.randint(1, len(labels)))


def _numeric(interaction: Shown, chance: random.Random) -> dict[str, Any]:
    units = _labels(interaction["units"])
    unit = {"unit": chance.choice(units)} if units else {}
    return {"value": chance.randint(0, 1000), **unit}


def _fill(blank: Shown, chance: random.Random) -> str | int:
    if blank["kind"] == "choice":
        return chance.choice(_labels(blank["options"]))
    return _word(blank) if blank["kind"] == "text" else chance.randint(0, 1000)


def _word(asked: Shown) -> str:
    """As long as it may be: some items ask for a letter."""
    return "mot"[: asked["max_length"]]


def _cloze(interaction: Shown, chance: random.Random) -> dict[str, Any]:
    return {"blanks": {blank["id"]: _fill(blank, chance) for blank in interaction["blanks"]}}


def _matching(interaction: Shown, chance: random.Random) -> dict[str, Any]:
    left, right = _labels(interaction["left"]), _labels(interaction["right"])
    return {"pairs": dict(zip(left, chance.sample(right, len(left)), strict=True))}


def _categorisation(interaction: Shown, chance: random.Random) -> dict[str, Any]:
    names = _labels(interaction["categories"])
    return {
        "categories": {entry: chance.choice(names) for entry in _labels(interaction["entries"])}
    }


def _ordering(interaction: Shown, chance: random.Random) -> dict[str, Any]:
    labels = _labels(interaction["entries"])
    return {"order": chance.sample(labels, len(labels))}


_GUESSES: Mapping[str, Any] = {
    "single_choice": lambda shown, chance: {"choice": chance.choice(_labels(shown["options"]))},
    "multiple_choice": lambda shown, chance: {"choices": _some(shown["options"], chance)},
    "short_text": lambda shown, _: {"text": "courriel"[: shown["max_length"]]},
    "numeric": _numeric,
    "cloze": _cloze,
    "ordering": _ordering,
    "matching": _matching,
    "categorisation": _categorisation,
    "hotspot": lambda shown, chance: {
        "regions": chance.sample(_labels(shown["regions"]), shown["select"])
    },
}
