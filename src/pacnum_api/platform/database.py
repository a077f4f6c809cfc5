"""The way to PostgreSQL: engine, transactions and the raw pool of the hot path.

Data flow of a request: the edge opens one transaction, sets ``app.tenant_id`` for its length, and
acts as a role that does not own the tables, so that row-level security holds even where a query
forgets its tenant. The hot path uses the same two locks over a plain asyncpg pool.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.sockets import give_up_on_silence
from pacnum_api.platform.tracing import traced_transaction
from pacnum_api.platform.uow import UnitOfWork

ROLL_BACK_SECONDS: Final = 2.0
"""A server that has not undone a short transaction by then is not answering at all."""

CLOSE_SECONDS: Final = 5.0
STATEMENT_FACTOR: Final = 3
"""A statement of a unit of work (a report, say) may take this many times the timeout."""


class DatabaseUnreachable(ConnectionError):
    """No connection could be opened: the server is away, or its name is not known."""


def with_driver(url: str, driver: str | None) -> str:
    """The same address for SQLAlchemy (``asyncpg``) or for the bare driver (None)."""
    parts = urlsplit(url)
    scheme = "postgresql" if driver is None else f"postgresql+{driver}"
    # urlunsplit drops the empty authority of socket addresses (postgresql:///db?host=/run)
    return (
        scheme + "://" + urlunsplit(("", "", *parts[2:]))
        if not parts.netloc
        else urlunsplit((scheme, *parts[1:]))
    )


@dataclass(frozen=True, slots=True)
class DatabaseUse:
    """Connections of each pool: how many there may be, are lent out, and are waited for."""

    allowed: int
    orm_in_use: int
    raw_in_use: int
    raw_waiting: int


class Database:
    """One process's way to PostgreSQL: a SQLAlchemy engine and, for the hot path, a raw pool.

    ``role`` is the role acted as (None: the one that logs in). Both pools connect lazily.
    ``timeout_seconds`` bounds opening a connection, waiting for a lock, and each statement of the
    hot path; statements of a unit of work may take three times that. ``wait_seconds`` (default: as
    long) bounds the wait for a connection of a pool whose connections are all taken.
    """

    def __init__(
        self,
        url: str,
        *,
        role: str | None = None,
        pool_size: int = 8,
        timeout_seconds: float = 10,
        wait_seconds: float | None = None,
    ) -> None:
        self.url = url
        self._role = role
        self._pool_size = pool_size
        self._timeout_seconds = timeout_seconds
        self._wait_seconds = timeout_seconds if wait_seconds is None else wait_seconds
        self._pool: asyncpg.Pool | None = None
        # first come, first served: asyncpg's own queue lets newcomers overtake those who wait
        self._turns = asyncio.Semaphore(pool_size)
        self._waiting = 0
        self.engine: AsyncEngine = create_async_engine(
            with_driver(url, "asyncpg"),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=self._wait_seconds,
            # transactions are begun and ended here, on the bare driver, in one round trip each
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            hide_parameters=True,  # an error's message goes to the log, and values name people
            connect_args={
                "async_creator_fn": self._open,
                "server_settings": self._server_settings(STATEMENT_FACTOR),
                "timeout": timeout_seconds,
                "command_timeout": timeout_seconds * STATEMENT_FACTOR,
            },
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)

    def _server_settings(self, statement_factor: int) -> dict[str, str]:
        milliseconds = int(self._timeout_seconds * 1000)
        settings = {
            "application_name": "pacnum",
            "timezone": "UTC",
            "idle_in_transaction_session_timeout": "60s",
            "statement_timeout": f"{milliseconds * statement_factor}ms",
            "lock_timeout": f"{milliseconds}ms",
            # a process whose machine has vanished must not keep its connections for hours
            "tcp_keepalives_idle": "30",
            "tcp_keepalives_interval": "10",
            "tcp_keepalives_count": "3",
            "tcp_user_timeout": "60s",
            # short queries: planning anew costs more than it wins
            "plan_cache_mode": "force_generic_plan",
        }
        if self._role is not None:
            settings["role"] = self._role
        return settings

    @traced_transaction("transaction")
    @asynccontextmanager
    async def unit_of_work(
        self, tenant_id: UUID, *, now: datetime | None = None
    ) -> AsyncIterator[UnitOfWork]:
        """One transaction scoped to a tenant: committed on a clean exit, else rolled back.

        ``now``: its instant, if that was set before it is opened.
        """
        async with self.engine.connect() as connection:
            bare = (await connection.get_raw_connection()).driver_connection
            assert bare is not None  # noqa: S101 - it has just been taken from the pool
            uow = UnitOfWork(connection, bare, tenant_id, now or utc_now())
            async with _transaction(bare, tenant_id):
                try:
                    yield uow
                    await uow.write_out()
                finally:
                    await uow.close()
            uow.committed()

    async def raw_pool(self) -> asyncpg.Pool:
        """The asyncpg pool of this process, made at its first use."""
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                with_driver(self.url, None),
                min_size=0,  # making it opens no connection, so nobody queues up behind that
                max_size=self._pool_size,
                connect=self._open,
                server_settings=self._server_settings(1),
                timeout=self._timeout_seconds,
                command_timeout=self._timeout_seconds,
                # nothing is ever set at session level: the reset round trip buys nothing
                reset=_no_reset,
            )
        return await self._pool  # whoever comes first makes it ready, the others wait for that

    @traced_transaction("raw transaction")
    @asynccontextmanager
    async def raw_transaction(self, tenant_id: UUID) -> AsyncIterator[asyncpg.Connection]:
        """A bare asyncpg transaction scoped to a tenant, for the hot path."""
        pool = await self.raw_pool()
        async with (
            self._turn(),
            pool.acquire(timeout=self._timeout_seconds) as connection,
            _transaction(connection, tenant_id),
        ):
            yield connection

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """A connection's worth of the pool. Raises TimeoutError when none comes free in time."""
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    def use(self) -> DatabaseUse:
        """How busy the two pools are at this moment."""
        pool = self._pool
        return DatabaseUse(
            allowed=self._pool_size,
            orm_in_use=self.engine.pool.checkedout(),  # type: ignore[attr-defined]  # as QueuePool has it
            raw_in_use=0 if pool is None else pool.get_size() - pool.get_idle_size(),
            raw_waiting=self._waiting,
        )

    async def connect(self, **server_settings: str) -> asyncpg.Connection:
        """A connection outside the pools, for whoever keeps one as long as the process lives."""
        return await self._open(
            with_driver(self.url, None),
            server_settings={**self._server_settings(1), **server_settings},
            timeout=self._timeout_seconds,
            command_timeout=self._timeout_seconds,
        )

    async def _open(self, *address: Any, **options: Any) -> asyncpg.Connection:
        """Every connection, of whichever pool. Raises DatabaseUnreachable."""
        try:
            connection = await asyncpg.connect(*address, **options)
        except OSError as error:  # refused, no such name, no such socket, no answer in time
            raise DatabaseUnreachable(type(error).__name__) from error
        # the driver has no public way to its socket
        channel = connection._transport.get_extra_info("socket")  # noqa: SLF001 - asyncpg shows it no other way
        give_up_on_silence(channel, seconds=max(self._timeout_seconds, 3))
        return connection

    async def close(self) -> None:
        """Return every connection; those that do not answer are dropped after some seconds."""
        if self._pool is not None:
            if not await _is_done_soon(self._pool.close()):
                self._pool.terminate()
            self._pool = None
        await _is_done_soon(self.engine.dispose())


