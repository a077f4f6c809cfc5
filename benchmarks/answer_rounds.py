"""Rounds of answers: every target by turns, its latencies and its CPU, medians and ratios."""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.answer_seats import Seat
from benchmarks.answer_servers import CpuSeconds


@dataclass(frozen=True, slots=True)
class Sample:
    """One target in one round: latencies in ms, CPU in µs per answer, answers per second.

    ``per_core``: answers per second of CPU that server and PostgreSQL used together.
    """

    p50: float
    p95: float
    p99: float
    server_cpu: float
    postgres_cpu: float
    client_cpu: float
    rate: float
    per_core: float

    @classmethod
    def of(cls, seconds: Sequence[float], *, used: CpuSeconds, wall_seconds: float) -> "Sample":
        count = len(seconds)
        cuts = statistics.quantiles(seconds, n=100)
        return cls(
            p50=cuts[49] * 1e3,
            p95=cuts[94] * 1e3,
            p99=cuts[98] * 1e3,
            server_cpu=used.server / count * 1e6,
            postgres_cpu=used.postgres / count * 1e6,
            client_cpu=used.client / count * 1e6,
            rate=count / wall_seconds,
            per_core=count / (used.server + used.postgres),
        )


MEASURES = tuple(Sample.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Turns:
    """How often each target takes its turn, with how many answers, and for how long at most.

    The first round is begun in any case, and every round is finished.
    """

    answers: int
    rounds: int
    seconds: float


async def answers_of(seats: Sequence[Seat], count: int) -> list[float]:
    """The seconds of each of ``count`` answers, given by all seats at once."""
    for seat in seats:
        await seat.sit_down()
    return await _timed(seats, count)


async def _timed(seats: Sequence[Seat], count: int) -> list[float]:
    left = count
    seconds: list[float] = []

    async def play(seat: Seat) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            seconds.append(await seat.answer())

    async with asyncio.TaskGroup() as group:
        for seat in seats:
            group.create_task(play(seat))
    return seconds


async def sample(seats: Sequence[Seat], *, answers: int, cpu: Callable[[], CpuSeconds]) -> Sample:
    for seat in seats:
        await seat.sit_down()
    before = cpu()
    started = time.perf_counter()
    seconds = await _timed(seats, answers)
    wall = time.perf_counter() - started
    return Sample.of(seconds, used=cpu().since(before), wall_seconds=wall)


async def samples_by_turns(
    seats: Mapping[str, Sequence[Seat]], *, turns: Turns, cpu: Callable[[str], CpuSeconds]
) -> dict[str, list[Sample]]:
    """Every target in every round, another one first each time; whole rounds, one at the least."""
    targets = tuple(seats)
    samples: dict[str, list[Sample]] = {target: [] for target in targets}
    deadline = time.monotonic() + turns.seconds
    for number in range(turns.rounds):
        if number > 0 and time.monotonic() > deadline:
            break
        first = number % len(targets)
        for target in targets[first:] + targets[:first]:
            taken = await sample(
                seats[target],
                answers=turns.answers,
                cpu=lambda target=target: cpu(target),  # type: ignore[misc]  # mypy cannot infer it
            )
            samples[target].append(taken)
    return samples


def median_of(samples: Iterable[Sample]) -> Sample:
    known = list(samples)
    return Sample(
        **{name: statistics.median(getattr(one, name) for one in known) for name in MEASURES}
    )


def ratios_of(over: Sequence[Sample], under: Sequence[Sample]) -> Sample:
    """The median over rounds of one target's figures over another's in the same round."""
    return median_of(
        Sample(**{name: getattr(one, name) / (getattr(other, name) or 1) for name in MEASURES})
        for one, other in zip(over, under, strict=True)
    )
