"""Keys: the right answers, and how far from them is still right. Never shown to someone tested."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pacnum_api.domains.items.types.names import Difference, LocalisedText

NumberSource: TypeAlias = float | int | str
"""A number, or a template expression that gives one."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far from the key is still right: in its unit, or as a share of it; nothing if not."""

    absolute: NumberSource | None = None
    relative: float | None = None


@dataclass(frozen=True, slots=True)
class TextRules:
    """What makes no difference between two texts, and how many typing slips are forgiven."""

    ignore: frozenset[Difference] = frozenset(
        {Difference.CASE, Difference.ACCENTS, Difference.SPACES}
    )
    typos: int = 0


@dataclass(frozen=True, slots=True)
class SingleChoiceKey:
    """The right option."""

    choice: str


@dataclass(frozen=True, slots=True)
class MultipleChoiceKey:
    """The right options; ``partial``: score = max(0, (hits - false alarms) / right ones)."""

    choices: tuple[str, ...]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class ShortTextKey:
    """Texts that are right; either language is accepted whatever the reader's."""

    accepted: tuple[LocalisedText, ...]
    rules: TextRules = field(default_factory=TextRules)


@dataclass(frozen=True, slots=True)
class NumericKey:
    """The right number in ``unit``; in another unit it is ``value * equivalents[unit]``."""

    value: NumberSource
    tolerance: Tolerance = field(default_factory=Tolerance)
    unit: str | None = None
    equivalents: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChoiceBlankKey:
    """The right option of one blank."""

    choice: str


@dataclass(frozen=True, slots=True)
class TextBlankKey:
    """The right texts of one blank."""

    accepted: tuple[LocalisedText, ...]
    rules: TextRules = field(default_factory=TextRules)


@dataclass(frozen=True, slots=True)
class NumberBlankKey:
    """The right number of one blank."""

    value: NumberSource
    tolerance: Tolerance = field(default_factory=Tolerance)


BlankKey: TypeAlias = ChoiceBlankKey | TextBlankKey | NumberBlankKey


@dataclass(frozen=True, slots=True)
class ClozeKey:
    """The key of every blank; ``partial``: score = share of blanks right."""

    blanks: Mapping[str, BlankKey]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class OrderingKey:
    """The right order; ``partial``: score = share of its adjacent pairs kept adjacent, in order."""

    order: tuple[str, ...]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class MatchingKey:
    """Left id to right id; ``partial``: score = share of pairs right."""

    pairs: Mapping[str, str]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class CategorisationKey:
    """Entry id to category id; ``partial``: score = share of entries right."""

    categories: Mapping[str, str]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class HotspotKey:
    """The right regions, exactly as many as are to be selected."""

    regions: tuple[str, ...]
