"""How tests that run side by side value and choose items: the pieces that ``batch`` is given.

``VarianceFall``, ``DrawAmongBest`` and ``PartlyByChance`` are the algorithm's own, for many agents
at once and with the bits of ``selection`` and ``joint_selection`` for each: matrix products on
whole numbers are exact in any arrangement, and everything else is done element by element in the
same order. The rest of the criteria are peers'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray, uniform, uniforms
from pacnum_api.psychometrics.bank import item_information
from pacnum_api.psychometrics.rules import SelectionRules
from pacnum_api.psychometrics.scale import THETA, THETA_LOWEST, THETA_STEP, LevelScale
from pacnum_api.psychometrics.selection import CANDIDATES_KEPT
from pacnum_api.psychometrics.simulation.answers import answer_draws
from pacnum_api.psychometrics.tables import (
    NODE_SHARES,
    PROBABILITY_UNITS,
    WEIGHT_UNITS,
    BankTables,
    CompetenceTable,
)

TAKEN = -1.0
"""Put in the place of the value of an item that may not be asked; values are at least 0."""

_THETA_SQUARED = THETA * THETA


@dataclass(frozen=True, eq=False)
class Posteriors:
    """The posteriors of A agents on one competence: ``weights`` (A, 201), each row summing to 1;
    ``theta`` and ``variance`` (A,). Row for row ``CompetencePosterior``.
    """

    weights: FloatArray
    theta: FloatArray
    variance: FloatArray

    @classmethod
    def from_mass(cls, mass: FloatArray) -> "Posteriors":
        """Return the posteriors of rows of prior times likelihood, not normalised."""
        weights = mass / np.add.reduce(mass, axis=1)[:, None]
        theta = np.add.reduce(weights * THETA, axis=1)
        variance = np.add.reduce(weights * _THETA_SQUARED, axis=1) - theta * theta
        return cls(weights, theta, variance)

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def nearest(self) -> IntArray:
        """The grid point nearest to each estimate, (A,)."""
        place: IntArray = np.rint((self.theta - THETA_LOWEST) / THETA_STEP).astype(np.int64)
        return place

    def probability_at_least(self, scale: LevelScale, level: int) -> FloatArray:
        """Return the probability that the ability reaches ``level``, (A,)."""
        shares = scale.shares[scale.place_of(level)]
        reached: FloatArray = np.add.reduce(self.weights * shares, axis=1)
        return reached


@dataclass(frozen=True, eq=False)
class Step:
    """Where A tests stand that have had the same number of items: who takes them (A,), the seeds
    of their sessions, what is known of each ability, how freely each may use each item of the
    competence (A, items), 0 to 1, and the position of the next item (from 1).
    """

    agents: IntArray
    seeds: Sequence[int]
    posteriors: Posteriors
    availability: FloatArray
    position: int


class Criterion(Protocol):
    """What an item is worth to each agent."""

    def __call__(self, step: Step) -> FloatArray:
        """Return the values (A, items of the competence), at least 0, in an array of their own."""
        ...


class Choice(Protocol):
    """Which of the valued items is put."""

    def __call__(self, values: FloatArray, step: Step) -> IntArray:
        """Return the place of the item for each agent, (A,). ``values`` may be overwritten; each
        row has at least one that is not ``TAKEN``.
        """
        ...


@dataclass(frozen=True, eq=False)
class VarianceFall:
    """``selection.item_values``: expected fall of the posterior variance of theta, or with a
    ``target`` level of the indicator of having reached it.
    """

    table: CompetenceTable
    scale: LevelScale
    target: int | None = None

    def __call__(self, step: Step) -> FloatArray:
        posteriors = step.posteriors
        if self.target is None:
            score = THETA - posteriors.theta[:, None]
        else:
            shares = self.scale.shares[self.scale.place_of(self.target)]
            score = shares - posteriors.probability_at_least(self.scale, self.target)[:, None]
        weight = np.rint(posteriors.weights * WEIGHT_UNITS)
        score *= weight
        weighted_score = np.rint(score, out=score)
        return between_answers(
            self.table.scored, weight @ NODE_SHARES, weighted_score=weighted_score @ NODE_SHARES
        )


def between_answers(
    scored: FloatArray, weight: FloatArray, *, weighted_score: FloatArray
) -> FloatArray:
    """Return the variance between answers of each item for each agent, (A, items).

    ``selection.between_answers`` for rows of ``weight`` and ``weighted_score``, (A, 41).
    """
    used = np.flatnonzero(weight.any(axis=0))
    first, stop = int(used[0]), int(used[-1]) + 1
    weight, weighted_score = weight[:, first:stop], weighted_score[:, first:stop]
    whole = (np.add.reduce(weight, axis=1) * PROBABILITY_UNITS)[:, None]
    chance = weight @ scored[0, first:stop]
    shift = weighted_score @ scored[0, first:stop]
    if len(scored) == 1:
        squared: FloatArray = np.multiply(shift, shift, out=shift)
        squared /= chance
        squared /= np.subtract(whole, chance, out=chance)
        return squared
    chance_0, shift_0 = whole - chance, -shift
    between: FloatArray = shift * shift / chance / whole
    for category in scored[1:, first:stop]:
        chance, shift = weight @ category, weighted_score @ category
        chance_0 -= chance
        shift_0 -= shift
        between += shift * shift / np.maximum(chance, 1.0) / whole
    between += shift_0 * shift_0 / chance_0 / whole
    return between


@dataclass(frozen=True, eq=False)
class DrawAmongBest:
    """``selection.draw_probabilities`` and the draw: one of the best, by the session's seed."""

    rules: SelectionRules

    def __call__(self, values: FloatArray, step: Step) -> IntArray:
        rows = np.arange(len(values))
        chosen: IntArray = values.argmax(axis=1)
        pool = min(self.rules.pool_size, CANDIDATES_KEPT, values.shape[1])
        if pool == 1:
            return chosen
        best = values[rows, chosen]
        places, odds = [chosen], [np.ones(len(values))]
        for _ in range(1, pool):
            values[rows, places[-1]] = TAKEN
            places.append(values.argmax(axis=1))
            value = values[rows, places[-1]]
            ratio = np.divide(value, best, out=np.ones_like(best), where=best > 0.0)
            odds.append(np.where(value < 0.0, 0.0, _whole_power(ratio, self.rules.sharpness)))
        draw = np.array([uniform(seed, step.position, purpose="item") for seed in step.seeds])
        return _drawn(places, odds, draw=draw)


