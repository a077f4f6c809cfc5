"""A variant of an item as an agent has it, its files opened by the programs that agents' tools use.

A *proof* finds an item's answer again from a ``Case``: it reads the bytes of the files (``csv``,
``openpyxl``, ``odfpy``, ``email``, ``pypdf``, ``xml``), never the authored item, and says its
answer in the words shown. It is written by someone who has not seen the key.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final, TypeAlias, TypeVar
from xml.etree.ElementTree import Element, fromstring

import openpyxl
from odf import opendocument, table, teletype
from pypdf import PdfReader

T = TypeVar("T")

Answer: TypeAlias = (
    str | int | float | Sequence["Answer"] | frozenset[str] | set[str] | Mapping[str, "Answer"]
)
"""What a proof says, by the item's type.

- ``single_choice``: the option; ``multiple_choice``, ``hotspot``: a set of options or regions;
- ``numeric``: the number, or [number, unit]; ``short_text``: the text;
- ``cloze``: a list with the option, text or number of each gap in the order of the text;
- ``ordering``: the list of entries in order;
- ``matching``: left to right; ``categorisation``: entry to category.

Options, entries and regions are said in the words shown, or in any part of them that no other one
of the list has.
"""

Row: TypeAlias = dict[str, Any]
_SPACES: Final = str.maketrans("", "", " \u00a0\u202f")


class ProofFailed(Exception):
    """A proof did not find what it looked for."""


@dataclass(frozen=True, slots=True)
class Case:
    """One variant for one reader: the payload an agent gets, and the bytes of its files."""

    locale: str
    content: Mapping[str, Any]
    files: Mapping[str, bytes]

    @property
    def stem(self) -> str:
        """The question."""
        return str(self.content["stem"])

    @property
    def scenario(self) -> str:
        """The situation, or nothing."""
        return str(self.content["scenario"] or "")

    @property
    def interaction(self) -> Mapping[str, Any]:
        """What to answer with."""
        interaction: Mapping[str, Any] = self.content["interaction"]
        return interaction

    def texts(self, name: str = "options") -> list[str]:
        """The parts of a list as shown: options, entries, left, right, categories, regions."""
        return [part["text"] for part in self.interaction[name]]

    def file(self, suffix: str = "", *, place: int = 0) -> bytes:
        """The bytes of the file at a place among those whose name ends so."""
        return self.files[self._name(suffix, place)]

    def _name(self, suffix: str, place: int) -> str:
        names = [name for name in self.files if name.endswith(suffix)]
        if place >= len(names):
            raise ProofFailed(f"no file {place} of {suffix!r} among {list(self.files)}")
        return names[place]

    def rows(self, suffix: str = "", *, place: int = 0) -> list[list[Any]]:
        """The cells of a table (.csv, .xlsx, .ods), header first; texts in CSV, else values.

        A formula is its text, beginning with ``=``.
        """
        name = self._name(suffix, place)
        readers = {"csv": _csv_rows, "xlsx": _xlsx_rows, "ods": _ods_rows}
        return readers[name.rsplit(".", 1)[1]](self.files[name])

    def table(self, suffix: str = "", *, place: int = 0) -> list[Row]:
        """The rows of a table, by the names in its header."""
        header, *rows = self.rows(suffix, place=place)
        return [dict(zip(header, row, strict=True)) for row in rows]

    def text(self, suffix: str = ".txt", *, place: int = 0) -> str:
        """A note or a log."""
        return self.file(suffix, place=place).decode("utf-8")

    def message(self, *, place: int = 0) -> EmailMessage:
        """An e-mail; ``.get_body().get_content()`` is its text."""
        message = message_from_bytes(self.file(".eml", place=place), policy=default)
        if not isinstance(message, EmailMessage):
            raise ProofFailed("the file is not a message")
        return message

    def body(self, *, place: int = 0) -> str:
        """The text of an e-mail, with plain line feeds."""
        part = self.message(place=place).get_body(("plain",))
        if part is None:
            raise ProofFailed("the message has no text")
        return str(part.get_content()).replace("\r\n", "\n")

    def printed(self, *, place: int = 0) -> str:
        """The text of a PDF, line by line as printed."""
        reader = PdfReader(io.BytesIO(self.file(".pdf", place=place)))
        return "\n".join(page.extract_text() for page in reader.pages)

    def pages(self, *, place: int = 0) -> str:
        """The text of a PDF, its lines joined by spaces."""
        return " ".join(self.printed(place=place).split())

    def drawing(self, *, place: int = 0) -> Element:
        """The root of a drawing."""
        return fromstring(self.file(".svg", place=place))  # noqa: S314 - checked when rendered


def only(found: Iterable[T]) -> T:
    """The one thing found. Raises ProofFailed when there is none, or more than one."""
    things = list(found)
    if len(things) != 1:
        raise ProofFailed(f"{len(things)} found instead of one: {things}")
    return things[0]


def match(pattern: str, text: str, *, flags: int = 0) -> re.Match[str]:
    """The first match. Raises ProofFailed when a text has not what a proof rests on."""
    found = re.search(pattern, text, flags)
    if found is None:
        raise ProofFailed(f"{pattern!r} is not in {text!r}")
    return found


def number(text: object) -> float:
    """A number as printed in French or English: ``1 234,5``, ``1,234.5``, ``12 %``, ``30 €``."""
    if isinstance(text, int | float):
        return float(text)
    bare = str(text).translate(_SPACES).rstrip("%€£$").replace("−", "-")
    if "," in bare and "." in bare:
        bare = bare.replace(",", "")
    elif "," in bare:
        bare = bare.replace(",", ".")
    try:
        return float(bare)
    except ValueError as error:
        raise ProofFailed(f"{text!r} is not a number") from error


def _csv_rows(content: bytes) -> list[list[Any]]:
    text = content.decode("utf-8-sig")
    return [list(row) for row in csv.reader(io.StringIO(text), delimiter=";")]


def _xlsx_rows(content: bytes) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def _ods_rows(content: bytes) -> list[list[Any]]:
    document = opendocument.load(io.BytesIO(content))
    sheet = document.spreadsheet.getElementsByType(table.Table)[0]
    rows = [list(_ods_cells(row)) for row in sheet.getElementsByType(table.TableRow)]
    width = len(rows[0]) if rows else 0
    return [row + [None] * (width - len(row)) for row in rows]


def _ods_cells(row: Any) -> Iterator[Any]:
    for cell in row.getElementsByType(table.TableCell):
        yield from [_ods_value(cell)] * int(cell.getAttribute("numbercolumnsrepeated") or 1)


def _ods_value(cell: Any) -> Any:
    formula = cell.getAttribute("formula")
    if formula:
        return str(formula).removeprefix("of:")
    kind = cell.getAttribute("valuetype")
    if kind in {"float", "percentage", "currency"}:
        value = float(cell.getAttribute("value"))
        return int(value) if value.is_integer() else value
    return teletype.extractText(cell) or None
