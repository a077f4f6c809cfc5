"""What concurrent requests ask of PostgreSQL, gathered into one statement per round trip.

Data flow: a request puts its row into the queue of its tenant and kind and waits; one of a few
connections takes all that wait there, as one statement, and hands each request its own part of
what came back. Nobody waits for company: a lone row goes at once, and while one batch is under way
the next gathers. Only when that takes long (it waits for a lock, say) another connection takes the
next. A batch is of one tenant, and its connection is set to that tenant before the statement, so
row-level security holds for a batch as for a single request.

The statement is a transaction by itself, committed when the rows come back. A batch that fails is
carried out again row by row, so that one bad row takes nobody along. When the connection is lost
nobody can say what was stored: the requests fail, and whoever asks again must find out.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar, cast
from uuid import UUID

import asyncpg
import structlog

from pacnum_api.kernel.errors import ServiceUnavailable

CONNECTIONS: Final = 2
RELIEF_SECONDS: Final = 0.01
"""After which a batch takes long. Two at once before that would only be smaller, and PostgreSQL
busier."""
ROWS_AT_ONCE: Final = 64
WAITING_AT_MOST: Final = 1024
PLANNER: Final = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
"""Statements here find rows by key: a plan made while a table is small must serve a large one."""

_log = structlog.stdlib.get_logger("pacnum.batches")

Row = TypeVar("Row")
Found = TypeVar("Found")
RowAsked_contra = TypeVar("RowAsked_contra", contravariant=True)
RowFound_co = TypeVar("RowFound_co", covariant=True)
Connect = Callable[[], Awaitable[asyncpg.Connection]]
Observe = Callable[[int, float], None]


class Run(Protocol[RowAsked_contra, RowFound_co]):
    """Carries out rows of one tenant by one statement; the results in the order of the rows."""

    def __call__(
        self, connection: asyncpg.Connection, tenant_id: UUID, *, rows: Sequence[RowAsked_contra]
    ) -> Awaitable[Sequence[RowFound_co]]: ...


@dataclass(slots=True)
class _Asked(Generic[Row, Found]):
    row: Row
    reply: "asyncio.Future[Found]"
    since: float


class _Line(Generic[Row, Found]):
    """Those who wait for one kind of statement in one tenant, first come, first served."""

    __slots__ = ("run", "tenant_id", "waiting")

    def __init__(self, run: Run[Row, Found], tenant_id: UUID) -> None:
        self.run = run
        self.tenant_id = tenant_id
        self.waiting: deque[_Asked[Row, Found]] = deque()

    def take(self, count: int) -> list[_Asked[Row, Found]]:
        """The first of those who still want to know."""
        taken: list[_Asked[Row, Found]] = []
        while self.waiting and len(taken) < count:
            asked = self.waiting.popleft()
            if not asked.reply.done():  # else its request was cancelled
                taken.append(asked)
        return taken


class Batches:
    """The batches of one process. ``connect`` opens a connection that nobody else will use.

    ``relief_seconds``: how long one batch may hold up the next; 0: not at all. ``observe``: told
    each batch's rows and the longest wait among them, in seconds.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        connections: int = CONNECTIONS,
        relief_seconds: float = RELIEF_SECONDS,
        waiting_at_most: int = WAITING_AT_MOST,
        observe: Observe | None = None,
    ) -> None:
        self._connect = connect
        self._connections = connections
        self._waiting_at_most = waiting_at_most
        self._observe = observe
        self._relief_seconds = relief_seconds
        self._relief: asyncio.TimerHandle | None = None
        self._is_called = False
        self._busy = 0
        self._waiting = 0
        self._lines: OrderedDict[tuple[object, UUID], _Line[object, object]] = OrderedDict()
        self._free: deque[asyncio.Future[None]] = deque()
        self._carriers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to carry out what is asked; connections are opened when they are first needed."""
        self._carriers = [
            asyncio.create_task(_Carrier(self).run(), name=f"batches-{number}")
            for number in range(self._connections)
        ]

    async def stop(self) -> None:
        """End all connections; whoever still waits gets ServiceUnavailable."""
        for carrier in self._carriers:
            carrier.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)
        self._carriers = []
        if self._relief is not None:
            self._relief.cancel()
        for line in self._lines.values():
            _fail(line.take(self._waiting_at_most), ServiceUnavailable())
        self._lines.clear()
        self._waiting = 0

    async def ask(self, run: Run[Row, Found], tenant_id: UUID, *, row: Row) -> Found:
        """What ``run`` gives for this row.

        Raises ServiceUnavailable when too many wait already, and whatever the statement raised for
        this row. When cancelled, the row may have been carried out all the same.
        """
        if self._waiting >= self._waiting_at_most:
            raise ServiceUnavailable
        reply: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        key = (run, tenant_id)
        line = cast("_Line[Row, Found] | None", self._lines.get(key))
        if line is None:
            line = _Line(run, tenant_id)
            self._lines[key] = cast("_Line[object, object]", line)
        line.waiting.append(_Asked(row, reply, time.perf_counter()))
        self._waiting += 1
        self._call_one()
        return await reply

    def _call_one(self) -> None:
        """Have a free connection look, unless one that is busy will, soon."""
        if self._relief_seconds == 0:
            self._wake()
        elif not self._busy:
            if not self._is_called:
                self._is_called = self._wake()
        elif self._relief is None and self._free:
            loop = asyncio.get_running_loop()
            self._relief = loop.call_later(self._relief_seconds, self._relieve)

    def _relieve(self) -> None:
        self._relief = None
        if self._lines:
            self._wake()

    def _wake(self) -> bool:
        while self._free:
            free = self._free.pop()  # the one used last: its connection is there, and set
            if not free.done():
                free.set_result(None)
                return True
        return False

    def free_again(self) -> None:
        """A carrier has done with its batch."""
        self._busy -= 1

    async def next_batch(self) -> tuple[_Line[object, object], list[_Asked[object, object]]]:
        """The rows of whoever has waited longest, and of those of its kind; for carriers."""
        while True:
            while self._lines:
                key, line = next(iter(self._lines.items()))
                before = len(line.waiting)
                taken = line.take(ROWS_AT_ONCE)
                self._waiting -= before - len(line.waiting)
                del self._lines[key]
                if line.waiting:  # behind the other tenants
                    self._lines[key] = line
                if taken:
                    self._busy += 1
                    if self._lines:  # of others, who came before anybody was busy
                        self._call_one()
                    self._tell(taken)
                    return line, taken
            free = asyncio.get_running_loop().create_future()
            self._free.append(free)
            await free
            self._is_called = False

    def _tell(self, taken: Sequence[_Asked[object, object]]) -> None:
        if self._observe is not None:
            self._observe(len(taken), time.perf_counter() - taken[0].since)

    async def open(self) -> asyncpg.Connection:
        """A connection for a carrier."""
        return await self._connect()


class _Carrier:
    """One connection's worth of work: takes a batch, carries it out, takes the next."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._connection: asyncpg.Connection | None = None
        self._tenant_id: UUID | None = None

    async def run(self) -> None:
        try:
            while True:
                line, asked = await self._batches.next_batch()
                try:
                    await self._carry_out(line, asked)
                except BaseException as error:
                    _fail(asked, error if isinstance(error, Exception) else ServiceUnavailable())
                    self._drop()
                    if not isinstance(error, Exception):
                        raise
                    _log.warning("batch_failed", rows=len(asked), reason=type(error).__name__)
                finally:
                    self._batches.free_again()
        finally:
            self._drop()

    async def _carry_out(
        self, line: _Line[object, object], asked: Sequence[_Asked[object, object]]
    ) -> None:
        connection = await self._connected(line.tenant_id)
        try:
            found = await line.run(connection, line.tenant_id, rows=[one.row for one in asked])
        except Exception as error:
            if len(asked) == 1 or connection.is_closed() or _is_of_the_server(error):
                raise
            _log.warning("batch_split", rows=len(asked), reason=type(error).__name__)
            await self._one_by_one(line, asked)
            return
        for one, result in zip(asked, found, strict=True):
            if not one.reply.done():
                one.reply.set_result(result)

    async def _one_by_one(
        self, line: _Line[object, object], asked: Sequence[_Asked[object, object]]
    ) -> None:
        for place, one in enumerate(asked):
            try:
                await self._carry_out(line, [one])
            except Exception as error:
                if _is_of_the_server(error):  # the others would only wait for the same
                    _fail(asked[place:], error)
                    raise
                _fail([one], error)

    async def _connected(self, tenant_id: UUID) -> asyncpg.Connection:
        connection = self._connection
        if connection is None or connection.is_closed():
            self._tenant_id = None
            connection = self._connection = await self._batches.open()
        if self._tenant_id != tenant_id:
            self._tenant_id = None  # unknown until the server has said so
            await connection.execute(
                "SELECT set_config('app.tenant_id', $1, false)", str(tenant_id)
            )
            self._tenant_id = tenant_id
        return connection

    def _drop(self) -> None:
        """A connection that failed may hold anything: the next batch gets a new one."""
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None
        self._tenant_id = None


def _is_of_the_server(error: Exception) -> bool:
    """Whether it says nothing about a row: the server is away, silent, or will not."""
    if isinstance(error, ValueError):  # asyncpg's word for a value that it cannot send
        return False
    return isinstance(
        error,
        (
            TimeoutError,
            OSError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            asyncpg.PostgresConnectionError,
            asyncpg.OperatorInterventionError,
        ),
    )


def _fail(asked: Sequence[_Asked[object, object]], error: Exception) -> None:
    for one in asked:
        if not one.reply.done():
            one.reply.set_exception(error)
