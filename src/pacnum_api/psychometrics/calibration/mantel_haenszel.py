"""Mantel-Haenszel statistics of tables that match two groups by ability.

Right/wrong items: Holland & Thayer (1988), in Wainer & Braun, Test validity, 129-145; the error of
the logarithm of the odds ratio by Robins, Breslow & Greenland (1986), Biometrics 42, 311-323;
classes of the Educational Testing Service: Zwick (2012), ETS RR-12-08. Items scored in steps:
Mantel (1963), JASA 58, 690-700, with the standardised mean difference of Dorans & Schmitt (1991),
ETS RR-91-47, and its classes in units of the score's deviation: Zwick, Thayer & Mazzeo (1997),
Applied Measurement in Education 10, 321-344.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import exp, inf, log, sqrt

import numpy as np
from scipy.stats import chi2, norm

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray

_DELTA = -2.35
"""From logits to the delta scale of item difficulty: 4 / 1.7, and the other way round."""


class DifClass(StrEnum):
    """How much an item favours one of two groups of equal ability: A negligible, B moderate,
    C large.
    """

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True)
class MantelHaenszel:
    """``odds_ratio``: of a right answer, reference over focal group, common to all strata;
    ``log_error``: standard error of its logarithm; ``chi_squared`` (1 degree of freedom, with
    continuity correction) and its ``p_value``; ``delta``: -2.35 ln odds ratio, below 0 if the item
    is harder for the focal group, with ``delta_error``.

    ``odds_ratio`` is 0 or infinite, and errors are infinite, where one group answered all alike.
    """

    odds_ratio: float
    log_error: float
    chi_squared: float
    p_value: float
    delta: float
    delta_error: float
    dif_class: DifClass


@dataclass(frozen=True, slots=True)
class Mantel:
    """``chi_squared`` (1 degree of freedom) and its ``p_value``; ``mean_difference``: mean score of
    the focal group minus that of the reference group at the focal group's abilities, in scores;
    ``effect``: the same in standard deviations of the score.
    """

    chi_squared: float
    p_value: float
    mean_difference: float
    effect: float
    dif_class: DifClass


def mantel_haenszel(tables: FloatArray) -> MantelHaenszel:
    """Return the statistics of S strata, (S, 2, 2): counts by group (0 reference, 1 focal) and
    answer (0 wrong, 1 right). Strata in which a group is missing count for nothing.

    ``ValueError`` if in no stratum both groups, and different answers, are found.
    """
    kept = _with_both_groups(tables)
    total = kept.sum(axis=(1, 2))
    right, wrong = kept[:, 0, 1], kept[:, 0, 0]
    focal_right, focal_wrong = kept[:, 1, 1], kept[:, 1, 0]
    agree, differ = right * focal_wrong / total, wrong * focal_right / total
    odds_ratio = float(agree.sum() / differ.sum()) if differ.any() else inf
    members, answers = kept.sum(axis=2), kept.sum(axis=1)
    expected = members[:, 0] * answers[:, 1] / total
    variance = members.prod(axis=1) * answers.prod(axis=1) / (total**2 * (total - 1.0))
    departure = abs(float(np.sum(right - expected)))
    statistic = max(departure - 0.5, 0.0) ** 2 / float(variance.sum())
    log_error = _log_error(kept, agree=agree, differ=differ)
    delta = _DELTA * log(odds_ratio) if 0.0 < odds_ratio < inf else -inf * (odds_ratio - 0.5)
    delta_error = -_DELTA * log_error
    return MantelHaenszel(
        odds_ratio=odds_ratio,
        log_error=log_error,
        chi_squared=statistic,
        p_value=float(chi2.sf(statistic, 1)),
        delta=delta,
        delta_error=delta_error,
        dif_class=delta_class(delta, delta_error=delta_error),
    )


def is_telling(tables: FloatArray) -> bool:
    """Return whether a stratum, (S, 2, C), has both groups and different answers."""
    is_mixed = (tables.sum(axis=1) > 0).sum(axis=1) > 1
    return bool(np.any(_has_both_groups(tables) & is_mixed))


def _has_both_groups(tables: FloatArray) -> BoolArray:
    result: BoolArray = (tables.sum(axis=2) > 0).all(axis=1)
    return result


def _with_both_groups(tables: FloatArray) -> FloatArray:
    if not is_telling(tables):
        raise ValueError("no stratum has both groups and different answers")
    return tables[_has_both_groups(tables)]


def _log_error(tables: FloatArray, *, agree: FloatArray, differ: FloatArray) -> float:
    if not (agree.any() and differ.any()):
        return inf
    total = tables.sum(axis=(1, 2))
    straight = (tables[:, 0, 1] + tables[:, 1, 0]) / total
    crossed = (tables[:, 0, 0] + tables[:, 1, 1]) / total
    first, second = agree.sum(), differ.sum()
    variance = (
        np.sum(straight * agree) / (2.0 * first**2)
        + np.sum(straight * differ + crossed * agree) / (2.0 * first * second)
        + np.sum(crossed * differ) / (2.0 * second**2)
    )
    return sqrt(float(variance))


def delta_class(delta: float, *, delta_error: float) -> DifClass:
    """Return the class: A if delta is below 1 in size or not significant (5 %); C if it is at least
    1.5 and significantly greater than 1 (5 %, one-sided); else B.
    """
    size = abs(delta)
    if size < 1.0 or size <= norm.ppf(0.975) * delta_error:
        return DifClass.A
    if size >= 1.5 and size - 1.0 > norm.ppf(0.95) * delta_error:
        return DifClass.C
    return DifClass.B


def confidence_interval(found: MantelHaenszel, *, coverage: float = 0.95) -> tuple[float, float]:
    """Return the interval of the odds ratio that holds ``coverage``, from the error of its log."""
    reach = float(norm.ppf(0.5 + coverage / 2.0)) * found.log_error
    return found.odds_ratio * exp(-reach), found.odds_ratio * exp(reach)


def mantel(tables: FloatArray) -> Mantel:
    """Return the statistics of S strata, (S, 2, C): counts by group and score 0 .. C - 1.

    ``ValueError`` as ``mantel_haenszel``.
    """
    kept = _with_both_groups(tables)
    scores = np.arange(kept.shape[2], dtype=np.float64)
    members, answers, total = kept.sum(axis=2), kept.sum(axis=1), kept.sum(axis=(1, 2))
    sums, squares = answers @ scores, answers @ scores**2
    expected = members[:, 1] * sums / total
    spread = total * squares - sums**2
    variance = float(np.sum(members.prod(axis=1) * spread / (total**2 * (total - 1.0))))
    statistic = float(np.sum(kept[:, 1] @ scores - expected)) ** 2 / variance
    of_groups = (kept @ scores) / members
    share = members[:, 1] / members[:, 1].sum()
    difference = float(share @ (of_groups[:, 1] - of_groups[:, 0]))
    pooled = answers.sum(axis=0) / total.sum()
    deviation = sqrt(float(pooled @ scores**2 - (pooled @ scores) ** 2))
    p_value, effect = float(chi2.sf(statistic, 1)), difference / deviation
    return Mantel(
        chi_squared=statistic,
        p_value=p_value,
        mean_difference=difference,
        effect=effect,
        dif_class=effect_class(effect, p_value=p_value),
    )


def effect_class(effect: float, *, p_value: float) -> DifClass:
    """Return the class: A if not significant (5 %) or at most 0.17 in size, C above 0.25, else
    B.
    """
    if p_value >= 0.05 or abs(effect) <= 0.17:
        return DifClass.A
    return DifClass.C if abs(effect) > 0.25 else DifClass.B
