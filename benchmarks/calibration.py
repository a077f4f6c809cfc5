"""Calibration: goals and figures, beside the package mirt on the same answers.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.calibration [--brief] [--json]

10,000 persons N(0, 1) (seed 43) answer 25 of 500 items each (a lognormal(0, 0.3), b N(0, 1.2), seed
42): once items drawn at random, once an adaptive test, where each next item is drawn with a
probability in proportion to its information at the estimate so far. Nothing is known of the items
beforehand. The clock runs from the columns of answers to parameters, standard errors (the whole
information matrix) and the persons' posteriors; the median of five runs counts; seconds of the
processor beside it tell what a machine that does nothing else would take. Memory: greatest
growth by ``tracemalloc`` in a run of its own. mirt (development only): the same answers as a matrix
with -1 for no answer, 21 nodes, its default tolerance, once without errors and once with those by
cross-products, the quicker of its ways for this size; it has no priors on by default.

Below: how often the screening of items finds what is there and what is not (4,000 persons), and
how well the correlations of 21 competences are found (half as many persons as above). ``--brief``:
2,000 persons; goals are for 10,000.
"""

import argparse
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import mirt
import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.calibration.calibrate import Calibration, calibrate
from pacnum_api.psychometrics.calibration.correlation import correlate
from pacnum_api.psychometrics.calibration.dif import screen_dif
from pacnum_api.psychometrics.calibration.evidence import evidence_of
from pacnum_api.psychometrics.calibration.item_fit import item_fit
from pacnum_api.psychometrics.calibration.responses import ResponseData
from pacnum_api.psychometrics.calibration.shrinkage import shrunk
from pacnum_api.psychometrics.simulation import draw_abilities, framework_correlation

BANK_SEED, PERSON_SEED, CHOICE_SEED = 42, 43, 44
ITEMS, EACH = 500, 25


@dataclass(frozen=True)
class Line:
    """A figure with the goal it is held against ("" if it is only told)."""

    design: str
    what: str
    goal: str
    figure: float
    is_reached: bool


@dataclass(frozen=True, eq=False)
class World:
    """True parameters and abilities."""

    a: FloatArray
    b: FloatArray
    theta: FloatArray

    def chance(self, persons: IntArray, items: IntArray) -> FloatArray:
        """Return the probability of each right answer."""
        logit = self.a[items] * (self.theta[persons] - self.b[items])
        result: FloatArray = 1.0 / (1.0 + np.exp(-logit))
        return result


def draw_world(persons: int) -> World:
    rng = np.random.default_rng(BANK_SEED)
    a, b = rng.lognormal(0.0, 0.3, ITEMS), rng.normal(0.0, 1.2, ITEMS)
    return World(a, b, np.random.default_rng(PERSON_SEED).normal(size=persons))


def at_random(world: World) -> ResponseData:
    rng = np.random.default_rng(CHOICE_SEED)
    count = len(world.theta)
    items = rng.random((count, ITEMS)).argsort(axis=1)[:, :EACH].ravel()
    persons = np.repeat(np.arange(count), EACH)
    right = rng.random(len(items)) < world.chance(persons, items)
    return ResponseData(persons, items, right.astype(np.int64), count)


def adaptively(world: World) -> ResponseData:
    """Each next item is drawn in proportion to its information at the grid estimate, by the
    greatest of logarithms with Gumbel noise. Always taking the best would leave four items in five
    without an answer, and with nothing to calibrate.
    """
    rng = np.random.default_rng(CHOICE_SEED)
    count = len(world.theta)
    persons, nodes = np.arange(count), np.linspace(-4.0, 4.0, 41)
    at_nodes = 1.0 / (1.0 + np.exp(-world.a[:, None] * (nodes - world.b[:, None])))
    information = np.log(world.a[:, None] ** 2 * at_nodes * (1.0 - at_nodes)).T.copy()
    log_posterior = np.tile(-0.5 * nodes**2, (count, 1))
    taken = np.zeros((count, ITEMS))
    columns: list[tuple[IntArray, IntArray]] = []
    for _ in range(EACH):
        weights = np.exp(log_posterior - log_posterior.max(axis=1, keepdims=True))
        estimate = weights @ nodes / weights.sum(axis=1)
        nearest = np.rint((estimate + 4.0) / 0.2).astype(np.int64)
        value = information[nearest] + taken + rng.gumbel(size=taken.shape)
        item = value.argmax(axis=1)
        taken[persons, item] = -np.inf
        right = (rng.random(count) < world.chance(persons, item)).astype(np.int64)
        log_posterior += np.log(np.where(right[:, None] == 1, at_nodes[item], 1.0 - at_nodes[item]))
        columns.append((item, right))
    items, scores = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    return ResponseData(np.tile(persons, EACH), items, scores, count)


