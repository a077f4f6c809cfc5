"""The programs that pack spreadsheets and printed pages, each loaded when it is first needed.

Together with what they bring along they take 22 MB and a tenth of a second or two. Commands and
jobs never pack a file, so these three modules are named here and imported by nobody; importing one
of them is what a test of the service's start forbids (``tests/architecture/test_weight.py``). Of
workers that are forked from one process nearly each packs some file one day: ``load_packers``
before the fork keeps that memory in common. Loading keeps no state but Python's own, so the same
arguments still give the same bytes.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Protocol

from pacnum_api.domains.items.types import TableFormat

Grid = Sequence[Sequence[object]]


class TablePacker(Protocol):
    """Packs a header and rows as wide as it; the bytes may still tell when they were made."""

    def __call__(self, header: Sequence[str], rows: Grid, *, sheet: str) -> bytes: ...


PagePacker = Callable[[Sequence[str], str], bytes]
"""Prints a title and paragraphs, which Windows-1252 can write, in a language."""

_PLACE = "pacnum_api.domains.items.policy"
_OF_FORMAT = {TableFormat.XLSX: f"{_PLACE}.pack_xlsx", TableFormat.ODS: f"{_PLACE}.pack_ods"}


@lru_cache
def table_packer(table_format: TableFormat) -> TablePacker:
    """The packer of a format of office suites. Raises KeyError for any other."""
    packer: TablePacker = import_module(_OF_FORMAT[table_format]).pack
    return packer


@lru_cache
def page_packer() -> PagePacker:
    """The packer of printed pages."""
    packer: PagePacker = import_module(f"{_PLACE}.pack_pdf").pack
    return packer


def load_packers() -> None:
    """Load them all: for a process whose children would else load them one by one."""
    page_packer()
    for table_format in _OF_FORMAT:
        table_packer(table_format)
