"""What many simulated tests have left, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.scale import THETA, THETA_STEP, LevelScale
from pacnum_api.psychometrics.stopping import StopReason

ItemArray = npt.NDArray[np.int32]
NO_ITEM = -1
REASONS: tuple[StopReason, ...] = tuple(StopReason)
"""Stop reasons by the code that records hold; a greater code claims less (``stopping.weakest``)."""

_EDGES = np.concatenate((THETA - THETA_STEP / 2.0, THETA[-1:] + THETA_STEP / 2.0))


@dataclass(frozen=True, eq=False)
class SimulatedTests:
    """N tests of K competences each, of at most L items.

    ``truth``, ``theta``, ``standard_error`` (N, K): true ability, estimate, standard error; NaN
    where an engine has none. ``share_below`` (N, K): posterior probability that the ability is
    below the true one; uniform on 0 .. 1 for an engine whose posterior is right. An equal-tailed
    interval of coverage q holds the truth where this is within (1 - q) / 2 of neither end.
    ``level`` (N, K), ``level_interval`` (N, K, 2): level reported, and the levels that hold 90 %.
    ``items`` (N, L): items in the order given, then -1; ``reasons`` (N,): why the tests ended,
    codes of ``REASONS``. ``mean_theta`` and ``mean_standard_error`` (N,): estimate of the mean of
    the K abilities.
    """

    truth: FloatArray
    theta: FloatArray
    standard_error: FloatArray
    share_below: FloatArray
    level: IntArray
    level_interval: IntArray
    items: ItemArray
    reasons: IntArray
    mean_theta: FloatArray
    mean_standard_error: FloatArray

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def competence_count(self) -> int:
        return int(self.truth.shape[1])

    @property
    def lengths(self) -> IntArray:
        """Number of items of each test, (N,)."""
        lengths: IntArray = np.count_nonzero(self.items != NO_ITEM, axis=1)
        return lengths

    def uses(self, item_count: int) -> IntArray:
        """Return how many tests had each item, (items,)."""
        given = self.items[self.items != NO_ITEM]
        return np.bincount(given, minlength=item_count)


def share_below(weights: FloatArray, truth: FloatArray) -> FloatArray:
    """Return the part of each posterior below the true ability, (N,).

    ``weights`` (N, 201), each row summing to 1, spread evenly over the cells of the grid; ``truth``
    (N,).
    """
    place = np.clip((truth - _EDGES[0]) / THETA_STEP, 0.0, float(len(THETA)))
    cell = np.minimum(place.astype(np.int64), len(THETA) - 1)
    rows = np.arange(len(weights))
    reached = np.add.accumulate(weights, axis=1)[rows, cell]
    below: FloatArray = reached - (1.0 - (place - cell)) * weights[rows, cell]
    return below


def levels_of(probabilities: FloatArray, *, coverage: float = 0.9) -> tuple[IntArray, IntArray]:
    """Return the level (N,) and the level interval (N, 2) from level probabilities (N, levels + 1),
    as ``scale.most_probable_level`` and ``scale.level_interval`` do for one test.
    """
    count, last = len(probabilities), probabilities.shape[1] - 1
    rows = np.arange(count)
    level = probabilities.argmax(axis=1)
    low, high, held = level.copy(), level.copy(), probabilities[rows, level]
    # A column on either side that nothing reaches for saves asking where the levels end.
    fenced = np.pad(probabilities, ((0, 0), (1, 1)), constant_values=-1.0)
    while True:
        grows = (held < coverage) & ((low > 0) | (high < last))
        if not grows.any():
            return level, np.stack((low, high), axis=1)
        below, above = fenced[rows, low], fenced[rows, high + 2]
        downwards = grows & (below >= above)
        upwards = grows & ~downwards
        low[downwards] -= 1
        high[upwards] += 1
        held = np.where(grows, held + np.maximum(below, above), held)


def level_probabilities(scale: LevelScale, weights: FloatArray) -> FloatArray:
    """Return what ``LevelScale.probabilities`` gives for each row of weights: (N, levels + 1)."""
    downwards = weights[:, ::-1]
    cells = np.argmax(scale.shares > 0.0, axis=1)
    from_top = len(THETA) - 1 - cells
    part_below = 1.0 - scale.shares[np.arange(scale.levels), cells]
    held = np.add.accumulate(downwards, axis=1)[:, from_top] - part_below * downwards[:, from_top]
    bounds = np.pad(held, ((0, 0), (1, 0)), constant_values=1.0)
    bounds = np.pad(bounds, ((0, 0), (0, 1)), constant_values=0.0)
    result: FloatArray = np.maximum(0.0, bounds[:, :-1] - bounds[:, 1:])
    return result


def level_at(scale: LevelScale, theta: FloatArray) -> IntArray:
    """Return the level of known abilities, in any shape: ``LevelScale.level_at`` for each."""
    result: IntArray = np.searchsorted(np.array(scale.cuts), theta, side="right").astype(np.int64)
    return result


def one_after_another(parts: Sequence[SimulatedTests]) -> SimulatedTests:
    """Return the tests of all parts, which are about the same competences, in order."""
    longest = max(part.items.shape[1] for part in parts)
    columns = {
        member.name: np.concatenate([getattr(part, member.name) for part in parts])
        for member in fields(SimulatedTests)
        if member.name != "items"
    }
    return SimulatedTests(**columns, items=np.concatenate([_wide(one, longest) for one in parts]))


def _wide(tests: SimulatedTests, width: int) -> ItemArray:
    missing = width - tests.items.shape[1]
    return np.pad(tests.items, ((0, 0), (0, missing)), constant_values=NO_ITEM)


def side_by_side(parts: Sequence[SimulatedTests]) -> SimulatedTests:
    """Return tests of several competences from tests of the same agents on one competence each.

    The mean of the abilities gets the standard error of independent estimates, which is what an
    engine that treats competences one by one can say; the reason is the weakest of the parts'.
    """
    theta = np.concatenate([part.theta for part in parts], axis=1)
    standard_error = np.concatenate([part.standard_error for part in parts], axis=1)
    items = np.concatenate([part.items for part in parts], axis=1)
    # Stable, so that items keep their order and the empty places go to the end.
    packed = np.take_along_axis(items, np.argsort(items == NO_ITEM, axis=1, kind="stable"), axis=1)
    return SimulatedTests(
        truth=np.concatenate([part.truth for part in parts], axis=1),
        theta=theta,
        standard_error=standard_error,
        share_below=np.concatenate([part.share_below for part in parts], axis=1),
        level=np.concatenate([part.level for part in parts], axis=1),
        level_interval=np.concatenate([part.level_interval for part in parts], axis=1),
        items=packed,
        reasons=np.maximum.reduce([part.reasons for part in parts]),
        mean_theta=theta.mean(axis=1),
        mean_standard_error=np.sqrt((standard_error**2).sum(axis=1)) / theta.shape[1],
    )


def pooled(tests: SimulatedTests) -> SimulatedTests:
    """Return the tests of K competences as K times as many of one, agent by agent.

    For what is said of all competences together; the items stand with the first. Errors worked out
    from it take an agent's competences for independent, which makes them a little small.
    """
    count, size = len(tests), tests.competence_count
    single = {
        name: getattr(tests, name).reshape(count * size, 1)
        for name in ("truth", "theta", "standard_error", "share_below", "level")
    }
    items = np.full((count, size, tests.items.shape[1]), NO_ITEM, np.int32)
    items[:, 0] = tests.items
    return SimulatedTests(
        **single,
        level_interval=tests.level_interval.reshape(count * size, 1, 2),
        items=items.reshape(count * size, -1),
        reasons=np.repeat(tests.reasons, size),
        mean_theta=tests.theta.ravel(),
        mean_standard_error=tests.standard_error.ravel(),
    )
