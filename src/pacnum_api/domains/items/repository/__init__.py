"""Every query of items, versions, banks and reports."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, Select, and_, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from pacnum_api.domains.items.errors import BankNotFound, ItemNotFound
from pacnum_api.domains.items.models import (
    ItemBankRow,
    ItemReportRow,
    ItemRow,
    ItemVersionRow,
)
from pacnum_api.domains.items.types import BankHandle, ItemFilter, ItemStatus
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.kernel.page import InvalidCursor, Page, decode_cursor, encode_cursor
from pacnum_api.platform.db import owned, visible
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.arithmetic import IntArray
from pacnum_api.psychometrics.exposure import Exposure

Described = tuple[ItemRow, ItemVersionRow]
"""An item and one of its versions."""


async def list_items(
    uow: UnitOfWork, wanted: ItemFilter, *, limit: int, cursor: str | None
) -> Page[Described]:
    """Visible items with their newest version, in the order they came. Raises InvalidCursor."""
    query = _filtered(visible(ItemRow, uow.tenant_id), wanted)
    if cursor is not None:
        query = query.where(ItemRow.id > _id_of(cursor))
    rows = (await uow.session.scalars(query.order_by(ItemRow.id).limit(limit + 1))).all()
    following = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(await with_newest_version(uow, rows[:limit]), following)


def _id_of(cursor: str) -> UUID:
    (text_of_id,) = decode_cursor(cursor, parts=1)
    try:
        return UUID(text_of_id)
    except ValueError as error:
        raise InvalidCursor from error


def _filtered(query: Select[ItemRow], wanted: ItemFilter) -> Select[ItemRow]:
    for column, value in (
        (ItemRow.framework, wanted.framework),
        (ItemRow.competence, wanted.competence),
        (ItemRow.level, wanted.level),
        (ItemRow.type, wanted.type),
        (ItemRow.status, wanted.status),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.updated_since is not None:
        query = query.where(ItemRow.updated_at >= wanted.updated_since)
    return query


async def with_newest_version(uow: UnitOfWork, rows: Sequence[ItemRow]) -> list[Described]:
    """Each item with its newest version, in one query."""
    ids = [row.id for row in rows]
    query = (
        visible(ItemVersionRow, uow.tenant_id)
        .where(ItemVersionRow.item_id.in_(ids))
        .ext(distinct_on(ItemVersionRow.item_id))
        .order_by(ItemVersionRow.item_id, ItemVersionRow.version.desc())
    )
    newest = {version.item_id: version for version in await uow.session.scalars(query)}
    return [(row, newest[row.id]) for row in rows]


async def get_item(uow: UnitOfWork, item_id: UUID) -> ItemRow:
    """Raises ItemNotFound, also for another tenant's item."""
    query = visible(ItemRow, uow.tenant_id).where(ItemRow.id == item_id)
    row = (await uow.session.scalars(query)).one_or_none()
    if row is None:
        raise ItemNotFound
    return row


async def list_versions(
    uow: UnitOfWork, item_id: UUID, *, limit: int, cursor: str | None
) -> Page[ItemVersionRow]:
    """An item's versions, newest first. Raises InvalidCursor."""
    query = visible(ItemVersionRow, uow.tenant_id).where(ItemVersionRow.item_id == item_id)
    if cursor is not None:
        query = query.where(ItemVersionRow.id < _id_of(cursor))
    query = query.order_by(ItemVersionRow.id.desc()).limit(limit + 1)
    rows = (await uow.session.scalars(query)).all()
    following = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(rows[:limit], following)


async def count_reports(uow: UnitOfWork, version_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How often this tenant's people contested items in these very versions, where they did."""
    query = (
        select(ItemVersionRow.id, func.count().label("reports"))
        .join(
            ItemReportRow,
            (ItemReportRow.item_id == ItemVersionRow.item_id)
            & (ItemReportRow.item_version == ItemVersionRow.version),
        )
        .where(ItemReportRow.tenant_id == uow.tenant_id, ItemVersionRow.id.in_(version_ids))
        .group_by(ItemVersionRow.id)
    )
    found = await uow.session.execute(query)
    return {row.id: row.reports for row in found}


async def lock_loading(uow: UnitOfWork, framework: str) -> None:
    """One load of a framework's items at a time and tenant, until the transaction ends."""
    await uow.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"items:{uow.tenant_id}:{framework}"},
    )


@dataclass(frozen=True, slots=True)
class StoredHead:
    """A stored item without what it says; ``content_hash`` is that of its newest version."""

    item_id: UUID
    version: int
    status: str
    is_tryout: bool
    content_hash: bytes