def fit(data: ResponseData) -> Calibration:
    blank = [Item(ItemModel.TWO_PL, competence=0, level=1) for _ in range(ITEMS)]
    # The columns anew, so that checking them is within the time.
    return calibrate(blank, ResponseData(data.person, data.item, data.category, data.person_count))


def seconds_of(action: Callable[[], object], *, runs: int) -> tuple[float, float]:
    """Return the median of the time that passed, and of the processor's."""
    passed, used = [], []
    for _ in range(runs):
        started, started_cpu = time.perf_counter(), time.process_time()
        action()
        passed.append(time.perf_counter() - started)
        used.append(time.process_time() - started_cpu)
    return statistics.median(passed), statistics.median(used)


def peak_megabytes(action: Callable[[], object]) -> float:
    tracemalloc.start()
    action()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def root_mean_square(departure: FloatArray) -> float:
    return float(np.sqrt(np.mean(departure**2)))


def below(design: str, what: str, *, goal: float, figure: float) -> Line:
    return Line(design, what, f"<= {goal:g}", figure, is_reached=figure <= goal)


def told(design: str, what: str, *, figure: float) -> Line:
    return Line(design, what, "", figure, is_reached=True)


def own_lines(design: str, data: ResponseData, *, world: World, runs: int) -> Iterator[Line]:
    found = fit(data)
    a = np.array([item.a for item in found.items]) - world.a
    b = np.array([item.b for item in found.items]) - world.b
    error_a = np.array([item.sigma_a for item in found.items])
    error_b = np.array([item.sigma_b for item in found.items])
    elapsed, processor = seconds_of(lambda: fit(data), runs=runs)
    yield below(design, "seconds, errors included", goal=1.0, figure=elapsed)
    yield told(design, "seconds of the processor", figure=processor)
    yield below(design, "peak MB", goal=250.0, figure=peak_megabytes(lambda: fit(data)))
    yield below(design, "RMSE of b", goal=0.27, figure=root_mean_square(b))
    yield below(design, "RMSE of a", goal=0.165, figure=root_mean_square(a))
    yield told(design, "b within 1.96 errors", figure=float(np.mean(np.abs(b) < 1.96 * error_b)))
    yield told(design, "a within 1.96 errors", figure=float(np.mean(np.abs(a) < 1.96 * error_a)))
    yield told(design, "iterations", figure=found.iterations)
    yield told(design, "fewest answers to an item", figure=float(found.answers.min()))
    yield told(design, "most answers to an item", figure=float(found.answers.max()))
    yield told(design, "reliability", figure=found.reliability)


def peer_lines(design: str, data: ResponseData, *, world: World) -> Iterator[Line]:
    matrix = np.full((data.person_count, ITEMS), -1)
    matrix[data.person, data.item] = data.category
    started = time.perf_counter()
    found = mirt.fit_mirt(matrix, model="2PL", compute_standard_errors=False)
    yield told(design, "mirt: seconds", figure=time.perf_counter() - started)
    started = time.perf_counter()
    mirt.fit_mirt(matrix, model="2PL", se_method="crossprod")
    yield told(design, "mirt: seconds, errors included", figure=time.perf_counter() - started)
    a = np.ravel(found.model.parameters["discrimination"]) - world.a
    b = np.ravel(found.model.parameters["difficulty"]) - world.b
    yield told(design, "mirt: RMSE of b", figure=root_mean_square(b))
    yield told(design, "mirt: RMSE of a", figure=root_mean_square(a))


def correlation_lines(*, persons: int, sets: int) -> Iterator[Line]:
    """21 competences in 5 areas, true correlations .7 and .6; each person is asked 7 competences, 4
    items of each.
    """
    design, areas = "profile", np.repeat(np.arange(5), (5, 4, 4, 4, 4)).tolist()
    true = framework_correlation(areas)
    pairs = np.triu_indices(len(areas), 1)
    plain, drawn, z, seconds = [], [], [], []
    for seed in range(sets):
        data, items = profile_answers(true, persons=persons, seed=seed)
        started = time.perf_counter()
        found = correlate(evidence_of(items, data, competence_count=len(areas)))
        seconds.append(time.perf_counter() - started)
        departure = (found.correlation - true)[pairs]
        plain.append(departure)
        z.append(departure / found.standard_errors[pairs])
        drawn.append((shrunk(found, areas).correlation - true)[pairs])
    inside = np.mean(np.abs(np.array(z)) < 1.96)
    yield told(design, "seconds", figure=statistics.median(seconds))
    yield told(design, "bias of correlations", figure=float(np.mean(plain)))
    yield told(design, "RMSE of correlations", figure=root_mean_square(np.array(plain)))
    yield told(design, "correlations within 1.96 errors", figure=float(inside))
    yield told(design, "RMSE drawn to areas' means", figure=root_mean_square(np.array(drawn)))


