"""New items inside live tests: which one to try next, and what its answers say.

A seeded item is put to an agent without effect on the score: its answer goes to the item's
parameters only, which are estimated with the agent's ability as the other answers have it. Which
item is tried is a function of the session's seed and of numbers, and repeats bit for bit (see
``arithmetic``).

Choice: the item that learns most from this agent. One more answer at ability theta adds
``I(theta) h h'`` to the information M about (ln a, b), h = (theta - b, -1), and so raises the
logarithm of its determinant by ``ln(1 + I h' M⁻¹ h)``: D-optimal seeding (van der Linden & Ren
2015, Psychometrika 80, 263-288), averaged over what is known of the ability. An item that has
learnt little gains much, so answers are shared out evenly without a rule for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray, stable_exp, uniform
from pacnum_api.psychometrics.bank import Item, ItemParameters, item_information
from pacnum_api.psychometrics.calibration.calibrate import Settings, calibrate
from pacnum_api.psychometrics.calibration.priors import (
    WEAK_DIFFICULTY_SD,
    WEAK_LOG_SLOPE_SD,
    ItemPriors,
)
from pacnum_api.psychometrics.calibration.responses import ResponseData
from pacnum_api.psychometrics.estimation import AbilityEstimate
from pacnum_api.psychometrics.scale import NODES

_UPDATE = Settings(node_count=61)
"""Abilities are known to about 0.3 there: nodes 0.2 apart."""


@dataclass(frozen=True, eq=False)
class SeedPool:
    """New items with provisional parameters: ``competence`` (n,), place ``b`` (n,) (the mean of the
    thresholds), and their information (n, 41) at ``scale.NODES``. Immutable; share it.
    """

    items: tuple[Item, ...]
    competence: IntArray
    b: FloatArray
    information: FloatArray

    @classmethod
    def of(cls, items: Sequence[Item]) -> "SeedPool":
        """``ValueError`` if there is no item, or parameters make no sense."""
        if not items:
            raise ValueError("there is no new item")
        parameters = ItemParameters.from_items([replace(item, competence=0) for item in items])
        places = [item.b + sum(item.steps) / max(len(item.steps), 1) for item in items]
        return cls(
            items=tuple(items),
            competence=np.array([item.competence for item in items], dtype=np.int64),
            b=np.array(places),
            information=item_information(parameters, theta=NODES),
        )


@dataclass(frozen=True, eq=False)
class SeedState:
    """What the new items have learnt so far: ``answers`` (n,), ``learnt`` (n, 3): the information
    about (ln a, b) as its places aa, ab, bb, weak priors included.
    """

    answers: IntArray
    learnt: FloatArray

    @classmethod
    def begin(cls, pool: SeedPool) -> "SeedState":
        prior = [WEAK_LOG_SLOPE_SD**-2.0, 0.0, WEAK_DIFFICULTY_SD**-2.0]
        count = len(pool.items)
        return cls(np.zeros(count, dtype=np.int64), np.tile(prior, (count, 1)))

    def after(self, pool: SeedPool, item: int, *, ability: AbilityEstimate) -> "SeedState":
        """Return the state after an agent of this ability has answered to ``item``."""
        answers, learnt = self.answers.copy(), self.learnt.copy()
        answers[item] += 1
        learnt[item] += _gained(pool, _weights(ability))[item]
        return SeedState(answers, learnt)


@dataclass(frozen=True, slots=True)
class SeedRules:
    """``wanted_answers``: an item that has as many is tried no more; ``share``: of a test's
    positions that try a new item; ``first_position``: before which none is; ``pool_size``: the draw
    is made among so many that learn most.

    ``ValueError`` unless 0 <= share <= 1 and the others are at least 1.
    """

    wanted_answers: int = 500
    share: float = 0.1
    first_position: int = 3
    pool_size: int = 3

    def __post_init__(self) -> None:
        counts = (self.wanted_answers, self.first_position, self.pool_size)
        if not 0.0 <= self.share <= 1.0 or min(counts) < 1:
            raise ValueError("a share between 0 and 1, and counts from 1 up, are needed")


def is_seed_position(seed: int, position: int, *, rules: SeedRules) -> bool:
    """Return whether this position (1 ..) of the session with this seed tries a new item."""
    drawn = uniform(seed, position, purpose="seed position")
    return position >= rules.first_position and drawn < rules.share


@dataclass(frozen=True, eq=False)
class Trial:
    """Where a new item is to be tried: the session's ``seed`` and the ``position``; ``abilities``
    of the competences that the session asks about, as they are before it; ``eligible`` (n,): new
    items that may be asked (not seen, locale, accommodations), None for all.
    """

    seed: int
    position: int
    abilities: Mapping[int, AbilityEstimate]
    eligible: BoolArray | None = None


def choose_seeded(
    pool: SeedPool, state: SeedState, *, trial: Trial, rules: SeedRules
) -> int | None:
    """Return the new item to be tried, one of the session's competences; None if there is none."""
    value = np.full(len(pool.items), -1.0)
    is_open = state.answers < rules.wanted_answers
    if trial.eligible is not None:
        is_open = is_open & trial.eligible
    for competence, ability in trial.abilities.items():
        those = np.flatnonzero(is_open & (pool.competence == competence))
        value[those] = _values(pool, state, weights=_weights(ability))[those]
    order = sorted(np.flatnonzero(value >= 0.0).tolist(), key=lambda item: (-value[item], item))
    best = order[: rules.pool_size]
    if not best:
        return None
    drawn = uniform(trial.seed, trial.position, purpose="seeded item")
    return best[int(drawn * len(best))]


