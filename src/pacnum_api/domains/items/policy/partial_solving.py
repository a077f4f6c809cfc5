"""Answers of any score, for simulated agents: a right answer spoilt part by part."""

from collections.abc import Iterator, Mapping, Sequence

from pacnum_api.domains.items.policy.grading import grade
from pacnum_api.domains.items.policy.solving import Answer, right_response, wrong_response
from pacnum_api.domains.items.types import Item
from pacnum_api.kernel.errors import JsonValue


def response_worth(item: Item, category: int, *, seed: int, locale: str) -> Answer:
    """An answer that is graded as ``category``, or as near to it as spoiling parts comes."""

    def distance(answer: Answer) -> int:
        return abs(grade(item, seed=seed, response=answer).category - category)

    return min(_spoilt(item, seed=seed, locale=locale), key=distance)


def _spoilt(item: Item, *, seed: int, locale: str) -> Iterator[Answer]:
    right = right_response(item, seed=seed, locale=locale)
    wrong = wrong_response(item, seed=seed, locale=locale)
    yield right
    yield wrong
    for name, value in right.items():
        for other in _between(value, wrong[name]):
            yield {**right, name: other}


def _between(right: JsonValue, wrong: JsonValue) -> Iterator[JsonValue]:
    """The first parts right; the others wrong, changed among themselves, or left out."""
    if isinstance(right, Mapping) and isinstance(wrong, Mapping):
        names = list(right)
        for kept in range(1, len(names)):
            rest = names[kept:]
            first = {name: right[name] for name in names[:kept]}
            yield {**first, **{name: wrong[name] for name in rest}}
            turned = zip(rest, [*rest[1:], rest[0]], strict=True)
            yield {**first, **{name: right[other] for name, other in turned}}
            yield first
    elif isinstance(right, Sequence) and not isinstance(right, str):
        for kept in range(1, len(right)):
            yield list(right[:kept])
            yield [*right[:kept], *reversed(right[kept:])]
            yield [*right[kept:], *right[:kept]]
