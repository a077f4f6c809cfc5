"""Files of lines that are read as they stream: never more in memory than a piece of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PIECE_BYTES: Final = 65_536
"""How much of a file is held, read or stored at once."""

LONGEST_LINE_BYTES: Final = 65_536
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class LineTooLong(Exception):
    """A line has more than ``LONGEST_LINE_BYTES``; ``line`` is 1-based."""

    def __init__(self, line: int) -> None:
        """Keep where."""
        super().__init__(f"line {line}: expected at most {LONGEST_LINE_BYTES} bytes")
        self.line = line


@dataclass(frozen=True, slots=True)
class LineBatch:
    """Some whole lines without their ends; ``first_line`` is 1-based, ``size_bytes`` with ends."""

    first_line: int
    lines: list[bytes]
    size_bytes: int


async def pieces_of(path: Path) -> AsyncIterator[bytes]:
    """A file on disk, piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


async def line_batches(pieces: AsyncIterator[bytes]) -> AsyncIterator[LineBatch]:
    r"""Cut a stream into batches of whole lines, about a piece each; ``\n`` or ``\r\n`` ends one.

    A byte order mark at the beginning is left out. Raises LineTooLong: a file without line ends is
    not read into memory.
    """
    first_line, rest, is_first = 1, b"", True
    async for piece in pieces:
        whole, found, tail = piece.rpartition(b"\n")
        if not found:
            rest += piece
            _check(rest, first_line)
            continue
        batch = _batch(rest + whole, first_line, is_first=is_first)
        yield batch
        first_line, rest, is_first = first_line + len(batch.lines), tail, False
        _check(rest, first_line)
    if rest:
        last = _batch(rest, first_line, is_first=is_first)
        yield LineBatch(first_line, last.lines, len(rest))


def _check(rest: bytes, line: int) -> None:
    if len(rest) > LONGEST_LINE_BYTES:
        raise LineTooLong(line)


def _batch(text: bytes, first_line: int, *, is_first: bool) -> LineBatch:
    size = len(text) + 1
    if is_first:
        text = text.removeprefix(_BYTE_ORDER_MARK)
    lines = text.replace(b"\r\n", b"\n").removesuffix(b"\r").split(b"\n")
    for place, line in enumerate(lines):
        _check(line, first_line + place)
    return LineBatch(first_line, lines, size)
