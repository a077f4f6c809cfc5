"""Shadow tests: time per step, violations, what plain and guarded greedy choice would do.

    python -m benchmarks.shadow_test [--tests N] [--speed-tests N] [--processes N] [--json]

Set OPENBLAS_NUM_THREADS=1 for times: the products here are small.

Full setting (speed, comparison): 5,000 items, tests of 42. 21 competences of 1 to 3 items, 5 areas
of 6 to 11, 9 types of at least 1 and at most 45 % of the test, at least 10 items with files, 4
bands of levels of 4 to 20, 300 families of 4, 150 pairs of enemies. Two banks: *calibrated* (a
lognormal(0, 0.3), b around the item's level) and *provisional* (a = 1, b that of its level, so
that hundreds of items have the same value: the hard case for a solver).

Small setting (``--tests``): 1,000 items, tests of 20. 10 competences of 1 to 3, 3 areas of 4 to 9,
9 types (the 4 commonest at least 1, all at most 45 %), files at least 4, bands of 2 to 9, 60
families, 30 pairs. The next item is drawn among the best five of the shadow test, and one step in
twenty is made to fall back, to try that way too. Every finished test is checked against the whole
blueprint.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace

import numpy as np

from benchmarks.shadow_agents import FULL, SMALL, Agent, Bank, bank
from pacnum_api.platform.integer_programs import HighsSolver
from pacnum_api.psychometrics.arithmetic import BoolArray
from pacnum_api.psychometrics.feasibility import BlueprintState, admissible, after, plan
from pacnum_api.psychometrics.shadow import (
    Effort,
    FallbackReason,
    ShadowMethod,
    ShadowStep,
    shadow_step,
)

CHOICE_OF = 5
FALLBACK_SHARE = 0.05
CHUNK = 100
REPLAYS = 200
GOAL_P95_MS, GOAL_CAP_MS = 60.0, 250.0


@dataclass(frozen=True)
class Finished:
    items: tuple[int, ...]
    steps: tuple[ShadowStep, ...]
    seconds: tuple[float, ...]
    information: float
    mean_error: float
    violations: tuple[str, ...]


MethodAt = Callable[[int], ShadowMethod]
"""From the place of a step in its test to how it is made."""


def finished(
    agent: Agent,
    items: tuple[int, ...],
    *,
    steps: Sequence[ShadowStep] = (),
    seconds: Sequence[float] = (),
) -> Finished:
    return Finished(
        items=items,
        steps=tuple(steps),
        seconds=tuple(seconds),
        information=agent.information_given(items),
        mean_error=float(np.sqrt(agent.variance).mean()),
        violations=agent.bank.blueprint.violations(items),
    )


def everything(of: Bank) -> BoolArray:
    return np.ones(len(of.a), dtype=np.bool_)


def shadow(agent: Agent, method_at: MethodAt) -> Finished:
    blueprint, candidates = agent.bank.blueprint, everything(agent.bank)
    state = BlueprintState((), ())
    steps, seconds = [], []
    for place in range(blueprint.maximum_length):
        values = agent.values()
        started = time.perf_counter()
        step = shadow_step(
            blueprint, state, item_values=values, candidates=candidates, how=method_at(place)
        )
        state = after(blueprint, step.shadow, item=step.item)
        seconds.append(time.perf_counter() - started)
        steps.append(step)
        agent.answer(step.item)
    return finished(agent, state.given, steps=steps, seconds=seconds)


def plain_greedy(agent: Agent) -> Finished:
    """The best item each time; families and enemies are heeded, the rest is not."""
    blueprint, left = agent.bank.blueprint, everything(agent.bank)
    items: list[int] = []
    for _ in range(blueprint.maximum_length):
        item = int(np.argmax(np.where(left, agent.values(), -1.0)))
        left[blueprint.excludes[item]] = False
        items.append(item)
        agent.answer(item)
    return finished(agent, tuple(items))


def guarded_greedy(agent: Agent) -> Finished:
    blueprint, candidates = agent.bank.blueprint, everything(agent.bank)
    state = plan(blueprint, (), item_values=agent.values(), candidates=candidates)
    seconds = []
    for _ in range(blueprint.maximum_length):
        values = agent.values()
        started = time.perf_counter()
        allowed = admissible(blueprint, state, candidates=candidates)
        item = int(np.argmax(np.where(allowed, values, -1.0)))
        state = after(blueprint, state, item=item)
        seconds.append(time.perf_counter() - started)
        agent.answer(item)
    return finished(agent, state.given, seconds=seconds)


def drawn_at(seed: int) -> MethodAt:
    """Draw among the best five; one step in twenty falls back."""
    rng = np.random.default_rng([44, seed])
    solver = HighsSolver()

    def choose(items: Sequence[int]) -> int:
        return items[int(rng.integers(min(CHOICE_OF, len(items))))]

    def method_at(_place: int) -> ShadowMethod:
        is_forced = rng.random() < FALLBACK_SHARE
        forced = FallbackReason.OUT_OF_TIME if is_forced else None
        return ShadowMethod(solver, chooser=choose, recorded=forced)

    return method_at


def replayed_at(steps: Sequence[ShadowStep], *, seed: int) -> MethodAt:
    """Go the way recorded, without a clock; the draws are made again from their seed."""
    drawn = drawn_at(seed)
    return lambda place: drawn(place).as_recorded(steps[place].reason)


@dataclass(frozen=True)
class Tally:
    """What a number of tests came to."""

    tests: int = 0
    violating: int = 0
    fallbacks: int = 0
    replayed: int = 0
    replayed_differently: int = 0
    widest_gap: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            tests=self.tests + other.tests,
            violating=self.violating + other.violating,
            fallbacks=self.fallbacks + other.fallbacks,
            replayed=self.replayed + other.replayed,
            replayed_differently=self.replayed_differently + other.replayed_differently,
            widest_gap=max(self.widest_gap, other.widest_gap),
        )


def tally(tests: Sequence[Finished]) -> Tally:
    steps = [step for test in tests for step in test.steps]
    return Tally(
        tests=len(tests),
        violating=sum(bool(test.violations) for test in tests),
        fallbacks=sum(step.is_fallback for step in steps),
        widest_gap=max(
            (1.0 - step.value / step.bound for step in steps if step.bound), default=0.0
        ),
    )


def many_tests(first: int, *, count: int) -> Tally:
    """Give tests number ``first`` and on of the small setting; repeat the first of all."""
    of = bank(SMALL)
    tests, repeated, different = [], 0, 0
    for seed in range(first, first + count):
        tests.append(shadow(Agent(of, seed), drawn_at(seed)))
        if seed < REPLAYS:
            again = shadow(Agent(of, seed), replayed_at(tests[-1].steps, seed=seed))
            repeated += 1
            different += again.steps != tests[-1].steps
    return replace(tally(tests), replayed=repeated, replayed_differently=different)


def many_tests_in_processes(count: int, *, processes: int) -> Tally:
    starts = range(0, count, CHUNK)
    sizes = [min(CHUNK, count - start) for start in starts]
    with ProcessPoolExecutor(processes) as pool:
        parts = pool.map(many_chunk, starts, sizes)
        return sum(parts, Tally())


def many_chunk(first: int, count: int) -> Tally:
    return many_tests(first, count=count)


@dataclass(frozen=True)
class Line:
    goal: str
    figure: str
    is_met: bool | None = None

    def __str__(self) -> str:
        verdict = {True: "met", False: "MISSED", None: ""}[self.is_met]
        return f"{self.goal:<52} | {self.figure:<62} | {verdict}"


def milliseconds(tests: Sequence[Finished]) -> tuple[float, float, float]:
    """Return the median, the 95th percentile and the greatest time of a step."""
    seconds = np.concatenate([test.seconds for test in tests]) * 1e3
    return float(np.median(seconds)), float(np.percentile(seconds, 95)), float(seconds.max())


def speed(name: str, of: Bank, *, tests: int) -> Iterator[Line]:
    by = ShadowMethod(HighsSolver())
    shadow(Agent(of, 0), lambda _: by)
    done = [shadow(Agent(of, seed), lambda _: by) for seed in range(tests)]
    found, (p50, p95, most) = tally(done), milliseconds(done)
    steps = sum(len(test.steps) for test in done)
    yield Line(
        f"step, 5,000 items, {name} bank: p95 <= {GOAL_P95_MS:.0f} ms",
        f"p50 {p50:.1f}, p95 {p95:.1f} ms ({steps} steps)",
        p95 <= GOAL_P95_MS,
    )
    yield Line(
        f"  hard cap {GOAL_CAP_MS:.0f} ms",
        f"greatest {most:.1f} ms, {found.fallbacks} fallbacks",
        most <= GOAL_CAP_MS,
    )
    yield Line(
        "  0 violations; gap to the bound <= 1e-4",
        f"{found.violating} of {found.tests} tests, widest gap {found.widest_gap:.1e}",
        found.violating == 0 and found.widest_gap <= 1e-4,
    )


def starved(of: Bank, *, tests: int) -> Line:
    """A clock that never suffices: almost every step falls back, and tests must still be whole."""
    by = ShadowMethod(HighsSolver(), effort=Effort(asked_seconds=0.001, hard_seconds=0.002))
    done = [shadow(Agent(of, seed), lambda _: by) for seed in range(tests)]
    found, (_, _, most) = tally(done), milliseconds(done)
    return Line(
        "starved (1 ms asked, 2 ms hard): 0 violations",
        f"{found.violating} of {found.tests} tests, {found.fallbacks} fallbacks, "
        f"greatest {most:.1f} ms",
        found.violating == 0,
    )


def comparison(name: str, of: Bank, *, tests: int) -> Iterator[Line]:
    by = ShadowMethod(HighsSolver())
    ways: dict[str, Callable[[Agent], Finished]] = {
        "plain greedy": plain_greedy,
        "greedy with the guard": guarded_greedy,
        "shadow test": lambda agent: shadow(agent, lambda _: by),
    }
    reference = 0.0
    for way, give in ways.items():
        done = [give(Agent(of, 1000 + seed)) for seed in range(tests)]
        information = float(np.mean([test.information for test in done]))
        error = float(np.mean([test.mean_error for test in done]))
        reference = reference or information
        broken = float(np.mean([len(test.violations) for test in done]))
        yield Line(
            f"{name} bank, {way}",
            f"{broken:.1f} violations a test, mean SE {error:.4f}, "
            f"information {information / reference:.1%}",
            None if way == "plain greedy" else broken == 0.0,
        )
        if way == "greedy with the guard":
            p50, p95, _ = milliseconds(done)
            yield Line("  its step", f"p50 {p50:.2f}, p95 {p95:.2f} ms")


def many(tests: int, *, processes: int) -> Iterator[Line]:
    started = time.perf_counter()
    found = many_tests_in_processes(tests, processes=processes)
    elapsed = time.perf_counter() - started
    yield Line(
        "0 violations in 10,000 tests (small setting)",
        f"{found.violating} in {found.tests} tests x {SMALL.length} items, {found.fallbacks} "
        f"fallbacks, {elapsed:.0f} s",
        found.violating == 0 if tests >= 10_000 else None,
    )
    yield Line(
        "replay without a clock: bit for bit",
        f"{found.replayed_differently} of {found.replayed} tests differ",
        found.replayed_differently == 0,
    )


def lines(asked: argparse.Namespace) -> Iterator[Line]:
    for name, is_calibrated in (("calibrated", True), ("provisional", False)):
        of = bank(FULL, is_calibrated=is_calibrated)
        yield from speed(name, of, tests=asked.speed_tests)
        yield starved(of, tests=asked.speed_tests)
        yield from comparison(name, of, tests=asked.speed_tests)
    yield from many(asked.tests, processes=asked.processes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=1000, help="tests of the small setting")
    parser.add_argument("--speed-tests", type=int, default=25, help="tests of the full setting")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    asked = parser.parse_args()
    if asked.json:
        print(json.dumps([asdict(line) for line in lines(asked)]))
        return
    for line in lines(asked):
        print(line, flush=True)


if __name__ == "__main__":
    main()
