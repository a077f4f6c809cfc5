"""The one-competence run of several engines on the same pre-drawn answers, and the goals for it.

    python -m benchmarks.peers [--examinees N] [--large-bank-examinees N] [--algorithm V] [--json]

500 items (a lognormal(0, 0.3), b N(0, 1.2), seed 42), examinees N(0, 1) (seed 43), answers of seed
44, stop at a standard error below 0.32 or 40 items. Every engine is driven one answer at a time
and sees nothing but the answers it asks for. A step is: answer in, estimate, stop or choose the
next item. Engines take turns, examinee by examinee, so that whatever else the machine does
weighs on all; each then finds the processor's caches as the others left them, and our own step,
timed by itself below the table, comes out faster. 5,000 items serve for speed alone.

Peers, for development only, neither part of what is installed to run the service:

- catsim 0.21 (BSD-3-Clause): its maximum likelihood estimator and its maximum information selector,
  both as they come; standard error from the information at the estimate.
- mirt of PyPI 1.2 (MIT): its CAT engine as it comes: expected a posteriori on 21 points, maximum
  information at the estimate.
- plain NumPy: grid of 201 points and maximum information, nothing else (see psychometrics_step).

The full run takes about half a minute, nearly all of it the peers'.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from catsim import irt
from catsim.estimation import NumericalSearchEstimator
from catsim.item_bank import ItemBank
from catsim.selection import MaxInfoSelector
from mirt.cat import CATEngine
from mirt.models import TwoParameterLogistic

from benchmarks.goals import Goal, ServiceGoal, at_most, print_goals, record, within
from benchmarks.psychometrics_step import (
    ANSWER_SEEDS,
    LONGEST,
    PRECISION,
    Finished,
    Floor,
    Quality,
    bank,
    chances_of_success,
    draw_answers,
    draw_examinees,
    microseconds,
    quality,
    rules,
)
from pacnum_api.psychometrics.algorithm import ALGORITHM_VERSION, Algorithm, algorithm_for
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.selection import item_values
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.tables import BankTables

Answers = npt.NDArray[np.int64]
Test = Callable[[Answers, int], Finished]
"""From the answers of one examinee to every item, and a seed, to a finished test."""


@dataclass(frozen=True)
class Line:
    """One engine's figures; times are of a step, in microseconds."""

    quality: Quality
    step_500_p50_us: float
    step_500_p95_us: float
    step_5000_p50_us: float
    step_5000_p95_us: float


@dataclass(frozen=True)
class Part:
    """What parts of our step take, in microseconds."""

    part: str
    items: int
    p50_us: float
    p95_us: float


def ours(tables: BankTables, algorithm: Algorithm, *, by: Rules) -> Test:
    """The algorithm as sessions use it: from all answers so far to estimate and decision."""
    prior = Population.independent(1).prior

    def test(given: Answers, seed: int) -> Finished:
        plan = SessionPlan(competences=(0,), seed=seed)
        responses: list[Response] = []
        now = algorithm.measure(tables, plan, responses=responses, prior=prior, rules=by)
        seconds = []
        while now.decision.selection is not None:
            item = now.decision.selection.item
            responses.append(Response(item, int(given[item])))
            started = time.perf_counter()
            now = algorithm.measure(tables, plan, responses=responses, prior=prior, rules=by)
            seconds.append(time.perf_counter() - started)
        found = now.posterior.marginal(0).estimate
        return Finished(found.theta, found.standard_error, now.state.items, tuple(seconds))

    return test


def plain_numpy(tables: BankTables) -> Test:
    floor = Floor(tables)
    return lambda given, _seed: floor.test(given)


