"""Tables as OpenDocument. Heavy: reached through ``file_packers`` alone."""

import io
import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from odf.namespaces import OFFICENS
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from pacnum_api.domains.items.policy.file_packers import Grid

_REFERENCE: Final = re.compile(
    r"'[^']*'!|\"[^\"]*\"|\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}\$?\d+)?(?![A-Za-z0-9(])|,"
)


def pack(header: Sequence[str], rows: Grid, *, sheet: str) -> bytes:
    document = OpenDocumentSpreadsheet()
    table = Table(name=sheet)
    for row in (header, *rows):
        line = TableRow()
        for cell in row:
            line.addElement(_ods_cell(cell))
        table.addElement(line)
    document.spreadsheet.addElement(table)
    target = io.BytesIO()
    document.write(target)
    return target.getvalue()


def _ods_cell(cell: object) -> TableCell:
    if cell is None:
        return TableCell()
    if isinstance(cell, str) and cell.startswith("="):
        return TableCell(formula=open_formula(cell))
    if isinstance(cell, bool):
        made = TableCell(valuetype="boolean")
        made.setAttrNS(OFFICENS, "boolean-value", "true" if cell else "false")
    elif isinstance(cell, int | float):
        made = TableCell(valuetype="float", value=repr(cell))
    elif isinstance(cell, date):
        made = TableCell(valuetype="date", datevalue=cell.isoformat())
    else:
        made = TableCell(valuetype="string")
    made.addElement(P(text=str(cell)))
    return made


def open_formula(formula: str) -> str:
    """A spreadsheet formula as OpenFormula: ``=SUM(A1:B2,3)`` becomes ``of:=SUM([.A1:.B2];3)``."""

    def rewritten(match: re.Match[str]) -> str:
        piece = match[0]
        if piece[0] in "'\"":
            return piece
        return ";" if piece == "," else "[." + piece.replace(":", ":.") + "]"

    return "of:" + _REFERENCE.sub(rewritten, formula)
