"""Item curves as the estimation of their parameters needs them.

An item of m steps has m + 1 parameters: the logarithm of its slope, and its m thresholds; right or
wrong items have m = 1, and their guessing c and ceiling d stay what they are. With the logits
``z_k = a (theta - threshold_k)``:

    right/wrong               P(right) = c + (d - c) logistic(z_1)
    generalised partial credit    P(k) proportional to exp(z_1 + ... + z_k)

The score function of a category is the derivative of its log-probability in the parameters; both
are given at the nodes of the quadrature. Items of one number of steps are worked out together.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item, ItemModel

SMALLEST_SLOPE, GREATEST_SLOPE = 0.05, 8.0
GREATEST_THRESHOLD = 8.0
"""Bounds of the estimates: beyond them, data without a maximum (all right, all wrong) would
lead."""


@dataclass(frozen=True, eq=False)
class Parameters:
    """``log_slope`` (n,) and ``thresholds`` (n, m), unused places 0."""

    log_slope: FloatArray
    thresholds: FloatArray

    def bounded(self, is_free: BoolArray) -> "Parameters":
        """Return the parameters, those of the free items within the bounds of estimates."""
        log_slope = np.clip(self.log_slope, np.log(SMALLEST_SLOPE), np.log(GREATEST_SLOPE))
        thresholds = np.clip(self.thresholds, -GREATEST_THRESHOLD, GREATEST_THRESHOLD)
        return Parameters(
            log_slope=np.where(is_free, log_slope, self.log_slope),
            thresholds=np.where(is_free[:, None], thresholds, self.thresholds),
        )


@dataclass(frozen=True, eq=False)
class Alike:
    """Items of one number of steps: ``items`` (g,) and the ``steps`` of each."""

    items: IntArray
    steps: int


@dataclass(frozen=True, eq=False)
class Layout:
    """What does not change while parameters are estimated.

    ``steps`` (n,); ``lower``, ``upper`` (n,): guessing and ceiling; ``is_free`` (n,): whether the
    item's parameters are estimated; ``shares_slope`` (n,): whether the slope is one that all 1PL
    items have in common; ``first_row`` (n,): row of the item's category 0 in tables that have a row
    for each category of each item.
    """

    steps: IntArray
    lower: FloatArray
    upper: FloatArray
    is_free: BoolArray
    shares_slope: BoolArray
    first_row: IntArray
    row_count: int

    @property
    def widest(self) -> int:
        return int(self.steps.max())

    def alike(self) -> Iterator[Alike]:
        """Yield the items in groups of one number of steps."""
        for steps in np.unique(self.steps):
            yield Alike(items=np.flatnonzero(self.steps == steps), steps=int(steps))

    def rows(self, items: IntArray, *, category: IntArray | int) -> IntArray:
        """Return the row of each item's category."""
        result: IntArray = self.first_row[items] + category
        return result


@dataclass(frozen=True, eq=False)
class Curves:
    """``log_probability`` (g, C, Q) and ``score`` (g, p, C, Q), p = 1 + steps parameters, C = p
    categories.
    """

    log_probability: FloatArray
    score: FloatArray


def lay_out(items: Sequence[Item], *, anchors: Iterable[int], answered: IntArray) -> Layout:
    """Return the layout of the items; those in ``anchors`` or without an answer are held.

    ``ValueError`` for an item whose parameters make no sense, an anchor that is not an item, or a
    graded item: the steps of a graded item are ordered thresholds, for which this has no curves.
    """
    is_free = answered > 0
    for index, item in enumerate(items):
        faults = "; ".join(item.faults())
        if faults:
            raise ValueError(f"item {index}: {faults}")
        if item.model is ItemModel.GRADED:
            raise ValueError(f"item {index}: graded items are not calibrated")
    for anchor in anchors:
        if not 0 <= anchor < len(items):
            raise ValueError(f"anchor {anchor} is not an item")
        is_free[anchor] = False
    steps = np.array([item.categories - 1 for item in items], dtype=np.int64)
    ends = np.add.accumulate(steps + 1)
    return Layout(
        steps=steps,
        lower=np.array([item.c for item in items]),
        upper=np.array([item.d for item in items]),
        is_free=is_free,
        shares_slope=np.array([item.model is ItemModel.ONE_PL for item in items]) & is_free,
        first_row=ends - steps - 1,
        row_count=int(ends[-1]),
    )


