"""LSAT section 7 and section 6: estimates, standard errors and likelihoods against published ones.

Published for all patterns together are the sum scores, and for six patterns the estimates. For
every single pattern nobody prints them, so those are held to an independent calculation,
written out here from the definitions and using nothing of the engine. The head of each file in
``golden`` says which of its columns are published.
"""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, ItemParameters
from pacnum_api.psychometrics.estimation import (
    AbilityEstimate,
    CompetencePosterior,
    Prior,
    Response,
    begin_with,
    estimate,
)
from pacnum_api.psychometrics.reference import (
    maximum_a_posteriori,
    maximum_likelihood,
    weighted_likelihood,
)
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import tables_of, two_pl
from tests.unit.psychometrics.golden_tables import categories, golden_rows

# 2PL estimates published with seven digits on the reference page of coef of the R package mirt 1.45
# (Chalmers 2012; reference/coef-method.md in its repository): slope a and intercept d = -a b.
SLOPES = (0.9879254, 1.0808847, 1.7058006, 0.7651853, 0.7357980)
INTERCEPTS = (1.8560605, 0.8079786, 1.8042187, 0.4859966, 1.8545127)


def items_of(slopes: Sequence[float], intercepts: Sequence[float]) -> list[Item]:
    pairs = zip(slopes, intercepts, strict=True)
    return [two_pl(slope, -intercept / slope) for slope, intercept in pairs]


LSAT7 = tables_of(items_of(SLOPES, INTERCEPTS))
STANDARD = AbilityEstimate(theta=0.0, standard_error=1.0)
TABLE = golden_rows("lsat7_patterns.csv")
each_pattern = pytest.mark.parametrize("row", TABLE, ids=[row["pattern"] for row in TABLE])


def responses_to(pattern: str) -> list[Response]:
    return [Response(item, category) for item, category in enumerate(categories(pattern))]


def posterior_of(tables: BankTables, pattern: str) -> CompetencePosterior:
    return estimate(tables, responses_to(pattern), prior=Prior.standard(1)).competences[0]


# The independent calculation: plain Python, Birnbaum's formulas, no import of the engine.


def chances(theta: float) -> list[float]:
    pairs = zip(SLOPES, INTERCEPTS, strict=True)
    return [1.0 / (1.0 + math.exp(-slope * theta - intercept)) for slope, intercept in pairs]


def score(theta: float, pattern: str) -> float:
    """First derivative of the log-likelihood."""
    answers = zip(SLOPES, categories(pattern), chances(theta), strict=True)
    return sum(slope * (category - chance) for slope, category, chance in answers)


def information_at(theta: float) -> float:
    pairs = zip(SLOPES, chances(theta), strict=True)
    return sum(slope**2 * chance * (1.0 - chance) for slope, chance in pairs)


def warm_score(theta: float, pattern: str) -> float:
    """Warm (1989): the score plus J / (2 I); for the 2PL P'' P' / (P Q) = a³ P Q (1 - 2 P)."""
    pairs = zip(SLOPES, chances(theta), strict=True)
    skew = sum(slope**3 * p * (1.0 - p) * (1.0 - 2.0 * p) for slope, p in pairs)
    return score(theta, pattern) + skew / (2.0 * information_at(theta))


def moments(pattern: str, *, limit: float) -> tuple[float, float]:
    """Posterior mean and standard deviation within -limit..limit, prior N(0, 1)."""

    def density(theta: float) -> float:
        answers = zip(categories(pattern), chances(theta), strict=True)
        likelihood = math.prod(p if category else 1.0 - p for category, p in answers)
        return math.exp(-0.5 * theta * theta) * likelihood

    whole, first, second = (
        quad(lambda at, k=power: at**k * density(at), -limit, limit, epsabs=1e-13, epsrel=1e-11)[0]
        for power in range(3)
    )
    return first / whole, math.sqrt(second / whole - (first / whole) ** 2)


def root_within_the_scale(function: str, pattern: str) -> float:
    equation = {"ml": score, "wle": warm_score}[function]
    if equation(-5.0, pattern) <= 0.0:
        return -5.0
    if equation(5.0, pattern) >= 0.0:
        return 5.0
    return float(brentq(lambda theta: equation(theta, pattern), -5.0, 5.0, xtol=1e-12))


@each_pattern
def test_the_table_is_what_quadrature_and_root_finding_give(row: dict[str, str]) -> None:
    pattern = row["pattern"]
    eap, deviation = moments(pattern, limit=12.0)
    mode = float(brentq(lambda theta: score(theta, pattern) - theta, -9.0, 9.0, xtol=1e-12))
    expected = {
        "eap": eap,
        "eap_se": deviation,
        "map": mode,
        "map_se": (information_at(mode) + 1.0) ** -0.5,
    }
    for name in ("ml", "wle"):
        expected[name] = root_within_the_scale(name, pattern)
        expected[f"{name}_se"] = information_at(expected[name]) ** -0.5
    assert {name: float(row[name]) for name in expected} == pytest.approx(expected, abs=1e-7)


@each_pattern
def test_expected_a_posteriori_for_each_pattern(row: dict[str, str]) -> None:
    found = posterior_of(LSAT7, row["pattern"])
    # The outermost cells of the grid end at -5.025 and 5.025: within them sums equal integrals.
    # What lies beyond moves no estimate by more than 1e-4 (00000, which reaches lowest).
    assert (found.theta, found.standard_error) == pytest.approx(
        moments(row["pattern"], limit=5.025), abs=1e-6
    )
    assert found.theta == pytest.approx(float(row["eap"]), abs=1e-4)
    assert found.standard_error == pytest.approx(float(row["eap_se"]), abs=2e-4)


