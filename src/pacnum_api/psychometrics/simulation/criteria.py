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

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.bank import item_information
from pacnum_api.psychometrics.rules import SelectionRules
from pacnum_api.psychometrics.scale import (
    NODE_STRIDE,
    THETA,
    THETA_LOWEST,
    THETA_STEP,
    LevelScale,
)
from pacnum_api.psychometrics.selection import CANDIDATES_KEPT
from pacnum_api.psychometrics.simulation.answers import answer_draws
from pacnum_api.psychometrics.simulation.draws import (
    WordArray,
    uniform_of_each,
    uniforms_of_each,
)
from pacnum_api.psychometrics.tables import (
    NODE_SHARES,
    PROBABILITY_UNITS,
    WEIGHT_UNITS,
    BankTables,
    CompetenceTable,
)

TAKEN = -1.0
"""Put in the place of the value of an item that may not be asked; values are at least 0."""

BEYOND = 1e300
"""More than any value, also times 255."""

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

    @classmethod
    def joined(cls, parts: Sequence["Posteriors"]) -> "Posteriors":
        """Return the posteriors of all parts, in order. There is at least one."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.weights for part in parts]),
            np.concatenate([part.theta for part in parts]),
            np.concatenate([part.variance for part in parts]),
        )

    def part(self, rows: slice | BoolArray | IntArray) -> "Posteriors":
        """Return those of some of the agents."""
        return Posteriors(self.weights[rows], self.theta[rows], self.variance[rows])

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
    of their sessions (``draws.seed_words``), what is known of each ability, how freely each may use
    each item of the competence (A, items), 0 to 1, and the position of the next item (from 1).
    ``cap`` (A, items): ``TAKEN`` for an item that may not be asked now, at least ``BEYOND`` for
    the others.
    """

    agents: IntArray
    seeds: WordArray
    posteriors: Posteriors
    availability: FloatArray
    cap: FloatArray
    position: int


class Criterion(Protocol):
    """What an item is worth to each agent."""

    def __call__(self, step: Step) -> FloatArray:
        """Return the values (A, items of the competence), at least 0, in an array of their own;
        ``cap`` is not yet applied.
        """
        ...


class Choice(Protocol):
    """Which of the valued items is put."""

    def __call__(self, values: FloatArray, step: Step) -> IntArray:
        """Return the place of the item for each agent, (A,). ``values`` has at least one column and
        may be overwritten; of a row that is all ``TAKEN`` any place will do.
        """
        ...


@dataclass(frozen=True, eq=False)
class VarianceFall:
    """``selection.item_values``: expected fall of the posterior variance of theta, or with a
    ``target`` level of the indicator of having reached it. ``drops_impossible`` as there.
    """

    table: CompetenceTable
    scale: LevelScale
    target: int | None = None
    drops_impossible: bool = False

    def __call__(self, step: Step) -> FloatArray:
        posteriors = step.posteriors
        weight = np.rint(posteriors.weights * WEIGHT_UNITS)
        nodes, points = _used(weight)
        if self.target is None:
            score = THETA[points] - posteriors.theta[:, None]
        else:
            shares = self.scale.shares[self.scale.place_of(self.target), points]
            score = shares - posteriors.probability_at_least(self.scale, self.target)[:, None]
        weight = weight[:, points]
        score *= weight
        weighted_score = np.rint(score, out=score)
        to_nodes = NODE_SHARES[points, nodes]
        return between_answers(
            self.table.scored[:, nodes],
            weight @ to_nodes,
            weighted_score=weighted_score @ to_nodes,
            drops_impossible=self.drops_impossible,
        )


def _used(weight: FloatArray) -> tuple[slice, slice]:
    """Return the nodes between which all weights (A, 201) lie that are not 0, and their points of
    the grid. The fewer, the faster: agents of like ability are best valued together.
    """
    used = np.flatnonzero(weight.any(axis=0))
    first, last = int(used[0]) // NODE_STRIDE, -(-int(used[-1]) // NODE_STRIDE)
    return slice(first, last + 1), slice(first * NODE_STRIDE, last * NODE_STRIDE + 1)


