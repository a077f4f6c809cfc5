"""One item in one reader's words: its texts and numbers with the drawn values in place."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pacnum_api.domains.items.policy.expressions import (
    ExpressionFailed,
    evaluate,
    fill,
    is_template,
)
from pacnum_api.domains.items.policy.identity import ByIdentity
from pacnum_api.domains.items.policy.templates import draw
from pacnum_api.domains.items.types import Cell, Item, LocalisedText, Scalar, Template


@dataclass(frozen=True, slots=True)
class Wording:
    """How to read an item: the reader's locale, and the drawn values (None: nothing is drawn)."""

    locale: str
    values: Mapping[str, object] | None

    def say(self, text: LocalisedText) -> str:
        """A text as this reader sees it."""
        return self.plain(text.read(self.locale))

    def plain(self, text: str) -> str:
        """A text that is the same in every language, with its expressions filled in."""
        if self.values is None or not is_template(text):
            return text
        return fill(text, self.values, locale=self.locale)

    def cell(self, cell: Cell) -> object:
        """A table's cell; a single expression keeps its own type (a number stays a number)."""
        source: Scalar = cell.read(self.locale) if isinstance(cell, LocalisedText) else cell
        if self.values is None or not isinstance(source, str) or not is_template(source):
            return source
        return evaluate(source, self.values, locale=self.locale)

    def number(self, source: float | str) -> float:
        """A number, or what an expression gives. Raises ExpressionFailed when that is no number."""
        if not isinstance(source, str):
            return source
        value = evaluate(source, self.values or {}, locale=self.locale)
        try:
            number = float(value) if isinstance(value, str | int | float) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise ExpressionFailed(f"{source!r}: expected a number, got {value!r}")
        return int(number) if number.is_integer() and abs(number) < 2**53 else number


def wording(item: Item, *, seed: int, locale: str) -> Wording:
    """How one reader of one session sees the item. Raises TemplateExhausted."""
    if item.template is None:
        return Wording(locale, None)
    return Wording(locale, _values(ByIdentity(item.template), seed=seed, key=item.key)[locale])


# An item is shown, then graded a minute later, often by the same process; its files in between.
@lru_cache(maxsize=512)
def _values(
    template: ByIdentity[Template], *, seed: int, key: str
) -> Mapping[str, Mapping[str, object]]:
    return draw(template.it, seed=seed, key=key).values