def catsim(tables: BankTables) -> Test:
    ones, parameters = np.ones(tables.item_count), tables.parameters
    items = ItemBank(np.column_stack((parameters.a, parameters.thresholds[:, 0], 0.0 * ones, ones)))
    estimator, selector = NumericalSearchEstimator(), MaxInfoSelector()

    def test(given: Answers, _seed: int) -> Finished:
        asked: list[int] = []
        answers: list[bool] = []
        seconds = []
        theta, error = 0.0, math.inf
        item = selector.select(item_bank=items, administered_items=asked, est_theta=theta)
        while item is not None:
            started = time.perf_counter()
            asked.append(int(item))
            answers.append(bool(given[item]))
            theta = estimator.estimate(
                item_bank=items,
                administered_items=asked,
                response_vector=answers,
                est_theta=theta,
            )
            error = irt.see(theta, items.get_items(asked))
            done = error < PRECISION or len(asked) == LONGEST
            item = (
                None
                if done
                else selector.select(item_bank=items, administered_items=asked, est_theta=theta)
            )
            seconds.append(time.perf_counter() - started)
        return Finished(float(theta), float(error), tuple(asked), tuple(seconds))

    return test


def mirt_of_pypi(tables: BankTables) -> Test:
    model = TwoParameterLogistic(n_items=tables.item_count)
    model.set_parameters(
        discrimination=tables.parameters.a, difficulty=tables.parameters.thresholds[:, 0]
    )
    model._is_fitted = True  # noqa: SLF001 - it has no public way to take known parameters
    # It stops at or below the threshold: "below 0.32" is one bit less.
    engine = CATEngine(model, se_threshold=math.nextafter(PRECISION, 0.0), max_items=LONGEST)

    def test(given: Answers, _seed: int) -> Finished:
        engine.reset()
        state = engine.get_current_state()
        seconds = []
        while not state.is_complete:
            category = int(given[state.next_item])
            started = time.perf_counter()
            state = engine.administer_item(category)
            seconds.append(time.perf_counter() - started)
        asked = tuple(int(item) for item in state.items_administered)
        return Finished(state.theta, state.standard_error, asked, tuple(seconds))

    return test


def engines(tables: BankTables, algorithm: Algorithm) -> dict[str, Test]:
    name = f"ours {algorithm.version}"
    return {
        f"{name}, greedy": ours(tables, algorithm, by=rules(pool_size=1)),
        f"{name}, draw among 5": ours(tables, algorithm, by=rules(pool_size=5)),
        "plain NumPy": plain_numpy(tables),
        "catsim 0.21": catsim(tables),
        "mirt (PyPI) 1.2, 21 points": mirt_of_pypi(tables),
    }


def run_all(
    tables: BankTables, algorithm: Algorithm, *, examinees: int
) -> dict[str, list[Finished]]:
    abilities = draw_examinees(examinees)
    given = draw_answers(chances_of_success(tables, abilities), seed=ANSWER_SEEDS[0])
    taking = engines(tables, algorithm)
    finished: dict[str, list[Finished]] = {name: [] for name in taking}
    for seed, row in enumerate(given):
        for name, test in taking.items():
            finished[name].append(test(row, seed))
    return finished


def lines(algorithm: Algorithm, *, examinees: int, large_bank_examinees: int) -> list[Line]:
    small = run_all(bank(500), algorithm, examinees=examinees)
    large = run_all(bank(5000), algorithm, examinees=large_bank_examinees)
    return [
        Line(
            quality=quality(name, tests, abilities=draw_examinees(examinees), size=500),
            step_500_p50_us=microseconds(tests, 50),
            step_500_p95_us=microseconds(tests, 95),
            step_5000_p50_us=microseconds(large[name], 50),
            step_5000_p95_us=microseconds(large[name], 95),
        )
        for name, tests in small.items()
    ]


STEP, VALUES = "step: estimate + select", "exact values of all items"


