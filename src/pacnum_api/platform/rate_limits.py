"""Request quotas per minute that hold across replicas with few writes.

A process takes a chunk of a caller's quota out of PostgreSQL in one statement and spends it from
memory. The chunks that all processes got add up to the quota exactly, so never more requests pass
than it allows (a process that stops loses what it had not spent). The first chunk of a minute is
small and each one twice the last: what lies unspent in many processes is no more than what they
have spent, and a thousandth of the quota each.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from pacnum_api.platform.database import Database
from pacnum_api.platform.db import Base, TenantOwned

# ASGI's own types: services import the table below, and must not get a web framework with it
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]

WINDOW_SECONDS = 60
SMALLEST_CHUNKS = 1000
LARGEST_CHUNKS = 20
"""Parts of the quota: a chunk is at least one thousandth and at most one twentieth of it, and later
at most a quarter of what is left."""

# One row a caller, begun anew each window; a replica whose clock lags counts into the newer one.
_LEASE = """
    INSERT INTO rate_limit_windows AS known (tenant_id, subject, window_start, used)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, subject) DO UPDATE SET
        used = CASE WHEN known.window_start >= EXCLUDED.window_start
                    THEN known.used + EXCLUDED.used ELSE EXCLUDED.used END,
        window_start = GREATEST(known.window_start, EXCLUDED.window_start)
    RETURNING used
"""


class RateLimitWindow(TenantOwned, Base):
    """How much of the present minute's quota the processes have taken, per caller."""

    __tablename__ = "rate_limit_windows"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime]
    used: Mapped[int]


@dataclass(frozen=True, slots=True)
class Quota:
    """``requests`` a minute, of which each process gives ``unshared`` ones away on its own.

    Those cost no write; with R processes they let up to (R - 1) * ``unshared`` more pass.
    """

    name: str
    requests: int
    unshared: int = 0

    @property
    def shared(self) -> int:
        """The part that the processes lease from one another."""
        return self.requests - self.unshared


@dataclass(frozen=True, slots=True)
class RateDecision:
    """Whether a request passes, and where its caller stands afterwards."""

    is_allowed: bool
    quota: Quota
    remaining: int
    reset_seconds: int

    def headers(self) -> dict[str, str]:
        """draft-ietf-httpapi-ratelimit-headers: structured fields, policy and state."""
        name = self.quota.name
        return {
            "RateLimit-Policy": f'"{name}";q={self.quota.requests};w={WINDOW_SECONDS}',
            "RateLimit": f'"{name}";r={self.remaining};t={self.reset_seconds}',
        }


@dataclass(slots=True)
class _Bucket:
    """A caller's window in this process: its unspent chunk, what all processes had taken, and how
    much this one asked for last.
    """

    chunk: int
    taken: int = 0
    leased: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class RateLimiter:
    """The quotas of one process. ``clock`` gives Unix seconds; windows begin at whole minutes."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._window = 0
        self._buckets: dict[tuple[UUID, str], _Bucket] = {}

    async def spend(self, tenant_id: UUID, subject: str, *, quota: Quota) -> RateDecision:
        """Count one request of the caller against its quota."""
        now = self._clock()
        window = int(now // WINDOW_SECONDS)
        if window != self._window:  # every bucket is of a window that has ended
            self._window = window
            self._buckets = {}
        bucket = self._buckets.get((tenant_id, subject))
        if bucket is None:
            bucket = self._buckets[tenant_id, subject] = _Bucket(chunk=quota.unshared)
        if bucket.chunk == 0 and bucket.taken < quota.shared:
            async with bucket.lock:
                # those who waited find the chunk that the first one took
                while bucket.chunk == 0 and bucket.taken < quota.shared:
                    await self._lease(bucket, (tenant_id, subject), window=window, quota=quota)
        is_allowed = bucket.chunk > 0
        bucket.chunk -= is_allowed
        return RateDecision(
            is_allowed=is_allowed,
            quota=quota,
            remaining=bucket.chunk + max(0, quota.shared - bucket.taken),
            reset_seconds=max(1, math.ceil((window + 1) * WINDOW_SECONDS - now)),
        )

    async def _lease(
        self, bucket: _Bucket, caller: tuple[UUID, str], *, window: int, quota: Quota
    ) -> None:
        growing = max(quota.shared // SMALLEST_CHUNKS, 2 * bucket.leased)
        left = quota.shared - bucket.taken
        wanted = max(1, min(growing, quota.shared // LARGEST_CHUNKS, left // 4))
        start = datetime.fromtimestamp(window * WINDOW_SECONDS, tz=UTC)
        async with self._database.raw_transaction(caller[0]) as connection:
            taken = await connection.fetchval(_LEASE, *caller, start, wanted)
        bucket.taken, bucket.leased = int(taken), wanted
        # what reaches beyond the quota is not ours; the last chunk may be cut short
        bucket.chunk = max(0, min(wanted, quota.shared - (bucket.taken - wanted)))


class RateLimitHeaders:
    """ASGI layer: says on every authenticated response, errors too, where its caller stands."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(  # noqa: PLR0917 - ASGI has these three
        self, scope: Message, receive: Receive, send: Send
    ) -> None:
        """Pass everything through; add two headers when authentication left its admission."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            admission = state.get("admission")
            if message["type"] == "http.response.start" and admission is not None:
                added = admission.rate.headers().items()
                message["headers"] = [
                    *message.get("headers", ()),
                    *((name.lower().encode(), value.encode()) for name, value in added),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)
