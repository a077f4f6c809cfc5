"""Batches over a connection that does what the test says: who waits for whom, and who gets what."""

import asyncio
from collections.abc import Sequence
from typing import Any, Self, cast
from uuid import UUID, uuid4

import asyncpg
import pytest

from pacnum_api.kernel.errors import ServiceUnavailable
from pacnum_api.platform.batches import ROWS_AT_ONCE, Batches

TENANT = uuid4()


class Wire:
    """A connection: remembers which tenants it was set to, and whether it was given up."""

    def __init__(self) -> None:
        self.tenants: list[str] = []
        self.is_lost = False

    async def execute(self, statement: str, tenant_id: str) -> None:
        assert "set_config('app.tenant_id', $1, false)" in statement
        self.tenants.append(tenant_id)

    def is_closed(self) -> bool:
        return self.is_lost

    def terminate(self) -> None:
        self.is_lost = True


class Server:
    """Carries out rows: each comes back with a mark; ``gate`` holds a batch until it is opened."""

    def __init__(self) -> None:
        self.batches: list[list[object]] = []
        self.seen: list[UUID] = []
        self.wires: list[Wire] = []
        self.taken: asyncio.Queue[object] = asyncio.Queue()
        self.gate = asyncio.Event()
        self.gate.set()

    async def connect(self) -> asyncpg.Connection:
        self.wires.append(Wire())
        return cast("asyncpg.Connection", self.wires[-1])

    async def mark(
        self, connection: Any, tenant_id: UUID, *, rows: Sequence[object]
    ) -> Sequence[str]:
        self.batches.append(list(rows))
        for row in rows:
            self.taken.put_nowait(row)
        self.seen.append(tenant_id)
        assert connection.tenants[-1] == str(tenant_id)
        await self.gate.wait()
        if "silence" in rows:
            raise TimeoutError
        if "drops the line" in rows:
            connection.is_lost = True
            raise ConnectionError
        if "bad" in rows:
            raise ValueError("bad row")
        if list(rows) == ["falls silent"]:
            raise TimeoutError
        return [f"{row}!" for row in rows]


class Running:
    """Batches with their server, started and stopped."""

    def __init__(self, **options: Any) -> None:
        self.server = Server()
        self.told: list[tuple[int, float]] = []
        self.batches = Batches(
            self.server.connect,
            observe=lambda rows, wait: self.told.append((rows, wait)),
            **{"connections": 1, **options},
        )

    async def __aenter__(self) -> Self:
        self.batches.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.gate.set()
        await self.batches.stop()

    def ask(self, *rows: object, tenant_id: UUID = TENANT) -> "list[asyncio.Task[str]]":
        mark = self.server.mark
        return [asyncio.create_task(self.batches.ask(mark, tenant_id, row=row)) for row in rows]

    async def is_taken(self, row: object) -> None:
        """Wait until the server has got this row."""
        while await self.server.taken.get() != row:
            pass


async def test_a_lone_row_waits_for_nothing() -> None:
    async with Running() as running:
        assert await asyncio.gather(*running.ask("a")) == ["a!"]
        assert running.server.batches == [["a"]]
        assert [rows for rows, _ in running.told] == [1]
        assert 0 <= running.told[0][1] < 5


async def test_rows_gather_while_the_connection_is_busy_and_each_gets_its_own() -> None:
    async with Running() as running:
        running.server.gate.clear()
        first = running.ask("a")
        await running.is_taken("a")
        rest = running.ask("b", "c", "d")
        await asyncio.sleep(0)
        assert running.server.batches == [["a"]]
        running.server.gate.set()
        assert await asyncio.gather(*first, *rest) == ["a!", "b!", "c!", "d!"]
        assert running.server.batches == [["a"], ["b", "c", "d"]]


