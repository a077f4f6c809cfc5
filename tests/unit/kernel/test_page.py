"""Cursors: what goes in comes out, and nothing else is let in."""

import base64
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.kernel.errors import ErrorKind
from pacnum_api.kernel.page import (
    InvalidCursor,
    Page,
    decode_cursor,
    encode_cursor,
    page_of,
    read_id,
    read_moment,
)

storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda child: st.lists(child) | st.dictionaries(st.text(), child),
    max_leaves=5,
)


@given(st.lists(storable, min_size=1, max_size=4))
def test_a_cursor_gives_back_its_parts(parts: list[str]) -> None:
    cursor = encode_cursor(*parts)
    assert decode_cursor(cursor, parts=len(parts)) == tuple(parts)
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.lists(storable, max_size=4), st.integers(0, 5))
def test_another_number_of_parts_is_refused(parts: list[str], wanted: int) -> None:
    if wanted == len(parts):
        wanted += 1
    with pytest.raises(InvalidCursor):
        decode_cursor(encode_cursor(*parts), parts=wanted)


@given(st.text())
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    try:
        parts = decode_cursor(text, parts=1)
    except InvalidCursor:
        return
    assert len(parts) == 1


def test_a_refusal_names_the_parameter() -> None:
    with pytest.raises(InvalidCursor) as caught:
        decode_cursor("nonsense", parts=1)
    assert [fault.pointer for fault in caught.value.faults] == ["/cursor"]
    assert caught.value.kind is ErrorKind.INVALID_INPUT


@given(json_values)
def test_any_json_is_a_cursor_or_refused(value: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
    try:
        parts = decode_cursor(cursor, parts=1)
    except InvalidCursor:
        return
    assert list(parts) == value
    assert "\x00" not in parts[0]
    parts[0].encode()  # a database could hold it


@pytest.mark.parametrize(
    "raw",
    [b"[" * 100_000, b"\xff", b"{}", b"", b'["a\\u0000"]', b'["\\ud800"]', b"[1e400]", b"[NaN]"],
)
def test_forgeries_are_refused(raw: bytes) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(base64.urlsafe_b64encode(raw).decode(), parts=1)


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_comes_back_in_utc(moment: datetime) -> None:
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        with pytest.raises(InvalidCursor):
            read_moment(moment.isoformat())
        return
    if moment.utcoffset() is not None and moment.utcoffset().total_seconds() % 60 == 0:  # type: ignore[union-attr]  # just looked at
        assert read_moment(moment.isoformat()) == expected
        assert read_moment(moment.isoformat()).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-03-02", "2026-03-02T08:30:00", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        read_moment(text)


def test_an_id_comes_back() -> None:
    known = UUID(int=7)
    assert read_id(str(known)) == known
    with pytest.raises(InvalidCursor):
        read_id("seven")


@given(st.lists(st.integers(0, 50), unique=True), st.integers(1, 10))
def test_pages_of_a_whole_list_add_up(items: list[int], limit: int) -> None:
    met: list[int] = []
    cursor: str | None = None
    for _ in range(len(items) + 1):
        page: Page[int] = page_of(items, key=str, limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        met.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert met == items


def test_a_cursor_whose_item_has_gone_is_refused() -> None:
    with pytest.raises(InvalidCursor):
        page_of([1, 2], key=str, limit=1, cursor=encode_cursor("3"))
