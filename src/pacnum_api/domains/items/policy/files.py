"""From a file's definition to its bytes, for one seed and one reader."""

from dataclasses import replace
from functools import singledispatch
from typing import Final

from pacnum_api.domains.items.policy.file_documents import (
    email_bytes,
    pdf_bytes,
    printable_paragraphs,
    text_bytes,
)
from pacnum_api.domains.items.policy.file_drawings import check_drawing, with_namespace
from pacnum_api.domains.items.policy.file_tables import table_bytes
from pacnum_api.domains.items.policy.presentation import media_type
from pacnum_api.domains.items.policy.wording import Wording, wording
from pacnum_api.domains.items.types import (
    EmailFile,
    FileDefinition,
    Item,
    PdfFile,
    RenderedFile,
    SvgFile,
    TableFile,
    TableFormat,
    TextFile,
)

_KINDS: Final = {EmailFile: "eml", TextFile: "txt", PdfFile: "pdf", SvgFile: "svg"}


def find_file(item: Item, name: str, *, seed: int, locale: str) -> RenderedFile | None:
    """The file of that name as this reader sees it, or None when the item has none."""
    words = wording(item, seed=seed, locale=locale)
    for file in item.content.files:
        if words.say(file.name) == name:
            return render(file, words)
    return None


def file_kind(file: FileDefinition) -> str:
    """What people call the file: its suffix, of notes and logs ``txt``."""
    return file.format.value if isinstance(file, TableFile) else _KINDS[type(file)]


def render(file: FileDefinition, words: Wording) -> RenderedFile:
    """The file's bytes. Raises ExpressionFailed or DrawingRejected on a faulty definition."""
    return RenderedFile(words.say(file.name), media_type(file), _content(file, words))


def rehearse(file: FileDefinition, words: Wording) -> None:
    """Find what ``render`` would find wrong with the words and cells, without the slow packing."""
    if isinstance(file, TableFile):
        table_bytes(replace(file, format=TableFormat.CSV), words)
    elif isinstance(file, PdfFile):
        printable_paragraphs(file, words)
    else:
        render(file, words)


@singledispatch
def _content(file: object, words: Wording) -> bytes:
    raise TypeError(f"{file!r} is not a file ({words!r})")


_content.register(TableFile, table_bytes)
_content.register(TextFile, text_bytes)
_content.register(EmailFile, email_bytes)
_content.register(PdfFile, pdf_bytes)


@_content.register
def _drawing(file: SvgFile, words: Wording) -> bytes:
    svg = words.say(file.svg)
    check_drawing(svg)
    return with_namespace(svg).encode()
