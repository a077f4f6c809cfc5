"""Standard errors from the observed information of the marginal likelihood.

Louis (1982, JRSS B 44, 226-233): what is observed is what complete data would tell, less what is
missing because abilities are not seen:

    I = Σ_items -∂² Σ r log P / ∂ξ∂ξ'  -  Σ_persons Cov(s_p | answers)  -  ∂² log prior / ∂ξ∂ξ'

with the person's score s_p as a function of ability, summed over the answers (and over the group's
mean and standard deviation, where they are estimated). The covariance of two functions of one
ability is the sum over products of their coefficients in polynomials that are orthonormal under the
person's posterior. Scores are smooth and posteriors narrow, so a few polynomials hold it: the whole
matrix, off-diagonal blocks of different items included, is a handful of matrix products. Blocks of
one item are worked out without that shortening.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.calibration.curves import Alike, Layout, Parameters, curves
from pacnum_api.psychometrics.calibration.expectation import (
    PersonPosterior,
    Population,
    Sample,
    counts_of,
    expected_counts,
)
from pacnum_api.psychometrics.calibration.maximisation import complete_gradient
from pacnum_api.psychometrics.calibration.priors import ItemPriors, sharers_of

_DEGREES = 6
"""Polynomials that may carry what answers to different items say of each other."""
_LEAST_SHARE = 3e-4
"""Of the scores' variance: a degree that carries less is left out. Against no limit the greatest
error is 1e-4 of a standard error (``tests``); with 25 answers a person, degrees 1 and 2 stay.
"""
_DIFFERENCE = 1e-5
_SMALLEST_NORM = 1e-7
_VALUES_AT_ONCE = 500_000
"""How many numbers the coefficients of a batch of persons may take: 2 MB."""


@dataclass(frozen=True, eq=False)
class Errors:
    """``items`` (n, p, p): covariance of (ln a, thresholds) of each item, 0 where they are held;
    ``population`` (G, 2): standard errors of each group's mean and standard deviation, 0 where
    they are not estimated. ``is_definite``: whether the information was positive definite, as it is
    at a maximum; if not, all errors are infinite.
    """

    items: FloatArray
    population: FloatArray
    is_definite: bool


@dataclass(frozen=True, eq=False)
class _Places:
    """Where parameters stand in the information matrix: ``of_items`` (n, p) and ``of_groups``
    (G, 2), -1 for what is held; ``joined`` (size,): the place that each is finally counted at, the
    same one for a shared slope.
    """

    of_items: IntArray
    of_groups: IntArray
    joined: IntArray

    @property
    def size(self) -> int:
        return len(self.joined)


def _places(layout: Layout, *, is_free_group: BoolArray) -> _Places:
    parameter = np.arange(layout.widest + 1)
    is_there = (parameter <= layout.steps[:, None]) & layout.is_free[:, None]
    of_items = np.where(is_there, np.cumsum(is_there).reshape(is_there.shape) - 1, -1)
    start = int(is_there.sum())
    both = np.repeat(is_free_group[:, None], 2, axis=1)
    of_groups = np.where(both, start + np.cumsum(both).reshape(both.shape) - 1, -1)
    joined = np.arange(start + int(both.sum()))
    if layout.shares_slope.any():
        slopes = of_items[layout.shares_slope, 0]
        joined[slopes] = slopes[0]
        joined = np.unique(joined, return_inverse=True)[1]
    return _Places(of_items, of_groups, joined)


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where the estimation has ended: the parameters, the population (``is_free_group`` (G,): whose
    mean and standard deviation were estimated), and the posteriors of the persons under them.
    """

    sample: Sample
    parameters: Parameters
    population: Population
    is_free_group: BoolArray
    priors: ItemPriors
    posterior: PersonPosterior


def standard_errors(at: Maximum) -> Errors:
    """Return the errors of the estimates."""
    layout = at.sample.layout
    places = _places(layout, is_free_group=at.is_free_group)
    between, squares = _missing(at, places)
    information = -between
    counts = expected_counts(at.sample, at.posterior)
    for group in layout.alike():
        free = replace(group, items=group.items[layout.is_free[group.items]])
        width = group.steps + 1
        held = counts_of(counts, layout, items=free.items, categories=width)
        blocks = _complete(at, free, counts=held) + squares[free.items, :width, :width]
        where = places.of_items[free.items, :width]
        information[where[:, :, None], where[:, None, :]] = blocks
    _add_population(information, at, places=places)
    return _errors(_joined(information, places.joined), at, places=places)