async def _is_done_soon(closing: Coroutine[Any, Any, object]) -> bool:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await closing
    except TimeoutError:
        return False
    return True


@asynccontextmanager
async def _transaction(connection: asyncpg.Connection, tenant_id: UUID) -> AsyncIterator[None]:
    """A transaction scoped to a tenant: committed on a clean exit, else rolled back.

    BEGIN and the tenant go in one round trip; the id is a UUID, so it needs no escaping.
    """
    try:
        await connection.execute(f"BEGIN; SELECT set_config('app.tenant_id', '{tenant_id}', true)")
        yield
        await connection.execute("COMMIT")
    except (TimeoutError, OSError, asyncpg.PostgresConnectionError):
        connection.terminate()  # asking it to roll back would be waiting once more
        raise
    except BaseException:
        await asyncio.shield(_roll_back(connection))
        raise


def _refuse_closed(  # noqa: PLR0917 - SQLAlchemy's event
    connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: PoolProxiedConnection
) -> None:
    """Have the pool open another connection in place of one that the server has closed.

    The driver learns of that by itself, so no round trip is spent on asking.
    """
    del record, proxy
    if connection.driver_connection.is_closed():
        raise DisconnectionError


async def _roll_back(connection: asyncpg.Connection) -> None:
    """Leave no open transaction on a pooled connection; one that cannot answer is thrown away."""
    try:
        await connection.execute("ROLLBACK", timeout=ROLL_BACK_SECONDS)
    except Exception:  # noqa: BLE001 - for whatever reason: the error that led here is the one to tell
        connection.terminate()


async def _no_reset(connection: asyncpg.Connection) -> None:
    del connection
