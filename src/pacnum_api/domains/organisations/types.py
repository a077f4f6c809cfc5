"""Agents as the rest of the product sees them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ExternalId:
    """How an outside system names an agent: ``issuer`` is the system, ``value`` its own key."""

    issuer: str
    value: str


@dataclass(frozen=True, slots=True)
class Agent:
    """A member of staff. ``version`` counts changes from 1."""

    id: UUID
    external_id: ExternalId
    locale: str
    version: int
    created_at: datetime
    updated_at: datetime


class LineFormat(StrEnum):
    """How a file of agents is written: a header and cells, or one JSON object a line."""

    CSV = "csv"
    JSON_LINES = "jsonl"


@dataclass(frozen=True, slots=True)
class LineFault:
    """One thing wrong in one line (1-based) of a file; ``source`` is the file's place, from 0.

    ``field`` is empty when the fault is the line's as a whole. ``message`` says what was expected,
    and never what was found: values name people.
    """

    source: int
    line: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import has read."""

    lines_read: int
    bytes_read: int


@dataclass(frozen=True, slots=True)
class AgentImport:
    """What an import has done, or in a dry run would have done, in agents."""

    created: int
    updated: int
    unchanged: int
    is_dry_run: bool
