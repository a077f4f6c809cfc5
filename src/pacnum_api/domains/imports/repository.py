"""Every query about imports."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Update, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from pacnum_api.domains.imports.errors import ImportNotFound
from pacnum_api.domains.imports.models import ImportFaultRow, ImportPieceRow, ImportRow
from pacnum_api.domains.imports.types import (
    UNFINISHED,
    ClaimedImport,
    ImportCounts,
    ImportFault,
    ImportFormat,
    ImportState,
)
from pacnum_api.kernel.ids import new_id
from pacnum_api.kernel.page import InvalidCursor, Page, decode_cursor, encode_cursor, read_id
from pacnum_api.platform.db import owned
from pacnum_api.platform.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class NewImport:
    """What is known of a file when it has arrived."""

    format: ImportFormat
    is_dry_run: bool
    size_bytes: int
    content_hash: bytes


async def add_if_new(uow: UnitOfWork, file: NewImport) -> UUID | None:
    """Queue a file; None if the same one waits already, even since this moment."""
    statement = (
        insert(ImportRow)
        .values(
            id=new_id(),
            tenant_id=uow.tenant_id,
            state=ImportState.QUEUED,
            format=file.format,
            is_dry_run=file.is_dry_run,
            size_bytes=file.size_bytes,
            content_hash=file.content_hash,
            bytes_read=0,
            lines_read=0,
            attempts=0,
            received_at=uow.now,
        )
        .on_conflict_do_nothing()
        .returning(ImportRow.id)
    )
    return (await uow.session.execute(statement)).scalar_one_or_none()


async def add_pieces(uow: UnitOfWork, import_id: UUID, *, pieces: Iterable[bytes]) -> None:
    """Keep the file, one piece after another: no two of them are in memory."""
    for position, content in enumerate(pieces):
        await uow.session.execute(
            insert(ImportPieceRow).values(
                import_id=import_id, position=position, tenant_id=uow.tenant_id, content=content
            )
        )


async def pieces(uow: UnitOfWork, import_id: UUID) -> AsyncIterator[bytes]:
    """The file, piece by piece."""
    position = 0
    while True:
        content = (
            await uow.session.execute(
                select(ImportPieceRow.content).where(
                    ImportPieceRow.tenant_id == uow.tenant_id,
                    ImportPieceRow.import_id == import_id,
                    ImportPieceRow.position == position,
                )
            )
        ).scalar_one_or_none()
        if content is None:
            return
        yield content
        position += 1


async def find_waiting(uow: UnitOfWork, file: NewImport) -> ImportRow | None:
    """The import of this very file that has not begun yet, or None."""
    query = owned(ImportRow, uow.tenant_id).where(
        ImportRow.content_hash == file.content_hash,
        ImportRow.format == file.format,
        ImportRow.is_dry_run == file.is_dry_run,
        ImportRow.state == ImportState.QUEUED,
    )
    return (await uow.session.scalars(query)).one_or_none()


async def get_import(uow: UnitOfWork, import_id: UUID) -> ImportRow:
    """Raises ImportNotFound, also for another tenant's import."""
    query = owned(ImportRow, uow.tenant_id).where(ImportRow.id == import_id)
    row = (await uow.session.scalars(query)).one_or_none()
    if row is None:
        raise ImportNotFound
    return row


async def list_imports(uow: UnitOfWork, *, limit: int, cursor: str | None) -> Page[ImportRow]:
    """Imports, the newest first. Raises InvalidCursor."""
    query = owned(ImportRow, uow.tenant_id)
    if cursor is not None:
        query = query.where(ImportRow.id < read_id(decode_cursor(cursor, parts=1)[0]))
    rows = (await uow.session.scalars(query.order_by(ImportRow.id.desc()).limit(limit + 1))).all()
    following = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(rows[:limit], following)


async def list_faults(
    uow: UnitOfWork, import_id: UUID, *, limit: int, cursor: str | None
) -> Page[ImportFaultRow]:
    """An import's faults by line. Raises InvalidCursor."""
    query = owned(ImportFaultRow, uow.tenant_id).where(ImportFaultRow.import_id == import_id)
    if cursor is not None:
        query = query.where(ImportFaultRow.number > _number(cursor))
    rows = (await uow.session.scalars(query.order_by(ImportFaultRow.number).limit(limit + 1))).all()
    following = encode_cursor(str(rows[limit - 1].number)) if len(rows) > limit else None
    return Page(rows[:limit], following)


def _number(cursor: str) -> int:
    (part,) = decode_cursor(cursor, parts=1)
    if not (part.isascii() and part.isdigit() and len(part) < 10):
        raise InvalidCursor
    return int(part)


