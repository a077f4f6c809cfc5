"""Background work on imports; any number of workers may do it at once."""

import asyncio
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import structlog

from pacnum_api.domains.imports import service
from pacnum_api.domains.imports.errors import ClaimLost
from pacnum_api.domains.imports.types import ClaimedImport
from pacnum_api.domains.organisations.errors import AgentLinesRefused
from pacnum_api.domains.organisations.types import ImportProgress
from pacnum_api.platform.database import Database

BEAT_SECONDS: Final = 2.0
"""How often a worker says how far it is."""
BEATS_MISSED_AT_MOST: Final = 5
"""In a row; the claim holds much longer, and the work is sound meanwhile."""

_log = structlog.stdlib.get_logger("pacnum.imports")


async def run_imports(database: Database, tenant_id: UUID) -> int:
    """Carry out a tenant's imports until none is left that nobody has; how many."""
    done = 0
    while True:
        async with database.unit_of_work(tenant_id) as uow:
            claimed = await service.claim_import(uow)
        if claimed is None:
            return done
        await _Turn(database, tenant_id, claimed).take()
        done += 1


async def purge_imports(database: Database, tenant_id: UUID) -> int:
    """Forget a tenant's imports that ended long ago; how many."""
    async with database.unit_of_work(tenant_id) as uow:
        return await service.purge_imports(uow)


@dataclass(slots=True)
class _Turn:
    """One worker's turn at one import: the work, and beside it the renewal of the claim."""

    database: Database
    tenant_id: UUID
    claimed: ClaimedImport
    progress: ImportProgress = field(default_factory=lambda: ImportProgress(0, 0))

    async def take(self) -> None:
        """Work; whichever of the two fails stops the other. Raises ClaimLost."""
        work = asyncio.create_task(self._work())
        beat = asyncio.create_task(self._beat())
        try:
            await asyncio.wait({work, beat}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (beat, work):
                if not one.done():
                    one.cancel()
            ended = await asyncio.gather(work, beat, return_exceptions=True)
        if ended[0] is None:  # it is committed: a renewal that came too late says nothing
            return
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _work(self) -> None:
        try:
            async with self.database.unit_of_work(self.tenant_id) as uow:
                await service.carry_out_import(uow, self.claimed, notice=self._note)
        except AgentLinesRefused as refusal:
            async with self.database.unit_of_work(self.tenant_id) as uow:
                await service.refuse_import(uow, self.claimed, refusal=refusal)

    async def _note(self, progress: ImportProgress) -> None:
        self.progress = progress

    async def _beat(self) -> None:
        missed = 0
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                async with self.database.unit_of_work(self.tenant_id) as uow:
                    await service.renew_claim(uow, self.claimed, progress=self.progress)
                missed = 0
            except ClaimLost:
                raise
            except Exception as error:
                missed += 1
                if missed > BEATS_MISSED_AT_MOST:
                    raise
                _log.warning("claim_not_renewed", reason=type(error).__name__)
