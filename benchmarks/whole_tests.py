"""Load generator: agents that take whole tests over HTTP, from beginning to result.

    python -m benchmarks.whole_tests [--mix 1|5|21|all] [--tests N] [--connections N]
        [--processes N] [--url URL ... --database-url URL] [--json]

All agents of a kind of test begin, all answer until their tests end, all read their results: so
each of these has latencies and CPU of its own (*answer*: all but the last of a test; *ending*: the
last one, which also writes results; their CPU is one figure). Agents take turns on a number of
connections; with several server processes each further answer of an agent goes to another one.
Without ``--url`` everything is started here, on an embedded PostgreSQL; with it, servers that run
already are asked. Their database must be at hand, to make a client and to know the right answers,
and CPU is then told of the client alone.

One process plays all agents: on two cores it shares them with servers and PostgreSQL, so look at
CPU per request (the client's is printed too) rather than at requests per second.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from benchmarks import answer_stage as stage
from benchmarks.answer_seats import ServiceSeat
from benchmarks.answer_servers import CpuSeconds, Servers, client_cpu
from benchmarks.answer_stage import MIXES, Mix, Play, Tenant
from benchmarks.http_client import Connection, Reply
from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import embedded_postgres

ROLE = "pacnum_app"
SERVICE = "service"
CREATE, ANSWER, ENDING, RESULT = "create", "answer", "ending", "result"


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Load:
    """How many tests, where to, on how many connections, and how the CPU they cause is read."""

    tests: int
    connections: int
    addresses: Sequence[Address]
    cpu: Callable[[], CpuSeconds]

    def seats(self) -> list[list[Connection]]:
        """One seat's connections: one to every process, beginning with another each time."""
        ways = list(self.addresses)
        turned = [ways[seat % len(ways) :] + ways[: seat % len(ways)] for seat in range(len(ways))]
        return [
            [Connection(way.port, host=way.host) for way in turned[seat % len(ways)]]
            for seat in range(self.connections)
        ]


@dataclass(frozen=True, slots=True)
class Latency:
    """In milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        cuts = statistics.quantiles(seconds, n=100) if len(seconds) > 1 else [*seconds] * 99
        return cls(len(seconds), cuts[49] * 1e3, cuts[94] * 1e3, cuts[98] * 1e3)


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU in microseconds per request; requests per second of wall time."""

    server: float
    postgres: float
    client: float
    rate: float


@dataclass(frozen=True, slots=True)
class Requests:
    """One kind of request of one kind of test; ``cost`` of endings stands with the answers."""

    mix: str
    kind: str
    latency: Latency
    cost: Cost | None


class Clock:
    """What a stretch of work costs, from when it is made."""

    def __init__(self, cpu: Callable[[], CpuSeconds]) -> None:
        self._cpu = cpu
        self._before = cpu()
        self._started = time.perf_counter()

    def per(self, requests: int) -> Cost:
        wall = time.perf_counter() - self._started
        used = self._cpu().since(self._before)
        each = 1e6 / requests
        return Cost(used.server * each, used.postgres * each, used.client * each, requests / wall)


async def whole_tests(
    database: Database, tenant: Tenant, *, mix: Mix, load: Load
) -> list[Requests]:
    """Begin, answer and read tests of a kind; raises RuntimeError at the first refusal."""
    seats = load.seats()
    for connection in (one for seat in seats for one in seat):
        await connection.reopen()
    plays, creating = await _begun(database, tenant, mix=mix, load=load, seats=seats)
    answering = await _answered(plays, mix=mix, load=load, seats=seats)
    reading = await _read(plays, mix=mix, load=load, seats=seats)
    for connection in (one for seat in seats for one in seat):
        connection.close()
    return [creating, *answering, reading]


async def _begun(
    database: Database, tenant: Tenant, *, mix: Mix, load: Load, seats: list[list[Connection]]
) -> tuple[list[Play], Requests]:
    first = load.addresses[0]
    with closing(HTTPConnection(first.host, first.port, timeout=30)) as http:
        token = stage.client_token(http, tenant)
    run = f"{time.time_ns():x}"  # agents of earlier runs would start from what they showed then
    bodies = [stage.beginning(mix, f"{run}-{number}").encode() for number in range(load.tests)]

    async def begin(connection: Connection, number: int) -> Reply:
        return await connection.post("/v1/test-sessions", bodies[number], token=token)

    clock = Clock(load.cpu)
    replies, seconds = await _asked(seats, count=load.tests, ask=begin)
    cost = clock.per(load.tests)
    begun = [json.loads(reply.body) for reply in replies]
    plays = await stage.make_plays(database, tenant, begun=begun, mix=mix)
    return plays, Requests(str(mix), CREATE, Latency.of(seconds), cost)


