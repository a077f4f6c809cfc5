"""How much memory processes use over time, and whether it grows."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

TWO_SIDED_95 = 1.96


def pss_kib(pid: int) -> int | None:
    """Proportional set size: shared pages are counted in part. None once the process has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return None


@dataclass(frozen=True, slots=True)
class Slope:
    """KiB per unit of what was counted on the x axis, with a 95 % interval."""

    value: float
    low: float
    high: float

    def holds_zero(self) -> bool:
        return self.low <= 0 <= self.high


def slope(x: Sequence[float], y: Sequence[float]) -> Slope:
    """Least squares. Neighbours resemble each other, so there is less evidence than samples.

    The number of samples n is taken for n (1 - r) / (1 + r), r the correlation of neighbouring
    residuals (Bartlett 1935, Journal of the Royal Statistical Society 98, 536-543).
    """
    n = len(x)
    if n < 4:
        return Slope(math.nan, -math.inf, math.inf)
    mean_x, mean_y = sum(x) / n, sum(y) / n
    spread = sum((one - mean_x) ** 2 for one in x)
    value = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread
    rest = [b - mean_y - value * (a - mean_x) for a, b in zip(x, y, strict=True)]
    squares = sum(one**2 for one in rest)
    alike = sum(a * b for a, b in pairwise(rest)) / squares if squares else 0.0
    alike = min(max(alike, 0.0), 0.99)
    effective = max(3.0, n * (1 - alike) / (1 + alike))
    error = math.sqrt(squares / n / (effective - 2) * n / spread)
    return Slope(value, value - TWO_SIDED_95 * error, value + TWO_SIDED_95 * error)


@dataclass
class Memory:
    """Samples of groups of processes: seconds since the start, what was done until then, KiB."""

    seconds: list[float] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    kib: dict[str, list[int]] = field(default_factory=dict)

    async def watch(
        self,
        groups: Callable[[], Mapping[str, Sequence[int]]],
        *,
        done: Callable[[], int],
        every_seconds: float,
    ) -> None:
        """Take samples until cancelled."""
        started = time.monotonic()
        while True:
            found = await asyncio.to_thread(_sizes, groups())
            self.seconds.append(time.monotonic() - started)
            self.done.append(done())
            for name, size in found.items():
                self.kib.setdefault(name, []).append(size)
            await asyncio.sleep(every_seconds)

    def growth(self, name: str, *, after_seconds: float) -> "Growth":
        """How a group's memory went once it was warm."""
        first = next((i for i, at in enumerate(self.seconds) if at >= after_seconds), 0)
        sizes = self.kib[name]
        first = min(first, len(sizes) - 1)
        minutes = [at / 60 for at in self.seconds[first : len(sizes)]]
        thousands = [count / 1000 for count in self.done[first : len(sizes)]]
        kept = sizes[first:]
        return Growth(
            name,
            first_kib=kept[0],
            last_kib=kept[-1],
            per_minute=slope(minutes, kept),
            per_thousand=slope(thousands, kept),
        )


@dataclass(frozen=True, slots=True)
class Growth:
    name: str
    first_kib: int
    last_kib: int
    per_minute: Slope
    per_thousand: Slope

    @property
    def percent_in_ten_minutes(self) -> float:
        return 1000 * self.per_minute.value / self.last_kib

    @property
    def is_flat(self) -> bool:
        """No growth that could be told from none, or less than a hundredth in ten minutes."""
        return self.per_minute.holds_zero() or self.percent_in_ten_minutes < 1


def _sizes(groups: Mapping[str, Sequence[int]]) -> dict[str, int]:
    return {name: sum(pss_kib(pid) or 0 for pid in pids) for name, pids in groups.items()}
