"""The unit of work: one request, one transaction, one instant, one tenant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from pacnum_api.kernel.errors import JsonValue
from pacnum_api.platform import outbox


@dataclass(slots=True)
class UnitOfWork:
    """What a service function works in. The edge opens it and commits it; nobody else does.

    ``now`` is the instant of the whole unit (aware, UTC): rows of one transaction agree on it.
    The ORM's session and the bare driver are two ways into the same transaction. The session is
    made when it is first asked for: the paths of a test do without, and it costs them dearly.
    """

    connection: AsyncConnection
    bare: asyncpg.Connection
    tenant_id: UUID
    now: datetime
    _session: AsyncSession | None = None
    _when_committed: list[Callable[[], object]] = field(default_factory=list)

    @property
    def session(self) -> AsyncSession:
        """The ORM's session in this transaction, which it neither begins nor ends."""
        if self._session is None:
            self._session = AsyncSession(self.connection, expire_on_commit=False, autoflush=False)
        return self._session

    async def write_out(self) -> None:
        """Send what the session still holds back; for the edge, before it commits."""
        if self._session is not None:
            await self._session.flush()

    async def close(self) -> None:
        """Let go of the session's rows; for the edge."""
        if self._session is not None:
            await self._session.close()

    def once_committed(self, call: Callable[[], object]) -> None:
        """Have something counted when this unit of work has become true, and only then."""
        self._when_committed.append(call)

    def committed(self) -> None:
        """What the edge calls after its commit."""
        for call in self._when_committed:
            call()

    async def emit(self, event_type: str, subject: str, *, data: Mapping[str, JsonValue]) -> None:
        """Put an event (past tense, ``test_session.finished``) into this transaction's outbox."""
        event = outbox.Event(event_type, subject, data, self.now)
        await outbox.add_event(await self.driver(), self.tenant_id, event=event)

    async def driver(self) -> asyncpg.Connection:
        """The bare connection under this very transaction, for SQL shared with the hot path."""
        if self._session is not None and self._session.in_nested_transaction():
            _ = await self._session.connection()  # its savepoint is sent when it is first needed
        return self.bare

    async def notify(self, channel: str, payload: str) -> None:
        """Tell every process, at commit, that something it may have cached has changed."""
        await self.session.execute(
            text("SELECT pg_notify(:channel, :payload)"), {"channel": channel, "payload": payload}
        )
