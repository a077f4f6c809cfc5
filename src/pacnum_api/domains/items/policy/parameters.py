"""Measurement parameters of an item nobody has answered yet, from the level it was written for.

They are provisional: the item is taken to be mastered with probability 0.67 (guessing aside) at
the middle of its level, and both parameters carry wide standard errors, which the estimation
turns into smaller steps and honest intervals.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, singledispatch
from typing import Final

from pacnum_api.domains.items.policy.grading import categories, is_partial
from pacnum_api.domains.items.types import (
    BlankKind,
    CategorisationTask,
    ClozeTask,
    HotspotTask,
    Item,
    ItemParameters,
    MatchingTask,
    MultipleChoiceTask,
    OrderingTask,
    ParameterModel,
    ParameterStatus,
    SingleChoiceTask,
    Task,
)
from pacnum_api.psychometrics.scale import MASTERY, LevelScale, provisional_difficulty

SIGMA_B: Final = 0.5
"""About two thirds of a level: how far authors' levels are from calibrated difficulties."""
SIGMA_A: Final = 0.25
_STEPS: Final = {3: (-0.4, 0.4), 4: (-0.7, 0.0, 0.7)}
"""Thresholds of partly right answers around the difficulty, a level apart, by categories."""


@dataclass(frozen=True, slots=True)
class ParameterBasis:
    """All that an item's provisional parameters depend on, but its framework's scale."""

    level: int
    categories: int
    chance: float
    is_tryout: bool


def basis_of(item: Item) -> ParameterBasis:
    """What an item says about its parameters."""
    return ParameterBasis(
        level=item.level,
        categories=categories(item.task),
        chance=chance(item.task),
        is_tryout=item.is_tryout,
    )


def provisional_parameters(basis: ParameterBasis, scale: LevelScale) -> ItemParameters:
    """Parameters for an item without data, on a framework's scale."""
    steps = _STEPS.get(basis.categories, ())
    b = provisional_difficulty(basis.level, scale=scale)
    if steps:
        b = _partial_credit_difficulty(scale.middle_of(basis.level), steps)
    return ItemParameters(
        model=ParameterModel.PARTIAL_CREDIT if steps else ParameterModel.LOGISTIC,
        a=1.0,
        b=round(b, 6),
        c=0.0 if steps else round(basis.chance, 6),
        d=1.0,
        steps=steps,
        sigma_a=SIGMA_A,
        sigma_b=SIGMA_B,
        status=status_without_data(is_tryout=basis.is_tryout),
    )


def status_without_data(*, is_tryout: bool) -> ParameterStatus:
    """What parameters without data are good for: an item on tryout measures nobody yet."""
    return ParameterStatus.SEEDED if is_tryout else ParameterStatus.PROVISIONAL


def expected_share(theta: float, b: float, *, steps: Sequence[float]) -> float:
    """Expected score over the full score, generalised partial credit with a = 1 (Muraki 1992)."""
    weights, logit = [1.0], 0.0
    for step in steps:
        logit += theta - b - step
        weights.append(math.exp(logit))
    earned = sum(category * weight for category, weight in enumerate(weights))
    return earned / (len(steps) * sum(weights))


@cache
def _partial_credit_difficulty(theta: float, steps: tuple[float, ...]) -> float:
    """The b at which the expected share of the full score at ``theta`` is 0.67, by bisection."""
    low, high = theta - 5.0, theta + 5.0  # the share falls in b: from nearly 1 to nearly 0
    for _ in range(60):
        middle = (low + high) / 2
        if expected_share(theta, middle, steps=steps) > MASTERY:
            low = middle
        else:
            high = middle
    return low


def chance(task: Task) -> float:
    """Probability that a blind answer of the right form is wholly right; 0 where one must write."""
    return 0.0 if is_partial(task) else _chance(task)


@singledispatch
def _chance(task: object) -> float:
    del task  # a number or a word is not guessed
    return 0.0


@_chance.register
def _(task: SingleChoiceTask) -> float:
    return 1 / len(task.interaction.options)


@_chance.register
def _(task: MultipleChoiceTask) -> float:
    """Any set of options but none and all."""
    return 1 / ((1 << len(task.interaction.options)) - 2)


@_chance.register
def _(task: ClozeTask) -> float:
    blanks = task.interaction.blanks
    if any(blank.kind is not BlankKind.CHOICE for blank in blanks):
        return 0.0
    return 1 / math.prod(len(blank.options) for blank in blanks)


@_chance.register
def _(task: OrderingTask) -> float:
    return 1 / math.factorial(len(task.interaction.entries))


@_chance.register
def _(task: MatchingTask) -> float:
    return 1 / math.perm(len(task.interaction.right), len(task.interaction.left))


@_chance.register
def _(task: CategorisationTask) -> float:
    return 1 / float(len(task.interaction.categories) ** len(task.interaction.entries))


@_chance.register
def _(task: HotspotTask) -> float:
    return 1 / math.comb(len(task.interaction.regions), task.interaction.select)
