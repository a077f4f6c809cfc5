"""Putting a calibration on another scale by the items they have in common.

Fixed anchors within the estimation (``calibrate(..., anchors=...)``) are the usual way here. These
methods serve where two calibrations exist already, and to see whether anchors still hold. With
``theta* = A theta + B`` (from the new to the running scale)

    a* = a / A,     b* = A b + B        (b for every threshold)

mean/mean (Loyd & Hoover 1980) and mean/sigma (Marco 1977) compare moments; Haebara (1980) and
Stocking & Lord (1983, Applied Psychological Measurement 7, 201-210) make the items', or the test's,
expected scores agree over a standard normal ability. All are in Kolen & Brennan (2014), Test
Equating, Scaling, and Linking, ch. 6.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy.optimize import minimize

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray
from pacnum_api.psychometrics.bank import Item
from pacnum_api.psychometrics.calibration.curves import (
    Layout,
    Parameters,
    curves,
    lay_out,
    parameters_of,
)

_NODES = np.linspace(-4.0, 4.0, 41)
_DENSITY = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()
_FEWEST = 3


class LinkMethod(StrEnum):
    MEAN_MEAN = "mean_mean"
    MEAN_SIGMA = "mean_sigma"
    HAEBARA = "haebara"
    STOCKING_LORD = "stocking_lord"


@dataclass(frozen=True, slots=True)
class Link:
    """``theta* = slope theta + intercept``, from the new scale to the running one."""

    slope: float
    intercept: float

    @property
    def back(self) -> "Link":
        """The link from the running scale to the new one."""
        return Link(1.0 / self.slope, -self.intercept / self.slope)

    def item(self, item: Item) -> Item:
        """Return the item of the new scale on the running one, with its standard errors."""
        return replace(
            item,
            a=item.a / self.slope,
            b=self.slope * item.b + self.intercept,
            steps=tuple(self.slope * step for step in item.steps),
            sigma_a=item.sigma_a / self.slope,
            sigma_b=self.slope * item.sigma_b,
        )


@dataclass(frozen=True, eq=False)
class LinkEstimate:
    """``link`` with the ``standard_errors`` of slope and intercept; ``anchors``: those used, of the
    pairs given, in whose places ``is_drifting`` is False; ``robust_z`` (n, 2): of each pair, in
    slope and in place.
    """

    link: Link
    slope_error: float
    intercept_error: float
    method: LinkMethod
    is_drifting: BoolArray
    robust_z: FloatArray


def link(
    new: Sequence[Item],
    running: Sequence[Item],
    *,
    method: LinkMethod = LinkMethod.STOCKING_LORD,
    critical_z: float = 2.7,
) -> LinkEstimate:
    """Return the link between two sets of parameters of the same n anchors, in the same order.

    Anchors whose robust z exceeds ``critical_z`` (2.7: about 1 % of those that have not changed;
    infinite: none) are left out. Standard errors are the jackknife's over anchors: they hold the
    error of the parameters and what anchors really differ in (Haberman, Lee & Qian 2009, ETS
    RR-09-39).

    ``ValueError`` unless there are at least 3 anchors of the same forms, none graded, and 3 that
    hold.
    """
    if len(new) != len(running) or len(new) < _FEWEST:
        raise ValueError("two sets of the same anchors, at least 3, are needed")
    if any(one.categories != other.categories for one, other in zip(new, running, strict=True)):
        raise ValueError("an anchor has not the same scores in both sets")
    robust = robust_z(new, running)
    is_drifting = np.any(np.abs(robust) > critical_z, axis=1)
    held = np.flatnonzero(~is_drifting).tolist()
    if len(held) < _FEWEST:
        raise ValueError("fewer than 3 anchors hold")

    def solved(places: Sequence[int]) -> Link:
        pair = _Pair.of([new[place] for place in places], [running[place] for place in places])
        return _METHODS[method](pair)

    links = [solved([place for place in held if place != one]) for one in held]
    return LinkEstimate(
        link=solved(held),
        slope_error=_jackknife([one.slope for one in links]),
        intercept_error=_jackknife([one.intercept for one in links]),
        method=method,
        is_drifting=is_drifting,
        robust_z=robust,
    )


def robust_z(new: Sequence[Item], running: Sequence[Item]) -> FloatArray:
    """Return how far each anchor's change lies from that of the others, (n, 2).

    For ``ln a* - ln a``, and for the change of place on the running scale that the median slope
    leaves, ``b* - A b``: (change - median) / (0.74 interquartile range), which the drifting ones do
    not move (Huynh & Meyer 2010, Practical Assessment, Research & Evaluation 15, 2). 0 where
    nothing differs.
    """
    before, after = _columns(new), _columns(running)
    slopes = np.log(after[0]) - np.log(before[0])
    places = after[1] - np.exp(-np.median(slopes)) * before[1]
    return np.stack((_robust(slopes), _robust(places)), axis=1)


def _robust(changes: FloatArray) -> FloatArray:
    low, middle, high = np.quantile(changes, (0.25, 0.5, 0.75))
    spread = 0.74 * (high - low)
    away = changes - middle
    # Where half of the anchors agree to rounding, any other change is beyond all bounds.
    least = 1e-9 * max(float(np.abs(changes).max()), 1.0)
    result: FloatArray = np.where(np.abs(away) <= least, 0.0, away / max(float(spread), least))
    return result


def _columns(items: Sequence[Item]) -> FloatArray:
    """Slopes and places, (2, n); the place is the mean of the thresholds."""
    places = [item.b + sum(item.steps) / max(len(item.steps), 1) for item in items]
    return np.array([[item.a for item in items], places])


def _jackknife(values: Sequence[float]) -> float:
    return float(np.sqrt((len(values) - 1.0) * np.var(values)))


@dataclass(frozen=True, eq=False)
class _Pair:
    """The anchors' parameters on both scales."""

    layout: Layout
    new: Parameters
    running: Parameters

    @classmethod
    def of(cls, new: Sequence[Item], running: Sequence[Item]) -> "_Pair":
        layout = lay_out(new, anchors=(), answered=np.ones(len(new), dtype=np.int64))
        return cls(layout, parameters_of(new), parameters_of(running))

    def columns(self, of: Parameters) -> FloatArray:
        """Slopes and places, (2, n)."""
        return np.stack((np.exp(of.log_slope), of.thresholds.sum(axis=1) / self.layout.steps))

    def expected_scores(self, of: Parameters) -> FloatArray:
        """The expected score of each anchor at the nodes, (n, 41)."""
        result = np.zeros((len(self.layout.steps), len(_NODES)))
        for group in self.layout.alike():
            found = curves(self.layout, of, group=group, nodes=_NODES).log_probability
            result[group.items] = np.einsum(
                "gcq,c->gq", np.exp(found), np.arange(group.steps + 1.0)
            )
        return result


