"""Loading authored items: all of them or none, then a new bank version.

Data flow: files → documents with lines → items tried out → compared with what is stored → new
items and new versions of changed ones → a bank version of everything active.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.policy.parameters import ParameterBasis
from pacnum_api.domains.items.repository import StoredHead, loading
from pacnum_api.domains.items.repository.loading import IncomingItem, IncomingVersion
from pacnum_api.domains.items.service.banks import publish_bank
from pacnum_api.domains.items.service.read_documents import (
    PlacedHead,
    Reading,
    ReadItem,
    read_documents,
)
from pacnum_api.domains.items.types import BankHandle, ItemHead, LoadReport
from pacnum_api.domains.referential import service as referential
from pacnum_api.domains.referential.errors import FrameworkNotFound
from pacnum_api.domains.referential.types import Framework
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.documents import DocumentFault, DocumentsRefused
from pacnum_api.platform.uow import UnitOfWork

_WRITTEN_AT_ONCE: Final = 500
"""Documents in memory on their way from disk to the database."""


async def load_items(
    uow: UnitOfWork,
    source: Sequence[Path] | Reading,
    *,
    dry_run: bool = False,
    tries_out: bool = True,
) -> LoadReport:
    """Store what files and folders hold, for the unit of work's tenant, and publish the banks.

    ``source``: the files and folders, or what ``read_documents`` made of them. Trying out many
    items takes longer than a transaction may idle: read them before the unit of work is opened.
    ``tries_out`` (of paths): solve each item with many seeds first; False for content that was
    tried out before it was shipped. Items that the files do not mention stay as they are; they may
    be enemies of the new ones, and so may shipped ones. Raises DocumentsRefused with every fault by
    file, line and field.
    """
    reading = source if isinstance(source, Reading) else read_documents(source, tries_out=tries_out)
    frameworks, faults = await _frameworks(uow, reading.heads)
    faults += reading.own_faults
    faults += reading.lost_enemies(await _stored(uow, frameworks))
    if not reading.heads and not faults:
        faults += [
            DocumentFault(path, 0, "", "expected at least one item") for path in reading.sources
        ]
    if faults:
        raise DocumentsRefused(faults)
    async with uow.session.begin_nested() as savepoint:
        changes, banks = await _write(uow, reading, frameworks=frameworks)
        if dry_run:  # it did the real thing, so that the database had its say, and takes it back
            await savepoint.rollback()
    return LoadReport(
        added=tuple(changes.added),
        changed=tuple(changes.changed),
        unchanged=tuple(changes.unchanged),
        doubts=tuple(str(doubt) for doubt in reading.own_doubts),
        banks=tuple(banks),
        is_dry_run=dry_run,
    )


@dataclass(slots=True)
class _Changes:
    """What differs from what is stored, and what the new versions say about their parameters."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    bases: dict[UUID, ParameterBasis] = field(default_factory=dict)


async def _write(
    uow: UnitOfWork, reading: Reading, *, frameworks: Mapping[str, Framework]
) -> tuple[_Changes, list[BankHandle]]:
    changes = _Changes()
    await loading.open_incoming(uow)
    stored = {}
    for code in frameworks:
        await repository.lock_loading(uow, code)
        stored[code] = await repository.own_heads_by_key(uow, code)
    for start in range(0, len(reading.items), _WRITTEN_AT_ONCE):
        items: list[IncomingItem] = []
        versions: list[IncomingVersion] = []
        for read in reading.items[start : start + _WRITTEN_AT_ONCE]:
            known = stored[read.head.framework].get(read.head.key)
            item = _compare(read, known, changes=changes)
            if item is not None:
                items.append(item)
            if item is not None and (known is None or item.version > known.version):
                version_id = new_id()
                changes.bases[version_id] = read.basis
                document = reading.documents.get(read.document).decode()
                versions.append(
                    IncomingVersion(version_id, item.id, item.version, document, read.content_hash)
                )
        await loading.add_incoming(uow, items, versions=versions)
    await loading.merge_incoming(uow)
    published = [
        await publish_bank(uow, framework, bases=changes.bases) for framework in frameworks.values()
    ]
    return changes, [bank for bank in published if bank is not None]


async def _frameworks(
    uow: UnitOfWork, found: Iterable[PlacedHead]
) -> tuple[dict[str, Framework], list[DocumentFault]]:
    """The frameworks that the items belong to, and items of none of their competences."""
    frameworks: dict[str, Framework] = {}
    faults: list[DocumentFault] = []
    missing: set[str] = set()
    for read in found:
        code = read.head.framework
        if code not in frameworks and code not in missing:
            try:
                frameworks[code] = await referential.get_framework(uow, code)
            except FrameworkNotFound:
                missing.add(code)
                message = f"no framework {code} is published"
                faults.append(DocumentFault(read.path, 1, "/framework", message))
        if code in frameworks and frameworks[code].find_competence(read.head.competence) is None:
            message = f"expected a competence of {code}"
            faults.append(DocumentFault(read.path, 1, "/competence", message))
    return frameworks, faults


async def _stored(uow: UnitOfWork, frameworks: Collection[str]) -> set[tuple[str, str]]:
    return {(code, key) for code in frameworks for key in await repository.visible_keys(uow, code)}


def _compare(
    read: ReadItem, stored: StoredHead | None, *, changes: _Changes
) -> IncomingItem | None:
    """The item as it has to be stored; None where it is just that already."""
    if stored is None:
        changes.added.append(read.head.key)
        return _incoming(read.head, new_id(), version=1, is_new=True)
    is_reworded = stored.content_hash != read.content_hash
    is_used_alike = (stored.status, stored.is_tryout) == (read.head.status, read.head.is_tryout)
    if is_used_alike and not is_reworded:
        changes.unchanged.append(read.head.key)
        return None
    changes.changed.append(read.head.key)
    version = stored.version + is_reworded
    return _incoming(read.head, stored.item_id, version=version, is_new=False)


def _incoming(head: ItemHead, item_id: UUID, *, version: int, is_new: bool) -> IncomingItem:
    return IncomingItem(
        id=item_id,
        is_new=is_new,
        framework=head.framework,
        key=head.key,
        competence=head.competence,
        level=head.level,
        type=head.type.value,
        status=head.status.value,
        is_tryout=head.is_tryout,
        version=version,
    )