async def _answered(
    plays: list[Play], *, mix: Mix, load: Load, seats: list[list[Connection]]
) -> list[Requests]:
    agents = [
        (ServiceSeat(ways, iter(plays[number :: len(seats)]), leaves_after=None), number)
        for number, ways in enumerate(seats)
    ]
    answers: list[float] = []

    async def play(seat: ServiceSeat, tests: int) -> None:
        while len(seat.endings) < tests:
            seconds = await seat.answer()
            if seat.has_begun:
                answers.append(seconds)

    clock = Clock(load.cpu)
    async with asyncio.TaskGroup() as group:
        for seat, number in agents:
            group.create_task(play(seat, len(plays[number :: len(seats)])))
    endings = [seconds for seat, _ in agents for seconds in seat.endings]
    cost = clock.per(len(answers) + len(endings))
    return [
        Requests(str(mix), ANSWER, Latency.of(answers), cost),
        Requests(str(mix), ENDING, Latency.of(endings), None),
    ]


async def _read(
    plays: list[Play], *, mix: Mix, load: Load, seats: list[list[Connection]]
) -> Requests:
    async def read(connection: Connection, number: int) -> Reply:
        play = plays[number]
        path = f"/v1/test-sessions/{play.session_id}/result"
        return await connection.get(path, token=play.token)

    clock = Clock(load.cpu)
    _, seconds = await _asked(seats, count=len(plays), ask=read)
    return Requests(str(mix), RESULT, Latency.of(seconds), clock.per(len(plays)))


async def _asked(
    seats: list[list[Connection]], *, count: int, ask: Callable[[Connection, int], Awaitable[Reply]]
) -> tuple[list[Reply], list[float]]:
    """Every number below ``count`` asked once, by all seats at once; replies in that order."""
    numbers = iter(range(count))
    replies: dict[int, Reply] = {}
    seconds: list[float] = []

    async def go_on(connection: Connection) -> None:
        for number in numbers:
            started = time.perf_counter()
            reply = await ask(connection, number)
            seconds.append(time.perf_counter() - started)
            if reply.status not in {200, 201}:
                raise RuntimeError(f"{reply.status}: {reply.body.decode()}")
            replies[number] = reply

    async with asyncio.TaskGroup() as group:
        for seat in seats:
            group.create_task(go_on(seat[0]))
    return [replies[number] for number in range(count)], seconds


def print_requests(found: Sequence[Requests]) -> None:
    print("\nwhole tests      request  number   p50 ms   p95 ms   p99 ms", end="")
    print("  server µs  PostgreSQL µs  client µs  a second")
    for one in found:
        at, cost = one.latency, one.cost
        line = (
            f"{one.mix:16s} {one.kind:8s} {at.count:6d} {at.p50:8.2f} {at.p95:8.2f} {at.p99:8.2f}"
        )
        if cost is not None:
            line += (
                f" {cost.server:10.0f} {cost.postgres:14.0f} {cost.client:10.0f} {cost.rate:9.0f}"
            )
        print(line)
    print("CPU per answer holds that of the endings; 0 is that of servers which were not asked")


async def play_own(
    servers: Servers, database: Database, *, mixes: Sequence[Mix], given: argparse.Namespace
) -> list[Requests]:
    tenant = await stage.make_tenant(database, has_large_bank=True)
    servers.start_service(SERVICE, processes=given.processes)
    addresses = [Address("127.0.0.1", port) for port in servers.ports(SERVICE)]
    load = Load(given.tests, given.connections, addresses, lambda: servers.cpu(SERVICE))
    return await _played(database, tenant, mixes=mixes, load=load)


async def play_elsewhere(
    database: Database, *, mixes: Sequence[Mix], given: argparse.Namespace
) -> list[Requests]:
    tenant = await stage.make_tenant(database, has_large_bank=True)
    parts = [urlsplit(url) for url in given.url]
    addresses = [Address(str(part.hostname), part.port or 80) for part in parts]
    load = Load(given.tests, given.connections, addresses, client_cpu)
    return await _played(database, tenant, mixes=mixes, load=load)


async def _played(
    database: Database, tenant: Tenant, *, mixes: Sequence[Mix], load: Load
) -> list[Requests]:
    found = []
    for mix in mixes:
        warm_up = Load(load.connections, load.connections, load.addresses, load.cpu)
        await whole_tests(database, tenant, mix=mix, load=warm_up)
        found += await whole_tests(database, tenant, mix=mix, load=load)
    await database.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--mix", choices=MIXES, default="all", help="competences asked about")
    parser.add_argument("--tests", type=int, default=60, help="of each kind")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--processes", type=int, default=1, help="servers, each on its own port")
    parser.add_argument("--url", nargs="+", help="servers that run already")
    parser.add_argument("--database-url", help="theirs, as the owner of the tables")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    given = parser.parse_args()
    if bool(given.url) != bool(given.database_url):
        parser.error("--url and --database-url go together")
    mixes = MIXES[given.mix]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, ExitStack() as stack:
        if given.url:
            database = Database(given.database_url, role=ROLE)
            found = runner.run(play_elsewhere(database, mixes=mixes, given=given))
        else:
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="pacnum-bench-"))
            postgres = stack.enter_context(embedded_postgres(Path(home)))
            migrations.upgrade(postgres.url())
            servers = Servers(postgres, stack)
            database = Database(postgres.url(), role=ROLE)
            found = runner.run(play_own(servers, database, mixes=mixes, given=given))
    if given.json:
        print(json.dumps([asdict(one) for one in found]))
    else:
        print_requests(found)


if __name__ == "__main__":
    main()
