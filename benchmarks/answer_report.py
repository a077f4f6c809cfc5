"""What the benchmark of the answer call found: tables, and the goals that it bears on."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.answer_rounds import Sample
from benchmarks.goals import Goal, ServiceGoal, at_least, at_most
from benchmarks.statements import Statements
from benchmarks.whole_tests import Requests, print_requests

FLOOR, DATABASE = "g0", "database"
SERVICE, UNBATCHED = "service", "unbatched"
FASTAPI, ORM = "FastAPI", "FastAPI + ORM"


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
    """One kind of test. ``rounds``: by number of connections."""

    mix: str
    is_where_goals_are_set: bool
    rows: Sequence[Row]
    ratios: Sequence[Ratio]
    rounds: Mapping[int, int]
    statements: Mapping[str, Statements]
    whole_tests: Sequence[Requests]
    reply_bytes: int
    load_before: float
    commits_are_flushed: bool

    def find(self, over: str, under: str, *, connections: int) -> Sample | None:
        """The ratios of two targets, or None if they were not measured."""
        for ratio in self.ratios:
            if (ratio.over, ratio.under, ratio.connections) == (over, under, connections):
                return ratio.median
        return None


@dataclass(frozen=True, slots=True)
class _Wish:
    """A goal on one measure's ratio of two targets."""

    name: str
    measure: str
    connections: int
    of: ServiceGoal
    limit: float
    under: str = FLOOR
    over: str = SERVICE
    is_least: bool = False

    def judged(self, ratios: Sample) -> Goal:
        judge = at_least if self.is_least else at_most
        name = f"{self.name}, {self.connections} connections"
        return judge(name, getattr(ratios, self.measure), limit=self.limit, form=".2f", of=self.of)


def _wishes() -> Iterator[_Wish]:
    for measure, name in (("rate", "answers/s"), ("per_core", "answers per CPU second")):
        wished = partial(_Wish, measure=measure, connections=32, is_least=True)
        yield wished(f"{name} over g0", of=ServiceGoal.ANSWER_RATE, limit=0.85)
        yield wished(
            f"{name} over g0, not batched",
            of=ServiceGoal.ANSWER_RATE_UNBATCHED,
            limit=0.5,
            over=UNBATCHED,
        )
        yield wished(f"{name} over FastAPI", of=ServiceGoal.OVER_FASTAPI, limit=2, under=FASTAPI)
        yield wished(f"{name} over FastAPI + ORM", of=ServiceGoal.OVER_ORM, limit=6, under=ORM)
    for connections in (8, 32):
        cpu = partial(_Wish, connections=connections)
        yield cpu(
            "server CPU per answer over g0's",
            "server_cpu",
            of=ServiceGoal.ANSWER_SERVER_CPU,
            limit=1.6,
        )
        yield cpu(
            "PostgreSQL CPU per answer over g0's",
            "postgres_cpu",
            of=ServiceGoal.ANSWER_POSTGRES_CPU,
            limit=0.5,
        )
    for connections, of, limit in (
        (8, ServiceGoal.ANSWER_P50_8, 2.5),
        (32, ServiceGoal.ANSWER_P50_32, 2.0),
    ):
        wished = partial(_Wish, connections=connections, under=DATABASE)
        yield wished("p50 over the database work's", "p50", of=of, limit=limit)
        yield wished("p95 over the database work's", "p95", of=ServiceGoal.ANSWER_P95, limit=3)


def goals_of(report: Report) -> list[Goal]:
    """The goals that the figures bear on; none where they were set on another kind of test."""
    if not report.is_where_goals_are_set:
        return []
    found = (
        (wish, report.find(wish.over, wish.under, connections=wish.connections))
        for wish in _wishes()
    )
    return [wish.judged(ratios) for wish, ratios in found if ratios is not None]


def print_report(report: Report) -> None:
    print(f"\n--- tests of {report.mix} ---")
    print(f"machine: {os.cpu_count()} cores, load before {report.load_before:.2f}")
    print(f"commits flushed to disk: {report.commits_are_flushed}; reply: {report.reply_bytes} B")
    print(f"rounds: {report.rounds}")
    print("\nconn  target          p50 ms   p95 ms   p99 ms", end="")
    print("  server µs  PostgreSQL µs  client µs  answers/s  per core")
    for row in report.rows:
        at = row.median
        print(
            f"{row.connections:4d}  {row.target:13s} {at.p50:8.2f} {at.p95:8.2f} {at.p99:8.2f} "
            f"{at.server_cpu:10.0f} {at.postgres_cpu:14.0f} {at.client_cpu:10.0f} "
            f"{at.rate:10.0f} {at.per_core:9.0f}"
        )
    print("\nconn  ratios                      p50    p95    p99", end="")
    print("  server CPU  PostgreSQL CPU   rate  per core")
    for ratio in report.ratios:
        by, names = ratio.median, f"{ratio.over} / {ratio.under}"
        # the database work has no server, so its cost is not told apart from the client's
        server = "" if ratio.under == DATABASE else f"{by.server_cpu:.2f}"
        per_core = "" if ratio.under == DATABASE else f"{by.per_core:.2f}"
        print(
            f"{ratio.connections:4d}  {names:23s} {by.p50:6.2f} {by.p95:6.2f} {by.p99:6.2f} "
            f"{server:>11s} {by.postgres_cpu:15.2f} {by.rate:6.2f} {per_core:>9s}"
        )
    print("\nper answer              round trips  statements")
    for name, asked in report.statements.items():
        print(f"{name:23s} {asked.round_trips:11.2f} {asked.statements:11.2f}")
    if report.whole_tests:
        print_requests(report.whole_tests)