@each_pattern
def test_modal_estimators_for_each_pattern(row: dict[str, str]) -> None:
    responses = responses_to(row["pattern"])
    found = {
        "map": maximum_a_posteriori(LSAT7.parameters, responses, prior=STANDARD),
        "ml": maximum_likelihood(LSAT7.parameters, responses),
        "wle": weighted_likelihood(LSAT7.parameters, responses),
    }
    for name, one in found.items():
        assert one.theta == pytest.approx(float(row[name]), abs=1e-6)
        assert one.standard_error == pytest.approx(float(row[f"{name}_se"]), abs=1e-6)


@pytest.mark.parametrize("row", golden_rows("lsat7_mirt_patterns.csv"))
def test_published_estimates_of_six_patterns(row: dict[str, str]) -> None:
    mode = maximum_a_posteriori(LSAT7.parameters, responses_to(row["pattern"]), prior=STANDARD)
    assert mode.theta == pytest.approx(float(row["map"]), abs=5e-5)
    assert posterior_of(LSAT7, row["pattern"]).theta == pytest.approx(float(row["eap"]), abs=4e-3)


@pytest.mark.parametrize("row", golden_rows("lsat7_mirt_sum_scores.csv"))
def test_published_estimates_of_every_sum_score(row: dict[str, str]) -> None:
    before = begin_with(LSAT7, Prior.standard(1)).competences[0]
    mass: FloatArray = np.zeros_like(before.mass)
    for other in TABLE:
        if sum(categories(other["pattern"])) == int(row["score"]):
            mass = mass + posterior_of(LSAT7, other["pattern"]).mass
    found = CompetencePosterior.from_mass(mass, LSAT7.scale, answered=5)
    assert found.theta == pytest.approx(float(row["eap"]), abs=1e-4)
    assert found.standard_error == pytest.approx(float(row["eap_se"]), abs=2e-4)
    expected = 1000.0 * mass.sum() / before.mass.sum()
    assert expected == pytest.approx(float(row["expected"]), abs=0.01)


def test_published_likelihood_estimates_under_equal_slopes() -> None:
    """mirt, tests/testthat/test-01-mirtOne.R, `modm4` and `fm3`: common slope 1.011."""
    parameters = ItemParameters.from_items(
        items_of([1.011] * 5, (1.868, 0.791, 1.461, 0.521, 1.993))
    )
    for pattern, theta in (("00001", -2.783489), ("00011", -1.750890), ("00100", -2.783489)):
        found = maximum_likelihood(parameters, responses_to(pattern))
        # the published parameters have three digits
        assert found.theta == pytest.approx(theta, abs=2e-3)


def test_published_estimates_of_three_items() -> None:
    """a 1, 1.2, 0.8; b -1, 0, 1; answers right, wrong, right, by the R package catR (Magis & Raîche
    2012): values kept in tests/testthat/test_theta_estimates.R of the R package caMST 0.1.6.
    """
    tables = tables_of([two_pl(1.0, -1.0), two_pl(1.2, 0.0), two_pl(0.8, 1.0)])
    mode = maximum_a_posteriori(tables.parameters, responses_to("101"), prior=STANDARD)
    assert mode.theta == pytest.approx(0.1307695, abs=1e-6)
    assert mode.standard_error == pytest.approx(0.7705124, abs=1e-6)
    # catR sums over 33 points from -4 to 4
    assert posterior_of(tables, "101").theta == pytest.approx(0.1446946, abs=2e-5)


# LSAT section 6, 1,000 examinees, patterns 00000, 00001, ... 11111: Bock & Lieberman (1970). Item
# means as published with the data: .924, .709, .553, .763, .870.
LSAT6_FREQUENCIES = (
    *(3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15),
    *(10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21, 173, 11, 61, 28, 298),
)


@pytest.mark.parametrize(
    ("slopes", "difficulties", "log_likelihood"),
    [
        # 2PL by the R package ltm (Rizopoulos 2006, Journal of Statistical Software 17(5))
        (
            (0.8254, 0.7229, 0.8905, 0.6886, 0.6575),
            (-3.3597, -1.3696, -0.2799, -1.8659, -3.1236),
            -2466.653,
        ),
        # equal slopes by the R package mirt 1.45 (reference/LSAT6.md in its repository)
        (
            (0.755,) * 5,
            tuple(-intercept / 0.755 for intercept in (2.730, 0.999, 0.240, 1.307, 2.100)),
            -2466.938,
        ),
    ],
)
def test_published_log_likelihoods_of_lsat6(
    slopes: tuple[float, ...], difficulties: tuple[float, ...], log_likelihood: float
) -> None:
    tables = tables_of([two_pl(a, b) for a, b in zip(slopes, difficulties, strict=True)])
    before = begin_with(tables, Prior.standard(1)).competences[0].mass.sum()
    patterns = ["".join(answers) for answers in product("01", repeat=5)]
    fit = sum(
        frequency * math.log(posterior_of(tables, pattern).mass.sum() / before)
        for pattern, frequency in zip(patterns, LSAT6_FREQUENCIES, strict=True)
    )
    means = np.array(LSAT6_FREQUENCIES) @ [categories(pattern) for pattern in patterns] / 1000.0
    assert means == pytest.approx([0.924, 0.709, 0.553, 0.763, 0.870])
    assert fit == pytest.approx(log_likelihood, abs=2e-3)
