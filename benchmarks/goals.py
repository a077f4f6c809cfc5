"""Goals beside figures, as every benchmark prints them, and kept for the one table at the end.

``print_goals`` prints, and appends each goal as a line of JSON to the file that PACNUM_BENCH_GOALS
names, if it names one: ``benchmarks.run`` reads them back. A line that bears on one of the
service's goals says which (``of=``); one such goal may have several lines, all of which must hold.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

FILE_VARIABLE = "PACNUM_BENCH_GOALS"


class ServiceGoal(StrEnum):
    """What is asked of the service as a whole; ``benchmarks.service_goals`` words each."""

    ANSWER_RATE = "answer_rate"
    ANSWER_RATE_UNBATCHED = "answer_rate_unbatched"
    ANSWER_SERVER_CPU = "answer_server_cpu"
    ANSWER_POSTGRES_CPU = "answer_postgres_cpu"
    OVER_FASTAPI = "over_fastapi"
    OVER_ORM = "over_orm"
    ANSWER_P50_8 = "answer_p50_8"
    ANSWER_P50_32 = "answer_p50_32"
    ANSWER_P95 = "answer_p95"
    GROWTH_ACTIVE = "growth_active"
    GROWTH_UNIFORM = "growth_uniform"
    FRAME = "frame"
    STEP = "step"
    BANK_SEEN = "bank_seen"
    BANK_NOT_MIXED = "bank_not_mixed"
    IMPORT_IDEMPOTENT = "import_idempotent"
    IMPORT_VALIDATED = "import_validated"
    REPORT = "report"
    WORKER_MEMORY = "worker_memory"
    READY = "ready"
    FIRST_ANSWER = "first_answer"
    NO_DUPLICATES = "no_duplicates"
    NOTHING_LOST = "nothing_lost"


@dataclass(frozen=True)
class Goal:
    """One line: what was asked, what was found, and whether that is enough."""

    name: str
    wanted: str
    found: str
    is_met: bool
    of: ServiceGoal | None = None

    def line(self) -> str:
        verdict = "met" if self.is_met else "MISSED"
        return f"{self.name:<58} {self.wanted:>18} {self.found:>18}  {verdict}"

    def about(self, goal: ServiceGoal) -> "Goal":
        """The same line, as evidence for one of the service's goals."""
        return replace(self, of=goal)


@dataclass(frozen=True)
class Recorded:
    """A goal as a benchmark of this run has left it."""

    benchmark: str
    goal: Goal


def at_most(
    name: str, found: float, *, limit: float, form: str = ".3f", of: ServiceGoal | None = None
) -> Goal:
    return Goal(name, f"<= {limit:{form}}", f"{found:{form}}", found <= limit, of)


def at_least(
    name: str, found: float, *, limit: float, form: str = ".3f", of: ServiceGoal | None = None
) -> Goal:
    return Goal(name, f">= {limit:{form}}", f"{found:{form}}", found >= limit, of)


def within(name: str, found: float, *, low: float, high: float) -> Goal:
    return Goal(name, f"{low:.3f}-{high:.3f}", f"{found:.3f}", low <= found <= high)


def print_goals(goals: Sequence[Goal]) -> None:
    """Print them, and keep them when a file for them is named."""
    print(f"\n{'goal':<58} {'wanted':>18} {'found':>18}")
    for goal in goals:
        print(goal.line())
    record(goals)


def record(goals: Sequence[Goal]) -> None:
    """Keep goals for the table at the end, without printing; does nothing without a file."""
    named = os.environ.get(FILE_VARIABLE)
    if not named:
        return
    main = sys.modules["__main__"].__spec__
    benchmark = "" if main is None else main.name
    lines = [json.dumps({"benchmark": benchmark, **asdict(goal)}) + "\n" for goal in goals]
    with Path(named).open("a", encoding="utf-8") as file:
        file.write("".join(lines))


def recorded(file: Path) -> list[Recorded]:
    """What benchmarks have left in a file, in the order in which they did; [] if there is none."""
    if not file.exists():
        return []
    found = []
    for line in file.read_text("utf-8").splitlines():
        document = json.loads(line)
        benchmark = document.pop("benchmark")
        of = document.pop("of")
        goal = Goal(**document, of=None if of is None else ServiceGoal(of))
        found.append(Recorded(benchmark, goal))
    return found
