"""An item tried out: shown, solved and graded with some seeds, before any agent meets it."""

from collections.abc import Iterator
from typing import Final

from pacnum_api.domains.items.policy.expressions import ExpressionFailed
from pacnum_api.domains.items.policy.file_drawings import DrawingRejected
from pacnum_api.domains.items.policy.files import rehearse, render
from pacnum_api.domains.items.policy.grading import grade
from pacnum_api.domains.items.policy.presentation import present
from pacnum_api.domains.items.policy.responses import read_response
from pacnum_api.domains.items.policy.solving import right_response, wrong_response
from pacnum_api.domains.items.policy.templates import TemplateExhausted, draw
from pacnum_api.domains.items.policy.text_matching import normalised
from pacnum_api.domains.items.policy.wording import Wording, wording
from pacnum_api.domains.items.types import (
    LOCALES,
    Difference,
    Entry,
    Item,
    LocalisedText,
    NumberBlankKey,
    NumericKey,
    Option,
)
from pacnum_api.kernel.errors import FieldFault

SEEDS_FOR_TEMPLATES: Final = 25
_SEEDS_WITHOUT: Final = 2
_SEEDS_PACKED: Final = 2
"""Files are really packed for these; after that only their cells and words are computed."""
_MOST_DRAWS: Final = 5
"""Requirements must hold for more than a fifth of the draws."""
_GREATEST: Final = 10**15
_SAME_LOOK: Final = frozenset({Difference.SPACES})


def trial_faults(item: Item, *, seeds: int = SEEDS_FOR_TEMPLATES) -> list[FieldFault]:
    """What goes wrong when the item is really used; of one seed only, the first that fails.

    ``seeds``: how many variants of a template are tried.
    """
    faults = list(_requirements(item))
    count = _SEEDS_WITHOUT if item.template is None else seeds
    for seed in range(count):
        if faults:
            break
        faults = [FieldFault(f.pointer, f"{f.message} (seed {seed})") for f in _tried(item, seed)]
    return faults


def _requirements(item: Item) -> Iterator[FieldFault]:
    if item.template is None:
        return
    draws = 0
    try:
        for seed in range(SEEDS_FOR_TEMPLATES):
            draws += draw(item.template, seed=seed, key=item.key).draws
    except TemplateExhausted as error:
        yield FieldFault("/template", str(error))
        return
    if draws > SEEDS_FOR_TEMPLATES * _MOST_DRAWS:
        share = 100 * SEEDS_FOR_TEMPLATES // draws
        yield FieldFault("/template/require", f"holds for {share} % of draws; expected over 20 %")


def _tried(item: Item, seed: int) -> Iterator[FieldFault]:
    for locale in LOCALES:
        words = wording(item, seed=seed, locale=locale)
        yield from _rendered(item, words, is_packed=seed < _SEEDS_PACKED)
        yield from _alike(item, words)
        yield from _solved(item, seed=seed, locale=locale)
    yield from _numbers(item, seed)


def _rendered(item: Item, words: Wording, *, is_packed: bool) -> Iterator[FieldFault]:
    for place, file in enumerate(item.content.files):
        try:
            (render if is_packed else rehearse)(file, words)
        except (ExpressionFailed, DrawingRejected, LookupError, TypeError, ValueError) as error:
            yield FieldFault(f"/content/files/{place}", f"{words.locale}: {error}")
    for member, text in (
        ("correct", item.feedback.correct),
        ("incorrect", item.feedback.incorrect),
    ):
        try:
            words.say(text)
        except ExpressionFailed as error:
            yield FieldFault(f"/feedback/{member}", f"{words.locale}: {error}")


def _lists(item: Item) -> Iterator[tuple[str, tuple[Option | Entry, ...]]]:
    asked = item.task.interaction
    for name in ("options", "entries", "left", "right", "categories", "units"):
        parts: tuple[Option | Entry, ...] = getattr(asked, name, ())
        yield f"/content/interaction/{name}", parts
    for place, blank in enumerate(getattr(asked, "blanks", ())):
        yield f"/content/interaction/blanks/{place}/options", blank.options


def _alike(item: Item, words: Wording) -> Iterator[FieldFault]:
    """Two parts of one list that read the same: one of them would be unfairly wrong."""
    for pointer, parts in _lists(item):
        seen: set[str] = set()
        for place, part in enumerate(parts):
            text = _said(part.text, words)
            if text in seen:
                yield FieldFault(f"{pointer}/{place}/text", f"{words.locale}: reads as another one")
            seen.add(text)


def _said(text: LocalisedText, words: Wording) -> str:
    try:
        return normalised(words.say(text), _SAME_LOOK)
    except ExpressionFailed:
        return text.fr + text.en  # told when it is shown


def _solved(item: Item, *, seed: int, locale: str) -> Iterator[FieldFault]:
    try:
        present(item, seed=seed, locale=locale)
        right = right_response(item, seed=seed, locale=locale)
        wrong = wrong_response(item, seed=seed, locale=locale)
        faults = read_response(item, seed=seed, response=right)
        if isinstance(faults, tuple):
            yield FieldFault("/answer", f"{locale}: not a possible answer: {faults[0].message}")
        elif not grade(item, seed=seed, response=right).is_correct:
            yield FieldFault("/answer", f"{locale}: the key itself would not be graded right")
        elif grade(item, seed=seed, response=wrong).is_correct:
            yield FieldFault("/answer", f"{locale}: {wrong} would be graded right")
    except ExpressionFailed as error:
        yield FieldFault("/content", f"{locale}: {error}")


def _numbers(item: Item, seed: int) -> Iterator[FieldFault]:
    """A key that is a number is the same in every language, and of a size that can be typed."""
    readers = [wording(item, seed=seed, locale=locale) for locale in LOCALES]
    for pointer, source in _number_keys(item):
        try:
            values = {reader.number(source) for reader in readers}
        except ExpressionFailed:
            continue  # told when it is solved
        if len(values) > 1:
            yield FieldFault(pointer, "expected the same number in French and English")
        if max(abs(value) for value in values) >= _GREATEST:
            yield FieldFault(pointer, "expected a number below 10^15")


def _number_keys(item: Item) -> Iterator[tuple[str, float | str]]:
    key = item.task.key
    if isinstance(key, NumericKey):
        yield "/answer/value", key.value
    for name, blank in getattr(key, "blanks", {}).items():
        if isinstance(blank, NumberBlankKey):
            yield f"/answer/blanks/{name}/value", blank.value
