"""Models and estimators against figures that others published.

Science: four questions of Eurobarometer 38.1 with four categories each, 392 respondents, the
standard example of graded models (R packages ltm, Rizopoulos 2006, and mirt, Chalmers 2012).
The figures are in ``golden``, each file with its source on top. Published parameters have five
digits at most and come from fits that stopped at slightly different places: hence tolerances of
some 1e-3.
"""

import math
from itertools import product

import numpy as np
import pytest

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import (
    Item,
    ItemModel,
    ItemParameters,
    category_probabilities,
    item_information,
)
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
from tests.unit.psychometrics.banks import tables_of
from tests.unit.psychometrics.golden_tables import categories, golden_rows

STANDARD = AbilityEstimate(theta=0.0, standard_error=1.0)


def graded_item(slope: float, *intercepts: float) -> Item:
    """P(score >= k) = logistic(slope theta + intercept k), as the R package mirt writes it."""
    steps = tuple(-intercept / slope for intercept in intercepts)
    return Item(ItemModel.GRADED, competence=0, level=1, a=slope, steps=steps)


def partial_credit_item(slope: float, *intercepts: float) -> Item:
    """P(k) proportional to exp(k slope theta + intercept k), as the R package mirt writes it."""
    steps = -np.diff([0.0, *intercepts]) / slope
    return Item(
        ItemModel.PARTIAL_CREDIT, competence=0, level=1, a=slope, steps=tuple(steps.tolist())
    )


# mirt, tests/testthat/test-02-mirtTwo.R, `modLouis`: Comfort, Work, Future, Benefit.
SCIENCE = tables_of(
    [
        graded_item(1.04236, 4.86544, 2.64044, -1.46621),
        graded_item(1.22569, 2.92400, 0.90115, -2.26661),
        graded_item(2.29058, 5.22988, 2.21201, -1.96222),
        graded_item(1.09557, 3.34845, 0.99190, -1.68846),
    ]
)
# The same with the last item as partial credit: `modp5` there, printed with three digits.
SCIENCE_MIXED = tables_of(
    [
        graded_item(1.057, 4.876, 2.650, -1.472),
        graded_item(1.219, 2.918, 0.900, -2.263),
        graded_item(2.254, 5.177, 2.190, -1.942),
        partial_credit_item(0.771, 2.160, 2.973, 1.767),
    ]
)


def responses_to(pattern: str) -> list[Response]:
    return [Response(item, category) for item, category in enumerate(categories(pattern))]


def test_published_probabilities_of_graded_items() -> None:
    for row in golden_rows("science_mirt_probabilities.csv"):
        theta = float(row["theta"])
        found = category_probabilities(SCIENCE.parameters, int(row["item"]), theta=theta)[:, 0]
        published = [float(row[f"p{category}"]) for category in range(4)]
        assert found == pytest.approx(published, rel=0.02, abs=5e-4)


# Categories from 0; mirt, reference page of fscores, first rows of the table of patterns.
@pytest.mark.parametrize(
    ("pattern", "eap", "standard_error"),
    [
        ("0000", -2.7492669, 0.6293525),
        ("0210", -1.4198318, 0.5772364),
        ("0312", -0.7141976, 0.6200139),
        ("0320", -0.4469265, 0.6509531),
        ("1000", -2.5437807, 0.5909114),
        ("1013", -1.2478570, 0.5840105),
    ],
)
def test_published_estimates_under_the_graded_model(
    pattern: str, eap: float, standard_error: float
) -> None:
    found = estimate(SCIENCE, responses_to(pattern), prior=Prior.standard(1)).competences[0]
    assert found.theta == pytest.approx(eap, abs=1.5e-3)
    # 0000 reaches below -5, where the scale ends: its deviation comes out .002 too small.
    assert found.standard_error == pytest.approx(standard_error, abs=2.5e-3)


def test_published_estimates_of_every_sum_score_under_the_graded_model() -> None:
    before = begin_with(SCIENCE, Prior.standard(1)).competences[0]
    mass: dict[int, FloatArray] = {}
    for answers in product(range(4), repeat=4):
        responses = [Response(item, category) for item, category in enumerate(answers)]
        posterior = estimate(SCIENCE, responses, prior=Prior.standard(1)).competences[0]
        mass[sum(answers)] = mass.get(sum(answers), 0.0) + posterior.mass
    for row in golden_rows("science_mirt_sum_scores.csv"):
        of_score = mass[int(row["score"])]
        found = CompetencePosterior.from_mass(of_score, SCIENCE.scale, answered=4)
        assert found.theta == pytest.approx(float(row["eap"]), abs=1.5e-3)
        assert found.standard_error == pytest.approx(float(row["eap_se"]), abs=2.5e-3)
        expected = 392.0 * of_score.sum() / before.mass.sum()
        assert expected == pytest.approx(float(row["expected"]), abs=0.05)


