"""One step of algorithm 2.0.0 over many competences, and ten thousand tests played twice.

    python -m benchmarks.joint_step [--tests N] [--json]

A step is what an answer costs: estimate from all answers, decide what comes next, with all that an
explanation needs. Time is the thread's own processor time: what else the machine does stays out of
it. Floor, in the same run: one pass of two matrix products over the same bank (a gradient of the
information at the point estimates), with no posterior of anything.

Replay: tests of 1, 5 and 21 competences (of every hundred: 95, four and one) are played, their
items and the bits of their estimates kept; then another process computes all of them from seed and
answers alone, and compares.
"""

import argparse
import hashlib
import json
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.goals import Goal, at_most, print_goals
from benchmarks.joint_profile import AREAS, bank
from pacnum_api.psychometrics.algorithm import Purpose, algorithm_for
from pacnum_api.psychometrics.bank import category_probabilities, item_information
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.joint_estimation import estimate
from pacnum_api.psychometrics.joint_selection import select
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.rules import Rules, SelectionRules, StoppingRules
from pacnum_api.psychometrics.scale import NODES
from pacnum_api.psychometrics.session import SessionPlan, after, begin
from pacnum_api.psychometrics.simulation import draw_abilities, framework_correlation
from pacnum_api.psychometrics.tables import BankTables

CORRELATION = framework_correlation(AREAS)
POPULATION = Population(CORRELATION)
RULES = Rules(
    selection=SelectionRules(pool_size=5, sharpness=8),
    stopping=StoppingRules(
        minimum_items=1,
        maximum_items=40,
        standard_error=0.40,
        level_certainty=0.99,
        target_probability=0.9,
        least_variance_fall=0.0,
        least_risk_fall=0.0,
    ),
)


@dataclass(frozen=True)
class Speed:
    """Microseconds of a step; ``ratio``: median of engine over median of floor."""

    competences: int
    items: int
    steps: int
    p50_us: float
    p95_us: float
    floor_p50_us: float
    ratio: float


def speed(tables: BankTables, asked: tuple[int, ...], *, tests: int) -> Speed:
    population = POPULATION if tables.competence_count == len(AREAS) else Population.independent(1)
    prior = population.prior.only(asked)
    information = item_information(tables.parameters, theta=NODES).T
    seconds, floor_seconds = [], []
    for test in range(tests):
        rng = np.random.default_rng(test)
        truth = draw_abilities(rng, CORRELATION)[0]
        state = begin(tables, SessionPlan(competences=asked, seed=test, item_budget=120))
        responses: list[Response] = []
        while True:
            started = time.thread_time()
            posterior = estimate(tables, responses, prior=prior, competences=asked)
            selection = select(tables, posterior, state=state, rules=RULES).selection
            seconds.append(time.thread_time() - started)
            started = time.thread_time()
            np.argmax(NODES @ information + NODES @ information)
            floor_seconds.append(time.thread_time() - started)
            if selection is None:
                break
            chance = category_probabilities(
                tables.parameters, selection.item, theta=float(truth[selection.competence])
            )[1, 0]
            responses.append(Response(selection.item, int(rng.random() < chance)))
            state = after(tables, state, item=selection.item)
    p50, p95 = np.percentile(seconds, (50, 95)) * 1e6
    floor = float(np.percentile(floor_seconds, 50)) * 1e6
    return Speed(
        competences=len(asked),
        items=sum(tables.competences[one].stop - tables.competences[one].first for one in asked),
        steps=len(seconds),
        p50_us=float(p50),
        p95_us=float(p95),
        floor_p50_us=floor,
        ratio=float(p50) / floor,
    )


@dataclass(frozen=True)
class Log:
    """What is kept of a test: its answers, and a digest of every bit that was computed."""

    seed: int
    competences: tuple[int, ...]
    items: tuple[int, ...]
    categories: tuple[int, ...]
    digest: str


def competences_of(test: int) -> tuple[int, ...]:
    if test % 100 == 0:
        return tuple(range(21))
    return tuple(range(0, 20, 4)) if test % 100 < 5 else (test % 21,)