async def own_heads_by_key(uow: UnitOfWork, framework: str) -> dict[str, StoredHead]:
    """This tenant's own items of a framework, by the author's key."""
    query = (
        select(
            ItemRow.key,
            ItemRow.id,
            ItemRow.version,
            ItemRow.status,
            ItemRow.is_tryout,
            ItemVersionRow.content_hash,
        )
        .join(ItemVersionRow, _is_newest_version())
        .where(ItemRow.tenant_id == uow.tenant_id, ItemRow.framework == framework)
    )
    return {row.key: StoredHead(*row[1:]) for row in await uow.session.execute(query)}


def _is_newest_version() -> ColumnElement[bool]:
    return and_(
        ItemVersionRow.item_id == ItemRow.id,
        ItemVersionRow.version == ItemRow.version,
        ItemVersionRow.tenant_id == ItemRow.tenant_id,
    )


async def visible_keys(uow: UnitOfWork, framework: str) -> set[str]:
    """The authors' keys of a framework's items, this tenant's own and the shipped ones."""
    query = (
        visible(ItemRow, uow.tenant_id)
        .where(ItemRow.framework == framework)
        .with_only_columns(ItemRow.key)
    )
    return set((await uow.session.execute(query)).scalars())


@dataclass(frozen=True, slots=True)
class ActiveVersion:
    """The newest version of an active item, without what it says."""

    version_id: UUID
    content_hash: bytes
    key: str
    competence: str
    level: int
    is_tryout: bool


async def active_versions(uow: UnitOfWork, framework: str) -> list[ActiveVersion]:
    """Active items that this tenant may ask; its own hide the public ones of the same key."""
    asked = (
        visible(ItemRow, uow.tenant_id)
        .with_only_columns(ItemRow.id, ItemRow.status)
        .where(ItemRow.framework == framework)
        .ext(distinct_on(ItemRow.key))
        .order_by(ItemRow.key, (ItemRow.tenant_id == uow.tenant_id).desc())
        .subquery()
    )
    query = (
        select(
            ItemVersionRow.id,
            ItemVersionRow.content_hash,
            ItemRow.key,
            ItemRow.competence,
            ItemRow.level,
            ItemRow.is_tryout,
        )
        .select_from(asked)
        .join(ItemRow, ItemRow.id == asked.c.id)
        .join(ItemVersionRow, _is_newest_version())
        .where(asked.c.status == ItemStatus.ACTIVE)
    )
    return [ActiveVersion(*row) for row in await uow.session.execute(query)]


def add_all(
    uow: UnitOfWork, rows: Iterable[ItemRow | ItemVersionRow | ItemBankRow | ItemReportRow]
) -> None:
    """New rows; unique keys decide between two who write the same at once."""
    uow.session.add_all(rows)


async def find_own_newest_bank(uow: UnitOfWork, framework: str) -> ItemBankRow | None:
    """The newest bank that this tenant itself has published."""
    query = owned(ItemBankRow, uow.tenant_id).where(ItemBankRow.framework == framework)
    query = query.order_by(ItemBankRow.version.desc()).limit(1)
    return (await uow.session.scalars(query)).one_or_none()


# what follows is asked by every test that begins, so it goes past the ORM
SELECT_NEWEST_BANK = """
SELECT id, framework, framework_version, version, content_hash, item_count, published_at
  FROM item_banks
 WHERE tenant_id IN ($1, $2) AND framework = $3
 ORDER BY tenant_id = $1 DESC, version DESC
 LIMIT 1
"""


async def get_newest_bank(uow: UnitOfWork, framework: str) -> BankHandle:
    """The newest bank; a tenant's own hides the public one. Raises BankNotFound."""
    connection = await uow.driver()
    row = await connection.fetchrow(SELECT_NEWEST_BANK, uow.tenant_id, PUBLIC_TENANT_ID, framework)
    if row is None:
        raise BankNotFound
    return BankHandle(
        id=row["id"],
        framework=row["framework"],
        framework_version=row["framework_version"],
        version=row["version"],
        content_hash=row["content_hash"].hex(),
        item_count=row["item_count"],
        published_at=row["published_at"],
    )


async def get_bank(uow: UnitOfWork, bank_id: UUID) -> ItemBankRow:
    """A published bank with its entries. Raises BankNotFound, also for another tenant's."""
    query = (
        visible(ItemBankRow, uow.tenant_id)
        .where(ItemBankRow.id == bank_id)
        .execution_options(populate_existing=True)
    )
    row = (await uow.session.scalars(query)).one_or_none()
    if row is None:
        raise BankNotFound
    return row


async def newest_bank_ids(uow: UnitOfWork) -> Sequence[UUID]:
    """The tenant's own newest bank of each framework."""
    query = (
        select(ItemBankRow.id)
        .where(ItemBankRow.tenant_id == uow.tenant_id)
        .ext(distinct_on(ItemBankRow.framework))
        .order_by(ItemBankRow.framework, ItemBankRow.version.desc())
    )
    return (await uow.session.scalars(query)).all()


