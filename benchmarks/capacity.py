"""What so many tests a day need: processors, processes, connections, memory, disk.

    python -m benchmarks.capacity [--mix 1|5|21] [--tests N] [--peak-share S] [--utilisation U]
        [--server-us US --postgres-us US] [--json FILE]

Measured, on an embedded PostgreSQL with commits on disk and one service process: whole tests over
HTTP (begin, answers, result), the CPU that server and PostgreSQL use for one, the bytes by which
tables with their indexes and the write-ahead log grow, the memory of a worker. Then reckoned: with
``N`` tests a day of which ``peak-share`` fall into the busiest hour, tests per second = N x share
/ 3600, and cores = tests per second x CPU of a test / ``utilisation``. CPU that was measured
elsewhere (``benchmarks.answer_call`` on a quiet machine) is given by ``--server-us`` and
``--postgres-us``.
"""

import argparse
import asyncio
import json
import math
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import uvloop

from benchmarks import answer_stage as stage
from benchmarks.answer_servers import Servers
from benchmarks.answer_stage import MIXES, Mix
from benchmarks.memory import pss_kib
from benchmarks.whole_tests import ANSWER, ENDING, ROLE, SERVICE, Address, Load, whole_tests
from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import EmbeddedServer, embedded_postgres
from pacnum_api.platform.settings import Settings

TESTS_A_DAY = (1_000, 10_000, 100_000, 1_000_000)
WORKING_DAYS = 220
BESIDE_THE_POOLS = 3
"""Connections of a process: one that listens, two that carry batches of answers."""

SIZES = """
SELECT relname, pg_total_relation_size(oid)
  FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one test: answers, CPU in microseconds, bytes. ``worker_mib`` is of a process (PSS)."""

    answers: float
    server_us: float
    postgres_us: float
    table_bytes: Mapping[str, float]
    wal_bytes: float
    worker_mib: float

    @property
    def disk_bytes(self) -> float:
        return sum(self.table_bytes.values())


@dataclass(frozen=True, slots=True)
class Assumed:
    peak_share: float
    utilisation: float
    pool: int


@dataclass(frozen=True, slots=True)
class Need:
    """What a number of tests a day needs; cores are those kept busy no more than was assumed."""

    tests_a_day: int
    answers_a_second: float
    server_cores: float
    processes: int
    postgres_cores: float
    connections: int
    memory_mib: float
    disk_gb_a_year: float


def need_of(tests_a_day: int, measured: Measured, *, assumed: Assumed) -> Need:
    """Two processes at least: one may be stopped for an upgrade. A worker is added to them."""
    rate = tests_a_day * assumed.peak_share / 3600
    cores = rate * measured.server_us * 1e-6 / assumed.utilisation
    processes = max(2, math.ceil(cores))
    return Need(
        tests_a_day=tests_a_day,
        answers_a_second=rate * measured.answers,
        server_cores=cores,
        processes=processes,
        postgres_cores=rate * measured.postgres_us * 1e-6 / assumed.utilisation,
        connections=(processes + 1) * (2 * assumed.pool + BESIDE_THE_POOLS),
        memory_mib=(processes + 1) * measured.worker_mib,
        disk_gb_a_year=tests_a_day * WORKING_DAYS * measured.disk_bytes / 1e9,
    )


class Growth:
    """By how much tables and the write-ahead log have grown since."""

    def __init__(self, owner: asyncpg.Connection) -> None:
        self._owner = owner
        self._sizes: dict[str, int] = {}
        self._wal = ""

    async def begin(self) -> None:
        self._sizes = await self._now()
        self._wal = await self._owner.fetchval("SELECT pg_current_wal_lsn()::text")

    async def _now(self) -> dict[str, int]:
        return dict(await self._owner.fetch(SIZES))

    async def per(self, tests: int) -> tuple[dict[str, float], float]:
        wal = await self._owner.fetchval(
            "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), $1::text::pg_lsn)::float", self._wal
        )
        grown = {
            name: (size - self._sizes.get(name, 0)) / tests
            for name, size in (await self._now()).items()
            if size > self._sizes.get(name, 0)
        }
        return grown, wal / tests


