"""The ceiling holds at every moment, for whatever tests begin and end in whatever order."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item, ItemModel, ItemParameters
from pacnum_api.psychometrics.exposure import (
    DEFAULT_CEILING,
    DEFAULT_FLOOR,
    FREELY,
    LEAST_SHARE,
    Admission,
    Exposure,
    ExposureGroups,
    Limits,
    admit,
    availability_of_items,
)
from pacnum_api.psychometrics.session import SessionPlan
from tests.unit.psychometrics.banks import Setting, random_bank, rules, simulated_agent, two_areas

seeds = st.integers(0, 2**32 - 1)


def groups_of(*competences: int) -> ExposureGroups:
    """One group for each item, of these competences."""
    return ExposureGroups(
        group_of=np.arange(len(competences)), competence_of=np.array(competences, np.int64)
    )


def counters(tests: int, administered: list[int], reserved: list[int]) -> Exposure:
    return Exposure(tests, np.array(administered), np.array(reserved))


def bound(groups: ExposureGroups, limits: Limits, *, tests: int) -> IntArray:
    """The greatest number of uses once ``tests`` have begun, whatever the phase of a group."""
    result: IntArray = np.maximum(1, np.floor(limits.ceiling * tests)).astype(np.int64)
    return result


def test_items_of_one_template_are_one_group() -> None:
    families = [None, 1, 1, None, 2, 1, 2]
    items = [
        Item(ItemModel.TWO_PL, competence=place // 3, level=1, family=family)
        for place, family in enumerate(families)
    ]
    groups = ExposureGroups.of(ItemParameters.from_items(items))
    assert groups.group_of.tolist() == [0, 1, 1, 2, 3, 1, 3]
    assert groups.competence_of.tolist() == [0, 0, 1, 1]
    assert len(groups) == 4
    assert groups.shown([2, 1, 6]).tolist() == [0, 1, 0, 1]
    assert groups.shown([]).tolist() == [0, 0, 0, 0]
    factor = availability_of_items(groups, np.array([255, 51, 0, 255], np.uint8))
    assert factor.tolist() == [1.0, 0.2, 0.2, 0.0, 1.0, 0.2, 1.0]


def test_counters_count_tests_that_may_use_a_group_and_tests_that_did() -> None:
    start = Exposure.none(3)
    eligible = np.array([True, True, False])
    begun = start.begun(eligible)
    assert (begun.tests, begun.administered.tolist(), begun.reserved.tolist()) == (
        1,
        [0, 0, 0],
        [1, 1, 0],
    )
    ended = begun.begun(eligible).ended(eligible, shown=np.array([0, 1, 0]))
    assert (ended.tests, ended.administered.tolist(), ended.reserved.tolist()) == (
        2,
        [0, 1, 0],
        [1, 1, 0],
    )
    # counters that were lost on the way do not fall below nothing
    assert start.ended(eligible, shown=np.array([0, 0, 0])).reserved.tolist() == [0, 0, 0]


def test_ceilings_rise_where_a_competence_is_too_small_for_them() -> None:
    groups = groups_of(*[0] * 40, *[1] * 20, *[2] * 5)
    limits = Limits.of(groups, competences=(1, 2, 3), need=8)
    assert limits.ceiling[:40].tolist() == [0.0] * 40
    assert limits.ceiling[40:60].tolist() == [0.4] * 20
    assert limits.ceiling[60:].tolist() == [1.0] * 5
    assert limits.floor == DEFAULT_FLOOR
    loose = Limits.of(groups, competences=(0,), need=8)
    assert loose.ceiling[:40].tolist() == [DEFAULT_CEILING] * 40
    assert Limits.of(groups, competences=(0,), need=8, ceiling=0.3).ceiling[0] == 0.3
    assert Limits.of(groups, competences=(0,), need=8, floor=0.01).floor == 0.01


def test_a_bank_never_used_may_be_used_wholly_by_its_first_test() -> None:
    groups = groups_of(*[0] * 8, *[1] * 4)
    limits = Limits.of(groups, competences=(0,), need=2)
    found = admit(Exposure.none(12), groups, limits=limits, need=2)
    assert found.eligible.tolist() == [True] * 8 + [False] * 4
    assert found.featured is None


def test_a_group_at_its_ceiling_is_left_out_and_one_near_it_is_scarce() -> None:
    groups = groups_of(*[0] * 40)
    limits = replace(Limits.of(groups, competences=(0,), need=2), floor=0.0)
    administered = [50] * 40
    administered[3] = 250
    administered[4] = 245
    found = admit(counters(999, administered, [0] * 40), groups, limits=limits, need=2)
    assert not found.eligible[3]
    # 1,000 tests allow 250: there is room for five more, half of what is called scarce
    assert found.availability[4] == np.rint(0.5 * FREELY)
    assert found.availability[5] == FREELY
    assert found.featured is None


def test_groups_open_up_one_by_one() -> None:
    """Each a fraction of a test later than another: golden ratio, modulo one (Weyl)."""
    groups = groups_of(*[0] * 20)
    limits = Limits.of(groups, competences=(0,), need=1)
    phase = (np.arange(1, 21) * (math.sqrt(5.0) - 1.0) / 2.0) % 1.0
    counts = []
    for tests in range(999, 1012):
        used = counters(tests, [249] * 20, [0] * 20)
        found = admit(used, groups, limits=limits, need=0).eligible
        expected = np.floor(0.25 * (tests + 1) - phase) >= 250.0
        assert np.array_equal(found, expected)
        counts.append(int(np.count_nonzero(found)))
    assert counts == sorted(counts)
    assert counts[-1] == 20
    assert len(set(counts)) >= 4


def test_the_price_of_a_group_reckons_with_what_tests_under_way_usually_show() -> None:
    groups = groups_of(*[0] * 40)
    limits = replace(Limits.of(groups, competences=(0,), need=2), floor=0.0)
    administered, reserved = [0] * 40, [0] * 40
    administered[3], reserved[3] = 240, 4
    administered[4], reserved[4] = 237, 8
    found = admit(counters(999, administered, reserved), groups, limits=limits, need=2)
    # 1,000 tests allow 250; 240 and a quarter of 4 leave room for 9, 237 and a quarter of 8 for 11
    assert found.availability[3] == np.rint(0.9 * FREELY)
    assert found.availability[4] == FREELY


def test_a_group_let_in_beyond_its_bound_has_the_highest_price() -> None:
    groups = groups_of(*[0] * 8)
    limits = replace(Limits.of(groups, competences=(0,), need=2), floor=0.0)
    found = admit(counters(99, [60] * 8, [0] * 8), groups, limits=limits, need=2)
    assert sorted(found.availability.tolist()) == [0] * 6 + [np.rint(LEAST_SHARE * FREELY)] * 2


def test_where_every_test_needs_every_group_none_is_scarce() -> None:
    groups = groups_of(0, 0)
    limits = replace(Limits.of(groups, competences=(0,), need=4), floor=0.0)
    found = admit(counters(50, [50, 20], [0, 0]), groups, limits=limits, need=4)
    assert found.availability.tolist() == [FREELY, FREELY]


def test_tests_under_way_are_reckoned_as_if_each_used_what_it_may() -> None:
    groups = groups_of(*[0] * 40)
    limits = Limits.of(groups, competences=(0,), need=2)
    reserved = [0] * 40
    reserved[3] = 50
    found = admit(counters(999, [200] * 40, reserved), groups, limits=limits, need=2)
    assert not found.eligible[3]
    assert found.eligible[4]


def test_a_test_is_never_left_with_less_than_it_needs() -> None:
    groups = groups_of(0, 0, 0, 0, 1, 1)
    limits = Limits(ceiling=np.array([0.25] * 4 + [0.0] * 2), floor=0.0)
    full = counters(99, [60, 40, 30, 40, 0, 0], [0, 0, 5, 0, 0, 0])
    found = admit(full, groups, limits=limits, need=2)
    # the least used
    assert np.flatnonzero(found.eligible[:4]).tolist() == [1, 2]
    assert found.availability[1] > 0


def test_what_an_agent_knows_is_left_out_and_made_up_for() -> None:
    groups = groups_of(0, 0, 0, 0, 1, 1)
    limits = Limits(ceiling=np.array([0.25] * 4 + [0.0] * 2), floor=0.0)
    full = counters(99, [60, 40, 30, 40, 0, 0], [0, 0, 5, 0, 0, 0])
    known = np.array([False, True, True, False, False, True])
    found = admit(full, groups, limits=limits, need=2, left_out=known)
    assert np.flatnonzero(found.eligible).tolist() == [0, 3]
    # no more than there is, and nothing of a competence of which all is known
    few = admit(full, groups, limits=limits, need=4, left_out=known)
    assert np.flatnonzero(few.eligible).tolist() == [0, 3]
    everything = np.array([True] * 4 + [False] * 2)
    assert not admit(full, groups, limits=limits, need=2, left_out=everything).eligible.any()


def test_what_an_agent_knows_is_not_featured() -> None:
    groups = groups_of(*[0] * 4)
    limits = Limits(ceiling=np.full(4, 0.5), floor=0.1)
    used = counters(100, [40, 0, 40, 40], [0] * 4)
    assert admit(used, groups, limits=limits, need=1).featured == 1
    known = np.array([False, True, False, False])
    assert admit(used, groups, limits=limits, need=1, left_out=known).featured is None


def test_each_test_of_a_class_that_begins_together_has_items_of_all_parts_of_the_bank() -> None:
    """A new bank of 60 items in order of level; from the second test on all are in use already."""
    groups = groups_of(*[0] * 60)
    limits = Limits.of(groups, competences=(0,), need=12)
    exposure = Exposure.none(60)
    for _ in range(30):
        found = admit(exposure, groups, limits=limits, need=12).eligible
        quarters = [int(np.count_nonzero(part)) for part in np.split(found, 4)]
        assert min(quarters) >= 2, quarters
        exposure = exposure.begun(found)
    assert exposure.reserved.max() - exposure.reserved.min() <= 1


def test_groups_that_nobody_was_shown_are_featured_by_turns() -> None:
    groups = groups_of(*[0] * 10)
    limits = Limits.of(groups, competences=(0,), need=2, floor=0.01)
    administered = [100] * 10
    administered[2] = administered[7] = 9
    featured = [
        admit(counters(tests, administered, [0] * 10), groups, limits=limits, need=2).featured
        for tests in (1000, 1001, 1002)
    ]
    assert set(featured) == {2, 7}
    assert featured[0] == featured[2] != featured[1]
    administered[2] = administered[7] = 10
    found = admit(counters(1000, administered, [0] * 10), groups, limits=limits, need=2)
    assert found.featured is None


@dataclass
class House:
    """A bank in use: counters, and what is under way."""

    groups: ExposureGroups
    exposure: Exposure
    under_way: list[tuple[BoolArray, FloatArray]] = field(default_factory=list)
    forced: set[int] = field(default_factory=set)

    def begin(self, limits: Limits, *, need: int) -> Admission:
        """Begin a test; remember the groups that were let in only because it needed them."""
        found = admit(self.exposure, self.groups, limits=limits, need=need)
        in_use = self.exposure.administered + self.exposure.reserved
        greatest = bound(self.groups, limits, tests=self.exposure.tests + 1)
        self.forced |= set(np.flatnonzero(found.eligible & (in_use + 1 > greatest)).tolist())
        self.exposure = self.exposure.begun(found.eligible)
        self.under_way.append((found.eligible, limits.ceiling))
        return found

    def end(self, place: int, *, rng: np.random.Generator, items: int) -> None:
        """End one of the tests under way, which was shown some of what it might be."""
        eligible, _ = self.under_way.pop(place)
        allowed = rng.permutation(np.flatnonzero(eligible))[:items]
        shown = np.zeros(len(self.groups), np.int64)
        shown[allowed] = 1
        self.exposure = self.exposure.ended(eligible, shown=shown)


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(1, 5), st.integers(1, 4))
def test_no_interleaving_of_tests_passes_the_bound(seed: int, need: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    groups = groups_of(*np.sort(rng.integers(0, count, 30)).tolist())
    house = House(groups, Exposure.none(30))
    limits = Limits.of(groups, competences=range(count), need=need, ceiling=0.3)
    for _ in range(120):
        if house.under_way and rng.random() < 0.5:
            house.end(int(rng.integers(len(house.under_way))), rng=rng, items=need * count)
        else:
            found = house.begin(limits, need=need)
            for competence in range(count):
                members = groups.competence_of == competence
                assert found.eligible[members].sum() >= min(need, members.sum())
        in_use = house.exposure.administered + house.exposure.reserved
        free = np.array([one not in house.forced for one in range(30)])
        assert np.all(in_use[free] <= bound(groups, limits, tests=house.exposure.tests)[free])
        assert np.all(house.exposure.reserved >= 0)


@settings(deadline=None, max_examples=40)
@given(seeds)
def test_what_is_not_asked_about_is_neither_eligible_nor_featured(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = groups_of(*np.sort(rng.integers(0, 4, 24)).tolist())
    asked = rng.permutation(4)[:2].tolist()
    limits = Limits.of(groups, competences=asked, need=3, floor=0.1)
    used = counters(200, rng.integers(0, 60, 24).tolist(), rng.integers(0, 9, 24).tolist())
    found = admit(used, groups, limits=limits, need=3)
    elsewhere = ~np.isin(groups.competence_of, asked)
    assert not found.eligible[elsewhere].any()
    assert found.featured is None or not elsewhere[found.featured]


@pytest.mark.parametrize("at_once", [1, 8])
def test_in_simulated_tests_no_item_passes_the_ceiling(at_once: int) -> None:
    """Whole tests of version 2, ``at_once`` under way at any time."""
    tables = random_bank(80, competence_count=2)
    groups = ExposureGroups.of(tables.parameters)
    by = rules(standard_error=0.5, maximum_items=6, pool_size=5)
    limits = Limits.of(groups, competences=(0, 1), need=6, ceiling=0.25)
    exposure, under_way = Exposure.none(80), []
    rng = np.random.default_rng(4)
    for seed in range(120):
        admission = admit(exposure, groups, limits=limits, need=6)
        exposure = exposure.begun(admission.eligible)
        plan = SessionPlan(
            competences=(0, 1),
            seed=seed,
            eligible=admission.eligible[groups.group_of],
            availability=availability_of_items(groups, admission.availability),
        )
        agent = simulated_agent(tables, rng.normal(size=2).tolist(), rng=rng)
        under_way.append((admission, Setting(tables, two_areas(2).prior, by).course(plan, agent)))
        if len(under_way) >= at_once:
            first, course = under_way.pop(0)
            exposure = exposure.ended(first.eligible, shown=groups.shown(course.items))
    assert exposure.tests == 120
    assert exposure.administered.max() <= 30
    assert exposure.administered.max() > 12
