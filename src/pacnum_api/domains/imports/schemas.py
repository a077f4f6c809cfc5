"""Imports on the wire."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from pacnum_api.domains.imports.types import Import, ImportFormat, ImportState
from pacnum_api.platform.schemas import Out, UtcDatetime

Count = Annotated[int, Field(ge=0, examples=[100_000])]


class ImportCountsRead(Out):
    """What became of the lines; in a dry run, what would have."""

    created: Count
    updated: Count
    unchanged: Count
    failed: Annotated[
        int, Field(ge=0, examples=[0], description="Faults; with any, nothing was changed.")
    ]


class ImportProgressRead(Out):
    """How far a worker has read; it starts anew when one was cut off."""

    bytes_read: Count
    lines_read: Count


class ImportRead(Out):
    id: UUID
    state: ImportState = Field(
        description="`completed`: carried out. `refused`: it has faults, nothing was changed. "
        "`failed`: it was given up, nothing was changed; send it again."
    )
    format: ImportFormat
    dry_run: bool
    size_bytes: Count
    progress: ImportProgressRead
    counts: ImportCountsRead | None = Field(description="Null until the import has ended.")
    received_at: UtcDatetime
    started_at: UtcDatetime | None
    ended_at: UtcDatetime | None

    @classmethod
    def of(cls, found: Import) -> Self:
        counts = found.counts
        return cls(
            id=found.id,
            state=found.state,
            format=found.format,
            dry_run=found.is_dry_run,
            size_bytes=found.size_bytes,
            progress=ImportProgressRead(bytes_read=found.bytes_read, lines_read=found.lines_read),
            counts=None if counts is None else ImportCountsRead.model_validate(counts),
            received_at=found.received_at,
            started_at=found.started_at,
            ended_at=found.ended_at,
        )


class ImportFaultRead(Out):
    """One thing wrong in one line. What stood there is not repeated."""

    line: Annotated[int, Field(ge=1, examples=[1207], description="From 1; the header is a line.")]
    field: Annotated[
        str, Field(examples=["locale"], description="Empty when it is the line as a whole.")
    ]
    message: Annotated[str, Field(examples=["expected fr or en"])]

    @classmethod
    def of(cls, fault: object) -> Self:
        return cls.model_validate(fault)
