import math
from itertools import combinations

import numpy as np
import pytest

from pacnum_api.psychometrics.bank import Item, ItemModel, ItemParameters
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.batch import Cohort, Course, run
from pacnum_api.psychometrics.simulation.exposure import chi_square, exposure, overlap
from pacnum_api.psychometrics.simulation.records import NO_ITEM, SimulatedTests
from pacnum_api.psychometrics.simulation.waves import ExposureCounters, exposure_groups
from tests.unit.psychometrics.banks import random_bank, rules
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


def test_chi_square_of_exposure() -> None:
    assert chi_square(np.array([5, 5, 5, 5]), 10) == 0.0
    # Rates .8 and .2, mean .5: 2 (.3²) / .5.
    assert chi_square(np.array([8, 2]), 10) == pytest.approx(0.36)
    assert chi_square(np.array([0, 0]), 10) == 0.0


def test_exposure_of_tests() -> None:
    tests = records_of(items=[[0, 1], [0, 2]] * 30)
    found = exposure(tests, 5)
    assert found.rates.tolist() == [1.0, 0.5, 0.5, 0.0, 0.0]
    assert found.greatest == (1.0, 0.0)
    assert found.never_used == pytest.approx((0.4, 0.0))
    assert found.used_less_than_2_percent.value == 0.4
    assert found.overlap.value == pytest.approx((1.0 * 60 * 59 + 2 * 30 * 29) / (120 * 59))
    assert found.chi_square.value == pytest.approx((0.36 + 0.01 * 2 + 0.16 * 2) / 0.4)


def test_errors_of_exposure_are_those_of_repeated_simulations() -> None:
    found = [exposure(random_tests(300, items=40, length=6, seed=s), 40) for s in range(60)]
    for name in ("overlap", "chi_square"):
        figures = [getattr(one, name) for one in found]
        spread = float(np.std([figure.value for figure in figures]))
        assert np.mean([figure.error for figure in figures]) == pytest.approx(spread, rel=0.6)


def test_one_test_has_no_error() -> None:
    found = exposure(records_of(items=[[0, 1]]), 3)
    assert found.greatest.value == 1.0
    assert math.isnan(found.greatest.error)


@pytest.mark.parametrize(("tests", "items"), [(0, 5), (2, 0)])
def test_exposure_of_nothing_is_refused(tests: int, items: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        exposure(records_of(items=[[NO_ITEM]] * tests), items)


def test_families_are_exposed_together() -> None:
    items = [
        Item(ItemModel.TWO_PL, competence=0, level=1, family=family)
        for family in (None, 7, 3, 7, None)
    ]
    groups = exposure_groups(ItemParameters.from_items(items))
    assert groups[1] == groups[3]
    assert len(set(groups.tolist())) == 4
    assert sorted(set(groups.tolist())) == [0, 1, 2, 3]


@pytest.mark.parametrize("ceiling", [0.0, -0.1, 1.01])
def test_a_ceiling_is_a_share(ceiling: float) -> None:
    with pytest.raises(ValueError, match="ceiling"):
        ExposureCounters(np.arange(3), ceiling, seed=1)


def test_alone_a_test_may_use_what_stays_below_the_ceiling() -> None:
    counters = ExposureCounters(np.arange(2), 0.5, seed=1)
    seen = []
    for agent in range(8):
        is_open = counters.open_to(np.array([agent]))[0]
        seen.append(bool(is_open[0]))
        counters.close(records_of(items=[[0 if is_open[0] else NO_ITEM]]))
        limit = max(1, math.floor(0.5 * (counters.tests)))
        assert counters.administered[0] <= limit
    # administered + 1 <= max(1, floor(.5 (tests + 1))): every second test, after the first.
    assert seen == [True, False, False, True, False, True, False, True]


def test_a_wave_shares_by_lot_what_room_there_is() -> None:
    counters = ExposureCounters(np.array([0, 1, 1, 2]), 0.25, seed=1)
    counters.tests = 60
    counters.administered[:] = [25, 10, 15]
    is_open = counters.open_to(np.arange(40))  # room 0, 15 and 10 of 25
    assert is_open[:, 0].sum() == 0
    assert is_open[:, 1].sum() == 15
    assert (is_open[:, 1] == is_open[:, 2]).all()
    assert is_open[:, 3].sum() == 10
    assert (is_open[:, 3] & is_open[:, 1]).sum() < 10
    counters.administered[:] = 0
    counters.tests = 1000
    assert counters.open_to(np.arange(40)).all()


@pytest.mark.parametrize("wave", [1, 16])
def test_no_item_is_above_the_ceiling_after_any_wave(wave: int) -> None:
    tables = random_bank(60)
    course = Course.of_engine(tables, 0, rules=rules(pool_size=5, maximum_items=6))
    abilities = np.random.default_rng(1).normal(size=(160, 1))
    answers = AnswerModel(tables.parameters, abilities, seed=2)
    counters = ExposureCounters(exposure_groups(tables.parameters), 0.2, seed=3)
    for first in range(0, 160, wave):
        agents = np.arange(first, first + wave)
        cohort = Cohort(agents, tuple(agents.tolist()), answers, counters.open_to(agents))
        counters.close(run(course, cohort))
        limit = max(1, math.floor(0.2 * counters.tests))
        assert counters.administered.max() <= limit
    assert counters.administered.max() == 32
