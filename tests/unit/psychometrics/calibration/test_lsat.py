"""Published calibrations, without priors, to the digits printed.

Sources
-------
LSAT-6, 1PL: Rizopoulos (2006), Journal of Statistical Software 17(5), section 3.1
(``rasch(LSAT)``): difficulties, common discrimination, their standard errors, log-likelihood
-2466.938. LSAT-6, 2PL: log-likelihood -2466.653 and ``summary(ltm(LSAT ~ z1))`` of the same
package. Its optimiser had stopped at a gradient of 0.024, so its fourth digit is not the maximum's:
estimates agree to 0.003.
LSAT-7, 2PL: reference manual of the R package mirt (Chalmers 2012, Journal of Statistical Software
48(6)), page ``mirt``: slopes and intercepts of the fit converged to 1e-5 (there with SE.type
"SEM"), log-likelihood -2658.805, condition number 30.231 of the information matrix in slopes and
intercepts (SE.type "Richardson" 30.23102, "Oakes" 30.23088). Its standard errors are not printed
there; they are held against the curvature that has that condition number.
"""

import numpy as np
import pytest

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.calibration.calibrate import Calibration, Settings, calibrate
from pacnum_api.psychometrics.calibration.priors import ItemPriors
from tests.unit.psychometrics.calibration.lsat import SECTION_6, SECTION_7, answers

PRECISE = Settings(node_count=61, tolerance=1e-7)


def fitted(frequencies: tuple[int, ...], model: ItemModel) -> Calibration:
    items = [Item(model, competence=0, level=1) for _ in range(5)]
    data = answers(frequencies)
    assert data.person_count == 1000
    return calibrate(items, data, priors=ItemPriors.none(items), settings=PRECISE)


def columns(found: Calibration) -> dict[str, FloatArray]:
    return {
        name: np.array([getattr(item, name) for item in found.items])
        for name in ("a", "b", "sigma_a", "sigma_b")
    }


def test_lsat_6_with_one_slope() -> None:
    found = fitted(SECTION_6, ItemModel.ONE_PL)
    of = columns(found)
    assert found.is_converged
    assert found.is_maximum
    assert found.log_likelihood == pytest.approx(-2466.938, abs=5e-4)
    assert of["a"] == pytest.approx([0.7551] * 5, abs=5e-5)
    assert of["sigma_a"] == pytest.approx([0.0694] * 5, abs=6e-5)
    assert of["b"] == pytest.approx([-3.6153, -1.3224, -0.3176, -1.7301, -2.7802], abs=6e-5)
    assert of["sigma_b"] == pytest.approx([0.3266, 0.1422, 0.0977, 0.1691, 0.2510], abs=6e-5)


def test_lsat_6_with_a_slope_for_each_item() -> None:
    found = fitted(SECTION_6, ItemModel.TWO_PL)
    of = columns(found)
    assert found.log_likelihood == pytest.approx(-2466.653, abs=5e-4)
    assert of["a"] == pytest.approx([0.8254, 0.7229, 0.8905, 0.6886, 0.6575], abs=3e-3)
    assert of["b"] == pytest.approx([-3.3597, -1.3696, -0.2799, -1.8659, -3.1236], abs=3e-3)
    assert of["sigma_a"] == pytest.approx([0.2581, 0.1867, 0.2326, 0.1852, 0.2100], abs=5e-4)
    assert of["sigma_b"] == pytest.approx([0.8669, 0.3073, 0.0997, 0.4341, 0.8700], abs=2e-3)


def test_lsat_7_with_a_slope_for_each_item() -> None:
    found = fitted(SECTION_7, ItemModel.TWO_PL)
    of = columns(found)
    assert found.log_likelihood == pytest.approx(-2658.805, abs=5e-4)
    assert of["a"] == pytest.approx([0.988, 1.081, 1.707, 0.765, 0.736], abs=6e-4)
    assert -of["a"] * of["b"] == pytest.approx([1.856, 0.808, 1.805, 0.486, 1.854], abs=6e-4)


PATTERNS = np.array([[(pattern >> (4 - item)) & 1 for item in range(5)] for pattern in range(32)])
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)


def log_likelihood(parameters: FloatArray) -> float:
    """Of LSAT-7, from slopes and intercepts, written out with Gauss-Hermite quadrature."""
    logit = parameters[:5, None] * NODES + parameters[5:, None]
    log_likelihood = -PATTERNS @ np.logaddexp(0.0, -logit) - (1 - PATTERNS) @ np.logaddexp(
        0.0, logit
    )
    return float(SECTION_7 @ np.log(np.exp(log_likelihood) @ WEIGHTS / WEIGHTS.sum()))


def information(at: FloatArray, *, step: float = 1e-3) -> FloatArray:
    """Minus the second derivatives, by central differences."""
    moves = np.eye(len(at)) * step
    rows = [
        [
            sum(
                sign * other * log_likelihood(at + sign * row + other * column)
                for sign in (1, -1)
                for other in (1, -1)
            )
            for column in moves
        ]
        for row in moves
    ]
    return -np.array(rows) / (4.0 * step * step)


def test_lsat_7_errors_are_those_of_the_likelihood_s_curvature() -> None:
    of = columns(fitted(SECTION_7, ItemModel.TWO_PL))
    at = np.concatenate((of["a"], -of["a"] * of["b"]))
    covariance = np.linalg.inv(information(at))
    assert of["sigma_a"] == pytest.approx(np.sqrt(np.diag(covariance)[:5]), rel=5e-4)
    # b = -d / a, by the delta method
    turn = np.hstack((np.diag(-of["b"] / of["a"]), np.diag(-1.0 / of["a"])))
    expected = np.sqrt(np.diag(turn @ covariance @ turn.T))
    assert of["sigma_b"] == pytest.approx(expected, rel=5e-4)


def test_that_curvature_has_the_published_condition_number() -> None:
    # at the estimates of the fit that it was printed for, which had stopped at 1e-4
    slopes, intercepts = (0.988, 1.081, 1.706, 0.765, 0.736), (1.856, 0.808, 1.804, 0.486, 1.855)
    found = np.linalg.cond(information(np.array([*slopes, *intercepts])))
    assert found == pytest.approx(30.231, abs=0.01)
