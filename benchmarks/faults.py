"""The fault matrix: agents take tests, something breaks, and nothing may be lost.

    python -m benchmarks.faults [--only NAME …] [--agents 30] [--json FILE] [--list]

For each fault: answers that were acknowledged, of those the ones found in the database afterwards
with the very same content, rows made twice, sessions that nobody knows of, rows that contradict
each other, sessions that do not go on; what the agents met meanwhile (refusals to come back from,
cut connections, and errors, which must be none); the slowest reply; the longest time without any
acknowledged answer; and how long after the fault's end every agent had been answered again.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby, pairwise
from pathlib import Path

from benchmarks.fault_agents import Agent, Crowd, Watch
from benchmarks.fault_findings import Findings, findings_of
from benchmarks.fault_kinds import FAULTS, Fault
from benchmarks.fault_stage import Service, Stage, home_on_disk, postgres_in, small_disk, stage_at
from benchmarks.goals import Goal, print_goals
from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.embedded_postgres import EmbeddedServer

BEFORE_SECONDS = 1.0
AFTER_SECONDS = 1.0
RECOVERY_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Line:
    """What one fault did. ``silence_seconds``: the longest without an acknowledged answer."""

    fault: str
    says: str
    findings: Findings
    refused: dict[int, int]
    cut: dict[str, int]
    errors: dict[str, int]
    p50_ms: float
    slowest_seconds: float
    silence_seconds: float
    recovery_seconds: float | None
    """None: not every agent was answered again in time."""

    @property
    def is_good(self) -> bool:
        return self.findings.is_sound and not self.errors and self.recovery_seconds is not None


async def play(stage: Stage, fault: Fault, *, agents: int) -> Line:
    """One fault on a running stage, from the first answers to the findings."""
    since = utc_now()
    crowd = Crowd(stage.service.url, stage.tenant, fault.name, manner=fault.manner)
    seated = [Agent(crowd, number) for number in range(agents)]
    tasks = [asyncio.create_task(agent.take_tests()) for agent in seated]
    async with asyncio.timeout(RECOVERY_SECONDS):
        while not all(agent.last_at for agent in seated):
            await asyncio.sleep(0.02)
            _raise_from(tasks)
    await asyncio.sleep(BEFORE_SECONDS)
    began = time.monotonic()
    await fault.deed(stage, crowd)
    ended = time.monotonic()
    recovery = await _recovery(seated, ended)
    await asyncio.sleep(AFTER_SECONDS)
    crowd.is_over = True
    await asyncio.gather(*tasks)
    findings = await findings_of(stage, crowd, since=since)
    return _line(fault, findings, watch=crowd.watch, recovery=recovery, began=began)


def _raise_from(tasks: Iterable["asyncio.Task[None]"]) -> None:
    for task in tasks:
        if task.done():
            task.result()


async def _recovery(agents: list[Agent], ended: float) -> float | None:
    while time.monotonic() < ended + RECOVERY_SECONDS:
        if all(agent.last_at > ended for agent in agents):
            return max(agent.last_at for agent in agents) - ended
        await asyncio.sleep(0.01)
    return None


def _line(
    fault: Fault, findings: Findings, *, watch: Watch, recovery: float | None, began: float
) -> Line:
    times = [began, *(moment for moment in watch.answered_at if moment > began)]
    return Line(
        fault=fault.name,
        says=fault.says,
        findings=findings,
        refused=dict(watch.refused),
        cut=dict(watch.cut),
        errors=dict(watch.errors),
        p50_ms=statistics.median(watch.seconds) * 1e3,
        slowest_seconds=watch.slowest,
        silence_seconds=max((after - before for before, after in pairwise(times)), default=0.0),
        recovery_seconds=recovery,
    )


def played(faults: list[Fault], *, agents: int) -> Iterator[Line]:
    """Every fault in turn; those that can share a PostgreSQL and a service do."""
    for megabytes, of_disk in groupby(faults, key=lambda fault: fault.disk_megabytes):
        with _postgres_on(megabytes) as postgres:
            for shares, group in groupby(of_disk, key=lambda fault: fault.shares_stage):
                for together in [list(group)] if shares else [[fault] for fault in group]:
                    yield from asyncio.run(_on_one_stage(postgres, together, agents=agents))


@contextmanager
def _postgres_on(megabytes: int | None) -> Iterator[EmbeddedServer]:
    with (
        home_on_disk() if megabytes is None else small_disk(megabytes) as home,
        postgres_in(home) as postgres,
    ):
        yield postgres


async def _on_one_stage(
    postgres: EmbeddedServer, faults: list[Fault], *, agents: int
) -> list[Line]:
    first = faults[0]
    service = Service(postgres.url(), first.workers, first.environment, first.program)
    lines = []
    async with stage_at(postgres, service) as stage:
        for fault in faults:
            lines.append(await play(stage, fault, agents=agents))
            print_line(lines[-1])
    return lines


HEAD = (
    f"{'fault':20}{'acked':>7}{'found':>7}{'twice':>6}{'torn':>5}{'stuck':>6}{'errors':>7}"
    f"{'503/408':>9}{'cut':>6}{'p50 ms':>8}{'slowest s':>11}{'silence s':>11}{'recovery s':>12}"
)


def print_line(line: Line) -> None:
    found = line.findings
    twice = found.duplicates + found.begun_twice
    recovery = "never" if line.recovery_seconds is None else f"{line.recovery_seconds:.2f}"
    print(
        f"{line.fault:20}{found.acknowledged:7}{found.found_equal:7}{twice:6}{found.torn:5}"
        f"{found.stuck:6}{sum(line.errors.values()):7}{sum(line.refused.values()):9}"
        f"{sum(line.cut.values()):6}{line.p50_ms:8.1f}{line.slowest_seconds:11.2f}"
        f"{line.silence_seconds:11.2f}{recovery:>12}",
        flush=True,
    )
    for what, count in line.errors.items():
        print(f"{'':20}! {count} × {what}", flush=True)


def goals_of(lines: list[Line]) -> list[Goal]:
    lost = sum(line.findings.acknowledged - line.findings.found_equal for line in lines)
    twice = sum(line.findings.duplicates + line.findings.begun_twice for line in lines)
    torn = sum(line.findings.torn for line in lines)
    stuck = sum(line.findings.stuck for line in lines)
    errors = sum(sum(line.errors.values()) for line in lines)
    away = sum(line.recovery_seconds is None for line in lines)
    counts = {
        "acknowledged answers lost": lost,
        "made twice": twice,
        "rows that contradict each other": torn,
        "sessions stuck": stuck,
        "errors other than 503, 408 and cut connections": errors,
        "faults that agents did not recover from": away,
    }
    return [Goal(name, "0", str(count), count == 0) for name, count in counts.items()]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--agents", type=int, default=30)
    parser.add_argument("--json", type=Path, help="file for one JSON document")
    parser.add_argument("--list", action="store_true", help="say which faults there are, and end")
    given = parser.parse_args()
    if given.list:
        for fault in FAULTS:
            print(f"{fault.name:20}{fault.says}")
        return 0
    print(HEAD)
    lines = list(
        played([fault for fault in FAULTS if fault.name in given.only], agents=given.agents)
    )
    print_goals(goals_of(lines))
    if given.json is not None:
        given.json.write_text(json.dumps([asdict(line) for line in lines], indent=2), "utf-8")
    return 0 if all(line.is_good for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
