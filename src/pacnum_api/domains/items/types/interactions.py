"""What an agent is given to answer with, as its author wrote it; no key in here."""

from dataclasses import dataclass
from typing import TypeAlias

from pacnum_api.domains.items.types.names import BlankKind, LocalisedText


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose; ``why`` names the misconception behind a wrong one (feedback only)."""

    id: str
    text: LocalisedText
    why: LocalisedText | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to order, match, sort, or a unit to choose."""

    id: str
    text: LocalisedText


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of an image in its viewBox units; ``text`` says what is there."""

    id: str
    text: LocalisedText
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Blank:
    """A gap of a text, filled by a choice, a text or a number."""

    id: str
    kind: BlankKind
    options: tuple[Option, ...] = ()
    max_length: int = 60
    shuffle: bool = True


@dataclass(frozen=True, slots=True)
class SingleChoice:
    """One of several options."""

    options: tuple[Option, ...]
    shuffle: bool = True


@dataclass(frozen=True, slots=True)
class MultipleChoice:
    """Any number of several options, at least one."""

    options: tuple[Option, ...]
    shuffle: bool = True


@dataclass(frozen=True, slots=True)
class ShortText:
    """A few words; ``hint`` says what form is expected."""

    max_length: int = 60
    hint: LocalisedText | None = None


@dataclass(frozen=True, slots=True)
class Numeric:
    """A number; with a unit to choose among ``units``, or followed by the fixed text ``unit``.

    ``decimals`` is how many are expected: the key is rounded to them.
    """

    units: tuple[Entry, ...] = ()
    unit: LocalisedText | None = None
    decimals: int | None = None
    shuffle: bool = True


@dataclass(frozen=True, slots=True)
class Cloze:
    """A text with gaps, marked ``[[id]]``."""

    text: LocalisedText
    blanks: tuple[Blank, ...]


@dataclass(frozen=True, slots=True)
class Ordering:
    """Entries to put in order."""

    entries: tuple[Entry, ...]
    shuffle: bool = True


@dataclass(frozen=True, slots=True)
class Matching:
    """Left entries, each to be joined to one on the right; some on the right may stay alone."""

    left: tuple[Entry, ...]
    right: tuple[Entry, ...]
    shuffle: bool = True


@dataclass(frozen=True, slots=True)
class Categorisation:
    """Entries, each to be put in one category."""

    categories: tuple[Entry, ...]
    entries: tuple[Entry, ...]
    shuffle: bool = True


@dataclass(frozen=True, slots=True)
class Hotspot:
    """``select`` of the named regions of an image."""

    image: str
    regions: tuple[Region, ...]
    select: int = 1


Interaction: TypeAlias = (
    SingleChoice
    | MultipleChoice
    | ShortText
    | Numeric
    | Cloze
    | Ordering
    | Matching
    | Categorisation
    | Hotspot
)
