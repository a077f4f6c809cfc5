"""What someone earns who knows nothing but how tests are written.

A *guesser* answers by the look of an item alone: the longest or the shortest option, any but the
longest, the first one shown, the one that shares most words with the question, every box. Its
score is held against *chance*: what an answer of the same shape, drawn at random, would earn. A
bank where a guesser earns more than chance measures test-wiseness besides (Haladyna, Downing and
Rodriguez 2002, Applied Measurement in Education 15(3), guidelines 22 and 28).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import singledispatch
from math import comb, factorial, perm, prod
from typing import Final

from pacnum_api.domains.items.policy.grading import is_partial, judge
from pacnum_api.domains.items.policy.labels import Labels, label
from pacnum_api.domains.items.policy.responses import Given
from pacnum_api.domains.items.policy.text_matching import normalised
from pacnum_api.domains.items.policy.wording import Wording, wording
from pacnum_api.domains.items.types import (
    BlankKind,
    CategorisationTask,
    ClozeTask,
    Difference,
    Entry,
    HotspotTask,
    Item,
    MatchingTask,
    MultipleChoiceTask,
    Option,
    OrderingTask,
    Region,
    SingleChoiceTask,
)

_EVERYTHING: Final = frozenset(Difference) - {Difference.SPACES}
_SHORTEST_WORD: Final = 4
"""Shorter words are articles and prepositions more often than not."""


class Guesser(StrEnum):
    """What an answer is chosen by."""

    LONGEST = "longest option"
    NOT_LONGEST = "not the longest"
    SHORTEST = "shortest option"
    FIRST = "first option"
    SHARED_WORDS = "shared words"
    EVERYTHING = "all boxes"


_LENGTHS: Final = {Guesser.LONGEST: 1, Guesser.SHORTEST: -1}


@dataclass(frozen=True, slots=True)
class Guess:
    """What a guesser earned on an item, and what chance would have: both from 0 to 1."""

    guesser: Guesser
    score: float
    chance: float


def guesses(item: Item, *, seed: int, locale: str) -> list[Guess]:
    """What each guesser earns on one variant; nothing for those who have no rule for its type."""
    words = wording(item, seed=seed, locale=locale)
    labels = label(item, seed)
    found = []
    for guesser in Guesser:
        chance = _chance(item.task, guesser)
        if chance is not None:
            given = _given(item.task, _Eye(guesser, item, words, labels, seed))
            found.append(Guess(guesser, judge(item, given, seed=seed).score, chance))
    return found


def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry its sense, without case, accents and punctuation."""
    words = normalised(text, _EVERYTHING).split()
    return frozenset(word for word in words if len(word) >= _SHORTEST_WORD)


_Part = Option | Entry | Region


@dataclass(frozen=True, slots=True)
class _Eye:
    """How one guesser looks at one variant of an item."""

    guesser: Guesser
    item: Item
    words: Wording
    labels: Labels
    seed: int

    def question(self) -> frozenset[str]:
        """The words of scenario and stem."""
        content = self.item.content
        scenario = "" if content.scenario is None else self.words.say(content.scenario)
        return content_words(scenario + "\n" + self.words.say(content.stem))

    def best(
        self, parts: Sequence[_Part], name: str, *, near: frozenset[str], count: int = 1
    ) -> list[str]:
        """The author's ids that the guesser likes most of a list, those shown first before."""
        texts = {part.id: self.words.say(part.text) for part in parts}
        shown = [part for part in self.labels[name].ids if part in texts]
        if self.guesser is Guesser.NOT_LONGEST:
            return self._avoiding(shown, texts)[:count]
        return sorted(shown, key=lambda part: -self._liking(texts[part], near))[:count]

    def _liking(self, text: str, near: frozenset[str]) -> int:
        if self.guesser is Guesser.SHARED_WORDS:
            return len(content_words(text) & near)
        return _LENGTHS.get(self.guesser, 0) * len(text)

    def _avoiding(self, shown: Sequence[str], texts: Mapping[str, str]) -> list[str]:
        """All but the longest, beginning with another one in each variant; then the longest."""
        most = max(len(text) for text in texts.values())
        others = [part for part in shown if len(texts[part]) < most]
        start = self.seed % len(others) if others else 0
        return [
            *others[start:],
            *others[:start],
            *(part for part in shown if len(texts[part]) == most),
        ]


@singledispatch
def _given(task: object, eye: _Eye) -> Given:
    """The guesser's answer, by author's ids."""
    raise TypeError(f"{task!r} is nothing to guess for {eye!r}")


@_given.register
def _(task: SingleChoiceTask, eye: _Eye) -> Given:
    chosen = eye.best(task.interaction.options, "options", near=eye.question())
    return Given(chosen=tuple(chosen))


