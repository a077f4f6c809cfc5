"""The answer call beside the least that could store an answer, in the same run.

    python -m benchmarks.answer_call [--answers N] [--connections 1 8 32] [--rounds N] [--seconds S]

Three are measured by turns, round after round, on one embedded PostgreSQL that flushes each commit
to disk: *service*, the real one (``pacnum serve``, one worker, uvloop and httptools, log on, tokens
of sessions) played by agents over HTTP; *floor*, ``benchmarks.floor`` in a process of its own;
*database*, the service's transaction for an answer, from this process. Medians over rounds are
printed; a ratio is the median of the rounds' ratios. CPU is the scheduler's account of the server's
process and of all of PostgreSQL's.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from benchmarks import answer_stage as stage
from benchmarks.answer_seats import (
    ANSWERS_PER_SESSION,
    Copies,
    DatabaseSeat,
    FloorSeat,
    Seat,
    ServiceSeat,
)
from benchmarks.answer_stage import Tenant
from benchmarks.http_client import Connection
from benchmarks.processes import children_of, cpu_seconds, free_port, running
from benchmarks.statements import Statements, counted_statements
from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import EmbeddedServer, embedded_postgres

ROOT = Path(__file__).resolve().parents[1]
ROLE = "pacnum_app"
FLOOR, SERVICE, DATABASE = "floor", "service", "database"
TARGETS = (FLOOR, SERVICE, DATABASE)
WARM_UP = 400
COUNTED = ANSWERS_PER_SESSION


@dataclass(frozen=True, slots=True)
class Asked:
    answers: int
    connections: tuple[int, ...]
    rounds: int
    seconds: float

    @property
    def sessions(self) -> int:
        """Enough for every answer of one target: each seat may leave its last one unfinished."""
        answers = 2 * WARM_UP + COUNTED + self.answers * self.rounds * len(self.connections)
        return answers // ANSWERS_PER_SESSION + sum(self.connections) + 8


@dataclass(frozen=True, slots=True)
class Sample:
    """One target in one round: latencies in ms, CPU in µs per answer, answers per second."""

    p50: float
    p95: float
    p99: float
    server_cpu: float
    postgres_cpu: float
    rate: float


MEASURES = tuple(Sample.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Row:
    target: str
    connections: int
    median: Sample


@dataclass(frozen=True, slots=True)
class Ratio:
    """One target over another in the same rounds."""

    over: str
    under: str
    connections: int
    median: Sample


@dataclass(frozen=True, slots=True)
class Report:
    rows: list[Row]
    ratios: list[Ratio]
    rounds: dict[int, int]
    ending_ms: float
    statements: dict[str, Statements]
    reply_bytes: int
    load_before: float
    commits_are_flushed: bool


class Bench:
    """The running servers, and where their answers go."""

    def __init__(self, postgres: EmbeddedServer, database: Database, *, tenant: Tenant) -> None:
        self.postgres = postgres
        self._database = database
        self.tenant = tenant
        self.pids: dict[str, list[int]] = {DATABASE: []}
        self._ports: dict[str, int] = {}
        self._log = postgres.data_dir.parent / "servers.log"

    def start_service(self, stack: ExitStack) -> int:
        port = self._ports[SERVICE] = free_port()
        command = [str(Path(sys.executable).with_name("pacnum")), "serve", "--port", str(port)]
        environment = {"PACNUM_DATABASE_URL": self.postgres.url(), "PACNUM_WORKERS": "1"}
        self._start(stack, SERVICE, command=command, environment=environment)
        return port

    def start_floor(self, stack: ExitStack, *, reply_bytes: int) -> None:
        port = self._ports[FLOOR] = free_port()
        command = [sys.executable, "-m", "uvicorn", "benchmarks.floor:app", "--port", str(port)]
        command += ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning"]
        environment = {
            "FLOOR_DATABASE_URL": self.postgres.url(),
            "FLOOR_TENANT_ID": str(self.tenant.id),
            "FLOOR_REPLY_BYTES": str(reply_bytes),
            "PYTHONPATH": str(ROOT),
        }
        self._start(stack, FLOOR, command=command, environment=environment)

    def _start(
        self, stack: ExitStack, name: str, *, command: list[str], environment: Mapping[str, str]
    ) -> None:
        port = self._ports[name]
        server = running(command, port=port, environment=environment, log=self._log)
        self.pids[name] = [stack.enter_context(server)]

    async def begin(self, asked: Asked) -> None:
        """Begin every session that agents will play, and copy those of the others."""
        begun = stage.begin_sessions(self._ports[SERVICE], self.tenant, count=asked.sessions)
        plays = await stage.make_plays(self._database, self.tenant, begun=begun)
        *played, model = plays
        count = 2 * asked.sessions
        ids = await stage.copied(self._database, self.tenant, play=model, count=count)
        self._plays = iter(played)
        self._copies = Copies(ids=iter(ids), play=model)

    def seats(self, target: str, count: int) -> list[Seat]:
        if target == DATABASE:
            return [
                DatabaseSeat(self._database, self.tenant.id, copies=self._copies)
                for _ in range(count)
            ]
        if target == FLOOR:
            port = self._ports[FLOOR]
            return [FloorSeat(Connection(port), self._copies) for _ in range(count)]
        return [self.agent(leaves_after=ANSWERS_PER_SESSION) for _ in range(count)]

    def agent(self, *, leaves_after: int | None) -> ServiceSeat:
        connection = Connection(self._ports[SERVICE])
        return ServiceSeat(connection, self._plays, leaves_after=leaves_after)


async def answers_of(seats: Sequence[Seat], count: int) -> list[float]:
    """The seconds of each of ``count`` answers, given by all seats at once."""
    for seat in seats:
        await seat.sit_down()
    return await _timed(seats, count)


async def _timed(seats: Sequence[Seat], count: int) -> list[float]:
    left = count
    seconds: list[float] = []

    async def play(seat: Seat) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            seconds.append(await seat.answer())

    async with asyncio.TaskGroup() as group:
        for seat in seats:
            group.create_task(play(seat))
    return seconds


async def sample(bench: Bench, target: str, *, seats: Sequence[Seat], answers: int) -> Sample:
    postmaster = int((bench.postgres.data_dir / "postmaster.pid").read_text("utf-8").split()[0])
    for seat in seats:
        await seat.sit_down()
    server = cpu_seconds(bench.pids[target])
    postgres = cpu_seconds(children_of(postmaster))
    started = time.perf_counter()
    seconds = await _timed(seats, answers)
    wall = time.perf_counter() - started
    server = cpu_seconds(bench.pids[target]) - server
    postgres = cpu_seconds(children_of(postmaster)) - postgres
    cuts = statistics.quantiles(seconds, n=100)
    return Sample(
        p50=cuts[49] * 1e3,
        p95=cuts[94] * 1e3,
        p99=cuts[98] * 1e3,
        server_cpu=server / answers * 1e6,
        postgres_cpu=postgres / answers * 1e6,
        rate=answers / wall,
    )


async def samples_at(bench: Bench, connections: int, *, asked: Asked) -> dict[str, list[Sample]]:
    seats = {target: bench.seats(target, connections) for target in TARGETS}
    samples: dict[str, list[Sample]] = {target: [] for target in TARGETS}
    deadline = time.monotonic() + asked.seconds
    for number in range(asked.rounds):
        if number > 0 and time.monotonic() > deadline:
            break
        turn = number % len(TARGETS)
        for target in TARGETS[turn:] + TARGETS[:turn]:
            taken = await sample(bench, target, seats=seats[target], answers=asked.answers)
            samples[target].append(taken)
    return samples


def median_of(samples: Sequence[Sample]) -> Sample:
    return Sample(
        **{name: statistics.median(getattr(one, name) for one in samples) for name in MEASURES}
    )


def ratios_of(over: Sequence[Sample], under: Sequence[Sample]) -> Sample:
    return median_of(
        [
            Sample(**{name: getattr(one, name) / (getattr(other, name) or 1) for name in MEASURES})
            for one, other in zip(over, under, strict=True)
        ]
    )


async def run(postgres: EmbeddedServer, asked: Asked) -> Report:
    load = os.getloadavg()[0]
    database = Database(postgres.url(), role=ROLE)
    with ExitStack() as servers:
        bench = Bench(postgres, database, tenant=await stage.make_tenant(database))
        bench.start_service(servers)
        await bench.begin(asked)
        reply_bytes, ending_ms = await _warm_up_service(bench)
        bench.start_floor(servers, reply_bytes=reply_bytes)
        for target in (FLOOR, DATABASE):
            await answers_of(bench.seats(target, 8), WARM_UP)
        statements = {
            target: await counted_statements(
                postgres, answers_of(bench.seats(target, 1), COUNTED), answers=COUNTED
            )
            for target in (FLOOR, SERVICE)
        }
        rows, ratios, rounds = [], [], {}
        for connections in asked.connections:
            found = await samples_at(bench, connections, asked=asked)
            rounds[connections] = len(found[SERVICE])
            rows += [Row(target, connections, median_of(found[target])) for target in TARGETS]
            ratios += [
                Ratio(SERVICE, under, connections, ratios_of(found[SERVICE], found[under]))
                for under in (FLOOR, DATABASE)
            ]
        async with database.raw_transaction(bench.tenant.id) as connection:
            fsync = await connection.fetchval("SHOW fsync")
    await database.close()
    return Report(rows, ratios, rounds, ending_ms, statements, reply_bytes, load, fsync == "on")


async def _warm_up_service(bench: Bench) -> tuple[int, float]:
    """Let every item be drawn once; the mean length of a reply, and the ms of an ending one."""
    seats = [bench.agent(leaves_after=None) for _ in range(8)]
    await answers_of(seats, WARM_UP)
    endings = [seconds for seat in seats for seconds in seat.endings]
    reply_bytes = sum(seat.reply_bytes for seat in seats) // sum(seat.replies for seat in seats)
    return reply_bytes, statistics.median(endings) * 1e3


def print_report(report: Report) -> None:
    print(f"machine: {os.cpu_count()} cores, load before {report.load_before:.2f}")
    print(f"commits flushed to disk: {report.commits_are_flushed}; reply: {report.reply_bytes} B")
    print(f"rounds: {report.rounds}")
    print("\nconn  target     p50 ms   p95 ms   p99 ms  server µs  PostgreSQL µs  answers/s")
    for row in report.rows:
        at = row.median
        print(
            f"{row.connections:4d}  {row.target:8s} {at.p50:8.2f} {at.p95:8.2f} {at.p99:8.2f} "
            f"{at.server_cpu:10.0f} {at.postgres_cpu:14.0f} {at.rate:10.0f}"
        )
    print("\nconn  ratios             p50    p95    p99  server CPU  PostgreSQL CPU   rate")
    for ratio in report.ratios:
        by, names = ratio.median, f"{ratio.over} / {ratio.under}"
        server_cpu = "" if ratio.under == DATABASE else f"{by.server_cpu:.2f}"
        print(
            f"{ratio.connections:4d}  {names:18s} {by.p50:6.2f} {by.p95:6.2f} {by.p99:6.2f} "
            f"{server_cpu:>11s} {by.postgres_cpu:15.2f} {by.rate:6.2f}"
        )
    print(f"\nthe answer that ends a test, 8 connections: p50 {report.ending_ms:.1f} ms")
    print("\nper answer       round trips  statements")
    for name, asked in report.statements.items():
        print(f"{name:16s} {asked.round_trips:11.2f} {asked.statements:11.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--answers", type=int, default=320, help="in each round, of each target")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=5, help="of each number of connections")
    parser.add_argument(
        "--seconds", type=float, default=20, help="no further round begins after this long"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    given = parser.parse_args()
    asked = Asked(given.answers, tuple(given.connections), given.rounds, given.seconds)
    with (
        tempfile.TemporaryDirectory(prefix="pacnum-bench-") as home,
        embedded_postgres(Path(home)) as postgres,
    ):
        migrations.upgrade(postgres.url())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(run(postgres, asked))
    if given.json:
        print(json.dumps(asdict(report)))
    else:
        print_report(report)


if __name__ == "__main__":
    main()
