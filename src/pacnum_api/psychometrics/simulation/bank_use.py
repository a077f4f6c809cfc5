"""What tests do to a bank: how often each item is seen, and what two agents have in common.

Rates are those of all tests. Errors come from a delete-a-group jackknife (Shao & Wu 1989) over 20
groups of tests, which needs no formula for a maximum or an overlap. It is rough for the share of
items never used: items just short of their first use are not in the records.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.simulation.measures import Figure
from pacnum_api.psychometrics.simulation.records import NO_ITEM, ItemArray, SimulatedTests

GROUPS = 20
Statistic = Callable[[IntArray, int], float]
"""From the uses (n,) of items in a number of tests to a number."""


@dataclass(frozen=True, eq=False)
class BankUse:
    """How the tests used n items: those of the bank that they are about.

    ``rates`` (n,): part of the tests that had each item; ``greatest``; ``never_used``: share of the
    items; ``used_less_than_2_percent``: share of the items, those never used among them;
    ``chi_square``: sum of (rate - mean rate)² / mean rate (Chang & Ying 1999, Applied Psychological
    Measurement 23, 211-222), 0 when all items are used alike; ``overlap``: the expected part of a
    test's items that another agent's test also had, sum of m_i (m_i - 1) / (L N (N - 1)) with m_i
    uses of item i and L the mean length (Chen, Ankenmann & Spray 2003, Journal of Educational
    Measurement 40, 129-145; for tests of one length their T, free of bias).
    """

    rates: FloatArray
    greatest: Figure
    never_used: Figure
    used_less_than_2_percent: Figure
    chi_square: Figure
    overlap: Figure


def bank_use(tests: SimulatedTests, item_count: int, *, about: BoolArray | None = None) -> BankUse:
    """Return how ``tests`` used a bank of ``item_count`` items, or those of its items that the
    tests are ``about`` (item_count,). ``ValueError`` unless there is a test, and an item.
    """
    counted = np.ones(item_count, dtype=np.bool_) if about is None else about
    if len(tests) == 0 or not counted.any():
        raise ValueError("the use of a bank needs at least one test and one item")
    groups = np.array_split(np.arange(len(tests)), min(GROUPS, len(tests)))
    uses = np.stack([_uses(tests.items[group], item_count)[counted] for group in groups])
    sizes = np.array([len(group) for group in groups])

    def figure(statistic: Statistic) -> Figure:
        return _jackknifed(statistic, uses=uses, sizes=sizes)

    return BankUse(
        rates=uses.sum(axis=0) / len(tests),
        greatest=figure(lambda counts, tests: float(counts.max() / tests)),
        never_used=figure(lambda counts, _: float(np.mean(counts == 0))),
        used_less_than_2_percent=figure(
            lambda counts, tests: float(np.mean(counts < 0.02 * tests))
        ),
        chi_square=figure(chi_square),
        overlap=figure(overlap),
    )


def _uses(items: ItemArray, item_count: int) -> IntArray:
    return np.bincount(items[items != NO_ITEM], minlength=item_count)


def chi_square(uses: IntArray, tests: int) -> float:
    """Return the chi-square of exposure rates from the uses (n,) of items in a number of tests."""
    rates = uses / tests
    mean = float(rates.mean())
    return float(np.sum((rates - mean) ** 2) / mean) if mean > 0.0 else 0.0


def overlap(uses: IntArray, tests: int) -> float:
    """Return the rate of overlap between tests; see ``BankUse``. 0 for fewer than two tests."""
    given = int(uses.sum())
    if tests < 2 or given == 0:
        return 0.0
    return float(np.sum(uses.astype(np.float64) * (uses - 1.0)) / (given * (tests - 1.0)))


def _jackknifed(statistic: Statistic, *, uses: IntArray, sizes: IntArray) -> Figure:
    whole, tests, groups = uses.sum(axis=0), int(sizes.sum()), len(sizes)
    value = statistic(whole, tests)
    if groups < 2:
        return Figure(value, float("nan"))
    left_out = np.array(
        [
            statistic(whole - group, tests - int(size))
            for group, size in zip(uses, sizes, strict=True)
        ]
    )
    spread = float(np.sum((left_out - left_out.mean()) ** 2))
    return Figure(value, float(np.sqrt(spread * (groups - 1) / groups)))
