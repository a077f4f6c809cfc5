"""What a bank can measure, against numbers worked out by hand and against the engine itself.

Information of a right/wrong item at distance x from its difficulty is a² P (1 - P) with
P = logistic(a x): for a = 2 that is 1 at x = 0, 0.4199743 at 1, 0.0706508 at 2.
"""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, ItemParameters
from pacnum_api.psychometrics.bank_quality import (
    BankPrecision,
    CeilingGap,
    Goal,
    ceiling_gaps,
    information_curves,
    mean_demand,
    measure_precision,
    precision_gaps,
    summarise_exposure,
)
from pacnum_api.psychometrics.exposure import Exposure, ExposureGroups
from pacnum_api.psychometrics.rules import StoppingRules
from pacnum_api.psychometrics.scale import THETA, LevelScale
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import starter_bank, two_pl

NEAR, APART, FAR = 1.0, 0.4199743416140261, 0.07065082485316447
SCALE = LevelScale((-1.0, 0.0, 1.0))  # middles -0.5, 0.5, 1.5
LOWER = replace(two_pl(2.0, 0.5), level=2)
UPPER = replace(two_pl(2.0, 1.5), level=3)


def bank(*items: Item, competence_count: int = 1) -> BankTables:
    parameters = ItemParameters.from_items(items)
    return BankTables.build(parameters, competence_count=competence_count, scale=SCALE)


@pytest.fixture(scope="module")
def small() -> BankPrecision:
    """Two items for the first competence, none for the second."""
    return measure_precision(bank(LOWER, UPPER, competence_count=2))


def test_information_by_hand(small: BankPrecision) -> None:
    assert small.middles.tolist() == [-0.5, 0.5, 1.5]
    assert small.items.tolist() == [[0, 1, 1], [0, 0, 0]]
    by_hand = [APART + FAR, NEAR + APART, NEAR + APART]
    assert small.information[0] == pytest.approx(by_hand, abs=1e-12)
    assert small.information[1].tolist() == [0.0, 0.0, 0.0]
    assert small.at_own_level == pytest.approx([NEAR, NEAR])
    assert small.typical_information == pytest.approx(NEAR)
    # the better item of the two comes first, at each level another
    assert small.best[0] == pytest.approx(
        np.array([[0, APART, APART + FAR], [0, NEAR, NEAR + APART], [0, NEAR, NEAR + APART]])
    )
    assert small.best[1].tolist() == [[0.0] * 3] * 3


def test_standard_errors_by_hand(small: BankPrecision) -> None:
    first = [1 / math.sqrt(1 + APART), 1 / math.sqrt(2), 1 / math.sqrt(2)]
    assert small.standard_error(items=0).tolist() == [[1.0] * 3] * 2
    assert small.standard_error(items=1)[0] == pytest.approx(first)
    whole = [1 / math.sqrt(1 + value) for value in small.information[0]]
    assert small.standard_error()[0] == pytest.approx(whole)
    assert small.standard_error(items=20).tolist() == small.standard_error().tolist()
    assert small.typical_standard_error(3) == pytest.approx(0.5)


def test_agents_of_all_levels_weigh_by_their_number(small: BankPrecision) -> None:
    # between -1 and 0, 0 and 1, above 1, from the table of the normal distribution
    assert small.agents == pytest.approx([0.3413, 0.3413, 0.1587], abs=5e-4)
    variances = [value**2 for value in small.standard_error()[0]]
    mean = sum(0.3413 * one for one in variances[:2]) + 0.1587 * variances[2]
    overall = small.overall_standard_error()
    assert overall == pytest.approx([math.sqrt(mean / 0.8413), 1.0], abs=1e-3)


def test_goals_within_reach_and_items_missing(small: BankPrecision) -> None:
    goal = Goal(standard_error=0.5, maximum_items=20)  # information 3
    assert goal.information == pytest.approx(3.0)
    # 3 - 0.49 and 3 - 1.42 in items of information 1, and 3 where there is nothing
    assert small.missing_items(goal).tolist() == [[3, 2, 2], [3, 3, 3]]
    assert not small.is_within_reach(goal).any()
    easy = Goal(standard_error=1 / math.sqrt(2), maximum_items=1)
    assert small.is_within_reach(easy).tolist() == [[False, True, True], [False] * 3]
    assert small.missing_items(easy).tolist() == [[1, 0, 0], [1, 1, 1]]


def test_a_whole_number_of_items_is_not_one_more() -> None:
    tables = bank(replace(two_pl(2.0, 0.5), level=2))
    goal = Goal(standard_error=1 / math.sqrt(4), maximum_items=5)
    assert measure_precision(tables).missing_items(goal)[0, 1] == 2


