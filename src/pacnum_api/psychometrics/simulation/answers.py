"""What simulated agents answer: a number drawn for each agent and item, held against the models.

The number of an agent at an item depends on nothing but the simulation's seed and the two: every
engine meets the same agents with the same luck, in whatever order it asks, and however the work is
shared between processes. Differences between engines so come from the engines.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.bank import POLYTOMOUS, ItemModel, ItemParameters
from pacnum_api.psychometrics.models import (
    Curves,
    dichotomous,
    graded,
    partial_credit,
    step_logits,
)

_WordArray = npt.NDArray[np.uint64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_MASK_64 = 2**64 - 1
_TWO_TO_MINUS_53 = 2.0**-53
_LEAST_SHARE_OF_A = 0.1
_AT = np.zeros(1)


def draw_category(probabilities: FloatArray, draw: float) -> int:
    """Return the category that a uniform ``draw`` in [0, 1) falls upon, (C,) probabilities."""
    below = np.searchsorted(np.cumsum(probabilities), draw, side="right")
    return min(int(below), len(probabilities) - 1)


def answer_draws(seed: int, agents: IntArray, *, items: IntArray) -> FloatArray:
    """Return a number in [0, 1) for each pair of an agent and an item; shapes are broadcast.

    A counter-based generator: the output function of SplitMix64 (Steele, Lea & Flood 2014,
    OOPSLA, 453-472) applied to the seed, then to agent and item in turn. 53 bits.
    """
    start = np.uint64(seed & _MASK_64)
    with np.errstate(over="ignore"):
        agent = _mixed(start + (agents.astype(np.uint64) + np.uint64(1)) * _GOLDEN)
        mixed = _mixed(agent + (items.astype(np.uint64) + np.uint64(1)) * _GOLDEN)
    drawn: FloatArray = (mixed >> np.uint64(11)).astype(np.float64) * _TWO_TO_MINUS_53
    return drawn


def _mixed(state: _WordArray) -> _WordArray:
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    result: _WordArray = state ^ (state >> np.uint64(31))
    return result


def true_parameters(rng: np.random.Generator, parameters: ItemParameters) -> ItemParameters:
    """Return items that could stand behind a bank's estimates: a and b drawn around its numbers
    with their standard errors, once for every item, and known without error.

    Discriminations are kept above a tenth of the bank's. Steps of an item move together.
    """
    count = len(parameters)
    slope = parameters.a + parameters.sigma_a * rng.standard_normal(count)
    shift = parameters.sigma_b * rng.standard_normal(count)
    none = np.zeros(count)
    return replace(
        parameters,
        a=np.maximum(slope, _LEAST_SHARE_OF_A * parameters.a),
        thresholds=parameters.thresholds + shift[:, None],
        sigma_a=none,
        sigma_b=none,
    )


@dataclass(frozen=True, eq=False)
class AnswerModel:
    """Agents of true ``abilities`` (N, K) who answer the items of ``parameters``, by ``seed``.

    ``parameters`` may differ from those that the engine believes (``true_parameters``); with the
    engine's own, parameter error included, answers are drawn from the very curves it computes with.
    """

    parameters: ItemParameters
    abilities: FloatArray
    seed: int

    def categories(self, agents: IntArray, items: IntArray) -> IntArray:
        """Return the scored answers of pairs of an agent and an item, both (P,): (P,)."""
        theta = self.abilities[agents, self.parameters.competence[items]]
        draws = answer_draws(self.seed, agents, items=items)
        return answered(self.parameters, items, theta=theta, draws=draws)

    def category(self, agent: int, item: int) -> int:
        """Return the scored answer of one agent to one item."""
        return int(self.categories(np.array([agent]), np.array([item]))[0])


def answered(
    parameters: ItemParameters, items: IntArray, *, theta: FloatArray, draws: FloatArray
) -> IntArray:
    """Return the category that each draw falls upon, for pairs of an ability and an item.

    ``items``, ``theta``, ``draws`` and the result: (P,). As ``draw_category`` for each.
    """
    result = np.zeros(len(items), dtype=np.int64)
    for kind in _kinds(parameters, items):
        of_kind = items[kind]
        chances = _pair_curves(parameters, of_kind, theta=theta[kind]).probability[:, :, 0]
        below = np.cumsum(chances, axis=1)[:, :-1]
        result[kind] = np.count_nonzero(below <= draws[kind, None], axis=1)
    return result


def _kinds(parameters: ItemParameters, items: IntArray) -> list[IntArray]:
    """Return places of ``items`` whose curves can be worked out in one go."""
    if parameters.thresholds.shape[1] == 1 and not POLYTOMOUS.intersection(parameters.model):
        return [np.arange(len(items))]
    groups: dict[tuple[ItemModel, int], list[int]] = {}
    for place, item in enumerate(items.tolist()):
        model = parameters.model[item]
        kind = model if model in POLYTOMOUS else ItemModel.FOUR_PL
        groups.setdefault((kind, int(parameters.categories[item])), []).append(place)
    return [np.array(places, dtype=np.int64) for places in groups.values()]


def _pair_curves(parameters: ItemParameters, items: IntArray, *, theta: FloatArray) -> Curves:
    """Return the curves of alike items, each at an ability of its own: (P, m + 1, 1)."""
    first = int(items[0])
    steps = int(parameters.categories[first]) - 1
    # Only theta - b enters: moving the thresholds lets each item be looked at from theta = 0.
    logits = step_logits(
        _AT,
        parameters.thresholds[items, :steps] - theta[:, None],
        a=parameters.a[items],
        sigma_a=parameters.sigma_a[items],
        sigma_b=parameters.sigma_b[items],
    )
    model = parameters.model[first]
    if model is ItemModel.GRADED:
        return graded(logits)
    if model is ItemModel.PARTIAL_CREDIT:
        return partial_credit(logits)
    return dichotomous(logits, c=parameters.c[items], d=parameters.d[items])
