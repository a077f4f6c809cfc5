import numpy as np
import pytest

from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.session import SessionPlan, after, begin, replayed
from tests.unit.psychometrics.banks import random_bank, tables_of, two_pl

BANK = random_bank(12, competence_count=3)


def test_a_session_begins_with_nothing_asked() -> None:
    state = begin(BANK, SessionPlan(competences=(0, 2), seed=5))
    assert state.position == 1
    assert state.counts == (0, 0, 0)
    assert not state.blocked.any()
    assert sorted(state.rank) == [0, 2]


def test_items_that_are_not_eligible_are_blocked_from_the_start() -> None:
    eligible = np.arange(12) % 2 == 0
    state = begin(BANK, SessionPlan(competences=(0,), seed=5, eligible=eligible))
    assert np.array_equal(state.blocked, ~eligible)


def test_an_item_put_is_counted_and_blocked_with_what_it_excludes() -> None:
    items = [
        two_pl(1.0, 0.0),
        Item(ItemModel.TWO_PL, competence=0, level=1, family=4),
        Item(ItemModel.TWO_PL, competence=1, level=1, family=4),
    ]
    tables = tables_of(items, competence_count=2)
    start = begin(tables, SessionPlan(competences=(0, 1), seed=5))
    state = after(tables, start, item=1, elapsed_seconds=12.5)
    assert state.items == (1,)
    assert state.position == 2
    assert state.counts == (1, 0)
    assert state.blocked.tolist() == [False, True, True]
    assert state.elapsed_seconds == 12.5
    assert after(tables, start, item=1).elapsed_seconds == 0.0
    assert not start.blocked.any()


def test_a_new_item_put_to_be_calibrated_is_not_counted() -> None:
    start = begin(BANK, SessionPlan(competences=(0,), seed=5, tryouts={2: 1}))
    first = after(BANK, start, item=0)
    assert first.counts == (1, 0, 0)
    assert after(BANK, first, item=1).counts == (1, 0, 0)
    assert after(BANK, first, item=2).counts == (2, 0, 0)


def test_a_replay_ends_where_the_session_stood() -> None:
    plan = SessionPlan(competences=(0, 1, 2), seed=5)
    step_by_step = begin(BANK, plan)
    for item in (3, 8, 4):
        step_by_step = after(BANK, step_by_step, item=item, elapsed_seconds=item * 1.0)
    found = replayed(BANK, plan, items=(3, 8, 4), elapsed_seconds=4.0)
    assert (found.items, found.counts) == (step_by_step.items, step_by_step.counts)
    assert np.array_equal(found.blocked, step_by_step.blocked)
    assert found.elapsed_seconds == step_by_step.elapsed_seconds
    assert replayed(BANK, plan, items=(3,)).elapsed_seconds == 0.0
    assert found.rank == step_by_step.rank


@pytest.mark.parametrize("competences", [(), (0, 0), (3,), (-1,)])
def test_competences_asked_about_must_make_sense(competences: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"at least one competence|not in the framework"):
        begin(BANK, SessionPlan(competences=competences, seed=5))


@pytest.mark.parametrize("level", [0, 9])
def test_a_target_is_a_level(level: int) -> None:
    with pytest.raises(ValueError, match="is not one of"):
        begin(BANK, SessionPlan(competences=(0,), seed=5, targets={0: level}))


def test_the_order_between_equals_differs_from_session_to_session() -> None:
    firsts = {
        min(rank, key=rank.__getitem__)
        for seed in range(40)
        for rank in [begin(BANK, SessionPlan(competences=(0, 1, 2), seed=seed)).rank]
    }
    assert firsts == {0, 1, 2}
