"""Whether the variants of a template are one item: same work, other data, other answers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import Final

from pacnum_api.domains.items.policy.to_read import texts_to_read
from pacnum_api.domains.items.policy.wording import Wording, wording
from pacnum_api.domains.items.types import (
    BlankKey,
    CategorisationTask,
    ClozeTask,
    Entry,
    HotspotTask,
    Item,
    MatchingTask,
    MultipleChoiceTask,
    NumberBlankKey,
    NumericTask,
    Option,
    OrderingTask,
    Region,
    ShortTextTask,
    SingleChoiceTask,
    TextBlankKey,
)

SEEDS: Final = 200
_SEEDS_MEASURED: Final = 20
"""For these, everything that a reader has to read is counted; files make that slow."""
FEWEST_ANSWERS: Final = 4
MOST_FREQUENT_ANSWER: Final = 0.5
"""An answer passed on must be wrong more often than not."""
GREATEST_GROWTH: Final = 1.25
"""The longest variant's words over the shortest one's."""


@dataclass(frozen=True, slots=True)
class Variants:
    """Of ``seeds`` variants: different answers, the share of the commonest, and how sizes differ.

    ``growth``: words to read in the longest over those in the shortest variant, files included.
    """

    seeds: int
    answers: int
    commonest: float
    growth: float

    def faults(self) -> Iterator[str]:
        """Why the variants are not one item with many answers, in words."""
        if self.answers < FEWEST_ANSWERS:
            yield f"{self.answers} different answers in {self.seeds} variants"
        if self.commonest > MOST_FREQUENT_ANSWER:
            yield f"one answer is right in {self.commonest:.0%} of {self.seeds} variants"
        if self.growth > GREATEST_GROWTH:
            yield f"the longest variant has {self.growth:.2f} times the words of the shortest"


def variants_of(item: Item, *, seeds: int = SEEDS) -> Variants:
    """Look at the first variants of a template in French. Raises TemplateExhausted.

    Raises ExpressionFailed too; neither comes from an item that passed its checks.
    """
    answers: Counter[object] = Counter()
    sizes = []
    for seed in range(seeds):
        words = wording(item, seed=seed, locale="fr")
        answers[_answer(item.task, words)] += 1
        if seed < _SEEDS_MEASURED:
            sizes.append(_size(item, words))
    return Variants(
        seeds=seeds,
        answers=len(answers),
        commonest=max(answers.values()) / seeds,
        growth=max(sizes) / min(sizes),
    )


def _size(item: Item, words: Wording) -> int:
    return sum(len(text.split()) for text in texts_to_read(item, words))


@singledispatch
def _answer(task: object, words: Wording) -> object:
    """The right answer as someone would pass it on: by what it says, never by its label."""
    raise TypeError(f"{task!r} is not a task for {words!r}")


def _said(
    parts: tuple[Option, ...] | tuple[Entry, ...] | tuple[Region, ...], words: Wording
) -> dict[str, str]:
    return {part.id: words.say(part.text) for part in parts}


@_answer.register
def _(task: SingleChoiceTask, words: Wording) -> object:
    return _said(task.interaction.options, words)[task.key.choice]


@_answer.register
def _(task: MultipleChoiceTask, words: Wording) -> object:
    said = _said(task.interaction.options, words)
    return frozenset(said[choice] for choice in task.key.choices)


@_answer.register
def _(task: HotspotTask, words: Wording) -> object:
    said = _said(task.interaction.regions, words)
    return frozenset(said[region] for region in task.key.regions)


@_answer.register
def _(task: ShortTextTask, words: Wording) -> object:
    return words.say(task.key.accepted[0])


@_answer.register
def _(task: NumericTask, words: Wording) -> object:
    return words.number(task.key.value)


@_answer.register
def _(task: OrderingTask, words: Wording) -> object:
    said = _said(task.interaction.entries, words)
    return tuple(said[entry] for entry in task.key.order)


@_answer.register
def _(task: MatchingTask, words: Wording) -> object:
    left, right = _said(task.interaction.left, words), _said(task.interaction.right, words)
    return frozenset((left[one], right[other]) for one, other in task.key.pairs.items())


@_answer.register
def _(task: CategorisationTask, words: Wording) -> object:
    entries = _said(task.interaction.entries, words)
    return frozenset((entries[entry], one) for entry, one in task.key.categories.items())


@_answer.register
def _(task: ClozeTask, words: Wording) -> object:
    options = {blank.id: _said(blank.options, words) for blank in task.interaction.blanks}
    return tuple(
        _of_blank(key, options[blank], words=words) for blank, key in task.key.blanks.items()
    )


def _of_blank(key: BlankKey, options: dict[str, str], *, words: Wording) -> object:
    if isinstance(key, TextBlankKey):
        return words.say(key.accepted[0])
    if isinstance(key, NumberBlankKey):
        return words.number(key.value)
    return options[key.choice]
