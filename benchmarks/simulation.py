"""100,000 full tests with a ceiling on exposure and content minima, beside the scalar engine.

    python -m benchmarks.simulation [--tests N] [--wave W] [--processes P] [--brief] [--json]

Bank: 500 items (a lognormal(0, 0.3), b N(0, 1.2), seed 42) in five content areas of 100, at least
two items of each; agents N(0, 1). A test ends at a standard error below 0.32 or after 40 items,
not before its content is complete; no item may be given to more than a quarter of the agents,
waves of tests beginning together. Algorithm 2.0.0, with chance in the ranking of the first three
items. The engine that serves sessions, one agent at a time, plays some of the same tests without
ceiling and content, and must come to the same bits as the batch does without them.
The clock says what a machine does that may have other work; half of the CPU seconds of all
processes is what two idle cores would take.
"""

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass, replace

import numpy as np

from benchmarks.processes import children_of, cpu_seconds
from benchmarks.psychometrics_step import bank, rules
from pacnum_api.platform.workers import Workers
from pacnum_api.psychometrics.algorithm import algorithm_for
from pacnum_api.psychometrics.arithmetic import IntArray
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.rules import Rules, SelectionRules
from pacnum_api.psychometrics.scale import DEFAULT_SCALE
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.simulation.admissions import Admissions
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.bank_use import bank_use
from pacnum_api.psychometrics.simulation.batch import Cohort, Course, run
from pacnum_api.psychometrics.simulation.content import Content
from pacnum_api.psychometrics.simulation.measures import accuracy
from pacnum_api.psychometrics.simulation.records import SimulatedTests, one_after_another
from pacnum_api.psychometrics.simulation.sessions import Engine, play
from pacnum_api.psychometrics.simulation.waves import Waves

GOAL_SECONDS, GOAL_TESTS = 30.0, 100_000
ITEMS, AREAS, AREA_MINIMUM, CEILING = 500, 5, 2, 0.25
AT_ONCE = 500


@dataclass(frozen=True)
class Piece:
    agents: IntArray
    admitted: Admissions | None


@dataclass(frozen=True)
class Setting:
    course: Course
    answers: AnswerModel


@dataclass(frozen=True)
class Outcome:
    tests: int
    processes: int
    wave: int
    seconds: float
    seconds_per_100000: float
    cpu_seconds: tuple[float, ...]
    cpu_seconds_per_100000: float
    goal_seconds: float
    is_goal_met: bool
    scalar_test_ms: float
    batch_test_ms: float
    times_faster: float
    tests_compared: int
    tests_that_differ: int
    mean_items: float
    rmse: float
    coverage_95: float
    greatest_exposure: float
    items_never_used: int
    content_violations: int


def engine() -> Engine:
    drawn = SelectionRules(pool_size=5, sharpness=8, progressive_items=3)
    by = Rules(selection=drawn, stopping=rules(pool_size=5).stopping)
    return Engine(algorithm_for("2.0.0"), by, Population.independent(1).prior)


def settings(tests: int) -> tuple[Setting, Content]:
    tables = bank(ITEMS)
    abilities = np.random.default_rng(43).normal(size=(tests, 1))
    content = Content(np.arange(ITEMS) % AREAS, np.full(AREAS, AREA_MINIMUM))
    course = replace(Course.of_engine(tables, 0, engine=engine()), content=content)
    return Setting(course, AnswerModel(tables.parameters, abilities, 44)), content


def work(setting: Setting, piece: Piece) -> SimulatedTests:
    seeds = tuple(piece.agents.tolist())
    return run(setting.course, Cohort(piece.agents, seeds, setting.answers, piece.admitted))


def play_all(workers: Workers[Setting], under: Waves, *, tests: int, wave: int) -> SimulatedTests:
    waves = []
    for first in range(0, tests, wave):
        agents = np.arange(first, min(first + wave, tests))
        admitted = under.begin(len(agents))
        cuts = range(0, len(agents), AT_ONCE)
        pieces = [Piece(agents[i : i + AT_ONCE], admitted.part(i, i + AT_ONCE)) for i in cuts]
        waves.append(one_after_another(list(workers.run(work, pieces))))
        under.end(waves[-1])
    return one_after_another(waves)


