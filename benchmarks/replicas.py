"""One, two and four processes: what they can do together, that they do it right, and a bank that is
published while they are at work.

    python -m benchmarks.replicas [--tests N] [--agents N] [--rounds N] [--publications N]

Agents take whole tests and go to another process at each answer (``together``: the workers of one
``pacnum serve``; ``apart``: as many ``pacnum serve``). The client, the processes and PostgreSQL
share the machine's cores: where those are fewer than the processes, throughput cannot grow, and CPU
per answer says what a further process costs. The tests are looked at afterwards
(``replica_audit``): nothing lost, nothing twice, each replayed bit for bit by another process.

Then a bank of the tenant's own is published again and again on four processes: other parameters,
and every fifth time another item, which moves the places of those after it. At each commit a test
is begun on every process at once. The time until the last of them has its reply is the time until
every worker has seen the bank; tests begun in the same way without a publication stand beside it.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from benchmarks.goals import Goal, at_most, print_goals
from benchmarks.processes import children_of, cpu_seconds
from benchmarks.publications import Publications, publishing_goals, watch_publications
from benchmarks.replica_audit import Audit, audited
from benchmarks.replica_stage import (
    Agents,
    House,
    Servers,
    make_house,
    start_apart,
    start_together,
)
from pacnum_api.platform import migrations
from pacnum_api.platform.embedded_postgres import EmbeddedServer, embedded_postgres

COUNTS = (1, 2, 4)
KINDS: dict[str, Callable[..., Servers]] = {"together": start_together, "apart": start_apart}
MAY_COST = 1.25
"""CPU per answer of four processes over that of one: nothing that they share may cost much."""


@dataclass(frozen=True, slots=True)
class Asked:
    tests: int
    agents: int
    rounds: int
    publications: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Answers per second; ms; CPU in µs per answer, the beginnings and ends of tests included."""

    rate: float
    p50: float
    p95: float
    server_cpu: float
    postgres_cpu: float


@dataclass(frozen=True, slots=True)
class Report:
    samples: dict[str, list[Sample]]
    audits: dict[str, Audit]
    refusals: list[str]
    published: Publications | None


def postgres_cpu(house: House) -> float:
    data = house.postgres.data_dir
    postmaster = int((data / "postmaster.pid").read_text("utf-8").split()[0])
    return cpu_seconds(children_of(postmaster))


async def sample(house: House, servers: Servers, agents: Agents, *, asked: Asked) -> Sample:
    """Let tests be taken and count what that costs."""
    before = len(agents.figures.answers) + len(agents.figures.endings)
    seen = len(agents.figures.answers)
    server, postgres = cpu_seconds(servers.pids), postgres_cpu(house)
    started = time.perf_counter()
    await agents.take_tests(at_once=asked.agents, tests=asked.tests)
    wall = time.perf_counter() - started
    server, postgres = cpu_seconds(servers.pids) - server, postgres_cpu(house) - postgres
    count = len(agents.figures.answers) + len(agents.figures.endings) - before
    if len(agents.figures.answers) < seen + 2:
        raise RuntimeError(f"no test went on: {agents.figures.refusals[-1:]}")
    cuts = statistics.quantiles(agents.figures.answers[seen:], n=20)
    return Sample(
        rate=count / wall,
        p50=cuts[9] * 1e3,
        p95=cuts[18] * 1e3,
        server_cpu=server / count * 1e6,
        postgres_cpu=postgres / count * 1e6,
    )


async def run(house: House, asked: Asked) -> Report:
    report = Report({}, {}, [], None)
    names = [(kind, count) for count in COUNTS for kind in KINDS if (kind, count) != ("apart", 1)]
    for turn in range(asked.rounds):
        for kind, count in names[turn % len(names) :] + names[: turn % len(names)]:
            await _one(house, kind, count, asked=asked, report=report)
    published = None
    if asked.publications:
        published = await _publish(house, asked, report)
    return Report(report.samples, report.audits, report.refusals, published)


async def _one(house: House, kind: str, count: int, *, asked: Asked, report: Report) -> None:
    name = f"{count} {kind}" if count > 1 else "1"
    with ExitStack() as stack:
        servers = await asyncio.to_thread(KINDS[kind], stack, house, count=count)
        agents = Agents(house, servers.ports)
        await agents.take_tests(at_once=4 * count, tests=4 * count)  # every process warms up
        found = await sample(house, servers, agents, asked=asked)
        report.samples.setdefault(name, []).append(found)
        report.audits[name] = await audited(house, agents.taken, ports=servers.ports)
        report.refusals.extend(agents.figures.refusals)


async def _publish(house: House, asked: Asked, report: Report) -> Publications:
    with ExitStack() as stack:
        servers = await asyncio.to_thread(start_apart, stack, house, count=COUNTS[-1])
        agents = Agents(house, servers.ports, think_seconds=0.2)
        found = await watch_publications(
            house, servers.ports, agents=agents, publications=asked.publications
        )
        report.audits["publishing"] = await audited(house, agents.taken, ports=servers.ports)
        report.refusals.extend(agents.figures.refusals)
    return found


def median_of(samples: Sequence[Sample]) -> Sample:
    names = Sample.__dataclass_fields__
    return Sample(
        **{name: statistics.median(getattr(one, name) for one in samples) for name in names}
    )


def goals_of(report: Report) -> list[Goal]:
    one = report.samples["1"]
    goals = []
    for name in (f"{COUNTS[-1]} {kind}" for kind in KINDS):
        ratios = [
            over.server_cpu / under.server_cpu
            for over, under in zip(report.samples[name], one, strict=True)
        ]
        goals.append(
            at_most(f"CPU per answer, {name} over one", statistics.median(ratios), limit=MAY_COST)
        )
    whole = Audit()
    for audit in report.audits.values():
        for field in Audit.__dataclass_fields__:
            setattr(whole, field, getattr(whole, field) + getattr(audit, field))
    goals += whole.goals()
    goals.append(Goal("calls refused", "0", str(len(report.refusals)), not report.refusals))
    if report.published is not None:
        goals += publishing_goals(report.published)
    return goals


def print_report(report: Report) -> None:
    print("\nprocesses     answers/s   p50 ms   p95 ms  server µs  PostgreSQL µs")
    for name, samples in report.samples.items():
        at = median_of(samples)
        print(
            f"{name:12s} {at.rate:10.0f} {at.p50:8.2f} {at.p95:8.2f} {at.server_cpu:10.0f} "
            f"{at.postgres_cpu:14.0f}"
        )
    print()
    for name, audit in report.audits.items():
        print(f"{name:12s} {audit.line()}")
    for refusal in report.refusals[:5]:
        print(f"refused: {refusal}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--tests", type=int, default=48, help="in each round, of each kind")
    parser.add_argument("--agents", type=int, default=16, help="at once")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--publications", type=int, default=100)
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures as one document")
    given = parser.parse_args()
    asked = Asked(given.tests, given.agents, given.rounds, given.publications)
    with (
        tempfile.TemporaryDirectory(prefix="pacnum-bench-") as home,
        embedded_postgres(Path(home)) as postgres,
    ):
        migrations.upgrade(postgres.url())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(_whole(postgres, asked))
    print_report(report)
    print_goals(goals_of(report))
    if given.json:
        given.json.write_text(json.dumps(asdict(report)), "utf-8")


async def _whole(postgres: EmbeddedServer, asked: Asked) -> Report:
    house = await make_house(postgres, has_own_items=True)
    try:
        return await run(house, asked)
    finally:
        await house.owner.close()
        await house.database.close()


if __name__ == "__main__":
    main()
