"""The answer call and the calls around it, with few and with very many stored answers.

    python -m benchmarks.growth [--rows 10000 1000000 10000000] [--rounds N] [--home DIR]

One embedded PostgreSQL with its settings as shipped (128 MB of shared buffers, commits on disk)
holds a database of each size; ``pacnum serve`` with one process stands in front of each. All sizes
are asked by turns, round after round. *active*: answers go to tests that have just begun, as in
service; *uniform*: each goes to a test drawn at random from all that are stored, the oldest too,
which no real use does. Medians over rounds; a ratio is the median of the rounds' ratios to the
smallest size. Filling comes first and is timed: 10 million answers are some 5 GB. ``--home`` keeps
the databases for the next run.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import asyncpg
import uvloop

from benchmarks import growth_stage as stages
from benchmarks import growth_visits as visits
from benchmarks.goals import Goal, ServiceGoal, at_most, print_goals
from benchmarks.growth_stage import Place, Stage
from benchmarks.growth_visits import Begun, Caller
from benchmarks.http_client import Connection
from benchmarks.processes import children_of, cpu_seconds
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.platform.embedded_postgres import EmbeddedServer, embedded_postgres

SIZES = (10_000, 1_000_000, 10_000_000)
ACTIVE, UNIFORM = "answer, active", "answer, uniform"
SWEEP, SWEEP_SOME = "sweep, none overdue", f"sweep, {visits.OVERDUE} overdue"
LIMITS = {ACTIVE: 1.25, UNIFORM: 1.5}
SERVICE_GOALS = {ACTIVE: ServiceGoal.GROWTH_ACTIVE, UNIFORM: ServiceGoal.GROWTH_UNIFORM}
WARM_UP = 60
SWEEPS = 4
"""In each round: one with overdue tests takes as long as ending them."""


@dataclass(frozen=True, slots=True)
class Asked:
    sizes: tuple[int, ...]
    rounds: int
    answers: int
    calls: int
    connections: tuple[int, ...]

    @property
    def needed(self) -> int:
        """Answers of one kind at one size, those that warm up included."""
        return WARM_UP + self.rounds * len(self.connections) * self.answers


@dataclass(frozen=True, slots=True)
class Sample:
    """One kind of call at one size in one round: ms, and µs of CPU per call."""

    p50: float
    p95: float
    server_cpu: float
    postgres_cpu: float


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of call at one size, its ratios those to the smallest size in the same rounds."""

    kind: str
    connections: int
    answers: int
    p50: float
    p95: float
    server_cpu: float
    postgres_cpu: float
    p50_ratio: float
    p95_ratio: float
    postgres_ratio: float