@_given.register
def _(task: MultipleChoiceTask, eye: _Eye) -> Given:
    options = task.interaction.options
    count = len(options) if eye.guesser is Guesser.EVERYTHING else 1
    return Given(chosen=tuple(eye.best(options, "options", near=eye.question(), count=count)))


@_given.register
def _(task: HotspotTask, eye: _Eye) -> Given:
    asked = task.interaction
    chosen = eye.best(asked.regions, "regions", near=eye.question(), count=asked.select)
    return Given(chosen=tuple(chosen))


@_given.register
def _(task: ClozeTask, eye: _Eye) -> Given:
    near = eye.question() | content_words(eye.words.say(task.interaction.text))
    return Given(
        blanks={
            blank.id: Given(chosen=tuple(eye.best(blank.options, f"blank:{blank.id}", near=near)))
            for blank in task.interaction.blanks
            if blank.kind is BlankKind.CHOICE
        }
    )


@_given.register
def _(task: CategorisationTask, eye: _Eye) -> Given:
    asked = task.interaction
    pairs = {}
    for entry in asked.entries:
        near = content_words(eye.words.say(entry.text))
        (pairs[entry.id],) = eye.best(asked.categories, "categories", near=near)
    return Given(pairs=pairs)


@_given.register
def _(task: MatchingTask, eye: _Eye) -> Given:
    asked = task.interaction
    lefts = {entry.id: entry for entry in asked.left}
    free = list(asked.right)
    pairs = {}
    for left in eye.labels["left"].ids:
        near = content_words(eye.words.say(lefts[left].text))
        (pairs[left],) = eye.best(free, "right", near=near)
        free = [entry for entry in free if entry.id != pairs[left]]
    return Given(pairs=pairs)


@_given.register
def _(task: OrderingTask, eye: _Eye) -> Given:
    del task
    return Given(chosen=eye.labels["entries"].ids)


@singledispatch
def _chance(task: object, guesser: Guesser) -> float | None:
    """The expected score of an answer of the guesser's shape; None where it has no rule."""
    del task, guesser
    return None  # nothing to choose among


@_chance.register
def _(task: SingleChoiceTask, guesser: Guesser) -> float | None:
    return None if guesser is Guesser.EVERYTHING else 1 / len(task.interaction.options)


@_chance.register
def _(task: MultipleChoiceTask, guesser: Guesser) -> float | None:
    """Of one box ticked at random; for all boxes, of any number of boxes ticked at random."""
    right, boxes = len(task.key.choices), len(task.interaction.options)
    if guesser is not Guesser.EVERYTHING:
        return 1 / boxes if is_partial(task) or right == 1 else 0.0
    answers = (1 << boxes) - 1
    if not is_partial(task):
        return 1 / answers
    wrong = boxes - right
    earned = sum(
        comb(right, hits) * comb(wrong, alarms) * (hits - alarms) / right
        for hits in range(1, right + 1)
        for alarms in range(min(hits, wrong + 1))
    )
    return earned / answers


@_chance.register
def _(task: HotspotTask, guesser: Guesser) -> float | None:
    asked = task.interaction
    return None if guesser is Guesser.EVERYTHING else 1 / comb(len(asked.regions), asked.select)


@_chance.register
def _(task: ClozeTask, guesser: Guesser) -> float | None:
    """Of the gaps that are lists; the others stay empty."""
    blanks = task.interaction.blanks
    rates = [1 / len(blank.options) for blank in blanks if blank.kind is BlankKind.CHOICE]
    if guesser is Guesser.EVERYTHING or not rates:
        return None
    if is_partial(task):
        return sum(rates) / len(blanks)
    return prod(rates) if len(rates) == len(blanks) else 0.0


@_chance.register
def _(task: CategorisationTask, guesser: Guesser) -> float | None:
    if guesser is Guesser.EVERYTHING:
        return None
    categories, entries = len(task.interaction.categories), len(task.interaction.entries)
    return 1 / categories if is_partial(task) else prod([1 / categories] * entries)


@_chance.register
def _(task: MatchingTask, guesser: Guesser) -> float | None:
    if guesser not in {Guesser.FIRST, Guesser.SHARED_WORDS}:
        return None
    lefts, rights = len(task.interaction.left), len(task.interaction.right)
    return 1 / rights if is_partial(task) else 1 / perm(rights, lefts)


@_chance.register
def _(task: OrderingTask, guesser: Guesser) -> float | None:
    """The order shown: of n entries, a wanted neighbour follows with probability 1 / n."""
    if guesser is not Guesser.FIRST:
        return None
    entries = len(task.interaction.entries)
    return 1 / entries if is_partial(task) else 1 / factorial(entries)
