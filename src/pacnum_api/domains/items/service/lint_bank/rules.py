"""What a whole bank is held against: no leak, no repetition, nothing missing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from pacnum_api.domains.items.policy.clues import AbsoluteWords
from pacnum_api.domains.items.policy.guessing import Guesser
from pacnum_api.domains.items.policy.likeness import Likeness, alike
from pacnum_api.domains.items.service.lint_bank.notes import ItemNotes
from pacnum_api.domains.items.service.lint_bank.whole import WholeBank
from pacnum_api.domains.items.types import ItemType

GREATEST_GAIN: Final = 0.05
"""What a guesser may earn above chance."""
ENOUGH_TO_JUDGE: Final = 30
"""Items of a type before a guesser's score on them alone is held against chance."""
SAME: Final = 0.6
TOO_ALIKE: Final = 0.28
WORTH_A_LOOK: Final = 0.22
"""Cosines of items: bounds set on the shipped bank, where the pairs from 0.28 on have one idea."""


@dataclass(frozen=True, slots=True)
class GuesserRow:
    """One guesser on the items of one type (None: on all that it has a rule for)."""

    guesser: Guesser
    type: ItemType | None
    items: int
    score: float
    chance: float

    @property
    def gain(self) -> float:
        """Score less chance."""
        return self.score - self.chance

    @property
    def is_fault(self) -> bool:
        """Whether the bank gives way to it; a few items of a type are not held against it."""
        is_judged = self.type is None or self.items >= ENOUGH_TO_JUDGE
        return is_judged and self.gain > GREATEST_GAIN


def guesser_rows(items: Sequence[ItemNotes]) -> list[GuesserRow]:
    """Every guesser: over all items, then by type."""
    rows = []
    for guesser in Guesser:
        scores = [(item.type, item.guesses[guesser]) for item in items if guesser in item.guesses]
        by_type = defaultdict(list)
        for of_type, score in scores:
            by_type[of_type].append(score)
        groups = [(None, [score for _, score in scores]), *sorted(by_type.items())]
        rows += [
            GuesserRow(
                guesser,
                of_type,
                len(found),
                fmean(one.score for one in found),
                fmean(one.chance for one in found),
            )
            for of_type, found in groups
            if found
        ]
    return rows


def authored_places(items: Sequence[ItemNotes]) -> Counter[int]:
    """Where authors put the keys of single choices, from 1; agents see them shuffled."""
    return Counter(item.authored_place[0] + 1 for item in items if item.authored_place is not None)


def absolutes_of(items: Sequence[ItemNotes]) -> AbsoluteWords:
    """Absolute words in right and wrong options of the whole bank."""
    return sum((item.absolutes for item in items), AbsoluteWords())


def likenesses(items: Sequence[ItemNotes]) -> list[Likeness]:
    """Pairs worth a look, most alike first."""
    return alike({item.key: item.words for item in items}, from_cosine=WORTH_A_LOOK)


def bank_faults(items: Sequence[ItemNotes]) -> Iterator[str]:
    """What is wrong with the items together, whatever the bank is for."""
    for row in guesser_rows(items):
        if row.is_fault:
            of_type = "all items" if row.type is None else row.type.value
            yield (
                f"{row.guesser.value} earns {row.score:.3f} on {of_type}, {row.gain:.3f} above"
                f" chance; at most {GREATEST_GAIN:.2f}"
            )
    absolutes = absolutes_of(items)
    if absolutes.wrong_rate > absolutes.right_rate + GREATEST_GAIN:
        yield (
            f"absolute words are in {absolutes.wrong_rate:.1%} of wrong options and in"
            f" {absolutes.right_rate:.1%} of right ones"
        )
    places = authored_places(items)
    expected = sum(1 / item.authored_place[1] for item in items if item.authored_place is not None)
    if sum(places.values()) >= ENOUGH_TO_JUDGE:
        first = places[1] / sum(places.values())
        if first > expected / sum(places.values()) + GREATEST_GAIN:
            yield f"{first:.0%} of single choices are written with their key first"


def are_enemies(pair: Likeness, items: Mapping[str, ItemNotes]) -> bool:
    """Whether one of the pair names the other: then no test has both."""
    first, second = items[pair.first], items[pair.second]
    return first.key in second.enemies or second.key in first.enemies


def likeness_faults(
    found: Sequence[Likeness], items: Mapping[str, ItemNotes]
) -> Iterator[tuple[str, str]]:
    """Pairs that are the same, or so alike that they may not meet in one test: key, message."""
    for pair in found:
        if pair.cosine >= SAME:
            yield pair.second, f"says the same as {pair.first} ({pair.cosine:.2f})"
        elif pair.cosine >= TOO_ALIKE and not are_enemies(pair, items):
            yield (
                pair.second,
                f"is like {pair.first} ({pair.cosine:.2f}): make them enemies, or less alike",
            )


def goal_faults(items: Sequence[ItemNotes], whole: WholeBank) -> Iterator[str]:
    """What a bank for use lacks."""
    goals = whole.goals
    cells = Counter((item.competence, item.level) for item in items)
    for competence in whole.competences:
        for level in range(1, whole.levels + 1):
            count = cells[competence, level]
            if count < goals.items_per_cell:
                yield f"{competence} level {level}: {count} of {goals.items_per_cell} items"
    for of_type, count in Counter(item.type for item in items).items():
        if count > goals.greatest_type_share * len(items):
            yield f"{count / len(items):.0%} of the items are {of_type.value}"
    for name, count, least in _counted(items, whole):
        if count < least:
            yield f"{count} {name}; at least {least}"


def _counted(items: Sequence[ItemNotes], whole: WholeBank) -> Iterator[tuple[str, int, int]]:
    goals = whole.goals
    with_files = sum(bool(item.file_kinds) for item in items)
    yield "items with files", with_files, goals.items_with_files
    templates = sum(item.variants is not None for item in items)
    yield "seeded templates", templates, goals.templates
    for theme in goals.themes:
        on_theme = sum(theme in item.themes for item in items)
        yield f"items on {theme}", on_theme, goals.items_per_theme