SELECT_DOCUMENTS = """
SELECT version.id AS version_id, item.id AS item_id, item.framework, item.competence, item.status,
       item.is_tryout, version.document::text AS document
  FROM item_versions version
  JOIN items item ON item.id = version.item_id
 WHERE version.id = ANY($1::uuid[]) AND version.tenant_id = ANY($2::uuid[])
"""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """An item version and what its item says beside it.

    ``document`` is JSON as it is stored: reading hundreds takes long enough to be done in a thread.
    """

    version_id: UUID
    item_id: UUID
    framework: str
    competence: str
    status: str
    is_tryout: bool
    document: str


async def documents_of_versions(uow: UnitOfWork, ids: Sequence[UUID]) -> list[StoredDocument]:
    """Those of the versions that the tenant may see."""
    driver = await uow.driver()
    rows = await driver.fetch(SELECT_DOCUMENTS, ids, (uow.tenant_id, PUBLIC_TENANT_ID))
    return [StoredDocument(**row) for row in rows]


SELECT_EXPOSURE = """
SELECT tests, administered, reserved
  FROM item_exposures
 WHERE tenant_id = $1 AND bank_id = $2
"""
LOCK_EXPOSURE = SELECT_EXPOSURE + "   FOR UPDATE"

INSERT_EXPOSURE = """
INSERT INTO item_exposures (tenant_id, bank_id, tests, administered, reserved)
VALUES ($1, $2, 0, array_fill(0, ARRAY[$3::integer]), array_fill(0, ARRAY[$3::integer]))
ON CONFLICT DO NOTHING
"""

UPDATE_EXPOSURE = """
UPDATE item_exposures
   SET tests = $3, administered = $4, reserved = $5
 WHERE tenant_id = $1 AND bank_id = $2
"""


# ``Exposure.ended`` where the counters are: what a test gives back is known without a look at them,
# so the row is locked for one statement and the commit.
END_EXPOSURE = """
UPDATE item_exposures
   SET administered = ARRAY(
           SELECT before + shown
             FROM unnest(administered, $3::integer[]) WITH ORDINALITY AS one (before, shown, place)
            ORDER BY place),
       reserved = ARRAY(
           SELECT greatest(before - free, 0)
             FROM unnest(reserved, $4::integer[]) WITH ORDINALITY AS one (before, free, place)
            ORDER BY place)
 WHERE tenant_id = $1 AND bank_id = $2
RETURNING bank_id
"""


async def find_exposure(uow: UnitOfWork, bank_id: UUID) -> Exposure | None:
    """The counters of this tenant's tests on a bank; None before the first."""
    return await _exposure(uow, SELECT_EXPOSURE, bank_id=bank_id)


async def lock_exposure(uow: UnitOfWork, bank_id: UUID) -> Exposure | None:
    """The same, held until the transaction ends."""
    return await _exposure(uow, LOCK_EXPOSURE, bank_id=bank_id)


async def _exposure(uow: UnitOfWork, query: str, *, bank_id: UUID) -> Exposure | None:
    connection = await uow.driver()
    row = await connection.fetchrow(query, uow.tenant_id, bank_id)
    if row is None:
        return None
    return Exposure(
        tests=row["tests"],
        administered=np.array(row["administered"], np.int64),
        reserved=np.array(row["reserved"], np.int64),
    )


async def add_exposure_if_new(uow: UnitOfWork, bank_id: UUID, *, groups: int) -> None:
    """Counters at nothing; of two who add them at once the second waits and changes nothing."""
    connection = await uow.driver()
    await connection.execute(INSERT_EXPOSURE, uow.tenant_id, bank_id, groups)


async def end_exposure(uow: UnitOfWork, bank_id: UUID, *, shown: IntArray, free: IntArray) -> bool:
    """Count tests that are over, as ``Exposure.ended`` does; False if there are no counters.

    For each group, (g,): how many of them have ``shown`` it, and had reserved it, which is now
    ``free``.
    """
    connection = await uow.driver()
    ended = await connection.fetchval(
        END_EXPOSURE, uow.tenant_id, bank_id, shown.tolist(), free.tolist()
    )
    return ended is not None


async def save_exposure(uow: UnitOfWork, bank_id: UUID, *, exposure: Exposure) -> None:
    """Write the counters of a row that this transaction has locked."""
    connection = await uow.driver()
    await connection.execute(
        UPDATE_EXPOSURE,
        uow.tenant_id,
        bank_id,
        exposure.tests,
        exposure.administered.tolist(),
        exposure.reserved.tolist(),
    )
