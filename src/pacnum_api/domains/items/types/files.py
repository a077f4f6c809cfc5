"""Files that an agent opens: how they are defined, and what they become."""

from dataclasses import dataclass
from typing import TypeAlias

from pacnum_api.domains.items.types.names import LocalisedText, Scalar, TableFormat

FileName: TypeAlias = LocalisedText
"""A file's name for each reader (often the same)."""

Cell: TypeAlias = Scalar | LocalisedText
"""One cell of a table. Text may be a template; ``=`` opens a formula in spreadsheets."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: cells from the rows, from a ``field`` of drawn rows, or from an expression."""

    name: LocalisedText
    value: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class TableFile:
    """A spreadsheet or CSV; its rows are literal, or drawn (``rows_from`` names the parameter)."""

    name: FileName
    alt: LocalisedText
    format: TableFormat
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    rows_from: str | None = None
    sheet: LocalisedText | None = None


@dataclass(frozen=True, slots=True)
class TextFile:
    """Plain text: a note or a log."""

    name: FileName
    alt: LocalisedText
    text: LocalisedText


@dataclass(frozen=True, slots=True)
class EmailFile:
    """A message as a mail program saves it."""

    name: FileName
    alt: LocalisedText
    sender: LocalisedText
    to: LocalisedText
    date: str
    subject: LocalisedText
    text: LocalisedText
    reply_to: LocalisedText | None = None
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PdfFile:
    """A short printed document."""

    name: FileName
    alt: LocalisedText
    title: LocalisedText
    paragraphs: tuple[LocalisedText, ...]


@dataclass(frozen=True, slots=True)
class SvgFile:
    """A drawing; ``alt`` says everything that it shows."""

    name: FileName
    alt: LocalisedText
    svg: LocalisedText


FileDefinition: TypeAlias = TableFile | TextFile | EmailFile | PdfFile | SvgFile


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """The bytes for one seed and one locale; the same on every machine."""

    name: str
    media_type: str
    content: bytes
