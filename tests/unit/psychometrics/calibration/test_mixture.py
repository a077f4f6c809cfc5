import numpy as np
import pytest

from pacnum_api.psychometrics.calibration.mixture import strength_weights


def test_shares_come_back_within_their_errors() -> None:
    rng = np.random.default_rng(1)
    places, shares = np.array([-1.0, 0.0, 1.5]), np.array([0.2, 0.5, 0.3])
    seen = rng.normal(places[rng.choice(3, size=4000, p=shares)], 1.0)
    found = strength_weights(-0.5 * (seen[:, None] - places) ** 2 - 100.0)
    assert found.is_converged
    assert found.weights.sum() == pytest.approx(1.0)
    assert np.all(np.abs(found.weights - shares) < 3.0 * found.standard_errors)
    assert np.all(found.standard_errors < 0.06)
    assert found.log_likelihood < -100.0 * 4000


def test_two_shares_have_the_errors_of_their_curvature() -> None:
    rng = np.random.default_rng(2)
    seen = rng.normal(np.where(rng.random(800) < 0.3, 1.0, -1.0), 1.0)
    log_evidence = -0.5 * (seen[:, None] - np.array([1.0, -1.0])) ** 2
    found = strength_weights(log_evidence, prior_count=0.0, tolerance=1e-10)

    def log_likelihood(share: float) -> float:
        return float(np.log(np.exp(log_evidence) @ [share, 1.0 - share]).sum())

    at, step = float(found.weights[0]), 1e-4
    ends = [log_likelihood(at + move) for move in (-step, 0.0, step)]
    assert ends[0] - ends[2] == pytest.approx(0.0, abs=1e-4)
    curvature = -(ends[0] - 2.0 * ends[1] + ends[2]) / step**2
    assert found.standard_errors == pytest.approx([curvature**-0.5] * 2, rel=1e-3)


def test_what_explains_nothing_goes_and_a_prior_count_keeps_it() -> None:
    log_evidence = np.tile([0.0, -30.0], (50, 1))
    gone = strength_weights(log_evidence, prior_count=0.0)
    assert gone.weights == pytest.approx([1.0, 0.0], abs=1e-9)
    assert gone.standard_errors.tolist() == [0.0, 0.0]
    assert strength_weights(log_evidence).weights == pytest.approx([51 / 52, 1 / 52])


def test_equal_evidence_leaves_the_weights_equal() -> None:
    found = strength_weights(np.zeros((10, 4)))
    assert found.weights == pytest.approx([0.25] * 4)


def test_the_search_ends_though_it_has_not_arrived() -> None:
    rng = np.random.default_rng(3)
    log_evidence = 1e-3 * rng.normal(size=(40, 2))
    assert not strength_weights(log_evidence, prior_count=0.0, tolerance=1e-300).is_converged


def test_faults_are_named() -> None:
    for wrong in (np.zeros(3), np.zeros((0, 2)), np.array([[0.0, np.inf]])):
        with pytest.raises(ValueError, match="must be finite"):
            strength_weights(wrong)
    with pytest.raises(ValueError, match="cannot be negative"):
        strength_weights(np.zeros((1, 1)), prior_count=-1.0)
