import math
from itertools import combinations

import numpy as np
import pytest

from pacnum_api.psychometrics.simulation.bank_use import bank_use, chi_square, overlap
from pacnum_api.psychometrics.simulation.records import NO_ITEM, SimulatedTests
from tests.unit.psychometrics.simulation.records import records_of


def random_tests(count: int, *, items: int, length: int, seed: int = 1) -> SimulatedTests:
    rng = np.random.default_rng(seed)
    return records_of(items=[rng.permutation(items)[:length].tolist() for _ in range(count)])


def test_overlap_is_the_mean_part_that_two_tests_share() -> None:
    tests = random_tests(12, items=20, length=6)
    shared = [
        len(set(one.tolist()) & set(other.tolist())) for one, other in combinations(tests.items, 2)
    ]
    assert overlap(tests.uses(20), 12) == pytest.approx(np.mean(shared) / 6)


def test_overlap_with_tests_of_different_lengths() -> None:
    tests = records_of(items=[[0, 1, NO_ITEM], [1, NO_ITEM, NO_ITEM], [0, 1, 2]])
    assert overlap(tests.uses(4), 3) == pytest.approx((1 + 2 + 1) / 3 / 2.0)
    assert overlap(np.array([0, 0]), 3) == 0.0
    assert overlap(np.array([1, 0]), 1) == 0.0


def test_overlap_by_variance_of_rates() -> None:
    # Chen, Ankenmann & Spray (2003), eq. 6: n S² / L + L / n, for many tests of one length.
    tests = random_tests(4000, items=30, length=5)
    rates = tests.uses(30) / 4000
    expected = 30 * float(np.var(rates)) / 5 + 5 / 30
    assert overlap(tests.uses(30), 4000) == pytest.approx(expected, abs=1e-3)


def test_chi_square_of_bank_use() -> None:
    assert chi_square(np.array([5, 5, 5, 5]), 10) == 0.0
    # Rates .8 and .2, mean .5: 2 (.3²) / .5.
    assert chi_square(np.array([8, 2]), 10) == pytest.approx(0.36)
    assert chi_square(np.array([0, 0]), 10) == 0.0


def test_exposure_of_tests() -> None:
    tests = records_of(items=[[0, 1], [0, 2]] * 30)
    found = bank_use(tests, 5)
    assert found.rates.tolist() == [1.0, 0.5, 0.5, 0.0, 0.0]
    assert found.greatest == (1.0, 0.0)
    assert found.never_used == pytest.approx((0.4, 0.0))
    assert found.used_less_than_2_percent.value == 0.4
    assert found.overlap.value == pytest.approx((1.0 * 60 * 59 + 2 * 30 * 29) / (120 * 59))
    assert found.chi_square.value == pytest.approx((0.36 + 0.01 * 2 + 0.16 * 2) / 0.4)


def test_exposure_of_the_items_that_tests_are_about() -> None:
    about = np.array([True, False, True, False, True])
    found = bank_use(records_of(items=[[0, 2], [0, NO_ITEM]]), 5, about=about)
    assert found.rates.tolist() == [1.0, 0.5, 0.0]
    assert found.never_used.value == pytest.approx(1 / 3)


def test_errors_of_exposure_are_those_of_repeated_simulations() -> None:
    found = [bank_use(random_tests(300, items=40, length=6, seed=s), 40) for s in range(60)]
    for name in ("overlap", "chi_square"):
        figures = [getattr(one, name) for one in found]
        spread = float(np.std([figure.value for figure in figures]))
        assert np.mean([figure.error for figure in figures]) == pytest.approx(spread, rel=0.6)


def test_one_test_has_no_error() -> None:
    found = bank_use(records_of(items=[[0, 1]]), 3)
    assert found.greatest.value == 1.0
    assert math.isnan(found.greatest.error)


@pytest.mark.parametrize(("tests", "items"), [(0, 5), (2, 0)])
def test_exposure_of_nothing_is_refused(tests: int, items: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        bank_use(records_of(items=[[NO_ITEM]] * tests), items)
