"""Importing agents from files: all of them or none, and nothing twice.

Data flow: pieces of a file → batches of lines → validated rows → a temporary table (COPY) →
compared with the agents that there are → new ones inserted, changed ones updated, and an event for
each new one, in one statement. Memory holds a batch, whatever the file's size.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pacnum_api.domains.organisations import repository
from pacnum_api.domains.organisations.errors import AgentLinesRefused
from pacnum_api.domains.organisations.repository import Repeat
from pacnum_api.domains.organisations.service.read_agent_lines import (
    LineSource,
    read_agent_lines,
)
from pacnum_api.domains.organisations.types import AgentImport, ImportProgress, LineFault
from pacnum_api.kernel.ids import new_ids
from pacnum_api.platform.uow import UnitOfWork

FAULTS_KEPT = 10_000
"""Faults told one by one; a file that is wrong throughout must not fill the memory with them."""

Notice = Callable[[ImportProgress], Awaitable[None]]


async def no_notice(progress: ImportProgress) -> None:
    """For whoever does not want to know how far the import is."""


@dataclass(slots=True)
class _Faults:
    """The first faults, and how many there are."""

    kept: list[LineFault] = field(default_factory=list)
    count: int = 0

    def add(self, faults: Iterable[LineFault], *, count: int) -> None:
        self.count += count
        for fault in faults:
            if len(self.kept) == FAULTS_KEPT:
                return
            self.kept.append(fault)


async def import_agents(
    uow: UnitOfWork,
    sources: Sequence[LineSource],
    *,
    dry_run: bool = False,
    notice: Notice = no_notice,
) -> AgentImport:
    """Create the agents that are new, update those that differ, leave the others alone.

    For the unit of work's tenant. Imports of one tenant take turns. An external id that stands in
    the files twice is a fault. ``notice`` is awaited after each batch. Raises AgentLinesRefused.
    """
    await repository.open_incoming(uow)
    faults = _Faults()
    lines = size = rows = 0
    for source in sources:
        async for batch in read_agent_lines(source):
            faults.add(batch.faults, count=len(batch.faults))
            await repository.add_incoming(uow, batch.rows)
            lines, size, rows = (
                lines + batch.lines,
                size + batch.size_bytes,
                rows + len(batch.rows),
            )
            await notice(ImportProgress(lines, size))
    await _find_repeats(uow, faults)
    if faults.count:
        kept = sorted(faults.kept, key=lambda fault: (fault.source, fault.line, fault.field))
        raise AgentLinesRefused(kept, count=faults.count)
    created, updated = await repository.compare_incoming(uow)
    if not dry_run and (created or updated):
        created, updated = await repository.merge_incoming(uow, first_id=new_ids(2 * rows))
    return AgentImport(created, updated, rows - created - updated, is_dry_run=dry_run)


async def _find_repeats(uow: UnitOfWork, faults: _Faults) -> None:
    """External ids that stand in the files more than once: each time but the first is a fault."""
    count, repeats = await repository.find_repeats(uow, limit=FAULTS_KEPT)
    faults.add((_repeated(one) for one in repeats), count=count)


def _repeated(one: Repeat) -> LineFault:
    place = f"line {one.first_line}"
    if one.first_source != one.source:
        place += f" of file {one.first_source + 1}"
    return LineFault(one.source, one.line, "value", f"expected it once: see {place}")