def profile_answers(
    true: FloatArray, *, persons: int, seed: int
) -> tuple[ResponseData, list[Item]]:
    rng = np.random.default_rng((PERSON_SEED, seed))
    size, per_competence, asked, each = len(true), 20, 7, 4
    items = [
        Item(
            ItemModel.TWO_PL,
            competence=competence,
            level=1,
            a=float(rng.lognormal(0.0, 0.3)),
            b=float(rng.normal(0.0, 1.2)),
        )
        for competence in range(size)
        for _ in range(per_competence)
    ]
    theta = draw_abilities(rng, true, agents=persons)
    those = rng.random((persons, size)).argsort(axis=1)[:, :asked, None]
    within = rng.random((persons, asked, per_competence)).argsort(axis=2)[:, :, :each]
    item = (those * per_competence + within).reshape(-1)
    person = np.repeat(np.arange(persons), asked * each)
    a, b = (np.array([getattr(one, name) for one in items])[item] for name in ("a", "b"))
    chance = 1.0 / (1.0 + np.exp(-a * (theta[person, item // per_competence] - b)))
    right = (rng.random(len(item)) < chance).astype(np.int64)
    return ResponseData(person, item, right, persons), items


def screening_lines(*, persons: int, sets: int) -> Iterator[Line]:
    """60 items, 20 answers each, the focal half of mean ability -0.5; 6 items are 0.6 harder for it
    and 6 others have a 3PL curve (a 2, b 0.5, c 0.3) where 2PL is fitted.
    """
    found: dict[str, list[float]] = {name: [] for name in SCREENED}
    for seed in range(sets):
        calibration, data = screened_run(persons=persons, seed=seed)
        for one in screen_dif(calibration, data):
            if one.mantel_haenszel and one.logistic:
                kind = "DIF" if one.item < 6 else "no DIF"
                is_found = one.mantel_haenszel.p_value < 0.05
                found[f"Mantel-Haenszel, {kind}"].append(is_found)
                found[f"logistic, {kind}"].append(one.logistic.uniform_p < 0.05)
        for fit_of in item_fit(calibration, data):
            if fit_of and fit_of.item >= 6:
                kind = "misfit" if fit_of.item < 12 else "fit"
                found[f"score test, {kind}"].append(fit_of.p_value < 0.05)
    for name in SCREENED:
        yield told("screening", f"{name}: p < .05", figure=float(np.mean(found[name])))


SCREENED = (
    "Mantel-Haenszel, no DIF",
    "Mantel-Haenszel, DIF",
    "logistic, no DIF",
    "logistic, DIF",
    "score test, fit",
    "score test, misfit",
)


def screened_run(*, persons: int, seed: int) -> tuple[Calibration, ResponseData]:
    rng = np.random.default_rng((CHOICE_SEED, seed))
    size, each = 60, 20
    a, b, c = rng.lognormal(0.0, 0.3, size), rng.normal(0.0, 1.0, size), np.zeros(size)
    a[6:12], b[6:12], c[6:12] = 2.0, 0.5, 0.3
    group = np.repeat([0, 1], persons // 2)
    theta = rng.normal(-0.5 * group, 1.0)
    item = rng.random((len(group), size)).argsort(axis=1)[:, :each].ravel()
    person = np.repeat(np.arange(len(group)), each)
    place = b[item] + 0.6 * ((group[person] == 1) & (item < 6))
    chance = c[item] + (1.0 - c[item]) / (1.0 + np.exp(-a[item] * (theta[person] - place)))
    right = (rng.random(len(item)) < chance).astype(np.int64)
    data = ResponseData(person, item, right, len(group), group=group)
    blank = [Item(ItemModel.TWO_PL, competence=0, level=1) for _ in range(size)]
    return calibrate(blank, data), data


def all_lines(*, persons: int, runs: int) -> Iterator[Line]:
    world = draw_world(persons)
    for design, assign in (("random", at_random), ("adaptive", adaptively)):
        data = assign(world)
        yield from own_lines(design, data, world=world, runs=runs)
        yield from peer_lines(design, data, world=world)
    yield from screening_lines(persons=4000, sets=2 * runs)
    yield from correlation_lines(persons=persons // 2, sets=runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument(
        "--brief", action="store_true", help="2,000 persons, two runs of all; goals are missed"
    )
    asked = parser.parse_args()
    persons, runs = (2000, 2) if asked.brief else (10_000, 5)
    lines = list(all_lines(persons=persons, runs=runs))
    if asked.json:
        print(json.dumps({"persons": persons, "lines": [asdict(line) for line in lines]}))
        return
    print(f"{persons} persons, {ITEMS} items, {EACH} answers each")
    for line in lines:
        verdict = "" if line.is_reached else "   MISSED"
        print(f"{line.design:9s} {line.what:32s} {line.goal:>9s} | {line.figure:9.3f}{verdict}")


if __name__ == "__main__":
    main()
