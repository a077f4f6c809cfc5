"""Tables for Excel. Heavy: reached through ``file_packers`` alone."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from pacnum_api.domains.items.policy.file_packers import Grid

_WIDEST: Final = 60


def pack(header: Sequence[str], rows: Grid, *, sheet: str) -> bytes:
    book = Workbook()
    page = book.worksheets[0]
    page.title = sheet
    page.append(list(header))
    for row in rows:
        page.append([_office_value(cell) for cell in row])
    for cell in page[1]:
        cell.font = Font(bold=True)
    for number, column in enumerate(zip(header, *rows, strict=True), start=1):
        width = max(len(str(cell)) for cell in column)
        page.column_dimensions[get_column_letter(number)].width = min(width, _WIDEST) + 2
    page.freeze_panes = "A2"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _office_value(cell: object) -> str | int | float | bool | date | None:
    return cell if isinstance(cell, str | int | float | date) or cell is None else str(cell)
