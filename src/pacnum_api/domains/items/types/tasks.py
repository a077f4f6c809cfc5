"""An interaction together with its own kind of key."""

from dataclasses import dataclass
from typing import TypeAlias

from pacnum_api.domains.items.types.answers import (
    CategorisationKey,
    ClozeKey,
    HotspotKey,
    MatchingKey,
    MultipleChoiceKey,
    NumericKey,
    OrderingKey,
    ShortTextKey,
    SingleChoiceKey,
)
from pacnum_api.domains.items.types.interactions import (
    Categorisation,
    Cloze,
    Hotspot,
    Matching,
    MultipleChoice,
    Numeric,
    Ordering,
    ShortText,
    SingleChoice,
)


@dataclass(frozen=True, slots=True)
class SingleChoiceTask:
    """Choose one."""

    interaction: SingleChoice
    key: SingleChoiceKey


@dataclass(frozen=True, slots=True)
class MultipleChoiceTask:
    """Choose those that apply."""

    interaction: MultipleChoice
    key: MultipleChoiceKey


@dataclass(frozen=True, slots=True)
class ShortTextTask:
    """Write a few words."""

    interaction: ShortText
    key: ShortTextKey


@dataclass(frozen=True, slots=True)
class NumericTask:
    """Give a number."""

    interaction: Numeric
    key: NumericKey


@dataclass(frozen=True, slots=True)
class ClozeTask:
    """Fill the gaps."""

    interaction: Cloze
    key: ClozeKey


@dataclass(frozen=True, slots=True)
class OrderingTask:
    """Put in order."""

    interaction: Ordering
    key: OrderingKey


@dataclass(frozen=True, slots=True)
class MatchingTask:
    """Join."""

    interaction: Matching
    key: MatchingKey


@dataclass(frozen=True, slots=True)
class CategorisationTask:
    """Sort."""

    interaction: Categorisation
    key: CategorisationKey


@dataclass(frozen=True, slots=True)
class HotspotTask:
    """Point."""

    interaction: Hotspot
    key: HotspotKey


Task: TypeAlias = (
    SingleChoiceTask
    | MultipleChoiceTask
    | ShortTextTask
    | NumericTask
    | ClozeTask
    | OrderingTask
    | MatchingTask
    | CategorisationTask
    | HotspotTask
)
