"""Waves against the rule of ``exposure`` itself, one test after the other."""

import numpy as np
import pytest

from pacnum_api.psychometrics.algorithm import algorithm_for
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.exposure import Exposure, Limits, admit, availability_of_items
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.simulation.admissions import NONE_FEATURED, Admissions
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.batch import Cohort, Course, run
from pacnum_api.psychometrics.simulation.sessions import Engine
from pacnum_api.psychometrics.simulation.waves import Waves
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import random_bank, rules, tables_of
from tests.unit.psychometrics.simulation.records import records_of


def families() -> BankTables:
    items = [
        Item(ItemModel.TWO_PL, competence=place // 20, level=1, family=place // 3)
        if place % 4 == 0
        else Item(ItemModel.TWO_PL, competence=place // 20, level=1)
        for place in range(60)
    ]
    return tables_of(items, competence_count=3)


@pytest.mark.parametrize(("ceiling", "need"), [(0.25, 4), (0.1, 9), (1.0, 2), (0.05, 1)])
def test_a_wave_begins_as_its_tests_would(ceiling: float, need: int) -> None:
    tables = families()
    waves = Waves.under(ceiling, tables, competences=(0, 2), need=need)
    groups, counters = waves.groups, Exposure.none(len(waves.groups))
    limits = Limits.of(groups, competences=(0, 2), need=need, ceiling=ceiling)
    rng = np.random.default_rng(1)
    for count in (1, 7, 30, 1, 12, 600, 1):
        found, expected = waves.begin(count), []
        for test in range(count):
            expected.append(admit(counters, groups, limits=limits, need=need))
            counters = counters.begun(expected[-1].eligible)
            factor = availability_of_items(groups, expected[-1].availability)
            assert found.factor(test).tolist() == factor.tolist()
            assert found.eligible(test).tolist() == (factor > 0.0).tolist()
            item = found.featured_item(test)
            featured = None if item is None else int(groups.group_of[item])
            assert featured == expected[-1].featured
        given = [rng.permutation(np.flatnonzero(row))[:3].tolist() for row in found.availability]
        waves.end(records_of(items=[row + [-1] * (3 - len(row)) for row in given]))
        for one, row in zip(expected, given, strict=True):
            counters = counters.ended(one.eligible, shown=groups.shown(row))
        assert waves.counters.tests == counters.tests
        assert waves.counters.administered.tolist() == counters.administered.tolist()
        assert waves.counters.reserved.tolist() == counters.reserved.tolist()


def test_items_that_nobody_has_seen_are_featured() -> None:
    tables = families()
    waves = Waves.under(0.25, tables, competences=(0, 1, 2), need=4)
    waves.begin(1000)
    waves.end(records_of(items=[[0]]))
    found = waves.begin(40)
    featured = found.featured.tolist()
    assert len(set(featured)) > 10
    assert NONE_FEATURED not in featured
    group_of = waves.groups.group_of
    # The first of a family stands for it.
    assert all(np.argmax(group_of == group_of[item]) == item for item in featured)


@pytest.mark.parametrize("ceiling", [0.0, -0.1, 1.01])
def test_a_ceiling_is_a_share(ceiling: float) -> None:
    with pytest.raises(ValueError, match="ceiling"):
        Waves.under(ceiling, families(), competences=(0,), need=3)


@pytest.mark.parametrize("wave", [1, 16])
def test_no_item_passes_the_ceiling(wave: int) -> None:
    tables = random_bank(120)
    engine = Engine(
        algorithm_for("2.0.0"), rules(pool_size=5, maximum_items=6), Population.independent(1).prior
    )
    course = Course.of_engine(tables, 0, engine=engine)
    abilities = np.random.default_rng(1).normal(size=(320, 1))
    answers = AnswerModel(tables.parameters, abilities, seed=2)
    waves = Waves.under(0.2, tables, competences=(0,), need=6)
    for first in range(0, 320, wave):
        agents = np.arange(first, first + wave)
        cohort = Cohort(agents, tuple(agents.tolist()), answers, waves.begin(wave))
        waves.end(run(course, cohort))
    assert 0.15 < waves.counters.administered.max() / 320 <= 0.2


def test_a_part_of_a_wave_is_what_its_tests_may_use() -> None:
    whole = Admissions(np.arange(12, dtype=np.uint8).reshape(4, 3), np.array([-1, 2, 0, -1]))
    part = whole.part(1, 3)
    assert part.availability.tolist() == [[3, 4, 5], [6, 7, 8]]
    assert [part.featured_item(0), part.featured_item(1), whole.featured_item(3)] == [2, 0, None]
    assert whole.eligible(0).tolist() == [False, True, True]
