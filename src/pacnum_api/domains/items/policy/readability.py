"""How hard a text is to read, and how hard it may be on each level.

An item measures a digital competence, not reading: whoever is on level 1 must be able to read what
levels 1 and 2 ask. Difficulty of a text is LIX, words per sentence plus the percentage of words
with more than six letters (Björnsson 1968, Läsbarhet; compared over languages by Anderson 1983,
Journal of Reading 26(6)). LIX needs no syllables, and is meant for both of our languages.
"""

import re
from dataclasses import dataclass
from typing import Final

from pacnum_api.domains.items.policy.wording import wording
from pacnum_api.domains.items.types import Item

_SENTENCE_ENDS: Final = re.compile(r"(?<=[.!?…:])\s+|\n+")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d[\d\s.,:/]*")
_LONG_WORD: Final = 6
_ELISION: Final = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)['’]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Readability:
    """Of one text: words, words of the longest sentence, and LIX (about 25 easy, 60 hard)."""

    words: int
    longest_sentence: int
    lix: float


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """The most that scenario and stem of a level may ask of a reader."""

    words: int
    longest_sentence: int
    lix: float


LIMITS: Final = (
    ReadingLimits(words=75, longest_sentence=26, lix=55),
    ReadingLimits(words=110, longest_sentence=32, lix=60),
    ReadingLimits(words=150, longest_sentence=40, lix=65),
    ReadingLimits(words=200, longest_sentence=45, lix=70),
)
"""For the four bands of two levels each. Ours: no study gives limits for such texts."""


def limits_of(level: int) -> ReadingLimits:
    """What a level from 1 to 8 may ask."""
    return LIMITS[(level - 1) // 2]


def readability(text: str) -> Readability:
    """Measure a text; one without a word is as easy as can be."""
    sentences = [_WORD.findall(part) for part in _SENTENCE_ENDS.split(text)]
    counts = [len(words) for words in sentences if words]
    words = [_ELISION.sub("", word) for sentence in sentences for word in sentence]
    if not words:
        return Readability(words=0, longest_sentence=0, lix=0.0)
    long = sum(len(word) > _LONG_WORD for word in words)
    lix = len(words) / len(counts) + 100 * long / len(words)
    return Readability(len(words), max(counts), lix)


def reading_of(item: Item, *, locale: str) -> Readability:
    """Measure what an agent reads before the answer: scenario and stem of the first variant."""
    words = wording(item, seed=0, locale=locale)
    content = item.content
    scenario = "" if content.scenario is None else words.say(content.scenario)
    return readability(scenario + "\n" + words.say(content.stem))


def reading_faults(item: Item, *, locale: str) -> list[str]:
    """Where a text asks more of a reader than its level may, in words."""
    found, most = reading_of(item, locale=locale), limits_of(item.level)
    pairs = (
        ("words", found.words, most.words),
        ("words in a sentence", found.longest_sentence, most.longest_sentence),
        ("LIX", found.lix, most.lix),
    )
    return [
        f"{locale}: {value:.0f} {name}; level {item.level} allows {limit:.0f}"
        for name, value, limit in pairs
        if value > limit
    ]