def parameters_of(items: Sequence[Item]) -> Parameters:
    """Return the items' own parameters: where the estimation starts, and where anchors stay."""
    thresholds = np.zeros((len(items), max(item.categories - 1 for item in items)))
    for row, item in zip(thresholds, items, strict=True):
        row[: item.categories - 1] = [item.b + step for step in item.steps or (0.0,)]
    return Parameters(np.log([item.a for item in items]), thresholds)


def with_parameters(item: Item, *, slope: float, thresholds: FloatArray) -> Item:
    """Return the item with new parameters: b is the mean of its thresholds, steps what they depart
    from it.
    """
    middle = float(np.mean(thresholds))
    steps = tuple((thresholds - middle).tolist()) if item.steps else ()
    return replace(item, a=slope, b=middle, steps=steps)


def curves(layout: Layout, parameters: Parameters, *, group: Alike, nodes: FloatArray) -> Curves:
    """Return the curves of a group of items at the ``nodes`` (Q,)."""
    slope = np.exp(parameters.log_slope[group.items])[:, None, None]
    threshold = parameters.thresholds[group.items, : group.steps, None]
    logit = slope * (nodes - threshold)
    if group.steps == 1:
        lower, upper = layout.lower[group.items], layout.upper[group.items]
        return _right_wrong(logit[:, 0], slope[:, 0], lower=lower, upper=upper)
    return _partial_credit(logit, slope)


def _right_wrong(
    logit: FloatArray, slope: FloatArray, *, lower: FloatArray, upper: FloatArray
) -> Curves:
    mastered, missed = -np.logaddexp(0.0, -logit), -np.logaddexp(0.0, logit)
    with np.errstate(divide="ignore"):  # the logarithm of no guessing is minus infinity
        below, above = np.log(lower)[:, None], np.log1p(-upper)[:, None]
    between = np.log(upper - lower)[:, None]
    right = np.logaddexp(below, between + mastered)
    wrong = np.logaddexp(above, between + missed)
    # P' / P in z, on the logarithmic scale so that nothing is lost far from the item.
    steepness = between + mastered + missed
    in_logit = np.stack((-np.exp(steepness - wrong), np.exp(steepness - right)), axis=1)
    score = np.stack((in_logit * logit[:, None], -in_logit * slope[:, None]), axis=1)
    return Curves(log_probability=np.stack((wrong, right), axis=1), score=score)


def _partial_credit(logit: FloatArray, slope: FloatArray) -> Curves:
    start = np.zeros_like(logit[:, :1])
    exponent = np.concatenate((start, np.cumsum(logit, axis=1)), axis=1)
    log_probability = exponent - np.logaddexp.reduce(exponent, axis=1, keepdims=True)
    statistic = _statistics(exponent, slope)
    mean = np.add.reduce(statistic * np.exp(log_probability)[:, None], axis=2, keepdims=True)
    return Curves(log_probability=log_probability, score=statistic - mean)


def _statistics(exponent: FloatArray, slope: FloatArray) -> FloatArray:
    """Derivatives of the exponents in the parameters, (g, p, C, Q): itself in the log-slope, and
    minus the slope in each threshold that the category has passed.
    """
    items, categories, nodes = exponent.shape
    passed = np.tri(categories, categories - 1, -1).T[None, :, :, None]
    shape = (items, categories - 1, categories, nodes)
    in_thresholds = np.broadcast_to(-slope[:, None] * passed, shape)
    return np.concatenate((exponent[:, None], in_thresholds), axis=1)