def parts(algorithm: Algorithm, *, size: int, examinees: int) -> list[Part]:
    """Time our step by itself, and within it the valuing of the bank: the expected fall of the
    posterior variance by every item.
    """
    tables, by = bank(size), rules(pool_size=1)
    given = draw_answers(
        chances_of_success(tables, draw_examinees(examinees)), seed=ANSWER_SEEDS[0]
    )
    test, plan = ours(tables, algorithm, by=by), SessionPlan(competences=(0,), seed=0)
    prior = Population.independent(1).prior
    steps: list[float] = []
    values: list[float] = []
    for row in given:
        finished = test(row, 0)
        steps.extend(finished.step_seconds)
        responses = [Response(item, int(row[item])) for item in finished.items]
        for count in range(len(responses)):
            now = algorithm.measure(
                tables, plan, responses=responses[:count], prior=prior, rules=by
            )
            posterior = now.posterior.marginal(0)
            started = time.perf_counter()
            item_values(tables.competences[0], posterior, target=None)
            values.append(time.perf_counter() - started)
    return [
        Part(part, size, *(float(np.percentile(taken, p)) * 1e6 for p in (50, 95)))
        for part, taken in ((STEP, steps), (VALUES, values))
    ]


def goals(found: Quality, timed: list[Part]) -> list[Goal]:
    times = {(part.part, part.items): part for part in timed}
    step, choice = times[STEP, 5000].p95_us, times[VALUES, 5000].p95_us
    small = times[STEP, 500].p50_us
    return [
        at_most("items", round(found.mean_items, 1), limit=14.7, form=".1f"),
        at_most("RMSE", found.rmse, limit=0.316),
        within("coverage", found.coverage_95, low=0.94, high=0.96),
        at_most("estimate + select, 5,000 items: p95 µs", step, limit=150, form=".0f"),
        at_most("expected posterior variance, 5,000: p95 µs", choice, limit=1000, form=".0f"),
        at_most(
            "estimate + select, 500 items: p50 µs", small, limit=50, form=".0f", of=ServiceGoal.STEP
        ),
    ]


def print_lines(found: list[Line]) -> None:
    print("engine                       items   RMSE  95 %   greatest  never  µs a step, p50 / p95")
    print(
        "                                          cover. exposure  used   500 items    5,000 items"
    )
    for line in found:
        one = line.quality
        print(
            f"{one.engine:27s}  {one.mean_items:5.2f}  {one.rmse:.4f}  {one.coverage_95:.3f}  "
            f"{one.greatest_exposure:.3f}     {one.items_never_used:3d}  "
            f"{line.step_500_p50_us:6.0f} {line.step_500_p95_us:6.0f}  "
            f"{line.step_5000_p50_us:6.0f} {line.step_5000_p95_us:6.0f}"
        )


def print_parts(found: list[Part]) -> None:
    print("\nours, by itself             items   p50 / p95 µs")
    for part in found:
        print(f"{part.part:25s}   {part.items:5d}   {part.p50_us:5.0f} {part.p95_us:5.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examinees", type=int, default=1000, help="for quality, and 500 items")
    parser.add_argument("--large-bank-examinees", type=int, default=40, help="for 5,000 items")
    parser.add_argument("--algorithm", default=ALGORITHM_VERSION, help="version of ours")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    asked = parser.parse_args()
    algorithm = algorithm_for(asked.algorithm)
    found = lines(
        algorithm, examinees=asked.examinees, large_bank_examinees=asked.large_bank_examinees
    )
    timed = [
        part
        for size in (500, 5000)
        for part in parts(algorithm, size=size, examinees=max(40, asked.large_bank_examinees))
    ]
    reached = goals(found[0].quality, timed)
    if asked.json:
        rows: dict[str, list[Line] | list[Part] | list[Goal]] = {
            "engines": found,
            "parts": timed,
            "goals": reached,
        }
        print(json.dumps({name: [asdict(row) for row in each] for name, each in rows.items()}))
        record(reached)
        return
    print_lines(found)
    print_parts(timed)
    print_goals(reached)


if __name__ == "__main__":
    main()
