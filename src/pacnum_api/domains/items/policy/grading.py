"""What an answer is worth. Total: any JSON gets a judgement, none an exception.

The key is found again from the seed; nothing about it was stored with the session.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import singledispatch
from itertools import pairwise
from typing import Final

from pacnum_api.domains.items.policy.numbers import is_near
from pacnum_api.domains.items.policy.responses import Given, read_response
from pacnum_api.domains.items.policy.text_matching import matches
from pacnum_api.domains.items.policy.wording import Wording, wording
from pacnum_api.domains.items.types import (
    LOCALES,
    BlankKey,
    CategorisationTask,
    ChoiceBlankKey,
    ClozeTask,
    GradedResponse,
    HotspotTask,
    Item,
    LocalisedText,
    MatchingTask,
    MultipleChoiceTask,
    NumericTask,
    OrderingTask,
    PartOutcome,
    ShortTextTask,
    SingleChoiceTask,
    Task,
    TextBlankKey,
    TextRules,
    Tolerance,
)

MOST_CATEGORIES: Final = 4
"""With more steps than this, thresholds cannot be told apart on samples of a realistic size."""

NOTHING: Final = Given()
"""What was read from an answer that says nothing."""

Parts = Mapping[str, bool]
Words = tuple[Wording, ...]
"""The item in each language: a text is right in either, numbers are the same in both."""


def grade(item: Item, *, seed: int, response: object) -> GradedResponse:
    """Judge an answer; a skipped one (None) or one that cannot be read is worth nothing.

    Raises TemplateExhausted, which an item that passed its checks does not.
    """
    given = read_response(item, seed=seed, response=response)
    return judge(item, NOTHING if isinstance(given, tuple) else given, seed=seed)


def judge(item: Item, given: Given, *, seed: int) -> GradedResponse:
    """Judge what was read from an answer. Raises TemplateExhausted, as ``grade``."""
    task = item.task
    words = tuple(wording(item, seed=seed, locale=locale) for locale in LOCALES)
    parts = _judged(task, given, words=words)
    marks, full, steps = _earned(task, parts), _marks(task), categories(task)
    if not is_partial(task):
        marks = full if all(parts.values()) else 0
    return GradedResponse(
        score=marks / full,
        category=marks * (steps - 1) // full,
        categories=steps,
        is_correct=marks == full,
        parts=tuple(PartOutcome(part, is_right) for part, is_right in parts.items()),
    )


def is_partial(task: Task) -> bool:
    """Whether the task is scored in steps rather than all or nothing."""
    return bool(getattr(task.key, "partial", False))


def categories(task: Task) -> int:
    """How many ordered steps the task's score has: 2, or up to 4 when it is scored in parts."""
    return min(_marks(task), MOST_CATEGORIES - 1) + 1 if is_partial(task) else 2


@singledispatch
def _marks(task: object) -> int:
    """Marks of a wholly right answer: right options, blanks, adjacent pairs, pairs, entries."""
    del task  # every other type is one mark
    return 1


@_marks.register
def _(task: MultipleChoiceTask) -> int:
    return len(task.key.choices)


@_marks.register
def _(task: ClozeTask) -> int:
    return len(task.key.blanks)


@_marks.register
def _(task: OrderingTask) -> int:
    return len(task.key.order) - 1


@_marks.register
def _(task: MatchingTask) -> int:
    return len(task.key.pairs)


@_marks.register
def _(task: CategorisationTask) -> int:
    return len(task.key.categories)


def _earned(task: Task, parts: Parts) -> int:
    """Marks earned. Where one may choose too much, each wrong choice takes one back, down to 0."""
    if isinstance(task, MultipleChoiceTask):
        hits = sum(parts[option] for option in task.key.choices)
        false_alarms = len(parts) - sum(parts.values()) - (len(task.key.choices) - hits)
        return max(0, hits - false_alarms)
    return sum(parts.values())


@singledispatch
def _judged(task: object, given: Given, *, words: Words) -> Parts:
    """Each part of the answer, right or wrong, by author's id."""
    raise TypeError(f"{task!r} is not a task ({given!r}, {words!r})")


@_judged.register
def _single_choice(task: SingleChoiceTask, given: Given, *, words: Words) -> Parts:
    del words
    return {"choice": given.chosen == (task.key.choice,)}


@_judged.register
def _multiple_choice(task: MultipleChoiceTask, given: Given, *, words: Words) -> Parts:
    del words
    return {
        option.id: (option.id in given.chosen) == (option.id in task.key.choices)
        for option in task.interaction.options
    }


@_judged.register
def _hotspot(task: HotspotTask, given: Given, *, words: Words) -> Parts:
    del words
    return {"regions": set(given.chosen) == set(task.key.regions)}


@_judged.register
def _short_text(task: ShortTextTask, given: Given, *, words: Words) -> Parts:
    key = task.key
    return {"text": _is_accepted(given.text, key.accepted, rules=key.rules, words=words)}


@_judged.register
def _numeric(task: NumericTask, given: Given, *, words: Words) -> Parts:
    key = task.key
    factor = 1.0 if given.unit == key.unit else key.equivalents.get(given.unit or "")
    if factor is None:
        return {"value": False}
    is_right = _is_right_number(
        given.readings,
        (
            words[0].number(key.value) * factor,
            _within(key.value, key.tolerance, words=words) * factor,
        ),
        decimals=task.interaction.decimals,
    )
    return {"value": is_right}


@_judged.register
def _cloze(task: ClozeTask, given: Given, *, words: Words) -> Parts:
    return {
        blank: blank in given.blanks and _is_blank_right(given.blanks[blank], key, words=words)
        for blank, key in task.key.blanks.items()
    }


def _is_blank_right(given: Given, key: BlankKey, *, words: Words) -> bool:
    if isinstance(key, ChoiceBlankKey):
        return given.chosen == (key.choice,)
    if isinstance(key, TextBlankKey):
        return _is_accepted(given.text, key.accepted, rules=key.rules, words=words)
    goal = words[0].number(key.value), _within(key.value, key.tolerance, words=words)
    return _is_right_number(given.readings, goal, decimals=None)


@_judged.register
def _ordering(task: OrderingTask, given: Given, *, words: Words) -> Parts:
    del words
    kept = set(pairwise(given.chosen))
    return {
        f"{first}>{second}": (first, second) in kept for first, second in pairwise(task.key.order)
    }


@_judged.register
def _matching(task: MatchingTask, given: Given, *, words: Words) -> Parts:
    del words
    return {left: given.pairs.get(left) == right for left, right in task.key.pairs.items()}


@_judged.register
def _categorisation(task: CategorisationTask, given: Given, *, words: Words) -> Parts:
    del words
    return {
        entry: given.pairs.get(entry) == category for entry, category in task.key.categories.items()
    }


def _is_accepted(
    text: str, accepted: Iterable[LocalisedText], *, rules: TextRules, words: Words
) -> bool:
    texts = {reader.say(other) for other in accepted for reader in words}
    return bool(text.strip()) and matches(text, texts, rules=rules)


def _is_right_number(
    readings: Iterable[Decimal], goal: tuple[float, float], *, decimals: int | None
) -> bool:
    """``goal``: the key, and how far from it is still right."""
    key, within = goal
    return any(is_near(number, key, within=within, decimals=decimals) for number in readings)


def _within(value: float | str, tolerance: Tolerance, *, words: Words) -> float:
    """The distance from the key that is still right, in the key's unit."""
    if tolerance.relative is not None:
        return abs(words[0].number(value)) * tolerance.relative
    return 0.0 if tolerance.absolute is None else words[0].number(tolerance.absolute)
