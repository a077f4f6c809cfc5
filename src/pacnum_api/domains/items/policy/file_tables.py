"""Tables as CSV, XLSX and ODS: the same bytes for the same cells, on any day and machine."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final
from xml.etree.ElementTree import canonicalize

from pacnum_api.domains.items.policy.expressions import compute
from pacnum_api.domains.items.policy.file_packers import Grid, table_packer
from pacnum_api.domains.items.policy.wording import Wording
from pacnum_api.domains.items.types import Column, TableFile, TableFormat

_LONG_AGO: Final = (2026, 1, 1, 0, 0, 0)
_MOMENT: Final = datetime(*_LONG_AGO)  # noqa: DTZ001 - both formats keep local times without a zone
_STAMPS: Final = re.compile(
    rb"(<(?:dcterms:created|dcterms:modified|dc:date|meta:creation-date)[^>]*>)[^<]*(</)"
)
_CONTENT_WITH_FORMULAS: Final = (
    '<office:document-content xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" '
)


def table_bytes(table: TableFile, words: Wording) -> bytes:
    """The table's file for one reader. Raises ExpressionFailed, LookupError, TypeError."""
    header = [words.say(column.name) for column in table.columns]
    rows = _grid(table, words)
    if table.format is TableFormat.CSV:
        return _csv(header, rows, locale=words.locale)
    default = "Feuille1" if words.locale == "fr" else "Sheet1"
    sheet = default if table.sheet is None else words.say(table.sheet)
    return _repacked(table_packer(table.format)(header, rows, sheet=sheet))


def _grid(table: TableFile, words: Wording) -> Grid:
    if table.rows_from is not None:
        drawn = (words.values or {})[table.rows_from]
        if not isinstance(drawn, list):
            raise TypeError(f"{table.rows_from} is not a list of rows")
        return [
            _drawn_row(table.columns, row, words=words, number=n) for n, row in enumerate(drawn, 1)
        ]
    return [
        _literal_row(table.columns, [words.cell(cell) for cell in row], words=words, number=number)
        for number, row in enumerate(table.rows, start=1)
    ]


def _drawn_row(
    columns: Iterable[Column], row: object, *, words: Wording, number: int
) -> list[object]:
    """Cells of drawn rows; an expression sees the row's fields, ``row`` and ``number`` (from 1)."""
    if not isinstance(row, dict):
        raise TypeError("a drawn row is an object")
    return [
        row[column.field]
        if column.field is not None
        else _computed(column, words, extra={**row, "row": row, "number": number})
        for column in columns
    ]


def _literal_row(
    columns: Iterable[Column], cells: Sequence[object], *, words: Wording, number: int
) -> list[object]:
    """Written cells fill the columns without an expression, which sees ``cells`` and ``number``."""
    written = iter(cells)
    return [
        next(written, None)
        if column.value is None
        else _computed(column, words, extra={"cells": cells, "number": number})
        for column in columns
    ]


def _computed(column: Column, words: Wording, *, extra: dict[str, object]) -> object:
    values = {**(words.values or {}), **extra}
    return compute(column.value or "''", values, locale=words.locale)


def _csv(header: Sequence[str], rows: Grid, *, locale: str) -> bytes:
    """``;``, CRLF, UTF-8 with its byte order mark: without, office suites read Windows-1252."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_csv_cell(cell, locale) for cell in row] for row in rows)
    return target.getvalue().encode("utf-8-sig")


def _csv_cell(cell: object, locale: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y") if locale == "fr" else cell.isoformat()
    if isinstance(cell, bool):
        words = {"fr": ("FAUX", "VRAI"), "en": ("FALSE", "TRUE")}
        return words[locale][cell]
    if isinstance(cell, float):
        return str(cell).replace(".", "," if locale == "fr" else ".")
    return str(cell)


def _repacked(archive: bytes) -> bytes:
    """The same archive with every time set to one moment; its parts keep their order.

    The mimetype of an OpenDocument file stays first and uncompressed, as its standard wants.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(target, "w") as packed:
        for name in source.namelist():
            part = zipfile.ZipInfo(name, _LONG_AGO)
            part.create_system = 0
            part.external_attr = 0
            stored = name == "mimetype"
            part.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            packed.writestr(part, _timeless(source.read(name)))
    return target.getvalue()


def _timeless(part: bytes) -> bytes:
    """An XML part without the moment it was made, and without the history of its process.

    odfpy declares every namespace that the process has used so far: canonical XML keeps those
    that the part uses. The one of formulas is used in attribute values only, which it cannot see.
    """
    moment = _MOMENT.isoformat().encode() + b"Z"
    part = _STAMPS.sub(rb"\g<1>" + moment + rb"\g<2>", part)
    if b"opendocument:xmlns" not in part:
        return part
    text = canonicalize(part.decode())
    return text.replace("<office:document-content ", _CONTENT_WITH_FORMULAS, 1).encode()
