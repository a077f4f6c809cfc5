"""Published banks in the memory of a process.

A bank version never changes, so a process builds it once and keeps it. Items are shared between
versions: a new one mostly says something else of the same wordings, and reading a wording takes
longer than all the rest. A process that uses a framework builds its new versions as soon as it
hears of them, so that whoever begins a test next waits for nothing.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
import structlog

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.errors import BankNotFound
from pacnum_api.domains.items.repository import StoredDocument
from pacnum_api.domains.items.service.banks import handle_of
from pacnum_api.domains.items.service.item_bank import ItemBank
from pacnum_api.domains.items.service.stored_documents import item_in
from pacnum_api.domains.items.types import (
    BankEntry,
    BankHandle,
    Item,
    ItemParameters,
    ParameterModel,
    ParameterStatus,
)
from pacnum_api.domains.referential import service as referential
from pacnum_api.domains.referential.types import Framework
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.population import Population

_log = structlog.stdlib.get_logger("pacnum.banks")

_KEPT_AT_MOST: Final = 32
"""Banks in memory: those in use of about as many tenants with items of their own, a process."""

_kept: OrderedDict[UUID, tuple[UUID, ItemBank]] = OrderedDict()
_building: dict[UUID, asyncio.Lock] = {}


def forget_banks() -> None:
    """Drop what is held in memory, as a process that has just started."""
    _kept.clear()


def count_banks() -> int:
    """How many bank versions this process holds in memory."""
    return len(_kept)


async def recall_shipped_banks(database: Database) -> None:
    """Hold the newest public bank of every framework: most tests stand on it, or share its items.

    For a process that is about to be forked: all that come from it hold them in common.
    """
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        for bank_id in await repository.newest_bank_ids(uow):
            await get_bank(uow, bank_id)


def find_cached_bank(bank_id: UUID) -> ItemBank | None:
    """The bank if this process holds it already, without a word to the database.

    For whoever reached ``bank_id`` through a row of its own tenant, as an answer does.
    """
    kept = _kept.get(bank_id)
    if kept is None:
        return None
    _kept.move_to_end(bank_id)  # a bank that is answered from is in use, even if nobody starts
    return kept[1]


async def get_bank(uow: UnitOfWork, bank_id: UUID) -> ItemBank:
    """A published bank, built at its first use. Raises BankNotFound, also for another tenant's."""
    if bank_id not in _kept:
        try:
            async with _building.setdefault(bank_id, asyncio.Lock()):
                if bank_id not in _kept:
                    _kept[bank_id] = await _built(uow, bank_id)
        finally:
            _building.pop(bank_id, None)
    owner, bank = _kept[bank_id]
    if owner not in {uow.tenant_id, PUBLIC_TENANT_ID}:
        raise BankNotFound
    _kept.move_to_end(bank_id)
    while len(_kept) > _KEPT_AT_MOST:
        _kept.popitem(last=False)
    return bank


class BankNotices:
    """What a process does when it hears that a bank version was published."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, payload: str) -> None:
        """After a notice on ``BANK_CHANNEL``.

        "", when some may have been missed, changes nothing: no bank ever changes, and the newest is
        asked for whenever a test begins.
        """
        if not payload:
            return
        publisher, _, bank = payload.partition(" ")
        bank_id, _, framework = bank.partition(" ")  # the version before says less: it names no one
        if _is_used(framework, by=UUID(publisher)):
            task = asyncio.create_task(self._prepare(UUID(publisher), UUID(bank_id)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Give up what is being built."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _prepare(self, tenant_id: UUID, bank_id: UUID) -> None:
        try:
            async with self._database.unit_of_work(tenant_id) as uow:
                await get_bank(uow, bank_id)
        except Exception as error:  # noqa: BLE001 - whoever needs the bank will try again, and tell
            _log.warning("bank_not_prepared", reason=type(error).__qualname__)


def _is_used(framework: str, *, by: UUID) -> bool:
    """Whether tests of this process stand on a bank that one of this publisher would replace."""
    return any(
        bank.handle.framework == framework
        and (by == PUBLIC_TENANT_ID or owner in {by, PUBLIC_TENANT_ID})
        for owner, bank in _kept.values()
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """An item version that was read, and whose it is."""

    item_id: UUID
    item: Item


@dataclass(frozen=True, slots=True)
class _Stored:
    """A bank's row, free of its session: it goes to a thread."""

    handle: BankHandle
    entries: Sequence[Mapping[str, Any]]
    population: Mapping[str, Any] | None


async def _built(uow: UnitOfWork, bank_id: UUID) -> tuple[UUID, ItemBank]:
    row = await repository.get_bank(uow, bank_id)
    # a public bank stands on the public framework, whoever asks first
    owner = PUBLIC_TENANT_ID if row.tenant_id == PUBLIC_TENANT_ID else None
    framework = await referential.get_framework(
        uow, row.framework, version=row.framework_version, owner=owner
    )
    wanted = {UUID(entry["version_id"]) for entry in row.entries}
    known = _known(row.framework, wanted)
    missing = [one for one in wanted if one not in known]
    documents = await repository.documents_of_versions(uow, missing) if missing else []
    stored = _Stored(handle_of(row), row.entries, row.population)
    bank = await asyncio.to_thread(_assemble, stored, framework, known=known, documents=documents)
    return row.tenant_id, bank


def _known(framework: str, wanted: Collection[UUID]) -> dict[UUID, _Known]:
    """What banks in memory hold of the item versions wanted, by version."""
    found: dict[UUID, _Known] = {}
    for _, bank in reversed(_kept.values()):
        if bank.handle.framework == framework and len(found) < len(wanted):
            rows = zip(bank.version_ids, bank.item_ids, bank.items, strict=True)
            found |= {one: _Known(item_id, item) for one, item_id, item in rows if one in wanted}
    return found


def _assemble(
    stored: _Stored,
    framework: Framework,
    *,
    known: Mapping[UUID, _Known],
    documents: Sequence[StoredDocument],
) -> ItemBank:
    read = {one.version_id: _Known(one.item_id, item_in(one)) for one in documents}
    entries = []
    for entry in stored.entries:
        version_id = UUID(entry["version_id"])
        one = known.get(version_id) or read[version_id]
        entries.append(
            BankEntry(
                item=one.item,
                item_id=one.item_id,
                version_id=version_id,
                parameters=_parameters(entry["parameters"]),
            )
        )
    return ItemBank.build(
        stored.handle,
        framework,
        entries=entries,
        population=_population(stored.population, framework),
    )


def _population(stored: Mapping[str, Any] | None, framework: Framework) -> Population:
    """As calibration found it, else as the framework supposes, trusted as far as is usual."""
    if stored is None:
        return Population(referential.get_correlation_matrix(framework))
    return Population(
        correlation=np.array(stored["correlation"], dtype=np.float64),
        strengths=tuple(stored["strengths"]),
        weights=tuple(stored["weights"]),
    )


def _parameters(stored: Mapping[str, Any]) -> ItemParameters:
    return ItemParameters(
        **{
            **stored,
            "model": ParameterModel(stored["model"]),
            "steps": tuple(stored["steps"]),
            "status": ParameterStatus(stored["status"]),
        }
    )