def _weights(ability: AbilityEstimate) -> FloatArray:
    distance = (NODES - ability.theta) / ability.standard_error
    weights = stable_exp(-0.5 * distance * distance)
    result: FloatArray = weights / np.add.reduce(weights)
    return result


def _gained(pool: SeedPool, weights: FloatArray) -> FloatArray:
    """Return the information about (ln a, b) that an answer is expected to give, (n, 3)."""
    distance = NODES - pool.b[:, None]
    weighted = pool.information * weights
    places = (weighted * distance * distance, -weighted * distance, weighted)
    return np.stack([np.add.reduce(place, axis=1) for place in places], axis=1)


def _values(pool: SeedPool, state: SeedState, *, weights: FloatArray) -> FloatArray:
    """Return how much of what is not known of each item an answer is expected to settle, (n,): the
    trace of the gained information times the inverse of what there is, which is ln det's rise to
    first order.
    """
    gained, learnt = _gained(pool, weights), state.learnt
    determinant = learnt[:, 0] * learnt[:, 2] - learnt[:, 1] * learnt[:, 1]
    crossed = gained[:, 0] * learnt[:, 2] - 2.0 * gained[:, 1] * learnt[:, 1]
    result: FloatArray = (crossed + gained[:, 2] * learnt[:, 0]) / determinant
    return result


def updated_item(
    item: Item, category: IntArray, *, theta: FloatArray, standard_error: FloatArray
) -> Item:
    """Return the new item with parameters, and their errors, from all R answers to it.

    ``category`` (R,): the scores; ``theta``, ``standard_error`` (R,): the agents' abilities as
    their answers to operational items have them, which stay fixed. Marginal maximum likelihood of
    this item alone (fixed operational items: Wainer & Mislevy 1990; Ban, Hanson, Wang, Yi & Harris
    2001, Journal of Educational Measurement 38, 191-212, there with several cycles), under weak
    priors around the item's provisional place. ``ValueError`` for a score that the item does not
    give.
    """
    count = len(category)
    data = ResponseData(
        person=np.arange(count),
        item=np.zeros(count, dtype=np.int64),
        category=category,
        person_count=count,
        known_mean=theta,
        known_sd=standard_error,
    )
    priors = ItemPriors.weak([item])
    around = replace(priors, difficulty_mean=np.array([item.b]), step_mean=_step_row(item))
    return calibrate([item], data, priors=around, settings=_UPDATE).items[0]


def _step_row(item: Item) -> FloatArray:
    return np.array([item.steps or (0.0,)])
