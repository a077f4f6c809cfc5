"""The speed goals of the service: every one of them in one table, measured in this run or not.

python -m benchmarks.service_goals FILE      (what PACNUM_BENCH_GOALS has gathered)
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.goals import Goal, Recorded, ServiceGoal, recorded

COMMAND = ".venv/bin/python -m benchmarks."


@dataclass(frozen=True, slots=True)
class Wording:
    """What is asked, how much, and which benchmark tells (None: nothing of the kind is built)."""

    asked: str
    wanted: str
    benchmark: str | None


WORDINGS: Mapping[ServiceGoal, Wording] = {
    ServiceGoal.ANSWER_RATE: Wording(
        "full answer path per core, 32 connections, over g0", ">= 0.85", "answer_call"
    ),
    ServiceGoal.ANSWER_RATE_UNBATCHED: Wording(
        "the same with batching off", ">= 0.5", "answer_call"
    ),
    ServiceGoal.ANSWER_SERVER_CPU: Wording(
        "server CPU per answer over g0's", "<= 1.6", "answer_call"
    ),
    ServiceGoal.ANSWER_POSTGRES_CPU: Wording(
        "PostgreSQL CPU per answer over g0's", "<= 0.5", "answer_call"
    ),
    ServiceGoal.OVER_FASTAPI: Wording("the same logic in idiomatic FastAPI", ">= 2", "answer_call"),
    ServiceGoal.OVER_ORM: Wording("the same logic in FastAPI + ORM", ">= 6", "answer_call"),
    ServiceGoal.ANSWER_P50_8: Wording(
        "p50 over the database work alone, 8 clients", "<= 2.5", "answer_call"
    ),
    ServiceGoal.ANSWER_P50_32: Wording(
        "p50 over the database work alone, 32 clients", "<= 2", "answer_call"
    ),
    ServiceGoal.ANSWER_P95: Wording("p95 over the database work alone", "<= 3", "answer_call"),
    ServiceGoal.GROWTH_ACTIVE: Wording(
        "p50 with 10 million answers over 10 thousand, active", "<= 1.25", "growth"
    ),
    ServiceGoal.GROWTH_UNIFORM: Wording(
        "p50 with 10 million answers over 10 thousand, uniform", "<= 1.5", "growth"
    ),
    ServiceGoal.FRAME: Wording(
        "token, log, metrics, 1 % tracing over the bare route's CPU", "<= 2", "frame"
    ),
    ServiceGoal.STEP: Wording("estimate + select, one competence, 500 items", "<= 50 µs", "peers"),
    ServiceGoal.BANK_SEEN: Wording(
        "a published bank seen by every worker, p99", "<= 50 ms", "replicas"
    ),
    ServiceGoal.BANK_NOT_MIXED: Wording("sessions that mix bank versions", "0", "replicas"),
    ServiceGoal.IMPORT_IDEMPOTENT: Wording(
        "import, idempotent, of COPY of the same rows", ">= 0.5", "imports"
    ),
    ServiceGoal.IMPORT_VALIDATED: Wording(
        "import, validated, of COPY of the same rows", ">= 0.25", "imports"
    ),
    ServiceGoal.REPORT: Wording("report over 100,000 agents over its SQL", "<= 1.3", None),
    ServiceGoal.WORKER_MEMORY: Wording("memory of a worker (PSS)", "<= 70 MB", "start"),
    ServiceGoal.READY: Wording("ready, warm", "<= 1.0 s", "start"),
    ServiceGoal.FIRST_ANSWER: Wording(
        "bare machine to first answer, once installed", "<= 5 s", "start"
    ),
    ServiceGoal.NO_DUPLICATES: Wording(
        "32 clients on one session, workers killed: duplicates", "0", "faults"
    ),
    ServiceGoal.NOTHING_LOST: Wording("the same: answers lost", "0", "faults"),
}


def print_service_goals(found: Iterable[Recorded]) -> None:
    """One line a goal, the figures that bear on it below; then the other goals that were missed."""
    known = list(found)
    evidence: dict[ServiceGoal, list[Goal]] = defaultdict(list)
    for one in known:
        if one.goal.of is not None:
            evidence[one.goal.of].append(one.goal)
    print("\n=== goals of the service, as ratios within this run ===\n")
    for goal, wording in WORDINGS.items():
        print(f"{wording.asked:60s} {wording.wanted:>9s}  {verdict(wording, evidence[goal])}")
        for line in evidence[goal]:
            mark = "" if line.is_met else "  MISSED"
            print(f"    {line.name:56s} {line.found:>9s}{mark}")
    others = [one for one in known if one.goal.of is None]
    missed = [one for one in others if not one.goal.is_met]
    print(f"\nother goals of this run: {len(others) - len(missed)} met, {len(missed)} missed")
    for one in missed:
        print(f"    {one.benchmark}: {one.goal.line()}")


def verdict(wording: Wording, lines: Sequence[Goal]) -> str:
    """MET when every line is; where to look when there is none."""
    if lines:
        return "MET" if all(line.is_met for line in lines) else "MISSED"
    if wording.benchmark is None:
        return "not built yet"
    return f"not in this run: {COMMAND}{wording.benchmark}"


def main() -> None:
    print_service_goals(recorded(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
