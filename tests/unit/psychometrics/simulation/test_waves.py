"""Waves against the rule of ``exposure`` itself, one test after the other."""

import numpy as np
import pytest

from pacnum_api.psychometrics.algorithm import algorithm_for
from pacnum_api.psychometrics.arithmetic import BoolArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.exposure import Exposure, eligible_groups, eligible_items
from pacnum_api.psychometrics.population import Population
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


def one_by_one(waves: Waves, counters: Exposure, count: int) -> tuple[BoolArray, Exposure]:
    is_open = []
    for _ in range(count):
        groups = eligible_groups(counters, waves.groups, ceiling=waves.bound, need=waves.need)
        is_open.append(eligible_items(waves.groups, groups))
        counters = counters.begun(groups)
    return np.array(is_open), counters


@pytest.mark.parametrize(("ceiling", "need"), [(0.25, 4), (0.1, 9), (1.0, 2), (0.05, 1)])
def test_a_wave_begins_as_its_tests_would(ceiling: float, need: int) -> None:
    waves = Waves.under(ceiling, families(), competences=(0, 2), need=need)
    rng = np.random.default_rng(1)
    for count in (1, 7, 30, 1, 12):
        # What is reserved is free again when a wave is over.
        before = Exposure(
            waves.counters.tests, waves.counters.administered, np.zeros(len(waves.groups), np.int64)
        )
        expected, after = one_by_one(waves, before, count)
        is_open = waves.begin(count)
        assert np.array_equal(is_open, expected)
        assert waves.counters.tests == after.tests
        assert not is_open[:, 20:40].any()
        given = [rng.permutation(np.flatnonzero(row))[:3].tolist() for row in is_open]
        used = [waves.groups.shown(row) for row in given]
        was = waves.counters.administered
        waves.end(records_of(items=[row + [-1] * (3 - len(row)) for row in given]))
        assert waves.counters.administered.tolist() == (was + sum(used)).tolist()


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