# --- workers --------------------------------------------------------------------------------------


async def lock_next(uow: UnitOfWork) -> ImportRow | None:
    """The tenant's oldest unfinished import, unless a worker has it; held for this transaction.

    One that is running comes first: its lease keeps the others back, an older one too whose file
    was stored later.

    The database's clock decides whether a lease has run out: workers' clocks may differ.
    """
    mine = ImportRow.tenant_id == uow.tenant_id
    oldest = (
        select(ImportRow.id)
        .where(mine, ImportRow.state.in_(UNFINISHED))
        .order_by(ImportRow.state == ImportState.QUEUED, ImportRow.id)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        owned(ImportRow, uow.tenant_id)
        .where(
            ImportRow.id == oldest,
            ImportRow.state.in_(UNFINISHED),
            or_(ImportRow.lease_until.is_(None), ImportRow.lease_until < func.now()),
        )
        .with_for_update(skip_locked=True)
    )
    return (await uow.session.scalars(query)).one_or_none()


async def begin_turn(uow: UnitOfWork, import_id: UUID, *, claim: UUID, lease: timedelta) -> None:
    """Note who carries out an import that this transaction has locked, and for how long."""
    await uow.session.execute(
        update(ImportRow)
        .where(ImportRow.tenant_id == uow.tenant_id, ImportRow.id == import_id)
        .values(
            state=ImportState.RUNNING,
            claim=claim,
            lease_until=func.now() + literal(lease),
            attempts=ImportRow.attempts + 1,
            started_at=func.coalesce(ImportRow.started_at, uow.now),
            bytes_read=0,
            lines_read=0,
        )
    )


async def renew_turn(
    uow: UnitOfWork, claimed: ClaimedImport, *, lease: timedelta, read: tuple[int, int]
) -> bool:
    """Renew the lease and note lines and bytes read; False when the turn is another's by now."""
    renewed = await uow.session.execute(
        _turn(uow, claimed)
        .values(lease_until=func.now() + literal(lease), lines_read=read[0], bytes_read=read[1])
        .returning(ImportRow.id)
    )
    return renewed.scalar_one_or_none() is not None


async def end_turn(
    uow: UnitOfWork, claimed: ClaimedImport, *, state: ImportState, counts: ImportCounts
) -> bool:
    """End the import and drop its file; False when the turn is another's by now."""
    ended = await uow.session.execute(
        _turn(uow, claimed)
        .values(
            state=state,
            created=counts.created,
            updated=counts.updated,
            unchanged=counts.unchanged,
            failed=counts.failed,
            bytes_read=ImportRow.size_bytes,
            claim=None,
            lease_until=None,
            ended_at=uow.now,
        )
        .returning(ImportRow.id)
    )
    if ended.scalar_one_or_none() is None:
        return False
    await _drop_pieces(uow, claimed.id)
    return True


def _turn(uow: UnitOfWork, claimed: ClaimedImport) -> Update:
    return update(ImportRow).where(
        ImportRow.tenant_id == uow.tenant_id,
        ImportRow.id == claimed.id,
        ImportRow.state == ImportState.RUNNING,
        ImportRow.claim == claimed.claim,
    )


async def give_up(uow: UnitOfWork, row: ImportRow) -> None:
    """End an import that this transaction has locked without having carried it out."""
    row.state = ImportState.FAILED
    row.claim, row.lease_until, row.ended_at = None, None, uow.now
    await uow.session.flush()
    await _drop_pieces(uow, row.id)


async def _drop_pieces(uow: UnitOfWork, import_id: UUID) -> None:
    await uow.session.execute(
        delete(ImportPieceRow).where(
            ImportPieceRow.tenant_id == uow.tenant_id, ImportPieceRow.import_id == import_id
        )
    )


async def add_faults(uow: UnitOfWork, import_id: UUID, *, faults: Iterable[ImportFault]) -> None:
    """Keep the faults of a refused file, in their order."""
    rows = [
        {
            "import_id": import_id,
            "number": number,
            "tenant_id": uow.tenant_id,
            "line": fault.line,
            "field": fault.field,
            "message": fault.message,
        }
        for number, fault in enumerate(faults, 1)
    ]
    await uow.session.execute(insert(ImportFaultRow), rows)


async def purge(uow: UnitOfWork, *, ended_before: datetime) -> int:
    """Forget imports that ended before an instant, with their faults; how many."""
    purged = await uow.session.execute(
        delete(ImportRow)
        .where(ImportRow.tenant_id == uow.tenant_id, ImportRow.ended_at < ended_before)
        .returning(ImportRow.id)
    )
    return len(purged.all())
