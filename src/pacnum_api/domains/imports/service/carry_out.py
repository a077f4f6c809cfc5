"""Carrying out imports, by any number of workers.

A worker claims an import in one transaction, carries it out in a second one, and in others renews
its claim meanwhile. The second one also ends the import: agents, events and the end become true at
once, or, when the worker is killed or has lost its claim, not at all.
"""

from datetime import timedelta
from typing import Final

from pacnum_api.domains.imports import repository
from pacnum_api.domains.imports.errors import ClaimLost
from pacnum_api.domains.imports.types import (
    ClaimedImport,
    ImportCounts,
    ImportFault,
    ImportFormat,
    ImportState,
)
from pacnum_api.domains.organisations import service as organisations
from pacnum_api.domains.organisations.errors import AgentLinesRefused
from pacnum_api.domains.organisations.service import Notice
from pacnum_api.domains.organisations.types import ImportProgress, LineFormat
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.uow import UnitOfWork

LEASE: Final = timedelta(seconds=60)
"""For how long a claim holds unless it is renewed: so long after its death a worker is replaced."""

MOST_ATTEMPTS: Final = 5
"""Workers that may be cut off in one import before it is given up: it may be what kills them."""

KEPT_FOR: Final = timedelta(days=30)
"""How long an import that has ended can be read."""


async def claim_import(uow: UnitOfWork) -> ClaimedImport | None:
    """Take the tenant's next import, if there is one that nobody has."""
    while (row := await repository.lock_next(uow)) is not None:
        if row.attempts < MOST_ATTEMPTS:
            claim = new_id()
            await repository.begin_turn(uow, row.id, claim=claim, lease=LEASE)
            return ClaimedImport(row.id, claim, ImportFormat(row.format), row.is_dry_run)
        await repository.give_up(uow, row)
    return None


async def renew_claim(uow: UnitOfWork, claimed: ClaimedImport, *, progress: ImportProgress) -> None:
    """Say that the worker lives, and how far it is. Raises ClaimLost."""
    read = (progress.lines_read, progress.bytes_read)
    if not await repository.renew_turn(uow, claimed, lease=LEASE, read=read):
        raise ClaimLost


async def carry_out_import(uow: UnitOfWork, claimed: ClaimedImport, *, notice: Notice) -> None:
    """Do what the file says, and end the import.

    Raises AgentLinesRefused (``refuse_import`` ends the import then, in another transaction), or
    ClaimLost.
    """
    source = organisations.LineSource(
        place=0,
        format=LineFormat(claimed.format.value),
        pieces=repository.pieces(uow, claimed.id),
    )
    done = await organisations.import_agents(
        uow, [source], dry_run=claimed.is_dry_run, notice=notice
    )
    counts = ImportCounts(done.created, done.updated, done.unchanged, failed=0)
    if not await repository.end_turn(uow, claimed, state=ImportState.COMPLETED, counts=counts):
        raise ClaimLost


async def refuse_import(
    uow: UnitOfWork, claimed: ClaimedImport, *, refusal: AgentLinesRefused
) -> None:
    """End an import whose file has faults, and keep the first of them. Raises ClaimLost."""
    counts = ImportCounts(created=0, updated=0, unchanged=0, failed=refusal.count)
    if not await repository.end_turn(uow, claimed, state=ImportState.REFUSED, counts=counts):
        raise ClaimLost
    faults = (ImportFault(one.line, one.field, one.message) for one in refusal.line_faults)
    await repository.add_faults(uow, claimed.id, faults=faults)


async def purge_imports(uow: UnitOfWork) -> int:
    """Forget imports that ended long ago; how many."""
    return await repository.purge(uow, ended_before=uow.now - KEPT_FOR)
