"""What a reviewer would ask about items that are whole: doubts, not faults."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pacnum_api.domains.items.policy.checks import authored_texts
from pacnum_api.domains.items.policy.text_matching import normalised
from pacnum_api.domains.items.types import (
    Difference,
    Item,
    LocalisedText,
    MultipleChoiceTask,
    Option,
    SingleChoiceTask,
)

_HIGHEST_LONGEST_RATE: Final = 0.25
_ADDRESS: Final = re.compile(r"(?:@|https?://|www\.)([a-z0-9.-]+\.[a-z]{2,})", re.IGNORECASE)
_RESERVED: Final = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost|example\.(?:com|net|org|fr|gouv\.fr))$"
)
_MARKUP: Final = re.compile(r"</?[a-z][^<>]*>|\*\*|\]\(http", re.IGNORECASE)
_EVERYTHING: Final = frozenset(Difference)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something to look at again; ``key`` names the item, "" for the whole set."""

    key: str
    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class ReviewNotes:
    """What is kept of an item to review a set of any size: its own doubts, and what to compare.

    ``asks`` is a digest of the question; ``is_right_longest``: of a single choice, whether its
    right option is strictly the longest.
    """

    key: str
    doubts: tuple[Doubt, ...]
    asks: bytes
    is_right_longest: bool | None


def notes_of(item: Item) -> ReviewNotes:
    """One item's part of a review."""
    return ReviewNotes(
        key=item.key,
        doubts=tuple(_of_one(item)),
        asks=_asked(item),
        is_right_longest=(
            _is_longest(item.task) if isinstance(item.task, SingleChoiceTask) else None
        ),
    )


def doubts(notes: Sequence[ReviewNotes]) -> list[Doubt]:
    """Everything worth a second look in a set of items, from the notes of each."""
    found = [doubt for one in notes for doubt in one.doubts]
    return [*found, *_same_stems(notes), *_longest_options(notes)]


def longest_option_rate(items: Iterable[Item]) -> tuple[int, int]:
    """How many single choices have their right option strictly longest, and of how many.

    Lengths are of the French text; templates are counted as written.
    """
    tasks = [item.task for item in items if isinstance(item.task, SingleChoiceTask)]
    return sum(_is_longest(task) for task in tasks), len(tasks)


def _is_longest(task: SingleChoiceTask) -> bool:
    lengths = {option.id: len(option.text.fr) for option in task.interaction.options}
    right = lengths.pop(task.key.choice)
    return right > max(lengths.values())


def _of_one(item: Item) -> Iterator[Doubt]:
    if isinstance(item.task, SingleChoiceTask):
        yield from _unexplained(item, item.task.interaction.options, right={item.task.key.choice})
    if isinstance(item.task, MultipleChoiceTask):
        yield from _unexplained(
            item, item.task.interaction.options, right=set(item.task.key.choices)
        )
    for pointer, text in authored_texts(item):
        yield from _of_text(item, pointer, text=text)


def _unexplained(item: Item, options: Sequence[Option], *, right: set[str]) -> Iterator[Doubt]:
    for place, option in enumerate(options):
        if option.id not in right and option.why is None:
            pointer = f"/content/interaction/options/{place}"
            yield Doubt(item.key, pointer, "a distractor without why (its misconception)")


def _of_text(item: Item, pointer: str, *, text: LocalisedText) -> Iterator[Doubt]:
    words = text.fr + "\n" + text.en
    if _MARKUP.search(words):
        yield Doubt(item.key, pointer, "looks like markup; texts are shown as they are")
    for address in _ADDRESS.finditer(words):
        if not _RESERVED.search(address[1].lower().rstrip(".")):
            yield Doubt(item.key, pointer, f"{address[1]} is not a reserved name")
    if pointer in {"/content/stem", "/content/scenario"} and text.fr == text.en:
        yield Doubt(item.key, pointer, "the same in French and English")


def _asked(item: Item) -> bytes:
    scenario = "" if item.content.scenario is None else item.content.scenario.fr
    words = normalised(scenario + item.content.stem.fr, _EVERYTHING)
    return hashlib.sha256(words.encode()).digest()[:16]


def _same_stems(notes: Iterable[ReviewNotes]) -> Iterator[Doubt]:
    by_question: dict[bytes, list[str]] = defaultdict(list)
    for one in notes:
        by_question[one.asks].append(one.key)
    for keys in by_question.values():
        for key in keys[1:]:
            yield Doubt(key, "/content/stem", f"asks the same as {keys[0]}")


def _longest_options(notes: Iterable[ReviewNotes]) -> Iterator[Doubt]:
    choices = [one.is_right_longest for one in notes if one.is_right_longest is not None]
    longest, total = sum(choices), len(choices)
    if longest > _HIGHEST_LONGEST_RATE * total:
        yield Doubt(
            "", "", f"the right option is the longest in {longest} of {total} single choices"
        )
