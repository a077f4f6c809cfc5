"""What a seeded item draws before it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class IntegerRange:
    """low, low + step, … up to high, each as likely."""

    low: int
    high: int
    step: int = 1


@dataclass(frozen=True, slots=True)
class DecimalRange:
    """Multiples of 10^-digits from low to high, each as likely."""

    low: float
    high: float
    digits: int


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some values; ``{fr, en}`` ones are read in the reader's language."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class SampleOf:
    """``size`` different ones of some values, in random order."""

    values: tuple[object, ...]
    size: int


@dataclass(frozen=True, slots=True)
class DateRange:
    """A day from first to last, each as likely."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Sequence:
    """The format filled with start, start + 1, … down the rows; only in ``Rows``."""

    pattern: str
    start: int = 1


DrawnValue: TypeAlias = IntegerRange | DecimalRange | OneOf | SampleOf | DateRange


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: each row draws each column."""

    count: int
    columns: Mapping[str, DrawnValue | Sequence]


Parameter: TypeAlias = DrawnValue | Rows


@dataclass(frozen=True, slots=True)
class Template:
    """Parameters are drawn in order, derived values computed, until every requirement holds."""

    parameters: Mapping[str, Parameter]
    derived: Mapping[str, str] = field(default_factory=dict)
    require: tuple[str, ...] = ()