def between_answers(
    scored: FloatArray,
    weight: FloatArray,
    *,
    weighted_score: FloatArray,
    drops_impossible: bool,
) -> FloatArray:
    """Return the variance between answers of each item for each agent, (A, items).

    ``selection.between_answers`` for rows of ``weight`` and ``weighted_score``, (A, nodes); the
    nodes are those of ``scored``.
    """
    whole = (np.add.reduce(weight, axis=1) * PROBABILITY_UNITS)[:, None]
    chance = weight @ scored[0]
    shift = weighted_score @ scored[0]
    if len(scored) == 1:
        squared: FloatArray = np.multiply(shift, shift, out=shift)
        squared /= chance
        squared /= np.subtract(whole, chance, out=chance)
        return squared
    chance_0, shift_0 = whole - chance, -shift
    between: FloatArray = shift * shift / chance / whole
    for category in scored[1:]:
        chance, shift = weight @ category, weighted_score @ category
        chance_0 -= chance
        shift_0 -= shift
        between += shift * shift / np.maximum(chance, 1.0) / whole
    if drops_impossible:
        possible = chance_0 >= whole / PROBABILITY_UNITS
        chance_0, shift_0 = np.where(possible, chance_0, 1.0), np.where(possible, shift_0, 0.0)
    between += shift_0 * shift_0 / chance_0 / whole
    return between


@dataclass(frozen=True, eq=False)
class DrawAmongBest:
    """``selection.draw_probabilities`` and the draw: one of the best, by the session's seed."""

    rules: SelectionRules

    def __call__(self, values: FloatArray, step: Step) -> IntArray:
        rows = np.arange(len(values))
        pool = min(self.rules.pool_size, CANDIDATES_KEPT, values.shape[1])
        places: IntArray = np.empty((pool, len(values)), dtype=np.int64)
        tops = np.empty((pool, len(values)))
        for place, top in zip(places, tops, strict=True):
            values.argmax(axis=1, out=place)
            top[:] = values[rows, place]
            values[rows, place] = TAKEN
        if pool == 1:
            return np.reshape(places, -1)
        best = tops[0]
        ratio = np.divide(tops, best, out=np.ones_like(tops), where=best > 0.0)
        odds = _whole_power(ratio, self.rules.sharpness)
        odds[tops < 0.0] = 0.0
        odds[0] = 1.0  # also where no item is left
        draw = uniform_of_each(step.seeds, step.position, purpose="item")
        chosen: IntArray = places[_drawn(odds, draw), rows]
        return chosen


def _whole_power(base: FloatArray, exponent: int) -> FloatArray:
    # The very multiplications of the scalar engine, in its order.
    result = np.ones_like(base)
    while exponent:
        if exponent & 1:
            result = result * base
        base = base * base
        exponent >>= 1
    return result


def _drawn(odds: FloatArray, draw: FloatArray) -> IntArray:
    """Return which of the candidates each draw falls upon, (A,); ``odds`` (candidates, A).

    Sums run from the best candidate on, one by one, as those of ``selection``.
    """
    chances = odds / np.add.accumulate(odds, axis=0)[-1]
    before = np.zeros_like(chances)
    np.add.accumulate(chances[:-1], axis=0, out=before[1:])
    falls = (draw >= before) & (chances > 0.0)
    last: IntArray = len(odds) - 1 - falls[::-1].argmax(axis=0)
    return last


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
        if share > 0.0:
            stop = self.first + values.shape[1]
            chance = uniforms_of_each(step.seeds, step.position, first=self.first, stop=stop)
            chance *= share * values.max(axis=1)[:, None]
            values *= 1.0 - share
            values += chance
        values *= step.availability
        return self.draw(np.minimum(values, step.cap, out=values), step)


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