def _complete(at: Maximum, group: Alike, *, counts: FloatArray) -> FloatArray:
    """Return what complete data would tell of each item, less the part of it that is missing
    because an ability is not seen and the item's own answers do not tell: (g, p, p). The square of
    the mean score, which the missing part takes away from, is the caller's to add.
    """
    layout, nodes, sharers = at.sample.layout, at.sample.nodes, sharers_of(at.sample.layout)
    scores = curves(layout, at.parameters, group=group, nodes=nodes).score
    size = group.steps + 1
    result = np.zeros((len(group.items), size, size))
    for place in range(size):
        ends = []
        for difference in (_DIFFERENCE, -_DIFFERENCE):
            moved = _moved(at.parameters, group, place=place, by=difference)
            found = curves(layout, moved, group=group, nodes=nodes)
            prior = at.priors.gradient(moved, group=group, sharers=sharers)
            ends.append(complete_gradient(found, counts) + prior)
        result[:, :, place] = (ends[1] - ends[0]) / (2.0 * _DIFFERENCE)
    symmetric = (result + result.transpose(0, 2, 1)) / 2.0
    missing: FloatArray = np.einsum("gpcq,grcq,gcq->gpr", scores, scores, counts)
    return symmetric - missing


def _moved(parameters: Parameters, group: Alike, *, place: int, by: float) -> Parameters:
    log_slope, thresholds = parameters.log_slope.copy(), parameters.thresholds.copy()
    if place == 0:
        log_slope[group.items] += by
    else:
        thresholds[group.items, place - 1] += by
    return Parameters(log_slope, thresholds)


def _missing(at: Maximum, places: _Places) -> tuple[FloatArray, FloatArray]:
    """Return the covariances of the persons' scores, summed over persons, (size, size), and for
    each item the sum over its answers of the squares of their mean scores, (n, p, p).
    """
    layout = at.sample.layout
    scores, where = _score_table(at, places)
    item_of_row = np.repeat(np.arange(len(layout.steps)), layout.steps + 1)
    is_free = layout.is_free[item_of_row]
    total = np.zeros((places.size, places.size))
    squares = np.zeros((len(layout.steps), scores.shape[1], scores.shape[1]))
    for batch in _batches(at.sample, size=places.size):
        kept = is_free[batch.rows]
        rows, person = batch.rows[kept], batch.person[kept]
        of_rows, energy = scores[rows], 0.0
        for degree, weighted in enumerate(_polynomials(at, batch.start, stop=batch.stop)):
            coefficients = np.einsum("rpq,rq->rp", of_rows, weighted[person])
            if degree == 0:
                products = coefficients[:, :, None] * coefficients[:, None, :]
                np.add.at(squares, item_of_row[rows], products)
                continue
            of_groups = _population_coefficients(at, batch.start, weighted=weighted)
            gained = float(np.sum(coefficients**2) + np.sum(of_groups**2))
            energy += gained
            if gained <= _LEAST_SHARE * energy:
                break
            # Single precision: sums of products of 24 bits, 1e-6 of what they are for.
            dense = np.zeros((batch.stop - batch.start, places.size + 1), dtype=np.float32)
            dense[person[:, None], where[rows]] = coefficients
            dense[:, places.of_groups] += of_groups
            part = dense[:, : places.size]
            total += part.T @ part
    return total, squares


@dataclass(frozen=True, eq=False)
class _Batch:
    """Persons ``start`` .. ``stop - 1`` and their answers: ``rows`` of the score table, ``person``
    counted from ``start``.
    """

    start: int
    stop: int
    rows: IntArray
    person: IntArray


