"""Lines come out whole, with their numbers, wherever the stream is cut."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.platform import line_files
from pacnum_api.platform.line_files import LineBatch, LineTooLong, line_batches, pieces_of


def read(pieces: Sequence[bytes]) -> list[LineBatch]:
    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def collect() -> list[LineBatch]:
        return [batch async for batch in line_batches(stream())]

    return asyncio.run(collect())


def lines(batches: Sequence[LineBatch]) -> list[tuple[int, bytes]]:
    return [
        (batch.first_line + place, line)
        for batch in batches
        for place, line in enumerate(batch.lines)
    ]


@given(
    texts=st.lists(st.binary(max_size=6).filter(lambda one: not set(one) & set(b"\r\n"))),
    end=st.sampled_from([b"\n", b"\r\n"]),
    is_ended=st.booleans(),
    cuts=st.lists(st.integers(0, 60), max_size=6),
)
def test_cuts_do_not_matter(
    texts: list[bytes], end: bytes, *, is_ended: bool, cuts: list[int]
) -> None:
    content = end.join(texts) + (end if is_ended and texts else b"")
    places = sorted({0, *(cut for cut in cuts if cut < len(content)), len(content)})
    pieces = [content[start:stop] for start, stop in pairwise(places)]
    if content.startswith(b"\xef\xbb\xbf"):
        return
    found = lines(read(pieces))
    expected = texts if is_ended or not texts or texts[-1] else texts[:-1]
    assert found == list(enumerate(expected, 1))
    sizes = sum(batch.size_bytes for batch in read(pieces))
    assert sizes == len(content)


@pytest.mark.parametrize("cut", range(8))
def test_a_byte_order_mark_is_no_part_of_the_first_line(cut: int) -> None:
    content = b"\xef\xbb\xbfa\nb"
    batches = read([content[:cut], content[cut:]])
    assert lines(batches) == [(1, b"a"), (2, b"b")]
    assert sum(batch.size_bytes for batch in batches) == len(content)


def test_only_the_first_line_has_a_mark() -> None:
    assert lines(read([b"a\n", b"\xef\xbb\xbfb\n"])) == [(1, b"a"), (2, b"\xef\xbb\xbfb")]


def test_a_line_without_end_is_not_read_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_files, "LONGEST_LINE_BYTES", 4)
    taken = []

    async def endless() -> AsyncIterator[bytes]:
        yield b"ab\ncd\n"
        while True:
            taken.append(1)
            yield b"xxx"

    async def collect() -> None:
        async for _ in line_batches(endless()):
            pass

    with pytest.raises(LineTooLong) as caught:
        asyncio.run(collect())
    assert (caught.value.line, len(taken)) == (3, 2)


@pytest.mark.parametrize(
    ("pieces", "line"),
    [([b"ab\nabcde\n"], 2), ([b"abcde"], 1), ([b"a\nabcde"], 2), ([b"a\n", b"abc", b"de\nx"], 2)],
)
def test_a_long_line_is_told_by_number(
    pieces: list[bytes], line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_files, "LONGEST_LINE_BYTES", 4)
    with pytest.raises(LineTooLong) as caught:
        read(pieces)
    assert caught.value.line == line


def test_a_file_comes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_files, "PIECE_BYTES", 4)
    (tmp_path / "file").write_bytes(b"0123456789")

    async def collect() -> list[bytes]:
        return [piece async for piece in pieces_of(tmp_path / "file")]

    assert asyncio.run(collect()) == [b"0123", b"4567", b"89"]