async def test_a_batch_is_of_one_tenant_and_tenants_take_turns() -> None:
    other = uuid4()
    async with Running() as running:
        running.server.gate.clear()
        first = running.ask("a")
        await running.is_taken("a")
        many = running.ask(*range(ROWS_AT_ONCE + 3))
        few = running.ask("x", tenant_id=other)
        await asyncio.sleep(0)
        running.server.gate.set()
        await asyncio.gather(*first, *many, *few)
        assert running.server.seen == [TENANT, TENANT, other, TENANT]
        assert [len(batch) for batch in running.server.batches] == [1, ROWS_AT_ONCE, 1, 3]
        (wire,) = running.server.wires
        assert wire.tenants == [str(TENANT), str(other), str(TENANT)]


async def test_a_batch_that_takes_long_holds_up_nobody_for_long() -> None:
    async with Running(connections=2) as running:
        running.server.gate.clear()
        asked = running.ask("a")
        await running.is_taken("a")
        asked += running.ask("b", "c")
        await asyncio.sleep(0)
        assert running.server.batches == [["a"]]
        await running.is_taken("b")
        assert running.server.batches == [["a"], ["b", "c"]]
        running.server.gate.set()
        assert await asyncio.gather(*asked) == ["a!", "b!", "c!"]
        assert len(running.server.wires) == 2


async def test_where_no_relief_is_wanted_all_connections_work_at_once() -> None:
    async with Running(connections=2, relief_seconds=0) as running:
        running.server.gate.clear()
        asked = running.ask("a")
        await running.is_taken("a")
        asked += running.ask("b")
        for _ in range(5):
            await asyncio.sleep(0)
        assert running.server.batches == [["a"], ["b"]]
        running.server.gate.set()
        assert await asyncio.gather(*asked) == ["a!", "b!"]


async def test_a_short_batch_needs_no_second_connection() -> None:
    async with Running(connections=2) as running:
        for number in range(20):
            asked = running.ask(f"{number}", f"{number}'")
            await asyncio.gather(*asked)
        assert len(running.server.wires) == 1
        await asyncio.sleep(0.03)  # a relief that nobody needs any more does nothing
        assert len(running.server.wires) == 1


async def test_a_bad_row_takes_nobody_along() -> None:
    async with Running() as running:
        running.server.gate.clear()
        first = running.ask("a")
        await running.is_taken("a")
        rest = running.ask("b", "bad", "c")
        await asyncio.sleep(0)
        running.server.gate.set()
        found = await asyncio.gather(*first, *rest, return_exceptions=True)
        assert found[:2] == ["a!", "b!"]
        assert isinstance(found[2], ValueError)
        assert found[3] == "c!"
        assert running.server.batches[2:] == [["b"], ["bad"], ["c"]]


async def test_a_lost_connection_fails_its_batch_and_the_next_gets_another() -> None:
    async with Running() as running:
        (lost,) = await asyncio.gather(*running.ask("drops the line"), return_exceptions=True)
        assert isinstance(lost, ConnectionError)
        assert await asyncio.gather(*running.ask("a")) == ["a!"]
        assert len(running.server.wires) == 2
        assert running.server.wires[1].tenants == [str(TENANT)]


async def test_a_silent_server_is_not_asked_row_by_row() -> None:
    async with Running() as running:
        running.server.gate.clear()
        first = running.ask("a")
        await running.is_taken("a")
        rest = running.ask("b", "silence", "c")
        await asyncio.sleep(0)
        running.server.gate.set()
        found = await asyncio.gather(*first, *rest, return_exceptions=True)
        assert found[0] == "a!"
        assert [type(one) for one in found[1:]] == [TimeoutError] * 3
        assert running.server.batches == [["a"], ["b", "silence", "c"]]
        assert await asyncio.gather(*running.ask("d")) == ["d!"]
        assert len(running.server.wires) == 2


async def test_a_server_that_falls_silent_over_one_row_fails_those_after_it() -> None:
    async with Running() as running:
        running.server.gate.clear()
        first = running.ask("a")
        await running.is_taken("a")
        rest = running.ask("b", "bad", "falls silent", "c")
        await asyncio.sleep(0)
        running.server.gate.set()
        found = await asyncio.gather(*first, *rest, return_exceptions=True)
        assert found[:2] == ["a!", "b!"]
        assert [type(one) for one in found[2:]] == [ValueError, TimeoutError, TimeoutError]
        assert running.server.batches[2:] == [["b"], ["bad"], ["falls silent"]]