def _batches(sample: Sample, *, size: int) -> Iterator[_Batch]:
    ends, rows = sample.indicator.indptr, sample.indicator.indices
    count = sample.data.person_count
    step = max(_VALUES_AT_ONCE // max(size, 1), 1)
    for start in range(0, count, step):
        stop = min(start + step, count)
        person = np.repeat(np.arange(stop - start), np.diff(ends[start : stop + 1]))
        yield _Batch(start, stop, rows[ends[start] : ends[stop]].astype(np.int64), person)


def _score_table(at: Maximum, places: _Places) -> tuple[FloatArray, IntArray]:
    """Return the scores of every category of every item, (rows, p, Q), and where its parameters
    stand in the information matrix, (rows, p).
    """
    layout = at.sample.layout
    scores = np.zeros((layout.row_count, layout.widest + 1, len(at.sample.nodes)))
    for group in layout.alike():
        found = curves(layout, at.parameters, group=group, nodes=at.sample.nodes).score
        for category in range(group.steps + 1):
            rows = layout.rows(group.items, category=category)
            scores[rows, : group.steps + 1] = found[:, :, category]
    return scores, np.repeat(places.of_items, layout.steps + 1, axis=0)


def _polynomials(at: Maximum, start: int, *, stop: int) -> Iterator[FloatArray]:
    """Yield the polynomials of degree 0, 1, ... 6 that are orthonormal under each person's
    posterior, times the posterior, (persons, Q). By the three-term recurrence of
    Stieltjes; where the posterior has too few nodes left to tell them apart they are 0.
    """
    nodes, weights = at.sample.nodes, at.posterior.weights[start:stop]
    before, last = np.zeros_like(weights), np.ones_like(weights)
    norm = np.zeros((len(weights), 1))
    yield weights
    for _ in range(_DEGREES):
        turned = nodes * last
        middle = np.sum(weights * turned * last, axis=1, keepdims=True)
        following = turned - middle * last - norm * before
        norm = np.sqrt(np.sum(weights * following * following, axis=1, keepdims=True))
        is_there = norm > _SMALLEST_NORM
        before, last = last, np.where(is_there, following / np.where(is_there, norm, 1.0), 0.0)
        yield weights * last


def _population_coefficients(at: Maximum, start: int, *, weighted: FloatArray) -> FloatArray:
    """Return the coefficients of the scores of the groups' means and standard deviations, (persons,
    G, 2): (theta - mean) / sd², and in the logarithm of sd ((theta - mean) / sd)² - 1.
    """
    persons = slice(start, start + len(weighted))
    drawn, groups = at.sample.data.is_drawn[persons], at.sample.data.groups[persons]
    result = np.zeros((len(weighted), len(at.is_free_group), 2))
    for group in np.flatnonzero(at.is_free_group):
        members = np.flatnonzero(drawn & (groups == group))
        distance = (at.sample.nodes - at.population.mean[group]) / at.population.sd[group]
        scores = np.stack((distance / at.population.sd[group], distance * distance - 1.0))
        result[members, group] = weighted[members] @ scores.T
    return result


def _add_population(information: FloatArray, at: Maximum, *, places: _Places) -> None:
    drawn = at.sample.data.groups[at.sample.data.is_drawn]
    members = np.bincount(drawn, minlength=len(at.population.mean))
    for group in np.flatnonzero(at.is_free_group):
        mean, log_sd = places.of_groups[group]
        information[mean, mean] += members[group] / at.population.sd[group] ** 2
        information[log_sd, log_sd] += 2.0 * members[group]


def _joined(information: FloatArray, joined: IntArray) -> FloatArray:
    """Return the information with the places of a shared parameter added up."""
    size = int(joined.max(initial=-1)) + 1
    if size == len(joined):
        return information
    rows = np.zeros((size, len(joined)))
    np.add.at(rows, joined, information)
    result = np.zeros((size, size))
    np.add.at(result.T, joined, rows.T)
    return result


def _errors(information: FloatArray, at: Maximum, *, places: _Places) -> Errors:
    covariance, is_definite = _inverse(information)
    # One row and column more: what stands at place -1 is held, and has no error.
    whole = np.zeros((len(covariance) + 1, len(covariance) + 1))
    whole[:-1, :-1] = covariance
    joined = np.append(places.joined, -1)
    items, groups = joined[places.of_items], joined[places.of_groups]
    in_groups = np.sqrt(whole[groups, groups])
    in_groups[:, 1] *= at.population.sd
    return Errors(
        items=whole[items[:, :, None], items[:, None, :]],
        population=in_groups,
        is_definite=is_definite,
    )


def _inverse(information: FloatArray) -> tuple[FloatArray, bool]:
    try:
        factor = linalg.cholesky(information, lower=True)
    except linalg.LinAlgError:
        return np.full_like(information, np.inf), False
    half, _ = linalg.lapack.dpotri(factor, lower=1)
    lower = np.tril(half)
    return lower + np.tril(lower, -1).T, True