def played(test: int) -> Log:
    """Play one test of the shipped rules and keep its log."""
    tables = bank(21, 24)
    rng = np.random.default_rng(test)
    truth = draw_abilities(rng, CORRELATION)[0]
    asked = competences_of(test)
    responses: list[Response] = []
    digest = hashlib.sha256()
    while (item := next_item(tables, asked, seed=test, given=responses, digest=digest)) is not None:
        competence = tables.competence_of[item]
        chance = category_probabilities(tables.parameters, item, theta=float(truth[competence]))[
            1, 0
        ]
        responses.append(Response(item, int(rng.random() < chance)))
    items, categories = zip(*responses, strict=True)
    return Log(test, asked, items, categories, digest.hexdigest())


def replays(log: Log) -> bool:
    """Compute the test again, from seed and answers alone, and compare every bit."""
    tables = bank(21, 24)
    digest = hashlib.sha256()
    given: list[Response] = []
    for item, category in zip(log.items, log.categories, strict=True):
        found = next_item(tables, log.competences, seed=log.seed, given=given, digest=digest)
        if found != item:
            return False
        given.append(Response(item, category))
    last = next_item(tables, log.competences, seed=log.seed, given=given, digest=digest)
    return last is None and digest.hexdigest() == log.digest


def next_item(
    tables: BankTables,
    asked: tuple[int, ...],
    *,
    seed: int,
    given: list[Response],
    digest: "hashlib._Hash",
) -> int | None:
    algorithm = algorithm_for("2.0.0")
    measured = algorithm.measure(
        tables,
        SessionPlan(competences=asked, seed=seed),
        responses=given,
        prior=POPULATION.prior,
        rules=algorithm.rules_for(Purpose.POSITIONING),
    )
    for competence in asked:
        marginal = measured.posterior.marginal(competence)
        digest.update(np.array((marginal.theta, marginal.variance)).tobytes())
    selection = measured.decision.selection
    if selection is None:
        return None
    digest.update(np.array([candidate.value for candidate in selection.candidates]).tobytes())
    return selection.item


def replayed(tests: int) -> Iterator[Goal]:
    # Spawned, not forked: the second process shares nothing with the first but the logs.
    context = multiprocessing.get_context("spawn")
    started = time.perf_counter()
    with context.Pool(2) as pool:
        logs = pool.map(played, range(tests), chunksize=50)
    with context.Pool(2) as pool:
        same = sum(pool.map(replays, logs, chunksize=50))
    answers = sum(len(log.items) for log in logs)
    print(
        f"{tests} tests, {answers} answers, played and replayed in "
        f"{time.perf_counter() - started:.0f} s"
    )
    yield Goal(f"replay of {tests} tests", f"{tests} equal", f"{same} equal", same == tests)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=10_000, help="tests to replay")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    every = tuple(range(21))
    speeds = [
        speed(bank(21, 95), every, tests=12),
        speed(bank(21, 240), every, tests=8),
        speed(bank(21, 400), every[:5], tests=20),
        speed(bank(1, 5_000), (0,), tests=60),
    ]
    print("competences  items   steps   p50 µs   p95 µs   floor µs   ratio")
    for row in speeds:
        print(
            f"{row.competences:11d}  {row.items:5d}  {row.steps:6d}  {row.p50_us:7.0f}  "
            f"{row.p95_us:7.0f}  {row.floor_p50_us:9.0f}  {row.ratio:6.1f}"
        )
    goals = [
        at_most(
            "21 competences, 1,995 items: p95 of a step, µs",
            speeds[0].p95_us,
            limit=1000,
            form=".0f",
        ),
        at_most(
            "1 competence, 5,000 items: p95 of a step, µs", speeds[3].p95_us, limit=150, form=".0f"
        ),
        *replayed(asked.tests),
    ]
    print_goals(goals)
    if asked.json:
        print(
            json.dumps(
                {
                    "speed": [asdict(row) for row in speeds],
                    "goals": [asdict(goal) for goal in goals],
                }
            )
        )


if __name__ == "__main__":
    main()