def against_scalar(setting: Setting, count: int) -> tuple[float, float, int]:
    """Return seconds a test of the scalar engine and of the batch in this process, both without
    ceiling and content, and how many of the tests differ.
    """
    tables, answers = setting.course.tables, setting.answers
    plain = Setting(replace(setting.course, content=None), answers)
    started = time.perf_counter()
    batch = work(plain, Piece(np.arange(count), None))
    halfway = time.perf_counter()
    played = [
        play(
            tables,
            SessionPlan(competences=(0,), seed=agent),
            engine=engine(),
            answer=lambda item, agent=agent: answers.category(agent, item),  # type: ignore[misc] # mypy cannot infer a lambda with a default
        )
        for agent in range(count)
    ]
    ended = time.perf_counter()
    differ = sum(
        one.posterior.marginal(0).theta != batch.theta[row, 0]
        or list(one.state.items) != batch.items[row, : len(one.state.items)].tolist()
        or len(one.state.items) != batch.lengths[row]
        for row, one in enumerate(played)
    )
    return (ended - halfway) / count, (halfway - started) / count, differ


def cpu_of_each(before: float) -> tuple[float, ...]:
    """Return the CPU seconds of this process since ``before``, then those of each of its own."""
    this, *others = children_of(os.getpid())
    used = (cpu_seconds([pid]) for pid in sorted(others))
    return (cpu_seconds([this]) - before, *used)


def without_their_content(tests: SimulatedTests, content: Content) -> int:
    """Return how many tests lack the minimum of an area."""
    areas = [np.flatnonzero(content.area == area) for area in range(content.areas)]
    had = np.stack([np.isin(tests.items, items).sum(axis=1) for items in areas], axis=1)
    return int((had < content.minimum).any(axis=1).sum())


def outcome(asked: argparse.Namespace) -> Outcome:
    setting, content = settings(asked.tests)
    compared = min(asked.tests, 250)
    scalar, batch, differ = against_scalar(setting, compared)
    under = Waves.under(
        CEILING,
        setting.course.tables,
        competences=(0,),
        need=rules(pool_size=5).stopping.maximum_items,
    )
    with Workers(setting, processes=asked.processes) as workers:
        own = cpu_seconds([os.getpid()])
        started = time.perf_counter()
        tests = play_all(workers, under, tests=asked.tests, wave=asked.wave)
        seconds = time.perf_counter() - started
        cpu = cpu_of_each(before=own)
    per_goal = seconds / asked.tests * GOAL_TESTS
    found, used = accuracy(tests, 0, scale=DEFAULT_SCALE), bank_use(tests, ITEMS)
    return Outcome(
        tests=asked.tests,
        processes=asked.processes,
        wave=asked.wave,
        seconds=seconds,
        seconds_per_100000=per_goal,
        cpu_seconds=cpu,
        cpu_seconds_per_100000=sum(cpu) / asked.tests * GOAL_TESTS,
        goal_seconds=GOAL_SECONDS,
        is_goal_met=per_goal <= GOAL_SECONDS,
        scalar_test_ms=scalar * 1e3,
        batch_test_ms=batch * 1e3,
        times_faster=scalar / batch,
        tests_compared=compared,
        tests_that_differ=differ,
        mean_items=float(tests.lengths.mean()),
        rmse=found.rmse.value,
        coverage_95=found.coverage_95.value,
        greatest_exposure=used.greatest.value,
        items_never_used=round(used.never_used.value * ITEMS),
        content_violations=without_their_content(tests, content),
    )


def show(found: Outcome) -> None:
    print(f"{found.tests} tests, {found.processes} processes, waves of {found.wave}")
    print("goal                                         | figure")
    print(
        f"100,000 tests, exposure and content: <= 30 s | {found.seconds_per_100000:.1f} s on the "
        f"clock; CPU seconds / 2: {found.cpu_seconds_per_100000 / 2.0:.1f} s"
    )
    print(f"ceiling .25: none above it                   | {found.greatest_exposure:.4f}")
    print(f"content: no test without its minimum         | {found.content_violations}")
    print(
        f"same bits as the scalar engine               | {found.tests_that_differ} of "
        f"{found.tests_compared} tests differ"
    )
    each = ", ".join(f"{seconds:.1f}" for seconds in found.cpu_seconds)
    print(f"\nCPU seconds of each process, the one that admits first: {each}")
    print(
        f"scalar engine {found.scalar_test_ms:.2f} ms a test, batch {found.batch_test_ms:.3f} ms "
        f"in one process: {found.times_faster:.0f} times faster"
    )
    print(
        f"items {found.mean_items:.2f}, RMSE {found.rmse:.4f}, 95 % coverage "
        f"{found.coverage_95:.4f}, never used {found.items_never_used} of {ITEMS}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=GOAL_TESTS)
    parser.add_argument("--wave", type=int, default=1000, help="tests that begin together")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--brief", action="store_true", help="10,000 tests")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    asked = parser.parse_args()
    if asked.brief:
        asked.tests = 10_000
    found = outcome(asked)
    if asked.json:
        print(json.dumps(asdict(found)))
    else:
        show(found)


if __name__ == "__main__":
    main()
