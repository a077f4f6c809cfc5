"""The words of the domain, and text in both languages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

LOCALES: Final = ("fr", "en")

Scalar: TypeAlias = str | int | float | bool | None


class ItemType(StrEnum):
    """How an answer is given."""

    SINGLE_CHOICE = "single_choice"
    MULTIPLE_CHOICE = "multiple_choice"
    SHORT_TEXT = "short_text"
    NUMERIC = "numeric"
    CLOZE = "cloze"
    ORDERING = "ordering"
    MATCHING = "matching"
    CATEGORISATION = "categorisation"
    HOTSPOT = "hotspot"


class ItemStatus(StrEnum):
    """Where an item is in its life; only active ones are put to agents."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class ParameterStatus(StrEnum):
    """How far an item's measurement parameters can be trusted; seeded ones measure nobody yet."""

    SEEDED = "seeded"
    PROVISIONAL = "provisional"
    CALIBRATED = "calibrated"
    DRIFTING = "drifting"
    RETIRED = "retired"


class BlankKind(StrEnum):
    """How one blank of a cloze is filled."""

    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"


class TableFormat(StrEnum):
    """Formats a table can be written in."""

    CSV = "csv"
    XLSX = "xlsx"
    ODS = "ods"


class Difference(StrEnum):
    """A difference between two texts that a key may declare to be none."""

    CASE = "case"
    ACCENTS = "accents"
    SPACES = "spaces"
    PUNCTUATION = "punctuation"


class ReportReason(StrEnum):
    """Why someone contests an item."""

    WRONG_KEY = "wrong_key"
    AMBIGUOUS = "ambiguous"
    OUTDATED = "outdated"
    UNFAIR = "unfair"
    BROKEN = "broken"
    LANGUAGE = "language"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class LocalisedText:
    """The same text in French and English."""

    fr: str
    en: str

    def read(self, locale: str) -> str:
        """The text for a reader; French for every locale that is not English."""
        return self.en if locale == "en" else self.fr