def test_goals_come_from_the_rules() -> None:
    rules = StoppingRules(3, 8, 0.4, 0.8, 0.9, 0.002, 0.0005)
    assert Goal.of(rules) == Goal(standard_error=0.4, maximum_items=8)
    for beyond in (0.0, 1.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            Goal(standard_error=beyond, maximum_items=8)


def test_gaps_that_cost_most_come_first(small: BankPrecision) -> None:
    goals = (Goal(0.5, 20), Goal(1 / math.sqrt(2), 20))
    gaps = precision_gaps(small, goals)
    assert len(gaps) == 6
    # agents of the level times variance above 0.25: .3413 * .75 twice, .3413 * .42, .1587 * .75,
    # .3413 * .16, .1587 * .16
    order = [(1, 1), (1, 2), (0, 1), (1, 3), (0, 2), (0, 3)]
    assert [(gap.competence, gap.level) for gap in gaps] == order
    assert [gap.excess for gap in gaps] == pytest.approx(
        [0.256, 0.256, 0.144, 0.119, 0.056, 0.026], abs=1e-3
    )
    assert (gaps[0].items, gaps[0].standard_error, gaps[0].missing) == (0, 1.0, (3, 1))
    assert (gaps[2].items, gaps[2].missing) == (0, (3, 1))
    assert gaps[2].standard_error == pytest.approx(1 / math.sqrt(1 + APART + FAR))
    assert (gaps[5].items, gaps[5].missing) == (1, (2, 0))


def test_a_level_without_an_item_is_a_gap_even_where_others_measure_it() -> None:
    strong = [replace(two_pl(3.0, b), level=level) for b, level in ((0.5, 2), (1.5, 3))]
    precision = measure_precision(bank(*strong * 30))
    gaps = precision_gaps(precision, [Goal(0.4, 20)])
    (gap,) = gaps
    assert (gap.level, gap.items, gap.missing, gap.excess) == (1, 0, (0,), 0.0)
    assert gap.is_within_reach == (True,)


def test_a_level_whose_items_are_too_weak_for_a_test_is_a_gap() -> None:
    weak = [replace(two_pl(1.0, b), level=level) for b, level in ((-0.5, 1), (0.5, 2), (1.5, 3))]
    precision = measure_precision(bank(*weak * 20))
    goals = (Goal(0.5, 12), Goal(0.5, 11))  # twelve times a quarter is the information 3 it takes
    assert precision_gaps(precision, goals[:1]) == ()
    gaps = precision_gaps(precision, goals)
    assert [gap.level for gap in gaps] == [1, 2, 3]
    assert {(gap.missing, gap.is_within_reach, gap.excess) for gap in gaps} == {
        ((0, 0), (True, False), 0.0)
    }


def test_enemies_and_siblings_do_not_add_up() -> None:
    enemy = replace(LOWER, enemies=(0,))
    siblings = [replace(UPPER, family=7), replace(UPPER, family=7)]
    precision = measure_precision(bank(LOWER, enemy, *siblings))
    assert precision.information[0, 1] == pytest.approx(2 * NEAR + 2 * APART)
    assert precision.best[0, 1] == pytest.approx([0.0, NEAR, NEAR + APART])
    assert precision.standard_error()[0, 1] == pytest.approx(1 / math.sqrt(1 + NEAR + APART))
    assert precision.missing_items(Goal(0.5, 20))[0, 1] == 2  # of information 1, to 3 from 1.42


def test_items_that_may_not_measure_are_left_out(small: BankPrecision) -> None:
    retired = replace(two_pl(5.0, 0.5), level=2, enemies=(0,))
    tables = bank(LOWER, retired, UPPER, competence_count=2)
    usable = np.array([True, False, True])
    precision = measure_precision(tables, usable=usable)
    assert precision.items.tolist() == small.items.tolist()
    assert precision.information == pytest.approx(small.information)
    assert precision.best == pytest.approx(small.best)
    assert precision.typical_information == pytest.approx(NEAR)
    curves = information_curves(tables, usable=usable)
    assert curves == pytest.approx(information_curves(bank(LOWER, UPPER, competence_count=2)))
    assert curves.shape == (2, len(THETA))
    assert curves[0, np.searchsorted(THETA, 0.49)] == pytest.approx(NEAR + APART)


def test_a_typical_item_is_the_middle_one_of_those_that_measure() -> None:
    # a² / 4 each: 0.0625, 0.25, 1; and 6.25 that may not
    items = [replace(two_pl(a, 0.5), level=2) for a in (0.5, 1.0, 2.0, 5.0)]
    precision = measure_precision(bank(*items), usable=np.array([True, True, True, False]))
    assert precision.typical_information == pytest.approx(0.25)


def test_a_bank_without_items_lacks_those_that_an_author_would_write() -> None:
    precision = measure_precision(bank())
    assert precision.typical_information == pytest.approx(0.67 * 0.33)
    assert precision.standard_error().tolist() == [[1.0] * 3]
    assert precision.missing_items(Goal(0.5, 20)).tolist() == [[14] * 3]  # 3 / 0.2211 = 13.6


def test_parameter_error_makes_items_worth_less() -> None:
    known = measure_precision(bank(LOWER))
    vague = measure_precision(bank(replace(LOWER, sigma_b=0.5)))
    # at the difficulty the slope a / sqrt(1 + pi a² sigma² / 8) alone counts, squared
    assert vague.typical_information == pytest.approx(known.typical_information / (1 + math.pi / 8))


def engine_standard_error(tables: BankTables, at: float) -> float:
    """Mean standard error that agents of one ability are left with by all right/wrong items."""
    count = tables.item_count
    answers = np.array(list(product((0, 1), repeat=count)))
    likelihood: FloatArray = np.ones((len(answers), len(THETA)))
    for item in range(count):
        likelihood *= tables.likelihood[tables.row_of[item] + answers[:, item]]
    weights = likelihood * np.exp(-0.5 * THETA**2)
    weights /= weights.sum(axis=1, keepdims=True)
    mean = weights @ THETA
    errors = np.sqrt(weights @ THETA**2 - mean * mean)
    return float(likelihood[:, np.argmin(np.abs(THETA - at))] @ errors)


@pytest.mark.parametrize("slope", [1.0, 2.0])
def test_standard_errors_are_those_of_the_engine(slope: float) -> None:
    """Within 2 % on levels 2 to 6 with ten items; at the outermost ones the engine's is smaller."""
    items = [
        replace(two_pl(slope, float(b)), sigma_a=0.25, sigma_b=0.3)
        for b in np.linspace(-2.5, 2.5, 10)
    ]
    tables = BankTables.build(ItemParameters.from_items(items), competence_count=1)
    precision = measure_precision(tables)
    found = np.array([engine_standard_error(tables, at) for at in precision.middles.tolist()])
    ratio = precision.standard_error()[0] / found
    assert np.abs(ratio[1:6] - 1.0).max() < 0.02
    assert 1.0 < ratio[7] < 1.16


def test_what_is_shown_how_often() -> None:
    exposure = Exposure(8, np.array([1, 0, 4, 2, 4]), np.array([3, 3, 0, 0, 0]))
    summary = summarise_exposure(exposure, ceiling=0.25)
    assert summary.tests == 8
    assert summary.shares.tolist() == [0.125, 0.0, 0.5, 0.25, 0.5]
    assert summary.by_share.tolist() == [2, 4, 3, 0]
    assert summary.never.tolist() == [1]
    assert summary.over.tolist() == [2, 4]  # a quarter is not more than a quarter


def test_a_bank_never_used() -> None:
    summary = summarise_exposure(Exposure.none(2), ceiling=0.25)
    assert (summary.tests, summary.by_share.size, summary.over.size) == (0, 0, 0)
    assert summary.never.tolist() == [0, 1]
    groups = ExposureGroups(np.array([0, 1]), np.array([0, 0]))
    assert mean_demand(Exposure.none(2), groups, competences=1).tolist() == [0.0]


def test_demand_counts_all_tests() -> None:
    # the last group is on tryout: it belongs to no competence
    groups = ExposureGroups(np.arange(4), np.array([0, 0, 1, 2]))
    exposure = Exposure(10, np.array([5, 10, 2, 7]), np.zeros(4, np.int64))
    assert mean_demand(exposure, groups, competences=2).tolist() == [1.5, 0.2]
    first = Exposure(1, np.array([0, 1, 0, 0]), np.zeros(4, np.int64))
    assert mean_demand(first, groups, competences=2).tolist() == [1.0, 0.0]
    assert summarise_exposure(first, ceiling=0.25).shares.tolist() == [0.0, 1.0, 0.0, 0.0]


def test_groups_that_a_ceiling_needs() -> None:
    groups = ExposureGroups(np.arange(9), np.array([0, 0, 0, 1, 1, 1, 1, 1, 3]))
    # 1.5 / 0.25 = 6 of 3; 1.25 / 0.25 = 5 of 5, which is enough; 2 / 0.25 = 8 of none
    gaps = ceiling_gaps(groups, np.array([1.5, 1.25, 2.0]), ceiling=0.25)
    assert gaps == (CeilingGap(2, 0, 2.0, missing=8), CeilingGap(0, 3, 1.5, missing=3))
    assert ceiling_gaps(groups, np.array([0.3, 0.1, 0.0]), ceiling=0.1) == ()


def test_the_starter_bank_places_agents_roughly_and_no_more() -> None:
    """Five provisional items for each of 21 competences: a standard error near 0.8 (docs)."""
    precision = measure_precision(starter_bank(21))
    assert precision.best.shape == (21, 8, 6)
    assert (precision.items.sum(axis=1) == 5).all()
    assert precision.overall_standard_error() == pytest.approx(np.full(21, 0.79), abs=0.03)
    assert not precision.is_within_reach(Goal(0.4, 12)).any()
