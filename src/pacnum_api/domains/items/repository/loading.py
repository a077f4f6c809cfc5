"""Storing what a load read: items come by COPY into tables of the transaction's own.

Straight into the tables they cannot: PostgreSQL has no COPY under row-level security.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from pacnum_api.platform.uow import UnitOfWork


class IncomingItem(NamedTuple):
    """An item that is new or used otherwise than before."""

    id: UUID
    is_new: bool
    framework: str
    key: str
    competence: str
    level: int
    type: str
    status: str
    is_tryout: bool
    version: int


class IncomingVersion(NamedTuple):
    """A new wording; ``document`` is JSON, in the author's order."""

    id: UUID
    item_id: UUID
    version: int
    document: str
    content_hash: bytes


_INCOMING = """
CREATE TEMPORARY TABLE incoming_items (
    id uuid, is_new boolean, framework text, key text, competence text, level integer, type text,
    status text, is_tryout boolean, version integer
) ON COMMIT DROP;
CREATE TEMPORARY TABLE incoming_versions (
    id uuid, item_id uuid, version integer, document text, content_hash bytea
) ON COMMIT DROP
"""

_ADD_NEW = """
INSERT INTO items (id, tenant_id, framework, key, competence, level, type, status, is_tryout,
                   version, created_at, updated_at)
SELECT id, $1, framework, key, competence, level, type, status, is_tryout, version, $2, $2
  FROM incoming_items
 WHERE is_new
"""

_CHANGE_KNOWN = """
UPDATE items AS known
   SET competence = incoming.competence, level = incoming.level, type = incoming.type,
       status = incoming.status, is_tryout = incoming.is_tryout, version = incoming.version,
       updated_at = $2
  FROM incoming_items AS incoming
 WHERE known.tenant_id = $1 AND known.id = incoming.id AND NOT incoming.is_new
"""

_ADD_VERSIONS = """
INSERT INTO item_versions (id, tenant_id, item_id, version, document, content_hash, created_at)
SELECT id, $1, item_id, version, document::json, content_hash, $2
  FROM incoming_versions
"""


async def open_incoming(uow: UnitOfWork) -> None:
    """Make the tables that take a load's items and wordings."""
    await (await uow.driver()).execute(_INCOMING)


async def add_incoming(
    uow: UnitOfWork, items: Sequence[IncomingItem], *, versions: Sequence[IncomingVersion]
) -> None:
    """Copy some of them in."""
    connection = await uow.driver()
    await connection.copy_records_to_table("incoming_items", records=items)
    await connection.copy_records_to_table("incoming_versions", records=versions)


async def merge_incoming(uow: UnitOfWork) -> None:
    """Write what came in, and make room for the next load of this transaction."""
    connection = await uow.driver()
    for statement in (_ADD_NEW, _CHANGE_KNOWN, _ADD_VERSIONS):
        await connection.execute(statement, uow.tenant_id, uow.now)
    await connection.execute("DROP TABLE incoming_items, incoming_versions")
    uow.session.expire_all()
