"""What an agent has to read before answering, and what of it gives the feedback away."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Final

from pacnum_api.domains.items.policy.checks import authored_texts
from pacnum_api.domains.items.policy.file_documents import printable_paragraphs
from pacnum_api.domains.items.policy.file_tables import table_bytes
from pacnum_api.domains.items.policy.presentation import present
from pacnum_api.domains.items.policy.wording import Wording, wording
from pacnum_api.domains.items.types import (
    EmailFile,
    Item,
    PdfFile,
    SvgFile,
    TableFile,
    TableFormat,
    TextFile,
)

FEWEST_TELLING_WORDS: Final = 4
"""Shorter pieces stand in a question by chance."""
_DRAWN: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def texts_to_read(item: Item, words: Wording) -> list[str]:
    """Stem, scenario and files, as one reader has them; not what there is to answer with."""
    content = item.content
    texts = [words.say(content.stem)]
    if content.scenario is not None:
        texts.append(words.say(content.scenario))
    return texts + [_text_of(file, words) for file in content.files]


@dataclass(frozen=True, slots=True)
class Foretold:
    """A piece of a text for afterwards (its JSON pointer) that is shown before the answer."""

    pointer: str
    piece: str


def foretold(item: Item, *, seed: int, locale: str) -> Iterator[Foretold]:
    """Pieces of feedback and of reasons, of four words or more, that one variant shows too early.

    A piece is a whole text, or what stands between drawn values. Raises TemplateExhausted.
    """
    read = texts_to_read(item, wording(item, seed=seed, locale=locale))
    content = present(item, seed=seed, locale=locale).content
    shown = _plain("\n".join([*read, *_strings(content)]))
    for pointer, text in authored_texts(item):
        if pointer.startswith("/feedback/") or pointer.endswith("/why"):
            for piece in map(_plain, _DRAWN.split(text.read(locale))):
                if len(piece.split()) >= FEWEST_TELLING_WORDS and piece in shown:
                    yield Foretold(pointer, piece)


def _strings(value: object) -> Iterator[str]:
    """Every string in a payload, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from _strings(member)


def _plain(text: str) -> str:
    return " ".join(text.split())


@singledispatch
def _text_of(file: object, words: Wording) -> str:
    """What a file has to read."""
    raise TypeError(f"{file!r} is not a file for {words!r}")


@_text_of.register
def _(file: TextFile, words: Wording) -> str:
    return words.say(file.text)


@_text_of.register
def _(file: EmailFile, words: Wording) -> str:
    return f"{words.say(file.subject)}\n{words.say(file.text)}"


@_text_of.register
def _(file: SvgFile, words: Wording) -> str:
    return words.say(file.svg)


@_text_of.register
def _(file: TableFile, words: Wording) -> str:
    cells = table_bytes(replace(file, format=TableFormat.CSV), words)
    return cells.decode("utf-8-sig").replace(";", " ")


@_text_of.register
def _(file: PdfFile, words: Wording) -> str:
    return "\n".join(printable_paragraphs(file, words))
