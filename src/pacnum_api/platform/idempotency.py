"""``Idempotency-Key``: the same POST sent twice is carried out once.

Data flow: when the unit of work opens, the key is claimed by an insert in the same transaction. A
second request with that key waits at the unique index until the first has ended; if that one was
committed its stored response is replayed, if it was rolled back the second runs. The response is
stored in the transaction that did the work, so there is no moment at which one exists without the
other.
"""

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet
from sqlalchemy import Index, LargeBinary, SmallInteger, delete, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from pacnum_api.kernel.errors import DomainError, ErrorKind
from pacnum_api.platform.database import Database
from pacnum_api.platform.db import Base, TenantOwned
from pacnum_api.platform.uow import UnitOfWork

RETENTION_HOURS = 24
REPLAYED_HEADERS = ("location", "content-language", "content-type", "cache-control", "vary")


class IdempotencyKeyReused(DomainError):
    """This Idempotency-Key was used for another request."""

    code = "idempotency_key_reused"
    kind = ErrorKind.INVALID_INPUT
    title = "Idempotency key reused"


class IdempotencyKey(TenantOwned, Base):
    """A claimed key and, once the work is done, the response to give again."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class ReplayResponse(Exception):
    """The request was carried out earlier; this is what was answered then."""

    def __init__(self, status: int, *, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        super().__init__(status)


def hash_request(*parts: bytes) -> bytes:
    """What must be equal for two requests to be the same one: method, address, language, body."""
    return hashlib.sha256(b"\x00".join(parts)).digest()


def _name_of(key: str) -> str:
    """What is stored in place of the key."""
    return hashlib.sha256(b"name\x00" + key.encode()).hexdigest()


def _box_of(key: str) -> Fernet:
    """What opens a stored body: only who sends the key again can read what was answered.

    A response may hold a bearer token (a test session's), which no backup shall give away. A key
    that can be guessed protects nothing: use a UUID.
    """
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"body\x00" + key.encode()).digest()))


async def claim(uow: UnitOfWork, *, subject: str, key: str, request_hash: bytes) -> None:
    """Take the key for this transaction.

    Raises ReplayResponse when the same request was answered before, IdempotencyKeyReused when
    the key stands for another one.
    """
    claimed = await uow.session.execute(
        insert(IdempotencyKey)
        .values(
            tenant_id=uow.tenant_id,
            subject=subject,
            key=_name_of(key),
            request_hash=request_hash,
            created_at=uow.now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "subject", "key"])
        .returning(IdempotencyKey.key)
    )
    if claimed.scalar_one_or_none() is not None:
        return
    row = (
        await uow.session.execute(
            select(IdempotencyKey).where(
                IdempotencyKey.tenant_id == uow.tenant_id,
                IdempotencyKey.subject == subject,
                IdempotencyKey.key == _name_of(key),
            )
        )
    ).scalar_one()
    if row.request_hash != request_hash or row.status is None or row.body is None:
        raise IdempotencyKeyReused
    raise ReplayResponse(
        row.status, headers=dict(row.headers or {}), body=_box_of(key).decrypt(row.body)
    )


async def remember(
    uow: UnitOfWork, *, subject: str, key: str, response: tuple[int, dict[str, str], bytes]
) -> None:
    """Keep (status, headers, body) beside the work, in the same transaction."""
    status, headers, body = response
    kept = {name: value for name, value in headers.items() if name.lower() in REPLAYED_HEADERS}
    await uow.session.execute(
        update(IdempotencyKey)
        .where(
            IdempotencyKey.tenant_id == uow.tenant_id,
            IdempotencyKey.subject == subject,
            IdempotencyKey.key == _name_of(key),
        )
        .values(status=status, headers=kept, body=_box_of(key).encrypt(body))
    )


async def purge(database: Database, tenant_id: UUID) -> int:
    """Forget a tenant's responses after ``RETENTION_HOURS``; returns how many."""
    async with database.unit_of_work(tenant_id) as uow:
        forgotten = await uow.session.execute(
            delete(IdempotencyKey)
            .where(
                IdempotencyKey.tenant_id == tenant_id,
                IdempotencyKey.created_at < uow.now - timedelta(hours=RETENTION_HOURS),
            )
            .returning(IdempotencyKey.key)
        )
        return len(forgotten.all())