@dataclass(slots=True)
class Report:
    filling: dict[int, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    load_before: float = 0.0


@dataclass(slots=True)
class Field:
    """A database with all who call it."""

    place: Place
    owner: asyncpg.Connection
    bank: ItemBank
    callers: dict[str, list[Caller]]
    sweeper: visits.Sweeper


async def fill(postgres: EmbeddedServer, asked: Asked, *, home: Path, report: Report) -> Stage:
    """Make what is missing of the databases."""
    described = home / "growth.json"
    known = await stages.existing(postgres)
    if described.exists() and stages.SEED_DATABASE in known:
        stage = Stage.load(described)
    else:
        known = set()
        stage = await stages.make_stage(postgres, log=home / "servers.log")
        stage.save(described)
    for answers in asked.sizes:
        if stages.database_of(answers) in known:
            report.filling[answers] = "kept from an earlier run"
            continue
        made = await stages.fill(postgres, stage, answers=answers, tell=_progress)
        report.filling[answers] = f"made in {made.seconds:.1f} s"
    return stage


def _progress(done: str) -> None:
    print(f"\r  filling: {done:30s}", end="", flush=True)


async def enter(place: Place, stage: Stage, *, asked: Asked, stack: AsyncExitStack) -> Field:
    owner = await stack.enter_async_context(stages.owning(place.url))
    database = await stack.enter_async_context(stages.using(place.url))
    bank = await stages.current_bank(database)
    most = max(asked.connections)
    # those spread over all are looked for before there are recent ones among them
    spread = await visits.spread_tests(owner, place, stage=stage, bank=bank)
    recent = await visits.recent_tests(
        owner, place, stage=stage, bank=bank, count=asked.needed // 8 + most
    )
    callers: dict[str, list[Caller]] = {
        ACTIVE: _takers(place, recent, bank=bank, asked=asked),
        UNIFORM: _takers(place, spread, bank=bank, asked=asked),
    }
    for kind, requests in (await visits.requests_of(owner, place)).items():
        callers[kind] = [visits.Reader(Connection(place.port), requests)]
    sweeper = visits.Sweeper(stage, owner, database=database)
    callers[SWEEP] = callers[SWEEP_SOME] = [sweeper]
    return Field(place, owner, bank, callers, sweeper)


def _takers(place: Place, begun: list[Begun], *, bank: ItemBank, asked: Asked) -> list[Caller]:
    most = max(asked.connections)
    takers = [visits.Taker(Connection(place.port), begun, bank=bank) for _ in range(most)]
    if takers[0].left < asked.needed:
        raise SystemExit(f"open tests take {takers[0].left} answers, not {asked.needed}")
    return list(takers)


async def timed(callers: Sequence[Caller], count: int) -> list[float]:
    """The seconds of each of ``count`` calls, made by all callers at once."""
    left = count
    seconds: list[float] = []

    async def work(caller: Caller) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            seconds.append(await caller.call())

    for caller in callers:
        await caller.sit_down()
    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(work(caller))
    return seconds


async def sample(postmaster: int, place: Place, *, callers: Sequence[Caller], count: int) -> Sample:
    server, postgres = cpu_seconds([place.pid]), cpu_seconds(children_of(postmaster))
    seconds = await timed(callers, count)
    server = cpu_seconds([place.pid]) - server
    postgres = cpu_seconds(children_of(postmaster)) - postgres
    cuts = statistics.quantiles(seconds, n=20)
    return Sample(
        p50=cuts[9] * 1e3,
        p95=cuts[18] * 1e3,
        server_cpu=server / count * 1e6,
        postgres_cpu=postgres / count * 1e6,
    )


async def compare(
    postmaster: int, fields: Sequence[Field], *, kind: str, connections: int, asked: Asked
) -> list[Line]:
    """One kind of call, all sizes by turns."""
    count = asked.answers if kind in LIMITS else SWEEPS if kind == SWEEP_SOME else asked.calls
    samples: dict[int, list[Sample]] = {one.place.answers: [] for one in fields}
    for number in range(asked.rounds):
        turn = number % len(fields)
        for one in [*fields[turn:], *fields[:turn]]:
            one.sweeper.overdue = visits.OVERDUE if kind == SWEEP_SOME else 0
            callers = one.callers[kind][:connections]
            taken = await sample(postmaster, one.place, callers=callers, count=count)
            samples[one.place.answers].append(taken)
    smallest = samples[fields[0].place.answers]
    return [
        _line(samples[one.place.answers], smallest, kind=kind, at=(connections, one.place.answers))
        for one in fields
    ]


def _line(
    samples: Sequence[Sample], smallest: Sequence[Sample], *, kind: str, at: tuple[int, int]
) -> Line:
    def median(name: str) -> float:
        return float(statistics.median(getattr(one, name) for one in samples))

    def ratio(name: str) -> float:
        pairs = zip(samples, smallest, strict=True)
        return float(
            statistics.median(
                getattr(one, name) / (getattr(other, name) or 1) for one, other in pairs
            )
        )

    return Line(
        kind,
        *at,
        p50=median("p50"),
        p95=median("p95"),
        server_cpu=median("server_cpu"),
        postgres_cpu=median("postgres_cpu"),
        p50_ratio=ratio("p50"),
        p95_ratio=ratio("p95"),
        postgres_ratio=ratio("postgres_cpu"),
    )


async def run(postgres: EmbeddedServer, asked: Asked, *, home: Path) -> Report:
    report = Report(load_before=os.getloadavg()[0])
    stage = await fill(postgres, asked, home=home, report=report)
    await _describe(postgres, asked, report=report)
    postmaster = int((postgres.data_dir / "postmaster.pid").read_text("utf-8").split()[0])
    log = home / "servers.log"
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(
            stages.places(postgres, stage, sizes=asked.sizes, log=log)
        )
        fields = [await enter(place, stage, asked=asked, stack=stack) for place in found]
        for kind in fields[0].callers:
            for one in fields:
                await timed(one.callers[kind][:1], WARM_UP if kind in LIMITS else 5)
        for kind in fields[0].callers:
            for connections in asked.connections if kind in LIMITS else (1,):
                report.lines += await compare(
                    postmaster, fields, kind=kind, connections=connections, asked=asked
                )
    return report


async def _describe(postgres: EmbeddedServer, asked: Asked, *, report: Report) -> None:
    """Add to what filling took what it has made."""
    for answers in asked.sizes:
        async with stages.owning(postgres.url(stages.database_of(answers))) as owner:
            counted = await owner.fetchval("SELECT count(*) FROM answers")
            size = await owner.fetchval(
                "SELECT pg_size_pretty(pg_database_size(current_database()))"
            )
        report.filling[answers] += f", {counted:,} answers, {size}"


def goals_of(report: Report) -> list[Goal]:
    largest = max(line.answers for line in report.lines)
    smallest = min(line.answers for line in report.lines)
    # fewer rows say nothing about the service's goals
    is_whole = (smallest, largest) == (SIZES[0], SIZES[-1])
    return [
        at_most(
            f"{line.kind}, {line.connections} conn.: p50 at {largest:,} over {smallest:,}",
            line.p50_ratio,
            limit=LIMITS[line.kind],
            form=".2f",
            of=SERVICE_GOALS[line.kind] if is_whole else None,
        )
        for line in report.lines
        if line.answers == largest and line.kind in LIMITS
    ]


def print_report(report: Report) -> None:
    print(f"\rmachine: {os.cpu_count()} cores, load before {report.load_before:.2f}          ")
    for answers, how in report.filling.items():
        print(f"{answers:>12,}: {how}")
    print(
        "\ncall                   conn      answers   p50 ms   p95 ms  server µs  PostgreSQL µs"
        "    p50 ×  p95 ×  PostgreSQL ×"
    )
    for at in report.lines:
        cpu = f"{at.server_cpu:10.0f} {at.postgres_cpu:14.0f}"
        cpu_ratio = f"{at.postgres_ratio:13.2f}"
        if at.kind in {SWEEP, SWEEP_SOME}:  # this process sweeps, and makes what there is to sweep
            cpu, cpu_ratio = " " * len(cpu), ""
        print(
            f"{at.kind:22s} {at.connections:4d} {at.answers:12,} {at.p50:8.2f} {at.p95:8.2f} "
            f"{cpu} {at.p50_ratio:8.2f} {at.p95_ratio:6.2f} {cpu_ratio}"
        )
    print_goals(goals_of(report))


@contextmanager
def home_of(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="pacnum-bench-") as made:
        yield Path(made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, help="stored answers")
    parser.add_argument("--rounds", type=int, default=5, help="of each kind of call")
    parser.add_argument("--answers", type=int, default=200, help="in each round, at each size")
    parser.add_argument("--calls", type=int, default=40, help="of each other kind, likewise")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8], help="that answer")
    parser.add_argument("--home", type=Path, help="keep the databases here for the next run")
    parser.add_argument("--json", type=Path, help="write everything to this file, too")
    given = parser.parse_args()
    asked = Asked(
        tuple(sorted(given.rows)),
        given.rounds,
        given.answers,
        given.calls,
        tuple(given.connections),
    )
    started = time.perf_counter()
    with home_of(given.home) as home, embedded_postgres(home) as postgres:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(run(postgres, asked, home=home))
        print_report(report)
    print(f"\nall of it took {time.perf_counter() - started:.0f} s")
    if given.json:
        given.json.write_text(json.dumps(asdict(report), indent=1), "utf-8")


if __name__ == "__main__":
    main()
