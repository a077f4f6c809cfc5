"""Answers of simulated persons that several test files share."""

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray
from pacnum_api.psychometrics.bank import Item, ItemModel, ItemParameters, category_probabilities
from pacnum_api.psychometrics.calibration.responses import ResponseData, from_matrix


def two_pl_items(count: int, *, seed: int) -> list[Item]:
    rng = np.random.default_rng(seed)
    slopes, places = rng.lognormal(0.0, 0.3, count), rng.normal(0.0, 1.0, count)
    return [
        Item(ItemModel.TWO_PL, competence=0, level=1, a=float(a), b=float(b))
        for a, b in zip(slopes, places, strict=True)
    ]


def scores(items: list[Item], theta: FloatArray, *, rng: np.random.Generator) -> FloatArray:
    """The score of each person on each item, (N, n)."""
    parameters = ItemParameters.from_items(items)
    columns = []
    for index in range(len(items)):
        reached = np.cumsum(category_probabilities(parameters, index, theta=theta), axis=0)[:-1]
        columns.append((rng.random(len(theta)) > reached).sum(axis=0))
    return np.stack(columns, axis=1).astype(np.float64)


def sparse(complete: FloatArray, *, each: int, rng: np.random.Generator) -> FloatArray:
    """The same with all but ``each`` answers of every person taken away at random."""
    return np.where(drawn(complete.shape, each=each, rng=rng), complete, np.nan)


def drawn(shape: tuple[int, ...], *, each: int, rng: np.random.Generator) -> BoolArray:
    order = rng.random(shape).argsort(axis=1).argsort(axis=1)
    result: BoolArray = order < each
    return result


def answered_by(items: list[Item], theta: FloatArray, *, each: int, seed: int) -> ResponseData:
    rng = np.random.default_rng(seed)
    return from_matrix(sparse(scores(items, theta, rng=rng), each=each, rng=rng))