async def test_two_kinds_that_come_at_once_do_not_wait_for_each_other() -> None:
    other = uuid4()
    async with Running(connections=2) as running:
        running.server.gate.clear()
        asked = [*running.ask("a"), *running.ask("x", tenant_id=other)]
        await running.is_taken("a")
        await running.is_taken("x")
        running.server.gate.set()
        assert await asyncio.gather(*asked) == ["a!", "x!"]


async def test_a_connection_that_cannot_be_had_fails_those_who_wait_and_no_others() -> None:
    class Refusing(Server):
        refuses = True

        async def connect(self) -> asyncpg.Connection:
            if self.refuses:
                raise OSError("refused")
            return await super().connect()

    running = Running()
    running.server = server = Refusing()
    running.batches = Batches(server.connect, connections=1)
    async with running:
        (refused,) = await asyncio.gather(*running.ask("a"), return_exceptions=True)
        assert isinstance(refused, OSError)
        server.refuses = False
        assert await asyncio.gather(*running.ask("b")) == ["b!"]


async def test_whoever_gives_up_while_waiting_is_left_out() -> None:
    async with Running() as running:
        running.server.gate.clear()
        first = running.ask("a")
        await running.is_taken("a")
        b, c = running.ask("b", "c")
        await asyncio.sleep(0)
        b.cancel()
        await asyncio.sleep(0)
        running.server.gate.set()
        assert await c == "c!"
        assert b.cancelled()
        await asyncio.gather(*first)
        assert running.server.batches == [["a"], ["c"]]


async def test_whoever_gives_up_after_that_is_carried_out_all_the_same() -> None:
    async with Running() as running:
        running.server.gate.clear()
        (a,) = running.ask("a")
        await running.is_taken("a")
        a.cancel()
        await asyncio.sleep(0)
        running.server.gate.set()
        assert await asyncio.gather(*running.ask("b")) == ["b!"]
        assert running.server.batches == [["a"], ["b"]]


async def test_all_who_wait_may_give_up() -> None:
    async with Running() as running:
        running.server.gate.clear()
        first = running.ask("a")
        await running.is_taken("a")
        (b,) = running.ask("b")
        await asyncio.sleep(0)
        b.cancel()
        await asyncio.sleep(0)
        running.server.gate.set()
        await asyncio.gather(*first)
        assert await asyncio.gather(*running.ask("c")) == ["c!"]


async def test_the_queue_is_bounded() -> None:
    async with Running(waiting_at_most=2) as running:
        running.server.gate.clear()
        first = running.ask("a")
        await running.is_taken("a")
        waiting = running.ask("b", "c")
        (refused,) = await asyncio.gather(*running.ask("d"), return_exceptions=True)
        assert isinstance(refused, ServiceUnavailable)
        running.server.gate.set()
        assert await asyncio.gather(*first, *waiting) == ["a!", "b!", "c!"]
        assert await asyncio.gather(*running.ask("e")) == ["e!"]


async def test_an_end_leaves_nobody_waiting() -> None:
    running = Running()
    running.batches.start()
    running.server.gate.clear()
    first = running.ask("a")
    await running.is_taken("a")
    waiting = running.ask("b")
    await asyncio.sleep(0)
    await running.batches.stop()
    for one in await asyncio.gather(*first, *waiting, return_exceptions=True):
        assert isinstance(one, ServiceUnavailable)
    assert all(wire.is_lost for wire in running.server.wires)


@pytest.mark.parametrize("count", [1, 7, ROWS_AT_ONCE, 3 * ROWS_AT_ONCE + 1])
async def test_everybody_gets_an_answer(count: int) -> None:
    async with Running(connections=2) as running:
        found = await asyncio.gather(*running.ask(*range(count)))
        assert found == [f"{number}!" for number in range(count)]
