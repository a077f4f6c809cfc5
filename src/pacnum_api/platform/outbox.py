"""The outbox: events that became true in a transaction, kept by that same transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

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


_ESTIMATE = """
SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'outbox_events'::regclass
"""


async def estimate_events(session: AsyncSession) -> int:
    """How many events of all tenants the outbox holds, as PostgreSQL's statistics have it.

    To count them would read the whole table, and row-level security shows one tenant's alone.
    """
    return int(await session.scalar(text(_ESTIMATE)) or 0)
