"""Answers made from the key: a right one and a wrong one, in the labels of a seed.

They prove an item when it is loaded (its own right answer must be graded right) and let simulated
agents answer through the public interface.
"""

from functools import singledispatch
from typing import TypeAlias

from pacnum_api.domains.items.policy.labels import Labels, label
from pacnum_api.domains.items.policy.wording import Wording, wording
from pacnum_api.domains.items.types import (
    BlankKey,
    CategorisationTask,
    ChoiceBlankKey,
    ClozeTask,
    HotspotTask,
    Item,
    MatchingTask,
    MultipleChoiceTask,
    NumericTask,
    OrderingTask,
    ShortTextTask,
    SingleChoiceTask,
    TextBlankKey,
)
from pacnum_api.kernel.errors import JsonValue

Answer: TypeAlias = dict[str, JsonValue]
_NONSENSE = "zzz"


def right_response(item: Item, *, seed: int, locale: str) -> Answer:
    """The answer that the key calls right."""
    words = wording(item, seed=seed, locale=locale)
    return {"type": item.type.value, **_right(item.task, words, labels=label(item, seed))}


def wrong_response(item: Item, *, seed: int, locale: str) -> Answer:
    """An answer of the right form without one right part."""
    words = wording(item, seed=seed, locale=locale)
    return {"type": item.type.value, **_wrong(item.task, words, labels=label(item, seed))}


@singledispatch
def _right(task: object, words: Wording, *, labels: Labels) -> Answer:
    raise TypeError(f"{task!r} is not a task ({words!r}, {labels!r})")


@_right.register
def _(task: SingleChoiceTask, words: Wording, *, labels: Labels) -> Answer:
    del words
    return {"choice": labels["options"].label(task.key.choice)}


@_right.register
def _(task: MultipleChoiceTask, words: Wording, *, labels: Labels) -> Answer:
    del words
    return {"choices": [labels["options"].label(choice) for choice in task.key.choices]}


@_right.register
def _(task: ShortTextTask, words: Wording, *, labels: Labels) -> Answer:
    del labels
    return {"text": words.say(task.key.accepted[0])}


@_right.register
def _(task: NumericTask, words: Wording, *, labels: Labels) -> Answer:
    number = _rounded(words.number(task.key.value), task.interaction.decimals)
    if task.key.unit is None:
        return {"value": number}
    return {"value": number, "unit": labels["units"].label(task.key.unit)}


def _rounded(number: float, decimals: int | None) -> float:
    return number if decimals is None else round(number, decimals)


@_right.register
def _(task: ClozeTask, words: Wording, *, labels: Labels) -> Answer:
    return {
        "blanks": {
            labels["blanks"].label(blank): _right_blank(blank, key, words=words, labels=labels)
            for blank, key in task.key.blanks.items()
        }
    }


def _right_blank(blank: str, key: BlankKey, *, words: Wording, labels: Labels) -> JsonValue:
    if isinstance(key, ChoiceBlankKey):
        return labels[f"blank:{blank}"].label(key.choice)
    if isinstance(key, TextBlankKey):
        return words.say(key.accepted[0])
    return words.number(key.value)


@_right.register
def _(task: OrderingTask, words: Wording, *, labels: Labels) -> Answer:
    del words
    return {"order": [labels["entries"].label(entry) for entry in task.key.order]}


@_right.register
def _(task: MatchingTask, words: Wording, *, labels: Labels) -> Answer:
    del words
    left, right = labels["left"], labels["right"]
    return {"pairs": {left.label(a): right.label(b) for a, b in task.key.pairs.items()}}


@_right.register
def _(task: CategorisationTask, words: Wording, *, labels: Labels) -> Answer:
    del words
    entries, categories = labels["entries"], labels["categories"]
    assigned = task.key.categories.items()
    return {"categories": {entries.label(a): categories.label(b) for a, b in assigned}}


@_right.register
def _(task: HotspotTask, words: Wording, *, labels: Labels) -> Answer:
    del words
    return {"regions": [labels["regions"].label(region) for region in task.key.regions]}


@singledispatch
def _wrong(task: object, words: Wording, *, labels: Labels) -> Answer:
    raise TypeError(f"{task!r} is not a task ({words!r}, {labels!r})")


@_wrong.register
def _(task: SingleChoiceTask, words: Wording, *, labels: Labels) -> Answer:
    del words
    return {"choice": _another(labels, "options", task.key.choice)}


@_wrong.register
def _(task: MultipleChoiceTask, words: Wording, *, labels: Labels) -> Answer:
    del words
    return {"choices": [_another(labels, "options", *task.key.choices)]}


@_wrong.register
def _(task: ShortTextTask, words: Wording, *, labels: Labels) -> Answer:
    del words, labels
    return {"text": _NONSENSE[: task.interaction.max_length]}


@_wrong.register
def _(task: NumericTask, words: Wording, *, labels: Labels) -> Answer:
    number = _far_from(words.number(task.key.value))
    if task.key.unit is None:
        return {"value": number}
    return {"value": number, "unit": labels["units"].label(task.key.unit)}


def _far_from(number: float) -> float:
    """Another sign, and further off than any tolerance (a relative one is below 1)."""
    return -3 * number - 1_000_000


@_wrong.register
def _(task: ClozeTask, words: Wording, *, labels: Labels) -> Answer:
    return {
        "blanks": {
            labels["blanks"].label(blank): _wrong_blank(blank, key, words=words, labels=labels)
            for blank, key in task.key.blanks.items()
        }
    }


def _wrong_blank(blank: str, key: BlankKey, *, words: Wording, labels: Labels) -> JsonValue:
    if isinstance(key, ChoiceBlankKey):
        return _another(labels, f"blank:{blank}", key.choice)
    if isinstance(key, TextBlankKey):
        return _NONSENSE
    return _far_from(words.number(key.value))


@_wrong.register
def _(task: OrderingTask, words: Wording, *, labels: Labels) -> Answer:
    del words  # backwards, no two neighbours are in order
    return {"order": [labels["entries"].label(entry) for entry in reversed(task.key.order)]}


@_wrong.register
def _(task: MatchingTask, words: Wording, *, labels: Labels) -> Answer:
    """Everyone joined to the next one's partner."""
    del words
    left, right = labels["left"], labels["right"]
    lefts, rights = list(task.key.pairs), list(task.key.pairs.values())
    turned = [*rights[1:], rights[0]]
    return {"pairs": {left.label(a): right.label(b) for a, b in zip(lefts, turned, strict=True)}}


@_wrong.register
def _(task: CategorisationTask, words: Wording, *, labels: Labels) -> Answer:
    del words
    entries = labels["entries"]
    assigned = task.key.categories.items()
    return {
        "categories": {entries.label(a): _another(labels, "categories", b) for a, b in assigned}
    }


@_wrong.register
def _(task: HotspotTask, words: Wording, *, labels: Labels) -> Answer:
    del words
    regions = labels["regions"]
    others = [region for region in regions.ids if region not in task.key.regions]
    chosen = [*others, *task.key.regions][: task.interaction.select]
    return {"regions": [regions.label(region) for region in chosen]}


def _another(labels: Labels, name: str, *right: str) -> str:
    """The label of the first shown part that is not right."""
    shown = labels[name]
    return shown.label(next(part for part in shown.ids if part not in right))
