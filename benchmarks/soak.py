"""Two hundred agents at once, for ten minutes: no error, flat memory, every answer found once.

    python -m benchmarks.soak [--agents 200] [--minutes 10] [--workers 2] [--think 2]

``pacnum serve`` on an embedded PostgreSQL with commits on disk; agents take whole tests of 1, 5 and
21 competences over HTTP (create, answers, result) and begin the next one, a quarter of them as the
same person. Between answers they think, ``--think`` seconds at the mean. Memory is the proportional
set size of each worker process and of all of PostgreSQL's, every few seconds; its slope is taken
after a warm-up by least squares. At the end every acknowledged answer is looked for in the
database. The agents live in this process, which shares the machine with the servers.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import httpx
import uvloop

from benchmarks import growth_stage as stages
from benchmarks.goals import Goal, at_most, print_goals
from benchmarks.growth_stage import Partner
from benchmarks.memory import Growth, Memory
from benchmarks.processes import children_of, cpu_seconds, free_port, running
from benchmarks.soak_agents import KINDS, Agent, Record, World
from pacnum_api.entrypoints.shipped_content import publish_shipped_content
from pacnum_api.platform import migrations
from pacnum_api.platform.embedded_postgres import EmbeddedServer, embedded_postgres

POSTGRESQL, THIS = "PostgreSQL", "the agents"
TOKEN_SECONDS = 1800
SAMPLE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Asked:
    agents: int
    minutes: float
    warm_up_minutes: float
    workers: int
    thinks_seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """What the database holds of what was acknowledged."""

    acknowledged: int
    lost: int
    twice: int
    unasked: int
    sessions: int
    sessions_at_odds: int
    ended: int
    ended_without_result: int


@dataclass(frozen=True, slots=True)
class Report:
    asked: Asked
    record: Record
    memory: Memory
    growths: list[Growth]
    found: Found
    cpu_seconds: dict[str, float]
    load_before: float


def worker_pids(served: int) -> list[int]:
    """The processes that answer: children of the one that watches over them, or it alone."""
    return sorted(pid for pid in children_of(served) if pid != served) or [served]


def groups_of(served: int, postgres: EmbeddedServer) -> dict[str, list[int]]:
    postmaster = int((postgres.data_dir / "postmaster.pid").read_text("utf-8").split()[0])
    workers = {f"worker {number}": [pid] for number, pid in enumerate(worker_pids(served), 1)}
    return {**workers, POSTGRESQL: children_of(postmaster), THIS: [os.getpid()]}


@contextmanager
def serving(url: str, workers: int, *, log: Path) -> Iterator[tuple[int, int]]:
    """The service on a database: its port, and the process that its workers are children of."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("pacnum")), "serve", "--port", str(port)]
    environment = {
        "PACNUM_DATABASE_URL": url,
        "PACNUM_WORKERS": str(workers),
        "PACNUM_TOKEN_TTL_SECONDS": str(TOKEN_SECONDS),
        "PACNUM_LOG_LEVEL": "warning",
    }
    with running(command, port=port, environment=environment, log=log) as served:
        yield port, served


async def soak(postgres: EmbeddedServer, asked: Asked, *, log: Path) -> Report:
    load = os.getloadavg()[0]
    async with stages.using(postgres.url()) as database:
        await publish_shipped_content(database, only_if_empty=True)
        bank = await stages.current_bank(database)
        partner = await stages.make_partner(database, "soak")
    record, memory = Record(), Memory()
    with serving(postgres.url(), asked.workers, log=log) as (port, served):
        await _until_ready(port)
        tokens = Tokens(port, partner)
        await tokens.renew()
        async with asyncpg.create_pool(postgres.url(), min_size=1, max_size=2) as seeds:
            world = World(port, lambda: tokens.token, bank, seeds, asked.thinks_seconds, record)
            before = _cpu(groups_of(served, postgres))
            async with asyncio.TaskGroup() as group:
                watching = [
                    group.create_task(
                        memory.watch(
                            lambda: groups_of(served, postgres),
                            done=record.answers,
                            every_seconds=SAMPLE_SECONDS,
                        )
                    ),
                    group.create_task(tokens.keep()),
                ]
                await _work(world, asked)
                for task in watching:
                    task.cancel()
            after = _cpu(groups_of(served, postgres))
    growths = [memory.growth(name, after_seconds=60 * asked.warm_up_minutes) for name in memory.kib]
    found = await check(postgres.url(), record)
    used = {name: after[name] - before.get(name, 0.0) for name in after}
    return Report(asked, record, memory, growths, found, used, load)


async def _work(world: World, asked: Asked) -> None:
    until = time.monotonic() + 60 * asked.minutes
    agents = [Agent(world, number=number) for number in range(asked.agents)]
    async with asyncio.TaskGroup() as group:
        for agent in agents:
            group.create_task(agent.work(until))
        minute = 0
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, 60))
            minute += 1
            print_minute(world.record, minute)


def _cpu(groups: Mapping[str, Sequence[int]]) -> dict[str, float]:
    return {name: cpu_seconds(pids) for name, pids in groups.items()}


