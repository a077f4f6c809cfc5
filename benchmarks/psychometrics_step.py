"""One step of a test, and how good whole tests are, beside plain NumPy in the same run.

    python -m benchmarks.psychometrics_step [--brief] [--json]

Speed: a step is "take the answer in, decide what comes next" (update, stop rules, selection, with
what the explanation needs). Floor: grid expected a posteriori and maximum information at the point
estimate, written straight in NumPy: no stop rule but the standard error, no averaging over the
posterior, no draw, no record of candidates.

Quality: 500 items (a lognormal(0, 0.3), b N(0, 1.2), seed 42), 1,000 examinees N(0, 1) (seed 43),
the same pre-drawn answers for all, stop at a standard error below 0.32 or 40 items. One set of
answers (seed 44) leaves an RMSE uncertain by .007, so the means over eight sets (seeds 44 to 51)
are printed below it.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import (
    Item,
    ItemModel,
    ItemParameters,
    category_probabilities,
    item_information,
)
from pacnum_api.psychometrics.estimation import Prior, Response, estimate, update
from pacnum_api.psychometrics.rules import Rules, SelectionRules, StoppingRules
from pacnum_api.psychometrics.scale import THETA
from pacnum_api.psychometrics.selection import select
from pacnum_api.psychometrics.session import SessionPlan, after, begin
from pacnum_api.psychometrics.tables import BankTables

PRECISION = 0.32
LONGEST = 40
BANK_SEED, EXAMINEE_SEED, ANSWER_SEEDS = 42, 43, range(44, 52)


@dataclass(frozen=True)
class Finished:
    theta: float
    standard_error: float
    items: tuple[int, ...]
    step_seconds: tuple[float, ...]


@dataclass(frozen=True)
class Quality:
    engine: str
    mean_items: float
    rmse: float
    coverage_95: float
    greatest_exposure: float
    items_never_used: int


@dataclass(frozen=True)
class Speed:
    items: int
    engine_p50_us: float
    engine_p95_us: float
    floor_p50_us: float
    floor_p95_us: float
    ratio_p50: float


def rules(*, pool_size: int) -> Rules:
    never = math.inf
    return Rules(
        selection=SelectionRules(pool_size=pool_size, sharpness=8),
        stopping=StoppingRules(
            minimum_items=1,
            maximum_items=LONGEST,
            # The goal counts as reached at or below the number: "below 0.32" is one bit less.
            standard_error=math.nextafter(PRECISION, 0.0),
            level_certainty=never,
            target_probability=0.99,
            least_variance_fall=0.0,
            least_risk_fall=0.0,
        ),
    )


def bank(size: int) -> BankTables:
    rng = np.random.default_rng(BANK_SEED)
    slopes, difficulties = rng.lognormal(0.0, 0.3, size), rng.normal(0.0, 1.2, size)
    items = [
        Item(ItemModel.TWO_PL, competence=0, level=1, a=float(a), b=float(b))
        for a, b in zip(slopes, difficulties, strict=True)
    ]
    return BankTables.build(ItemParameters.from_items(items), competence_count=1)


def chances_of_success(tables: BankTables, abilities: FloatArray) -> FloatArray:
    """Return P(right) of every examinee at every item, (examinees, items)."""
    columns = [
        category_probabilities(tables.parameters, item, theta=abilities)[1]
        for item in range(tables.item_count)
    ]
    return np.stack(columns, axis=1)


def draw_answers(chances: FloatArray, *, seed: int) -> npt.NDArray[np.int64]:
    return (np.random.default_rng(seed).random(chances.shape) < chances).astype(np.int64)


def draw_examinees(count: int) -> FloatArray:
    return np.random.default_rng(EXAMINEE_SEED).normal(size=count)


def engine_test(
    tables: BankTables, given: npt.NDArray[np.int64], *, seed: int, by: Rules
) -> Finished:
    state = begin(tables, SessionPlan(competences=(0,), seed=seed))
    posterior = estimate(tables, (), prior=Prior.standard(1))
    decision = select(tables, posterior, state=state, rules=by)
    seconds = []
    while decision.selection is not None:
        item = decision.selection.item
        category = int(given[item])
        started = time.perf_counter()
        state = after(tables, state, item=item)
        posterior = update(tables, posterior, response=Response(item, category))
        decision = select(tables, posterior, state=state, rules=by)
        seconds.append(time.perf_counter() - started)
    found = posterior.competences[0]
    return Finished(found.theta, found.standard_error, state.items, tuple(seconds))


class Floor:
    """Grid EAP and maximum information, nothing else."""

    def __init__(self, tables: BankTables) -> None:
        self.log_likelihood = np.log(tables.likelihood)
        self.information = np.ascontiguousarray(item_information(tables.parameters, theta=THETA).T)

    def test(self, given: npt.NDArray[np.int64]) -> Finished:
        log_weights = -0.5 * THETA * THETA
        available = np.ones(self.information.shape[1])
        items: list[int] = []
        seconds = []
        item = int(np.argmax(self.information[len(THETA) // 2]))
        theta, error = 0.0, 1.0
        while error >= PRECISION and len(items) < LONGEST:
            started = time.perf_counter()
            items.append(item)
            available[item] = 0.0
            log_weights = log_weights + self.log_likelihood[2 * item + given[item]]
            weights = np.exp(log_weights - log_weights.max())
            weights /= weights.sum()
            theta = float(weights @ THETA)
            error = math.sqrt(weights @ (THETA - theta) ** 2)
            nearest = round((theta - THETA[0]) / (THETA[1] - THETA[0]))
            item = int(np.argmax(self.information[nearest] * available))
            seconds.append(time.perf_counter() - started)
        return Finished(theta, error, tuple(items), tuple(seconds))


def quality(engine: str, tests: list[Finished], *, abilities: FloatArray, size: int) -> Quality:
    theta = np.array([test.theta for test in tests])
    error = np.array([test.standard_error for test in tests])
    uses = np.bincount(np.concatenate([test.items for test in tests]), minlength=size)
    return Quality(
        engine=engine,
        mean_items=float(np.mean([len(test.items) for test in tests])),
        rmse=float(np.sqrt(np.mean((theta - abilities) ** 2))),
        coverage_95=float(np.mean(np.abs(theta - abilities) <= 1.959964 * error)),
        greatest_exposure=float(uses.max() / len(tests)),
        items_never_used=int(np.count_nonzero(uses == 0)),
    )


def microseconds(tests: list[Finished], percentile: float) -> float:
    seconds = np.concatenate([test.step_seconds for test in tests])
    return float(np.percentile(seconds, percentile) * 1e6)


def speed(size: int, *, examinees: int) -> Speed:
    tables = bank(size)
    chances = chances_of_success(tables, draw_examinees(examinees))
    given = draw_answers(chances, seed=ANSWER_SEEDS[0])
    floor, by = Floor(tables), rules(pool_size=5)
    ours, theirs = [], []
    for seed, row in enumerate(given):
        # By turns, so that whatever else the machine does weighs on both.
        ours.append(engine_test(tables, row, seed=seed, by=by))
        theirs.append(floor.test(row))
    return Speed(
        items=size,
        engine_p50_us=microseconds(ours, 50),
        engine_p95_us=microseconds(ours, 95),
        floor_p50_us=microseconds(theirs, 50),
        floor_p95_us=microseconds(theirs, 95),
        ratio_p50=microseconds(ours, 50) / microseconds(theirs, 50),
    )


def qualities(*, examinees: int, seed: int) -> Iterator[Quality]:
    tables = bank(500)
    abilities = draw_examinees(examinees)
    given = draw_answers(chances_of_success(tables, abilities), seed=seed)
    floor = Floor(tables)
    tests = [floor.test(row) for row in given]
    yield quality("plain NumPy", tests, abilities=abilities, size=tables.item_count)
    for name, pool_size in (("engine, greedy", 1), ("engine, draw among 5", 5)):
        by = rules(pool_size=pool_size)
        tests = [engine_test(tables, row, seed=place, by=by) for place, row in enumerate(given)]
        yield quality(name, tests, abilities=abilities, size=tables.item_count)


def mean_quality(same_engine: tuple[Quality, ...]) -> Quality:
    return Quality(
        engine=same_engine[0].engine,
        mean_items=float(np.mean([one.mean_items for one in same_engine])),
        rmse=float(np.mean([one.rmse for one in same_engine])),
        coverage_95=float(np.mean([one.coverage_95 for one in same_engine])),
        greatest_exposure=float(np.mean([one.greatest_exposure for one in same_engine])),
        items_never_used=round(float(np.mean([one.items_never_used for one in same_engine]))),
    )


def print_qualities(title: str, lines: list[Quality]) -> None:
    print(f"\n{title:24s} items    RMSE  95 % coverage  exposure  never used")
    for line in lines:
        print(
            f"{line.engine:24s} {line.mean_items:5.2f}  {line.rmse:.4f}          "
            f"{line.coverage_95:.3f}     {line.greatest_exposure:.3f}         "
            f"{line.items_never_used:3d}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    parser.add_argument("--brief", action="store_true", help="two sets of 200 examinees")
    asked = parser.parse_args()
    speeds = [speed(size, examinees=40 if asked.brief else 150) for size in (500, 5000)]
    examinees, seeds = (200, ANSWER_SEEDS[:2]) if asked.brief else (1000, ANSWER_SEEDS)
    runs = [list(qualities(examinees=examinees, seed=seed)) for seed in seeds]
    means = [mean_quality(same) for same in zip(*runs, strict=True)]
    if asked.json:
        found: dict[str, list[Speed] | list[Quality]] = {
            "speed": speeds,
            "quality": runs[0],
            "quality_mean": means,
        }
        print(json.dumps({name: [asdict(row) for row in rows] for name, rows in found.items()}))
        return
    print("items   engine p50/p95 µs   floor p50/p95 µs   ratio")
    for row in speeds:
        print(
            f"{row.items:5d}   {row.engine_p50_us:7.0f} {row.engine_p95_us:7.0f}    "
            f"{row.floor_p50_us:7.0f} {row.floor_p95_us:7.0f}     {row.ratio_p50:6.2f}"
        )
    print_qualities("answers of seed 44", runs[0])
    print_qualities(f"mean of {len(runs)} sets", means)


if __name__ == "__main__":
    main()