def _whole_power(base: FloatArray, exponent: int) -> FloatArray:
    # The very multiplications of the scalar engine, in its order.
    result = np.ones_like(base)
    while exponent:
        if exponent & 1:
            result = result * base
        base = base * base
        exponent >>= 1
    return result


def _drawn(places: list[IntArray], odds: list[FloatArray], *, draw: FloatArray) -> IntArray:
    whole = np.zeros_like(draw)
    for odd in odds:
        whole += odd
    chosen, cumulative = places[0].copy(), np.zeros_like(draw)
    for place, odd in zip(places, odds, strict=True):
        chance = odd / whole
        falls = (draw >= cumulative) & (chance > 0.0)
        chosen[falls] = place[falls]
        cumulative += chance
    return chosen


@dataclass(frozen=True, eq=False)
class PartlyByChance:
    """Version 2's choice: in the ranking the first items depend on chance too, and scarce items
    count for less (``joint_selection``); then one of the best is drawn. ``first``: index of the
    competence's first item in the bank.
    """

    draw: DrawAmongBest
    first: int

    def __call__(self, values: FloatArray, step: Step) -> IntArray:
        share = self.draw.rules.random_share(step.position)
        taken = values < 0.0
        if share > 0.0:
            count = self.first + values.shape[1]
            chance = np.empty_like(values)
            for row, seed in zip(chance, step.seeds, strict=True):
                row[:] = uniforms(seed, step.position, count=count)[self.first :]
            chance *= share * values.max(axis=1)[:, None]
            values = (1.0 - share) * values + chance
        values *= step.availability
        np.copyto(values, TAKEN, where=taken)
        return self.draw(values, step)


@dataclass(frozen=True, eq=False)
class Anything:
    """Peer: any item, by a number drawn for the agent and the item."""

    items: IntArray
    seed: int

    def __call__(self, step: Step) -> FloatArray:
        return answer_draws(self.seed, step.agents[:, None], items=self.items[None, :])


@dataclass(frozen=True, eq=False)
class PointInformation:
    """Peer: Fisher information at the point estimate (Lord 1980), read off the grid.

    ``by_ability`` (201, items): information of each item at each point of the grid.
    """

    by_ability: FloatArray

    @classmethod
    def of(cls, tables: BankTables, competence: int) -> "PointInformation":
        """Work out the table; the curves are the engine's, parameter error included."""
        table = tables.competences[competence]
        whole_bank = item_information(tables.parameters, theta=THETA)
        return cls(np.ascontiguousarray(whole_bank[table.first : table.stop].T))

    def __call__(self, step: Step) -> FloatArray:
        values: FloatArray = self.by_ability[step.posteriors.nearest]
        return values


@dataclass(frozen=True, eq=False)
class Closeness:
    """Peer: the item whose difficulty is nearest to the point estimate ("b-matching").

    ``difficulties`` (items,): theta; the mean of the thresholds for items scored in steps. The
    value of distance x is 1 / (1 + x).
    """

    difficulties: FloatArray

    def __call__(self, step: Step) -> FloatArray:
        distance = np.abs(self.difficulties - step.posteriors.theta[:, None])
        values: FloatArray = 1.0 / (1.0 + distance)
        return values