async def _until_ready(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        for _ in range(600):
            with suppress(httpx.TransportError):
                if (await http.get("/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.1)
    raise TimeoutError("the service did not get ready")


class Tokens:
    """The client's token, renewed before it ends."""

    def __init__(self, port: int, partner: Partner) -> None:
        self._port = port
        self._partner = partner
        self.token = ""

    async def renew(self) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._port}") as http:
            self.token = await stages.token_of(http, self._partner)

    async def keep(self) -> None:
        while True:
            await asyncio.sleep(TOKEN_SECONDS / 2)
            await self.renew()


async def check(url: str, record: Record) -> Found:
    """Look for everything that was acknowledged, past the service."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT session_id, position, item_id FROM answers")
    sessions = await connection.fetch(
        "SELECT id, version, cardinality(categories) AS answers, state FROM test_sessions"
    )
    with_result = await connection.fetch("SELECT DISTINCT session_id FROM results")
    await connection.close()
    stored = Counter((row["session_id"], row["position"], row["item_id"]) for row in rows)
    given = {(test, *answer) for test, answers in record.acknowledged.items() for answer in answers}
    answers_of = Counter(row["session_id"] for row in rows)
    finished = {row["id"] for row in sessions if row["state"] == "finished"}
    measured = {row["session_id"] for row in with_result}
    return Found(
        acknowledged=len(given),
        lost=sum(one not in stored for one in given),
        twice=len(rows) - len({(row["session_id"], row["position"]) for row in rows}),
        unasked=sum(one not in given for one in stored),
        sessions=len(sessions),
        sessions_at_odds=sum(
            not row["version"] - 1 == row["answers"] == answers_of[row["id"]] for row in sessions
        ),
        ended=len(record.ended),
        ended_without_result=sum(
            one not in measured or one not in finished for one in record.ended
        ),
    )


def print_minute(record: Record, minute: int) -> None:
    """One line: what the answer call was like in this minute."""
    since = time.monotonic() - 60
    recent = [seconds for at, seconds in record.calls["answer"] if at >= since]
    if len(recent) > 1:
        cuts = statistics.quantiles(recent, n=100)
        print(
            f"minute {minute:3d}: {len(recent):6,} answers, p50 {cuts[49] * 1e3:7.1f} ms, "
            f"p95 {cuts[94] * 1e3:7.1f} ms, p99 {cuts[98] * 1e3:7.1f} ms, "
            f"errors so far {len(record.errors)}",
            flush=True,
        )


def print_report(report: Report) -> None:
    record, found = report.record, report.found
    print(f"\nmachine: {os.cpu_count()} cores, load before {report.load_before:.2f}")
    print("call          number   p50 ms   p95 ms   p99 ms   max ms")
    for kind in KINDS:
        seconds = [one for _, one in record.calls[kind]]
        if len(seconds) > 1:
            cuts = statistics.quantiles(seconds, n=100)
            print(
                f"{kind:10s} {len(seconds):9,} {cuts[49] * 1e3:8.1f} {cuts[94] * 1e3:8.1f} "
                f"{cuts[98] * 1e3:8.1f} {max(seconds) * 1e3:8.1f}"
            )
    for name, used in report.cpu_seconds.items():
        print(f"CPU of {name}: {used:.1f} s, {used / record.answers() * 1e6:.0f} µs an answer")
    print(
        "\nmemory (PSS)      warm MiB  end MiB   KiB a minute (95 %)        KiB per 1,000 answers"
    )
    for at in report.growths:
        minute, thousand = at.per_minute, at.per_thousand
        print(
            f"{at.name:16s} {at.first_kib / 1024:9.1f} {at.last_kib / 1024:8.1f} "
            f"{minute.value:8.1f} ({minute.low:8.1f} to {minute.high:8.1f}) "
            f"{thousand.value:8.2f} ({thousand.low:.2f} to {thousand.high:.2f})"
        )
    for error in record.errors[:10]:
        print(f"error: {error}")
    print(
        f"\n{found.acknowledged:,} answers acknowledged in {found.sessions:,} tests, "
        f"{found.ended:,} of them ended"
    )
    print_goals(goals_of(report))


def goals_of(report: Report) -> list[Goal]:
    found = report.found
    flat = [
        Goal(
            f"{at.name}: memory flat, or < 1 % more in 10 minutes",
            "0 in interval",
            f"{at.percent_in_ten_minutes:+.2f} %",
            at.is_flat,
        )
        for at in report.growths
        if at.name not in {POSTGRESQL, THIS}
    ]
    workers = [name for name in report.cpu_seconds if name not in {POSTGRESQL, THIS}]
    worked = [name for name in workers if report.cpu_seconds[name] > 0]
    at_work = Goal(
        "workers whose memory was measured, and who did work",
        f"{report.asked.workers}",
        f"{len(worked)}",
        len(worked) == report.asked.workers,
    )
    nothing = {
        f"{report.asked.agents} agents, {report.asked.minutes:g} minutes: errors": len(
            report.record.errors
        ),
        "acknowledged answers that are not stored": found.lost,
        "answers stored twice": found.twice,
        "answers stored that nobody was told of": found.unasked,
        "sessions whose row and answers differ": found.sessions_at_odds,
        "ended tests without a result": found.ended_without_result,
    }
    none = (at_most(name, count, limit=0, form=".0f") for name, count in nothing.items())
    return [*none, at_work, *flat]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--warm-up", type=float, help="minutes; default: a fifth of all")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--think", type=float, default=2, help="seconds between answers, at the mean"
    )
    parser.add_argument("--json", type=Path, help="write figures and samples to this file, too")
    given = parser.parse_args()
    warm_up = given.minutes / 5 if given.warm_up is None else given.warm_up
    asked = Asked(given.agents, given.minutes, warm_up, given.workers, given.think)
    with (
        tempfile.TemporaryDirectory(prefix="pacnum-bench-") as home,
        embedded_postgres(Path(home)) as postgres,
    ):
        migrations.upgrade(postgres.url())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(soak(postgres, asked, log=Path(home) / "servers.log"))
    print_report(report)
    if given.json:
        figures = {
            "asked": asdict(asked),
            "growths": [asdict(one) for one in report.growths],
            "found": asdict(report.found),
            "errors": report.record.errors,
            "memory": asdict(report.memory),
        }
        given.json.write_text(json.dumps(figures, indent=1), "utf-8")


if __name__ == "__main__":
    main()
