"""The unit of work: one request, one transaction, one instant, one tenant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from pacnum_api.kernel.errors import JsonValue
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.outbox import OutboxEvent


@dataclass(slots=True)
class UnitOfWork:
    """What a service function works in. The edge opens it and commits it; nobody else does.

    ``now`` is the instant of the whole unit (aware, UTC): rows of one transaction agree on it.
    """

    session: AsyncSession
    tenant_id: UUID
    now: datetime
    _when_committed: list[Callable[[], object]] = field(default_factory=list)

    def once_committed(self, call: Callable[[], object]) -> None:
        """Have something counted when this unit of work has become true, and only then."""
        self._when_committed.append(call)

    def committed(self) -> None:
        """What the edge calls after its commit."""
        for call in self._when_committed:
            call()

    async def emit(self, event_type: str, subject: str, *, data: Mapping[str, JsonValue]) -> None:
        """Put an event (past tense, ``test_session.finished``) into this transaction's outbox."""
        await self.session.execute(
            insert(OutboxEvent).values(
                id=new_id(),
                tenant_id=self.tenant_id,
                type=event_type,
                subject=subject,
                data=dict(data),
                occurred_at=self.now,
            )
        )

    async def driver(self) -> asyncpg.Connection:
        """The bare connection under this very transaction, for SQL shared with the hot path."""
        connection = await self.session.connection()
        raw = await connection.get_raw_connection()
        return raw.driver_connection

    async def notify(self, channel: str, payload: str) -> None:
        """Tell every process, at commit, that something it may have cached has changed."""
        await self.session.execute(
            text("SELECT pg_notify(:channel, :payload)"), {"channel": channel, "payload": payload}
        )
