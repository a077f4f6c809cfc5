"""Whether an interaction and its key fit each other."""

from collections.abc import Collection, Iterable, Iterator
from functools import singledispatch
from typing import Final

from pacnum_api.domains.items.policy.presentation import BLANK_MARK
from pacnum_api.domains.items.types import (
    Blank,
    BlankKey,
    BlankKind,
    CategorisationTask,
    ChoiceBlankKey,
    ClozeTask,
    Entry,
    HotspotTask,
    Item,
    LocalisedText,
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
from pacnum_api.kernel.errors import FieldFault

_ASKED: Final = "/content/interaction"
_KEY_OF_KIND: Final = {
    BlankKind.CHOICE: (ChoiceBlankKey, "choice"),
    BlankKind.TEXT: (TextBlankKey, "accepted"),
    BlankKind.NUMBER: (NumberBlankKey, "value"),
}


def task_faults(item: Item) -> list[FieldFault]:
    """What does not fit between what is asked and the key."""
    return list(_faults(item.task))


@singledispatch
def _faults(task: object) -> Iterator[FieldFault]:
    raise TypeError(f"{task!r} is not a task")


def _twice(parts: Iterable[Option | Entry | Region | Blank], *, name: str) -> Iterator[FieldFault]:
    seen: set[str] = set()
    for place, part in enumerate(parts):
        if part.id in seen:
            yield FieldFault(f"{_ASKED}/{name}/{place}/id", f"{part.id} is there twice")
        seen.add(part.id)


def _unknown(
    ids: Iterable[str], known: Iterable[Option | Entry | Region], *, at: str
) -> Iterator[FieldFault]:
    names = [part.id for part in known]
    if set(ids) - set(names):
        yield FieldFault(at, f"expected ids among {', '.join(names)}")


def _not_each_once(
    ids: Collection[str], parts: Collection[Option | Entry | Blank], *, at: str
) -> Iterator[FieldFault]:
    """The key speaks of each part exactly once."""
    if sorted(ids) != sorted(part.id for part in parts):
        names = ", ".join(part.id for part in parts)
        yield FieldFault(at, f"expected each of {names} exactly once")


@_faults.register
def _(task: SingleChoiceTask) -> Iterator[FieldFault]:
    options = task.interaction.options
    yield from _twice(options, name="options")
    yield from _unknown([task.key.choice], options, at="/answer/choice")


@_faults.register
def _(task: MultipleChoiceTask) -> Iterator[FieldFault]:
    options, choices = task.interaction.options, task.key.choices
    yield from _twice(options, name="options")
    yield from _unknown(choices, options, at="/answer/choices")
    if len(set(choices)) < len(choices):
        yield FieldFault("/answer/choices", "expected each only once")
    if len(set(choices)) >= len(options):
        yield FieldFault("/answer/choices", "expected not all options to be right")


@_faults.register
def _(task: ShortTextTask) -> Iterator[FieldFault]:
    yield from _too_long(task.key.accepted, longest=task.interaction.max_length, at="/answer")


def _too_long(accepted: Iterable[LocalisedText], *, longest: int, at: str) -> Iterator[FieldFault]:
    for place, text in enumerate(accepted):
        if max(len(text.fr), len(text.en)) > longest and "{{" not in text.fr + text.en:
            yield FieldFault(f"{at}/accepted/{place}", f"expected at most {longest} characters")


@_faults.register
def _(task: NumericTask) -> Iterator[FieldFault]:
    asked, key = task.interaction, task.key
    yield from _twice(asked.units, name="units")
    if (key.unit is not None) != bool(asked.units):
        yield FieldFault("/answer/unit", "expected exactly when there are units to choose from")
    named = [] if key.unit is None else [key.unit]
    yield from _unknown(named, asked.units, at="/answer/unit")
    yield from _unknown(key.equivalents, asked.units, at="/answer/equivalents")
    if key.unit in key.equivalents:
        yield FieldFault("/answer/equivalents", "expected other units than that of the key")


@_faults.register
def _(task: ClozeTask) -> Iterator[FieldFault]:
    asked, key = task.interaction, task.key
    yield from _twice(asked.blanks, name="blanks")
    yield from _not_each_once(key.blanks.keys(), asked.blanks, at="/answer/blanks")
    for locale in ("fr", "en"):
        marks = BLANK_MARK.findall(asked.text.read(locale))
        yield from _not_each_once(marks, asked.blanks, at=f"{_ASKED}/text/{locale}")
    for place, blank in enumerate(asked.blanks):
        found = key.blanks.get(blank.id)
        if found is not None:
            yield from _blank(blank, found, place=place)


def _blank(blank: Blank, key: BlankKey, *, place: int) -> Iterator[FieldFault]:
    at = f"/answer/blanks/{blank.id}"
    expected, member = _KEY_OF_KIND[blank.kind]
    if not isinstance(key, expected):
        yield FieldFault(at, f"expected {member}: the blank is a {blank.kind.value}")
    elif isinstance(key, ChoiceBlankKey):
        yield from _twice(blank.options, name=f"blanks/{place}/options")
        yield from _unknown([key.choice], blank.options, at=f"{at}/choice")
    elif isinstance(key, TextBlankKey):
        yield from _too_long(key.accepted, longest=blank.max_length, at=at)


@_faults.register
def _(task: OrderingTask) -> Iterator[FieldFault]:
    entries = task.interaction.entries
    yield from _twice(entries, name="entries")
    yield from _not_each_once(task.key.order, entries, at="/answer/order")
    if not task.interaction.shuffle and task.key.order == tuple(entry.id for entry in entries):
        yield FieldFault(f"{_ASKED}/shuffle", "expected true: the entries are shown in order")


@_faults.register
def _(task: MatchingTask) -> Iterator[FieldFault]:
    asked, pairs = task.interaction, task.key.pairs
    yield from _twice(asked.left, name="left")
    yield from _twice(asked.right, name="right")
    yield from _not_each_once(pairs.keys(), asked.left, at="/answer/pairs")
    yield from _unknown(pairs.values(), asked.right, at="/answer/pairs")
    if len(set(pairs.values())) < len(pairs):
        yield FieldFault("/answer/pairs", "expected each entry on the right at most once")


@_faults.register
def _(task: CategorisationTask) -> Iterator[FieldFault]:
    asked, assigned = task.interaction, task.key.categories
    yield from _twice(asked.categories, name="categories")
    yield from _twice(asked.entries, name="entries")
    yield from _not_each_once(assigned.keys(), asked.entries, at="/answer/categories")
    yield from _unknown(assigned.values(), asked.categories, at="/answer/categories")
    if len(set(assigned.values())) < 2:
        yield FieldFault("/answer/categories", "expected at least two categories to be used")


@_faults.register
def _(task: HotspotTask) -> Iterator[FieldFault]:
    asked, regions = task.interaction, task.key.regions
    yield from _twice(asked.regions, name="regions")
    yield from _unknown(regions, asked.regions, at="/answer/regions")
    if len(set(regions)) != asked.select or len(regions) != asked.select:
        yield FieldFault(
            "/answer/regions", f"expected {asked.select} different regions, as select says"
        )
    if asked.select >= len(asked.regions):
        yield FieldFault(f"{_ASKED}/select", "expected fewer than there are regions")
