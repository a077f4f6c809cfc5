"""Printed pages. Heavy: reached through ``file_packers`` alone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from fpdf import FPDF

_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)


def pack(texts: Sequence[str], locale: str) -> bytes:
    """A4 pages: the first text is the title, the others are paragraphs."""
    title, *paragraphs = texts
    page = FPDF(format="A4")
    page.core_fonts_encoding = "cp1252"
    page.set_creation_date(_MOMENT)
    page.set_title(title)
    page.set_lang(locale)
    page.set_margin(20)
    page.add_page()
    page.set_font("Helvetica", style="B", size=15)
    page.multi_cell(0, 8, title, new_x="LMARGIN", new_y="NEXT", align="L")
    page.set_font("Helvetica", size=11)
    for text in paragraphs:
        page.ln(3)
        page.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT", align="L")
    return bytes(page.output())
