import math

import numpy as np
import pytest

from pacnum_api.psychometrics.calibration.mantel_haenszel import (
    DifClass,
    confidence_interval,
    delta_class,
    effect_class,
    mantel,
    mantel_haenszel,
)

# Admissions to graduate school at Berkeley in six departments: Bickel, Hammel & O'Connell (1975),
# Science 187, 398-404, as the data set UCBAdmissions of R. By sex (men, women) and outcome
# (rejected, admitted).
BERKELEY = np.array(
    [
        [[313, 512], [19, 89]],
        [[207, 353], [8, 17]],
        [[205, 120], [391, 202]],
        [[279, 138], [244, 131]],
        [[138, 53], [299, 94]],
        [[351, 22], [317, 24]],
    ],
    dtype=float,
)


def test_the_published_statistics_of_six_departments() -> None:
    """``mantelhaen.test(UCBAdmissions)`` of R, as printed in Friendly's vignette "Tests of
    association" of the package vcdExtra: X² = 1.4269, p = 0.2323, odds ratio 0.9046968, 95 %
    interval 0.7719074 to 1.0603298.
    """
    found = mantel_haenszel(BERKELEY)
    assert found.odds_ratio == pytest.approx(0.9046968, abs=5e-8)
    assert found.chi_squared == pytest.approx(1.4269, abs=5e-5)
    assert found.p_value == pytest.approx(0.2323, abs=5e-5)
    assert confidence_interval(found) == pytest.approx((0.7719074, 1.0603298), abs=5e-8)
    assert found.delta == pytest.approx(-2.35 * math.log(0.9046968), abs=1e-6)
    assert found.delta_error == pytest.approx(2.35 * found.log_error)
    assert found.dif_class is DifClass.A


def test_one_stratum_is_the_plain_odds_ratio_and_groups_may_change_sides() -> None:
    found = mantel_haenszel(BERKELEY[:1])
    assert found.odds_ratio == pytest.approx(512 * 19 / (313 * 89))
    # Woolf's variance is what that of Robins, Breslow and Greenland is in one stratum.
    assert found.log_error == pytest.approx(math.sqrt(1 / 313 + 1 / 512 + 1 / 19 + 1 / 89))
    other = mantel_haenszel(BERKELEY[:1, ::-1])
    assert other.delta == pytest.approx(-found.delta)
    assert other.chi_squared == pytest.approx(found.chi_squared)


def test_equal_odds_are_no_difference() -> None:
    found = mantel_haenszel(np.array([[[20, 40], [10, 20]], [[30, 30], [5, 5]]], dtype=float))
    assert found.odds_ratio == pytest.approx(1.0)
    assert found.chi_squared == 0.0
    assert found.p_value == 1.0
    assert found.delta == pytest.approx(0.0)


def test_strata_with_one_group_change_nothing() -> None:
    alone = np.array([[[7, 9], [0, 0]]], dtype=float)
    assert mantel_haenszel(np.concatenate((BERKELEY, alone))) == mantel_haenszel(BERKELEY)


def test_without_failure_or_success_in_a_group_the_error_is_infinite() -> None:
    all_right = mantel_haenszel(np.array([[[0, 20], [10, 10]]], dtype=float))
    assert all_right.odds_ratio == math.inf
    assert all_right.delta == -math.inf
    assert all_right.log_error == math.inf
    all_wrong = mantel_haenszel(np.array([[[20, 0], [10, 10]]], dtype=float))
    assert all_wrong.odds_ratio == 0.0
    assert all_wrong.delta == math.inf
    assert all_wrong.dif_class is DifClass.A


@pytest.mark.parametrize(
    ("delta", "error", "expected"),
    [
        (0.99, 0.1, DifClass.A),
        (-1.2, 0.7, DifClass.A),
        (1.2, 0.3, DifClass.B),
        (-1.6, 0.5, DifClass.B),
        (1.49, 0.01, DifClass.B),
        (-1.6, 0.3, DifClass.C),
    ],
)
def test_classes_by_size_and_certainty(delta: float, error: float, expected: DifClass) -> None:
    assert delta_class(delta, delta_error=error) is expected


def test_mantel_of_two_scores_is_mantel_haenszel_without_its_correction() -> None:
    found = mantel(BERKELEY)
    plain = mantel_haenszel(BERKELEY)
    members, answers = BERKELEY.sum(axis=2), BERKELEY.sum(axis=1)
    total = BERKELEY.sum(axis=(1, 2))
    departure = np.sum(BERKELEY[:, 0, 1] - members[:, 0] * answers[:, 1] / total)
    variance = np.sum(members.prod(axis=1) * answers.prod(axis=1) / (total**2 * (total - 1)))
    assert found.chi_squared == pytest.approx(departure**2 / variance)
    assert found.chi_squared > plain.chi_squared
    women = members[:, 1] / members[:, 1].sum()
    rates = BERKELEY[:, :, 1] / members
    assert found.mean_difference == pytest.approx(women @ (rates[:, 1] - rates[:, 0]))
    rate = BERKELEY[:, :, 1].sum() / BERKELEY.sum()
    assert found.effect == pytest.approx(found.mean_difference / math.sqrt(rate * (1.0 - rate)))


def test_scores_in_steps_show_which_group_is_behind() -> None:
    rng = np.random.default_rng(3)
    tables = np.zeros((4, 2, 3))
    for stratum in range(4):
        for group, shift in ((0, 0.0), (1, -0.5)):
            drawn = np.clip(np.rint(rng.normal(0.5 * stratum + shift, 0.8, 150)), 0, 2)
            tables[stratum, group] = np.bincount(drawn.astype(int), minlength=3)
    found = mantel(tables)
    assert found.p_value < 1e-6
    assert found.mean_difference < -0.2
    assert found.dif_class is DifClass.C


def test_classes_by_effect() -> None:
    assert effect_class(0.5, p_value=0.06) is DifClass.A
    assert effect_class(-0.17, p_value=0.01) is DifClass.A
    assert effect_class(-0.2, p_value=0.01) is DifClass.B
    assert effect_class(0.26, p_value=0.01) is DifClass.C


def test_tables_that_tell_nothing_are_refused() -> None:
    for table in ([[3, 4], [0, 0]], [[0, 4], [0, 5]]):
        for statistic in (mantel_haenszel, mantel):
            with pytest.raises(ValueError, match="no stratum has both"):
                statistic(np.array([table], dtype=float))
