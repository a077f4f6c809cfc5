"""Items that say nearly the same: the cosine of their words, weighed by how rare they are.

Weights are tf-idf with log(1 + n) and log(items / items with it) (Salton and Buckley 1988,
Information Processing & Management 24(5)). The words are those of scenario, stem and answer parts
in French; a template's expressions are left out.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log, sqrt
from typing import Final

from pacnum_api.domains.items.policy.guessing import content_words
from pacnum_api.domains.items.policy.text_matching import normalised
from pacnum_api.domains.items.types import Difference, Item

_EXPRESSION: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_LISTS: Final = ("options", "entries", "left", "right", "categories", "regions")
_WITHOUT: Final = frozenset({Difference.CASE, Difference.ACCENTS, Difference.PUNCTUATION})


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two items by key, and how alike they are, from 0 to 1 (the same words)."""

    first: str
    second: str
    cosine: float


def fingerprint(item: Item) -> Mapping[str, int]:
    """How often each word with a sense is in the item."""
    content = item.content
    parts = [part.text.fr for name in _LISTS for part in getattr(item.task.interaction, name, ())]
    scenario = "" if content.scenario is None else content.scenario.fr
    text = _EXPRESSION.sub(" ", "\n".join([scenario, content.stem.fr, *parts]))
    kept = content_words(text)
    return Counter(word for word in normalised(text, _WITHOUT).split() if word in kept)


def alike(fingerprints: Mapping[str, Mapping[str, int]], *, from_cosine: float) -> list[Likeness]:
    """The pairs of items at least so alike, the most alike first; memory grows with pairs met."""
    found = [
        Likeness(first, second, cosine)
        for (first, second), cosine in _cosines(_weights(fingerprints))
        if cosine >= from_cosine
    ]
    return sorted(found, key=lambda pair: -pair.cosine)


def _weights(fingerprints: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, float]]:
    """Unit vectors; words that every item has weigh nothing."""
    spread = Counter(word for counts in fingerprints.values() for word in counts)
    weights = {}
    for key, counts in fingerprints.items():
        raw = {
            word: log(1 + count) * log(len(fingerprints) / spread[word])
            for word, count in counts.items()
        }
        length = sqrt(sum(value * value for value in raw.values())) or 1.0
        weights[key] = {word: value / length for word, value in raw.items()}
    return weights


def _cosines(
    weights: Mapping[str, Mapping[str, float]],
) -> Iterator[tuple[tuple[str, str], float]]:
    """Every pair that shares a word: each item against those before it."""
    earlier: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for key, vector in weights.items():
        sums: dict[str, float] = defaultdict(float)
        for word, weight in vector.items():
            for other, other_weight in earlier[word]:
                sums[other] += weight * other_weight
            earlier[word].append((key, weight))
        for other, cosine in sums.items():
            yield (other, key), cosine
