"""From lines to agents, or to every fault in them: batch by batch, so that no file is held.

Batches without a fault, the usual ones, are validated whole; only a batch with a fault is looked at
line by line.
"""

import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from pacnum_api.domains.organisations.policy import (
    Header,
    expectation,
    header_faults,
    separator_of,
)
from pacnum_api.domains.organisations.schemas import (
    AGENT_CELLS,
    ALL_AGENT_CELLS,
    AgentCells,
    AgentLine,
)
from pacnum_api.domains.organisations.types import LineFault, LineFormat
from pacnum_api.platform.line_files import LineBatch, LineTooLong, line_batches

Cells = list[str]
Numbered = tuple[int, str]
"""A line's number and its text."""


@dataclass(frozen=True, slots=True)
class LineSource:
    """A file as it streams; ``place`` numbers the files of one import from 0."""

    place: int
    format: LineFormat
    pieces: AsyncIterator[bytes]


@dataclass(slots=True)
class AgentBatch:
    """What some lines said: rows for the database, and what is wrong with the others."""

    source: int
    rows: list[tuple[int, int, str, str, str]] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)
    lines: int = 0
    size_bytes: int = 0

    def take(self, line: int, agent: AgentCells) -> None:
        """Keep a sound line as a row."""
        self.rows.append((self.source, line, *agent))

    def refuse(self, line: int, error: ValidationError) -> None:
        """Keep what is wrong with a line."""
        faults = {
            expectation(one["loc"])
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        }
        self.tell(line, sorted(faults))

    def tell(self, line: int, faults: Iterable[tuple[str, str]]) -> None:
        """Keep faults of a line: (field, message) of each."""
        self.faults += [LineFault(self.source, line, *fault) for fault in faults]


async def read_agent_lines(source: LineSource) -> AsyncIterator[AgentBatch]:
    """The file's agents, in its order. After a fault that hides the rest, the rest is not read."""
    reader = _CsvReader() if source.format is LineFormat.CSV else _JsonReader()
    seen = 0
    try:
        async for lines in line_batches(source.pieces):
            batch = AgentBatch(source.place, lines=len(lines.lines), size_bytes=lines.size_bytes)
            reader.read(_texts(lines, batch), batch)
            seen += len(batch.rows) + len(batch.faults)
            yield batch
            if reader.is_lost:
                return
    except LineTooLong as error:
        yield _told(source, error.line, message="expected a shorter line")
        return
    if not seen:
        yield _told(source, 1, message="expected at least one agent")


def _told(source: LineSource, line: int, *, message: str) -> AgentBatch:
    return AgentBatch(source.place, faults=[LineFault(source.place, line, "", message)])


def _texts(lines: LineBatch, batch: AgentBatch) -> list[Numbered]:
    """The lines that say something, as text."""
    try:
        texts = b"\n".join(lines.lines).decode().split("\n")
    except UnicodeDecodeError:
        return list(_texts_one_by_one(lines, batch))
    return [(number, text) for number, text in enumerate(texts, lines.first_line) if text]


def _texts_one_by_one(lines: LineBatch, batch: AgentBatch) -> Iterator[Numbered]:
    for number, line in enumerate(lines.lines, lines.first_line):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            batch.tell(number, [("", "expected UTF-8")])
            continue
        if text:
            yield number, text


class _CsvReader:
    """A header, then cells. A cell is never longer than its line: no value has a line's end."""

    def __init__(self) -> None:
        self._header: Header | None = None
        self.is_lost = False

    def read(self, lines: Sequence[Numbered], batch: AgentBatch) -> None:
        """Add what the lines say to the batch; without a sound header nothing can be said."""
        if self._header is None and lines:
            self._begin(lines[0], batch)
            lines = lines[1:]
        if self._header is None:
            return
        numbers, rows = _rows(lines, self._header, batch=batch)
        agents = self._header.agents(rows)
        try:
            sound = ALL_AGENT_CELLS.validate_python(agents)
        except ValidationError:
            for number, agent in zip(numbers, agents, strict=True):
                _take(number, agent, batch=batch)
        else:
            for number, one in zip(numbers, sound, strict=True):
                batch.take(number, one)

    def _begin(self, first: Numbered, batch: AgentBatch) -> None:
        number, text = first
        separator = separator_of(text)
        cells = _cells(text, separator)
        faults = header_faults(cells or [])
        batch.tell(number, faults)
        self.is_lost = bool(faults)
        if cells is not None and not faults:
            self._header = Header(separator, tuple(cells))


def _rows(
    lines: Sequence[Numbered], header: Header, *, batch: AgentBatch
) -> tuple[list[int], list[Cells]]:
    """The cells of the lines that have as many as the header, and those lines' numbers."""
    numbers: list[int] = []
    rows: list[Cells] = []
    width = len(header.columns)
    for number, text in lines:
        # quotes are rare: no value needs them
        plain = '"' not in text
        cells = text.split(header.separator) if plain else _cells(text, header.separator)
        if cells is None or len(cells) != width:
            batch.tell(number, [("", f"expected {width} cells")])
            continue
        numbers.append(number)
        rows.append(cells)
    return numbers, rows


def _cells(text: str, separator: str) -> Cells | None:
    """The cells of one line; None when a quote is not closed in it."""
    try:
        return next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        return None


def _take(number: int, agent: tuple[str, str, str], *, batch: AgentBatch) -> None:
    try:
        batch.take(number, AGENT_CELLS.validate_python(agent))
    except ValidationError as error:
        batch.refuse(number, error)


class _JsonReader:
    """One JSON object a line."""

    is_lost = False

    def read(self, lines: Sequence[Numbered], batch: AgentBatch) -> None:
        """Add what the lines say to the batch."""
        validate = AgentLine.model_validate_json
        for number, text in lines:
            try:
                agent = validate(text)
                batch.take(number, (agent.issuer, agent.value, agent.locale))
            except ValidationError as error:
                batch.refuse(number, error)
