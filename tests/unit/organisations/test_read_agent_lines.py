"""From lines to agents, or to every fault in them."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from pacnum_api.domains.organisations.policy import EXPECTED, NOT_AN_OBJECT, UNKNOWN_FIELD
from pacnum_api.domains.organisations.service.read_agent_lines import (
    AgentBatch,
    LineSource,
    read_agent_lines,
)
from pacnum_api.domains.organisations.types import LineFormat
from pacnum_api.platform import line_files

CSV, JSON_LINES = LineFormat.CSV, LineFormat.JSON_LINES


def batches(content: bytes, form: LineFormat, *, piece: int = 20) -> list[AgentBatch]:
    async def stream() -> AsyncIterator[bytes]:
        for place in range(0, len(content), piece):
            yield content[place : place + piece]

    async def collect() -> list[AgentBatch]:
        return [batch async for batch in read_agent_lines(LineSource(7, form, stream()))]

    return asyncio.run(collect())


def agents(content: bytes, form: LineFormat) -> list[tuple[int, str, str, str]]:
    found = batches(content, form)
    assert [fault for batch in found for fault in batch.faults] == []
    assert {row[0] for batch in found for row in batch.rows} <= {7}
    return [row[1:] for batch in found for row in batch.rows]


def faults(content: bytes, form: LineFormat, *, piece: int = 20) -> list[tuple[int, str, str]]:
    found = [fault for batch in batches(content, form, piece=piece) for fault in batch.faults]
    assert all(fault.source == 7 for fault in found)
    return [(fault.line, fault.field, fault.message) for fault in found]


@pytest.mark.parametrize(
    "content",
    [
        b"issuer,value,locale\nhr,a-1,en\nhr,a-2,fr\n",
        b"\xef\xbb\xbfissuer;value;locale\r\nhr;a-1;en\r\nhr;a-2;fr",
        b'"issuer","value","locale"\n"hr","a-1","en"\nhr,a-2,\n',
        b"locale,issuer,value\nen,hr,a-1\nfr,hr,a-2\n",
    ],
)
def test_csv_in_every_usual_dress(content: bytes) -> None:
    assert agents(content, CSV) == [(2, "hr", "a-1", "en"), (3, "hr", "a-2", "fr")]


def test_json_lines() -> None:
    content = b'{"issuer":"hr","value":"a-1","locale":"en"}\r\n{ "value": "a-2", "issuer": "hr" }'
    assert agents(content, JSON_LINES) == [(1, "hr", "a-1", "en"), (2, "hr", "a-2", "fr")]


def test_empty_lines_say_nothing_and_count() -> None:
    assert agents(b"\nissuer,value\n\nhr,a-1\n\n", CSV) == [(4, "hr", "a-1", "fr")]
    assert agents(b'\n\n{"issuer":"hr","value":"a-1"}\n', JSON_LINES) == [(3, "hr", "a-1", "fr")]


@pytest.mark.parametrize("piece", [3, 1000])
def test_every_fault_of_a_csv_file_and_the_sound_lines_between(piece: int) -> None:
    content = (
        b"issuer,value,locale\nhr,a b,de\nhr,a-1,fr\nhr,a-2\n\xff,a-3,fr\n"
        b'hr,"a-4,fr\nhr,a-5,fr,\n-hr,' + b"x" * 201 + b",fr\nhr,a-6,en\n"
    )
    assert sorted(faults(content, CSV, piece=piece)) == [
        (2, "locale", EXPECTED["locale"]),
        (2, "value", EXPECTED["value"]),
        (4, "", "expected 3 cells"),
        (5, "", "expected UTF-8"),
        (6, "", "expected 3 cells"),
        (7, "", "expected 3 cells"),
        (8, "issuer", EXPECTED["issuer"]),
        (8, "value", EXPECTED["value"]),
    ]
    kept = [row[1] for batch in batches(content, CSV, piece=piece) for row in batch.rows]
    assert kept == [3, 9]


def test_every_fault_of_json_lines() -> None:
    lines: list[object] = [
        {"issuer": "hr", "value": "a-1", "name": "Jeanne"},
        {"issuer": "hr"},
        {"issuer": 1, "value": None, "locale": "de"},
        ["hr", "a-1"],
        {"issuer": "hr", "value": "a-1\u0000"},
    ]
    content = b"\n".join([*(json.dumps(one).encode() for one in lines), b'{"issuer":', b"NaN"])
    assert faults(content, JSON_LINES) == [
        (1, "", UNKNOWN_FIELD),
        (2, "value", EXPECTED["value"]),
        (3, "issuer", EXPECTED["issuer"]),
        (3, "locale", EXPECTED["locale"]),
        (3, "value", EXPECTED["value"]),
        (4, "", NOT_AN_OBJECT),
        (5, "value", EXPECTED["value"]),
        (6, "", NOT_AN_OBJECT),
        (7, "", NOT_AN_OBJECT),
    ]


@pytest.mark.parametrize("header", [b"name,value", b'"issuer', b"issuer,value,name"])
def test_without_a_sound_header_nothing_else_is_told(header: bytes) -> None:
    found = faults(header + b"\n" + b"x\n" * 100, CSV)
    assert {line for line, _, _ in found} == {1}


@pytest.mark.parametrize(
    ("content", "form"), [(b"", CSV), (b"\n\n", CSV), (b"issuer,value\n", CSV), (b"", JSON_LINES)]
)
def test_a_file_without_agents_is_a_fault(content: bytes, form: LineFormat) -> None:
    assert faults(content, form) == [(1, "", "expected at least one agent")]


def test_a_line_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_files, "LONGEST_LINE_BYTES", 30)
    content = b"issuer,value\nhr,a-1\nhr," + b"x" * 100
    assert faults(content, CSV) == [(3, "", "expected a shorter line")]


def test_lines_and_bytes_are_counted() -> None:
    content = b"issuer,value\nhr,a-1\nhr,a-2\n"
    found = batches(content, CSV)
    assert sum(batch.lines for batch in found) == 3
    assert sum(batch.size_bytes for batch in found) == len(content)
