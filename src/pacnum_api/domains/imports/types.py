"""Imports as the rest of the product sees them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ImportState(StrEnum):
    """Where an import is; the last three are its ends."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    REFUSED = "refused"
    """The file has faults: nothing was changed."""

    FAILED = "failed"
    """Workers were cut off in it again and again: nothing was changed."""


UNFINISHED = frozenset({ImportState.QUEUED, ImportState.RUNNING})


class ImportFormat(StrEnum):
    """How the file is written."""

    CSV = "csv"
    JSON_LINES = "jsonl"


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What became of the lines of an import that has ended; in a dry run, what would have."""

    created: int
    updated: int
    unchanged: int
    failed: int


@dataclass(frozen=True, slots=True)
class Import:
    """One file. ``counts`` is None until its end."""

    id: UUID
    state: ImportState
    format: ImportFormat
    is_dry_run: bool
    size_bytes: int
    bytes_read: int
    lines_read: int
    counts: ImportCounts | None
    received_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImportFault:
    """One thing wrong in one line (1-based); ``field`` is empty when it is the line as a whole."""

    line: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class ClaimedImport:
    """An import that this worker carries out; ``claim`` names its turn."""

    id: UUID
    claim: UUID
    format: ImportFormat
    is_dry_run: bool