def test_published_likelihood_estimates_under_the_graded_model() -> None:
    rows = golden_rows("science_mirt_maximum_likelihood.csv")
    assert len(rows) == 88
    for row in rows:
        found = maximum_likelihood(SCIENCE.parameters, responses_to(row["pattern"]))
        # Estimates far out answer most to the last digit of the parameters.
        assert found.theta == pytest.approx(float(row["ml"]), abs=4e-3)


@pytest.mark.parametrize(("pattern", "theta"), [("0123", -0.370), ("1102", -1.694)])
def test_published_modes_under_the_graded_model(pattern: str, theta: float) -> None:
    """mirt, reference page of fscores. Its standard errors use the observed information."""
    found = maximum_a_posteriori(SCIENCE.parameters, responses_to(pattern), prior=STANDARD)
    assert found.theta == pytest.approx(theta, abs=1.5e-3)


# mirt, reference page of fscores, `method = 'WLE'`.
@pytest.mark.parametrize(
    ("pattern", "theta"),
    [
        ("0210", -2.1191038),
        ("0312", -1.1387624),
        ("0320", -0.8489387),
        ("1000", -4.0112458),
        ("1013", -1.8957020),
    ],
)
def test_published_weighted_estimates_under_the_graded_model(pattern: str, theta: float) -> None:
    found = weighted_likelihood(SCIENCE.parameters, responses_to(pattern))
    assert found.theta == pytest.approx(theta, abs=2e-3)


def test_a_weighted_estimate_beyond_the_scale_is_its_end() -> None:
    """mirt publishes -5.698 for the pattern of lowest answers."""
    found = weighted_likelihood(SCIENCE.parameters, responses_to("0000"))
    assert found.theta == pytest.approx(-5.0, abs=1e-6)


# mirt, tests/testthat/test-02-mirtTwo.R, `fm5`, which it holds to 0.01.
@pytest.mark.parametrize(
    ("pattern", "eap"),
    [
        ("0000", -2.7249561),
        ("0210", -1.4446593),
        ("0312", -0.7364399),
        ("0320", -0.5627047),
        ("1000", -2.5174376),
        ("1013", -1.1732461),
    ],
)
def test_published_estimates_with_a_partial_credit_item(pattern: str, eap: float) -> None:
    found = estimate(SCIENCE_MIXED, responses_to(pattern), prior=Prior.standard(1)).competences[0]
    assert found.theta == pytest.approx(eap, abs=1.5e-3)


def dichotomous_item(a: float, b: float, *, c: float, d: float = 1.0) -> ItemParameters:
    model = ItemModel.THREE_PL if d == 1.0 else ItemModel.FOUR_PL
    return ItemParameters.from_items([Item(model, competence=0, level=1, a=a, b=b, c=c, d=d)])


@pytest.mark.parametrize(("a", "b", "c"), [(1.5, 1.0, 0.2), (0.8, -0.5, 0.25), (2.0, 0.0, 0.1)])
def test_a_3pl_item_informs_most_where_birnbaum_says(a: float, b: float, c: float) -> None:
    """Birnbaum (1968); Lord (1980), Applications of item response theory, chapter 10, with D = 1:
    place and height of the greatest information in closed form.
    """
    root = math.sqrt(1.0 + 8.0 * c)
    place = b + math.log((1.0 + root) / 2.0) / a
    height = a**2 / (8.0 * (1.0 - c) ** 2) * (1.0 - 20.0 * c - 8.0 * c**2 + root**3)
    around = place + np.array([-0.01, 0.0, 0.01])
    below, at, above = item_information(dichotomous_item(a, b, c=c), theta=around)[0]
    assert at == pytest.approx(height, rel=1e-12)
    assert at > max(below, above)


def test_a_4pl_item_informs_most_where_magis_found() -> None:
    """a 1.1, b -1, c .2, d .95: the example of Magis (2013), Applied Psychological Measurement 37,
    304-315, with seven digits in the R package petersenlab 1.1.0, reference page of test_info_4PL.
    """
    around = -0.8493521 + np.array([-0.01, 0.0, 0.01])
    below, at, above = item_information(dichotomous_item(1.1, -1.0, c=0.2, d=0.95), theta=around)[0]
    assert at == pytest.approx(0.1757369, abs=1e-7)
    assert at > max(below, above)


@pytest.mark.parametrize(("c", "d"), [(0.2, 1.0), (0.0, 0.95), (0.1, 0.9)])
def test_4pl_information_is_magis_formula(c: float, d: float) -> None:
    """Magis (2013): a² (P - c)² (d - P)² / ((d - c)² P (1 - P))."""
    theta = np.linspace(-3.0, 3.0, 13)
    parameters = dichotomous_item(1.3, 0.4, c=c, d=d)
    p = c + (d - c) / (1.0 + np.exp(-1.3 * (theta - 0.4)))
    expected = 1.3**2 * (p - c) ** 2 * (d - p) ** 2 / ((d - c) ** 2 * p * (1.0 - p))
    assert item_information(parameters, theta=theta)[0] == pytest.approx(expected, rel=1e-12)
