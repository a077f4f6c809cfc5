"""Words that give a distractor away: absolutes, which a careful writer keeps out of right answers.

Haladyna, Downing and Rodriguez (2002), guideline 28a: no specific determiners such as always,
never, completely, absolutely.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pacnum_api.domains.items.types import (
    Item,
    MultipleChoiceTask,
    SingleChoiceTask,
)

_ABSOLUTES: Final = re.compile(
    r"\b(?:toujours|jamais|aucune?s?|uniquement|exclusivement|systématiquement|absolument|"
    r"totalement|intégralement|sans exception|dans tous les cas|en toutes? circonstances?|"
    r"forcément|obligatoirement|quoi qu'il arrive|n'importe (?:qui|quel(?:le)?s?|quand|où))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AbsoluteWords:
    """Options of choices: how many right and wrong ones there are, and have an absolute word."""

    right: int = 0
    right_absolute: int = 0
    wrong: int = 0
    wrong_absolute: int = 0

    def __add__(self, other: "AbsoluteWords") -> "AbsoluteWords":
        """Of both."""
        return AbsoluteWords(
            self.right + other.right,
            self.right_absolute + other.right_absolute,
            self.wrong + other.wrong,
            self.wrong_absolute + other.wrong_absolute,
        )

    @property
    def right_rate(self) -> float:
        """The share of right options with an absolute word."""
        return self.right_absolute / self.right if self.right else 0.0

    @property
    def wrong_rate(self) -> float:
        """The share of wrong options with an absolute word."""
        return self.wrong_absolute / self.wrong if self.wrong else 0.0


def absolute_words(item: Item) -> AbsoluteWords:
    """Count an item's options (in French); none where nothing is chosen."""
    total = AbsoluteWords()
    for is_right, text in _options(item):
        has = int(_ABSOLUTES.search(text) is not None)
        total += AbsoluteWords(1, has, 0, 0) if is_right else AbsoluteWords(0, 0, 1, has)
    return total


def gives_away(item: Item) -> bool:
    """Whether more than one wrong option, and no right one, has an absolute word."""
    counts = absolute_words(item)
    return counts.wrong_absolute > 1 and not counts.right_absolute


def _options(item: Item) -> Iterator[tuple[bool, str]]:
    task = item.task
    if isinstance(task, SingleChoiceTask):
        right = {task.key.choice}
    elif isinstance(task, MultipleChoiceTask):
        right = set(task.key.choices)
    else:
        return
    for option in task.interaction.options:
        yield option.id in right, option.text.fr