async def measure(
    postgres: EmbeddedServer, servers: Servers, *, mix: Mix, tests: int, connections: int
) -> Measured:
    database = Database(postgres.url(), role=ROLE)
    tenant = await stage.make_tenant(database, has_large_bank=True)
    servers.start_service(SERVICE)
    (pid,), (port,) = servers.pids(SERVICE), servers.ports(SERVICE)
    addresses = [Address("127.0.0.1", port)]
    warm_up = Load(connections, connections, addresses, lambda: servers.cpu(SERVICE))
    await whole_tests(database, tenant, mix=mix, load=warm_up)
    owner = await asyncpg.connect(postgres.url())
    growth = Growth(owner)
    await growth.begin()
    load = Load(tests, connections, addresses, lambda: servers.cpu(SERVICE))
    found = await whole_tests(database, tenant, mix=mix, load=load)
    grown, wal = await growth.per(tests)
    await owner.close()
    await database.close()
    answers = sum(one.latency.count for one in found if one.kind in {ANSWER, ENDING})
    costs = [
        (one.cost, answers if one.kind == ANSWER else one.latency.count)
        for one in found
        if one.cost is not None
    ]
    return Measured(
        answers=answers / tests,
        server_us=sum(cost.server * count for cost, count in costs) / tests,
        postgres_us=sum(cost.postgres * count for cost, count in costs) / tests,
        table_bytes=grown,
        wal_bytes=wal,
        worker_mib=(pss_kib(pid) or 0) / 1024,
    )


def print_capacity(measured: Measured, *, assumed: Assumed, mix: Mix) -> list[Need]:
    print(f"a test of {mix}: {measured.answers:.1f} answers, begin and result included:")
    print(f"  server      {measured.server_us / 1e3:8.1f} ms of CPU")
    print(f"  PostgreSQL  {measured.postgres_us / 1e3:8.1f} ms of CPU")
    print(f"  disk        {measured.disk_bytes:8.0f} bytes, of which")
    for name, size in sorted(measured.table_bytes.items(), key=lambda one: -one[1]):
        print(f"    {name:24s} {size:8.0f}")
    per_answer = measured.table_bytes.get("answers", 0.0) / measured.answers
    print(f"  an answer's row with its index: {per_answer:.0f} bytes")
    print(f"  write-ahead log {measured.wal_bytes:8.0f} bytes")
    print(f"a worker: {measured.worker_mib:.0f} MiB (PSS)\n")
    share, busy = assumed.peak_share, assumed.utilisation
    print(f"busiest hour {share:.0%} of a day's tests, cores {busy:.0%} busy then:\n")
    print("tests a day  answers/s  server cores  processes  PostgreSQL cores", end="")
    print("  connections  memory MiB  disk GB/year")
    needs = [need_of(count, measured, assumed=assumed) for count in TESTS_A_DAY]
    for one in needs:
        print(
            f"{one.tests_a_day:11,d} {one.answers_a_second:10.1f} {one.server_cores:13.2f} "
            f"{one.processes:10d} {one.postgres_cores:17.2f} {one.connections:12d} "
            f"{one.memory_mib:11.0f} {one.disk_gb_a_year:13.1f}"
        )
    return needs


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--mix", choices=("1", "5", "21"), default="5")
    parser.add_argument("--tests", type=int, default=150)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--peak-share", type=float, default=0.2)
    parser.add_argument("--utilisation", type=float, default=0.5)
    parser.add_argument("--server-us", type=float, help="CPU of a whole test, measured elsewhere")
    parser.add_argument("--postgres-us", type=float, help="the same of PostgreSQL")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    (mix,) = MIXES[given.mix]
    pool: int = Settings.model_fields["database_pool_size"].default
    assumed = Assumed(given.peak_share, given.utilisation, pool)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="pacnum-bench-"))
        postgres = stack.enter_context(embedded_postgres(Path(home)))
        migrations.upgrade(postgres.url())
        servers = Servers(postgres, stack)
        asked = measure(
            postgres, servers, mix=mix, tests=given.tests, connections=given.connections
        )
        measured = runner.run(asked)
    replaced = {"server_us": given.server_us, "postgres_us": given.postgres_us}
    known = {name: value for name, value in replaced.items() if value is not None}
    figures = Measured(**{**asdict(measured), **known})
    needs = print_capacity(figures, assumed=assumed, mix=mix)
    if given.json:
        found = {"measured": asdict(figures), "needs": [asdict(one) for one in needs]}
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