def _mean_mean(pair: _Pair) -> Link:
    new, running = pair.columns(pair.new), pair.columns(pair.running)
    slope = float(new[0].mean() / running[0].mean())
    return Link(slope, float(running[1].mean() - slope * new[1].mean()))


def _mean_sigma(pair: _Pair) -> Link:
    new, running = pair.columns(pair.new), pair.columns(pair.running)
    slope = float(running[1].std() / new[1].std())
    return Link(slope, float(running[1].mean() - slope * new[1].mean()))


def _haebara(pair: _Pair) -> Link:
    return _least(pair, lambda differences: np.sum(differences**2, axis=0))


def _stocking_lord(pair: _Pair) -> Link:
    return _least(pair, lambda differences: np.sum(differences, axis=0) ** 2)


_METHODS: dict[LinkMethod, Callable[[_Pair], Link]] = {
    LinkMethod.MEAN_MEAN: _mean_mean,
    LinkMethod.MEAN_SIGMA: _mean_sigma,
    LinkMethod.HAEBARA: _haebara,
    LinkMethod.STOCKING_LORD: _stocking_lord,
}


def _least(pair: _Pair, loss: Callable[[FloatArray], FloatArray]) -> Link:
    """Return the link for which the expected scores differ least, from that of mean/mean on.

    Both ways: the new parameters on the running scale, and the running on the new one, so that the
    link back is the inverse of the link.
    """
    running, new = pair.expected_scores(pair.running), pair.expected_scores(pair.new)

    def criterion(point: FloatArray) -> float:
        there = Link(float(np.exp(point[0])), float(point[1]))
        forwards = loss(running - pair.expected_scores(_moved(pair.new, there)))
        backwards = loss(new - pair.expected_scores(_moved(pair.running, there.back)))
        return float(_DENSITY @ (forwards + backwards))

    start = _mean_mean(pair)
    found = minimize(criterion, np.array([np.log(start.slope), start.intercept]), method="BFGS")
    return Link(float(np.exp(found.x[0])), float(found.x[1]))


def _moved(parameters: Parameters, by: Link) -> Parameters:
    return Parameters(
        log_slope=parameters.log_slope - np.log(by.slope),
        thresholds=by.slope * parameters.thresholds + by.intercept,
    )
