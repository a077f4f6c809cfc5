"""Reading imports and their faults."""

from uuid import UUID

from pacnum_api.domains.imports import repository
from pacnum_api.domains.imports.models import ImportRow
from pacnum_api.domains.imports.types import (
    Import,
    ImportCounts,
    ImportFault,
    ImportFormat,
    ImportState,
)
from pacnum_api.kernel.page import Page
from pacnum_api.platform.uow import UnitOfWork


async def get_import(uow: UnitOfWork, import_id: UUID) -> Import:
    """Raises ImportNotFound, also for another tenant's import."""
    return import_of(await repository.get_import(uow, import_id))


async def list_imports(uow: UnitOfWork, *, limit: int, cursor: str | None) -> Page[Import]:
    """The tenant's imports, the newest first. Raises InvalidCursor."""
    page = await repository.list_imports(uow, limit=limit, cursor=cursor)
    return Page([import_of(row) for row in page.items], page.next_cursor)


async def list_faults(
    uow: UnitOfWork, import_id: UUID, *, limit: int, cursor: str | None
) -> Page[ImportFault]:
    """The faults of a refused import, by line. Raises ImportNotFound, InvalidCursor."""
    await repository.get_import(uow, import_id)
    page = await repository.list_faults(uow, import_id, limit=limit, cursor=cursor)
    faults = [ImportFault(row.line, row.field, row.message) for row in page.items]
    return Page(faults, page.next_cursor)


def import_of(row: ImportRow) -> Import:
    """The import of a row."""
    return Import(
        id=row.id,
        state=ImportState(row.state),
        format=ImportFormat(row.format),
        is_dry_run=row.is_dry_run,
        size_bytes=row.size_bytes,
        bytes_read=row.bytes_read,
        lines_read=row.lines_read,
        counts=_counts(row),
        received_at=row.received_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def _counts(row: ImportRow) -> ImportCounts | None:
    if row.ended_at is None:
        return None
    return ImportCounts(
        created=row.created or 0,
        updated=row.updated or 0,
        unchanged=row.unchanged or 0,
        failed=row.failed or 0,
    )
