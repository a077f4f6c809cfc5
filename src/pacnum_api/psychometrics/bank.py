"""Items as the measurement sees them: their parameters, as columns.

The bank's items stand in order of competence, so that the items of one competence are one slice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.models import (
    Curves,
    dichotomous,
    graded,
    information,
    partial_credit,
    step_logits,
)

NO_FAMILY = -1


class ItemModel(StrEnum):
    ONE_PL = "1pl"
    TWO_PL = "2pl"
    THREE_PL = "3pl"
    FOUR_PL = "4pl"
    GRADED = "grm"
    PARTIAL_CREDIT = "gpcm"


POLYTOMOUS = frozenset({ItemModel.GRADED, ItemModel.PARTIAL_CREDIT})


@dataclass(frozen=True)
class Item:
    """One item's parameters, on the theta scale.

    ``a`` discrimination (logit per theta), ``b`` difficulty (theta), ``c`` guessing, ``d`` ceiling,
    ``sigma_a`` and ``sigma_b`` their standard errors. Items scored in steps: threshold k is
    ``b + steps[k - 1]``; right/wrong items have no steps. ``family``: a number shared by the items
    made from one template; ``enemies``: indices of items that may not meet it in one test.
    """

    model: ItemModel
    competence: int
    level: int
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    steps: tuple[float, ...] = ()
    sigma_a: float = 0.0
    sigma_b: float = 0.0
    family: int | None = None
    enemies: tuple[int, ...] = ()

    @property
    def categories(self) -> int:
        """Number of scores the item can give: 0 .. categories - 1."""
        return len(self.steps) + 1 if self.steps else 2

    def faults(self) -> Iterator[str]:
        """Yield, in words, what makes these parameters unusable."""
        numbers = (self.a, self.b, self.c, self.d, self.sigma_a, self.sigma_b, *self.steps)
        if not all(np.isfinite(number) for number in numbers):
            yield "a parameter is not a finite number"
        if self.a <= 0.0 or self.sigma_a < 0.0 or self.sigma_b < 0.0:
            yield "a must be positive, standard errors at least 0"
        if not 0.0 <= self.c < self.d <= 1.0:
            yield "0 <= c < d <= 1 must hold"
        if (self.model in POLYTOMOUS) != bool(self.steps):
            yield "steps go with graded and partial credit items, and only with them"
        if self.model is ItemModel.GRADED and list(self.steps) != sorted(set(self.steps)):
            yield "the steps of a graded item must rise strictly"


@dataclass(frozen=True, eq=False)
class ItemParameters:
    """The parameters of n items as columns of shape (n,); ``thresholds`` is (n, m), m the greatest
    number of steps, unused places 0. Made by ``from_items``.
    """

    model: tuple[ItemModel, ...]
    a: FloatArray
    c: FloatArray
    d: FloatArray
    thresholds: FloatArray
    sigma_a: FloatArray
    sigma_b: FloatArray
    categories: IntArray
    competence: IntArray
    level: IntArray
    family: IntArray
    enemies: tuple[tuple[int, ...], ...]

    @classmethod
    def from_items(cls, items: Sequence[Item]) -> "ItemParameters":
        """Check the items and lay them out as columns.

        ``ValueError``, naming the item's index, if parameters make no sense, competences do not
        rise, or an enemy does not exist.
        """
        _check(items)
        widest = max((item.categories - 1 for item in items), default=1)
        thresholds = np.zeros((len(items), widest))
        for row, item in zip(thresholds, items, strict=True):
            row[: item.categories - 1] = [item.b + step for step in item.steps or (0.0,)]
        families = [NO_FAMILY if item.family is None else item.family for item in items]
        return cls(
            model=tuple(item.model for item in items),
            a=_floats([item.a for item in items]),
            c=_floats([item.c for item in items]),
            d=_floats([item.d for item in items]),
            thresholds=_frozen(thresholds),
            sigma_a=_floats([item.sigma_a for item in items]),
            sigma_b=_floats([item.sigma_b for item in items]),
            categories=_integers([item.categories for item in items]),
            competence=_integers([item.competence for item in items]),
            level=_integers([item.level for item in items]),
            family=_integers(families),
            enemies=tuple(item.enemies for item in items),
        )

    def __len__(self) -> int:
        return len(self.model)


def _check(items: Sequence[Item]) -> None:
    competence = 0
    for index, item in enumerate(items):
        faults = list(item.faults())
        if item.competence < competence:
            faults.append("items must stand in order of competence, from 0 up")
        if not all(0 <= enemy < len(items) for enemy in item.enemies):
            faults.append("an enemy is not an item of the bank")
        if faults:
            raise ValueError(f"item {index}: {'; '.join(faults)}")
        competence = item.competence


def _frozen(array: FloatArray) -> FloatArray:
    array.flags.writeable = False
    return array


def _floats(values: list[float]) -> FloatArray:
    return _frozen(np.array(values, dtype=np.float64))


def _integers(values: list[int]) -> IntArray:
    array = np.array(values, dtype=np.int64)
    array.flags.writeable = False
    return array


def item_curves(parameters: ItemParameters, items: IntArray, *, theta: FloatArray) -> Curves:
    """Return the curves of ``items``, which must be alike: all right/wrong, or all of one model
    with steps and of one number of categories.
    """
    first = int(items[0])
    model, steps = parameters.model[first], int(parameters.categories[first]) - 1
    logits = step_logits(
        theta,
        parameters.thresholds[items, :steps],
        a=parameters.a[items],
        sigma_a=parameters.sigma_a[items],
        sigma_b=parameters.sigma_b[items],
    )
    if model is ItemModel.GRADED:
        return graded(logits)
    if model is ItemModel.PARTIAL_CREDIT:
        return partial_credit(logits)
    return dichotomous(logits, c=parameters.c[items], d=parameters.d[items])


def alike(parameters: ItemParameters, *, at_most: int = 500) -> Iterator[IntArray]:
    """Yield the bank's items in groups that ``item_curves`` can treat in one go."""
    groups: dict[tuple[ItemModel, int], list[int]] = {}
    for index, model in enumerate(parameters.model):
        kind = model if model in POLYTOMOUS else ItemModel.FOUR_PL
        groups.setdefault((kind, int(parameters.categories[index])), []).append(index)
    for members in groups.values():
        for start in range(0, len(members), at_most):
            yield np.array(members[start : start + at_most], dtype=np.int64)


def category_probabilities(
    parameters: ItemParameters, item: int, *, theta: float | FloatArray
) -> FloatArray:
    """Return the probabilities of the item's categories: (C, G), or (C, 1) for a single theta."""
    curves = item_curves(
        parameters, np.array([item]), theta=np.atleast_1d(np.asarray(theta, dtype=np.float64))
    )
    result: FloatArray = curves.probability[0]
    return result


def item_information(parameters: ItemParameters, *, theta: FloatArray) -> FloatArray:
    """Return the Fisher information of every item at every theta, (n, G), in 1 / theta²."""
    result = np.zeros((len(parameters), len(theta)))
    for items in alike(parameters):
        result[items] = information(item_curves(parameters, items, theta=theta))
    return result
