"""Loading authored items: all of them or none, then a new bank version.

Data flow: files → documents with lines → items tried out → compared with what is stored → new
items and new versions of changed ones → a bank version of everything active.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.models import ItemRow, ItemVersionRow
from pacnum_api.domains.items.repository import Described
from pacnum_api.domains.items.service.banks import publish_bank
from pacnum_api.domains.items.service.read_documents import Reading, ReadItem, read_documents
from pacnum_api.domains.items.service.stored_documents import document_of, hash_of
from pacnum_api.domains.items.types import BankHandle, LoadReport
from pacnum_api.domains.referential import service as referential
from pacnum_api.domains.referential.errors import FrameworkNotFound
from pacnum_api.domains.referential.types import Framework
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.documents import DocumentFault, DocumentsRefused
from pacnum_api.platform.uow import UnitOfWork


@dataclass(slots=True)
class _Changes:
    """What differs from what is stored."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    rows: list[ItemRow | ItemVersionRow] = field(default_factory=list)


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
    frameworks, faults = await _frameworks(uow, reading.items)
    faults += reading.own_faults
    faults += reading.lost_enemies(await _stored(uow, frameworks))
    if not reading.items and not faults:
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


async def _write(
    uow: UnitOfWork, reading: Reading, *, frameworks: Mapping[str, Framework]
) -> tuple[_Changes, list[BankHandle]]:
    changes = _Changes()
    for code in frameworks:
        await repository.lock_loading(uow, code)
        stored = await repository.own_items_by_key(uow, code)
        for read in reading.items:
            if read.item.framework == code:
                _compare(uow, read, stored=stored.get(read.item.key), changes=changes)
    items = [row for row in changes.rows if isinstance(row, ItemRow)]
    repository.add_all(uow, items)
    await uow.session.flush()  # versions point at their items
    repository.add_all(uow, [row for row in changes.rows if isinstance(row, ItemVersionRow)])
    await uow.session.flush()
    published = [await publish_bank(uow, framework) for framework in frameworks.values()]
    return changes, [bank for bank in published if bank is not None]


async def _frameworks(
    uow: UnitOfWork, found: Iterable[ReadItem]
) -> tuple[dict[str, Framework], list[DocumentFault]]:
    """The frameworks that the items belong to, and items of none of their competences."""
    frameworks: dict[str, Framework] = {}
    faults: list[DocumentFault] = []
    missing: set[str] = set()
    for read in found:
        code = read.item.framework
        if code not in frameworks and code not in missing:
            try:
                frameworks[code] = await referential.get_framework(uow, code)
            except FrameworkNotFound:
                missing.add(code)
                message = f"no framework {code} is published"
                faults.append(DocumentFault(read.path, 1, "/framework", message))
        if code in frameworks and frameworks[code].find_competence(read.item.competence) is None:
            message = f"expected a competence of {code}"
            faults.append(DocumentFault(read.path, 1, "/competence", message))
    return frameworks, faults


async def _stored(uow: UnitOfWork, frameworks: Collection[str]) -> set[tuple[str, str]]:
    return {(code, key) for code in frameworks for key in await repository.visible_keys(uow, code)}


def _compare(
    uow: UnitOfWork, read: ReadItem, *, stored: Described | None, changes: _Changes
) -> None:
    document = document_of(read.document)
    content = {"competence": read.item.competence, "item": document}
    version = ItemVersionRow(
        id=new_id(),
        tenant_id=uow.tenant_id,
        document=document,
        content_hash=hash_of(content),
        created_at=uow.now,
    )
    if stored is None:
        changes.added.append(read.item.key)
        row = _new_item(uow, read)
        version.item_id, version.version = row.id, 1
        changes.rows += [row, version]
        return
    row, newest = stored
    is_reworded = newest.content_hash != version.content_hash
    is_used_alike = (row.status, row.is_tryout) == (read.item.status, read.item.is_tryout)
    if is_used_alike and not is_reworded:
        changes.unchanged.append(read.item.key)
        return
    changes.changed.append(read.item.key)
    _update(row, read)
    row.updated_at = uow.now
    if is_reworded:
        version.item_id, version.version = row.id, newest.version + 1
        changes.rows.append(version)
        row.version = version.version


def _new_item(uow: UnitOfWork, read: ReadItem) -> ItemRow:
    row = ItemRow(
        id=new_id(),
        tenant_id=uow.tenant_id,
        framework=read.item.framework,
        key=read.item.key,
        version=1,
        created_at=uow.now,
        updated_at=uow.now,
    )
    _update(row, read)
    return row


def _update(row: ItemRow, read: ReadItem) -> None:
    row.competence = read.item.competence
    row.level = read.item.level
    row.type = read.item.type.value
    row.status = read.item.status.value
    row.is_tryout = read.item.is_tryout
