"""The outbox: events that became true in a transaction, kept by that same transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from pacnum_api.kernel.errors import JsonValue
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.db import Base, TenantOwned


class OutboxEvent(TenantOwned, Base):
    """One fact in the past tense (``test_session.finished``), in the order of ``sequence``."""

    __tablename__ = "outbox_events"
    __table_args__ = (Index("ix_outbox_events_tenant_id_sequence", "tenant_id", "sequence"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    type: Mapped[str]
    subject: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime]


INSERT_EVENT = """
INSERT INTO outbox_events (tenant_id, id, type, subject, data, occurred_at)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6)
"""

WITH_EVENT = f"WITH told AS ({INSERT_EVENT})"
"""Before an INSERT: it takes an event along, which spares a round trip.

``$1`` is the tenant, ``$2`` to ``$6`` are ``Event.values``; the statement's own come after.
"""

_ESTIMATE = """
SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'outbox_events'::regclass
"""


@dataclass(frozen=True, slots=True)
class Event:
    """What has become true, of what (an id), when, and what a subscriber is told of it."""

    type: str
    subject: str
    data: Mapping[str, JsonValue]
    occurred_at: datetime

    def values(self) -> tuple[object, ...]:
        """``$2`` to ``$6`` of ``INSERT_EVENT``, under an id of its own."""
        data = json.dumps(dict(self.data))
        return new_id(), self.type, self.subject, data, self.occurred_at


async def add_event(connection: asyncpg.Connection, tenant_id: UUID, *, event: Event) -> None:
    """Keep an event in the transaction that the connection is in."""
    await connection.execute(INSERT_EVENT, tenant_id, *event.values())


async def estimate_events(session: AsyncSession) -> int:
    """How many events of all tenants the outbox holds, as PostgreSQL's statistics have it.

    To count them would read the whole table, and row-level security shows one tenant's alone.
    """
    return int(await session.scalar(text(_ESTIMATE)) or 0)
