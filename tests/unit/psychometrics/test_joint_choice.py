"""Which item is put, and when a test of version 2 ends."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.psychometrics.algorithm import Measurement
from pacnum_api.psychometrics.arithmetic import uniforms
from pacnum_api.psychometrics.bank import Item
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.joint_estimation import JointPosterior
from pacnum_api.psychometrics.joint_selection import select
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.rules import Rules, SelectionRules
from pacnum_api.psychometrics.selection import Selection, ValueKind
from pacnum_api.psychometrics.session import Quota, SessionPlan, replayed
from pacnum_api.psychometrics.simulation import framework_correlation
from pacnum_api.psychometrics.stopping import StopReason, weakest
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import (
    Setting,
    mixed_items,
    random_bank,
    rules,
    simulated_agent,
    tables_of,
    two_areas,
    two_pl,
)
from tests.unit.psychometrics.test_small_matrices import random_correlation

LARGE = random_bank(90, competence_count=3)
THREE = (0, 1, 2)
seeds = st.integers(0, 2**32 - 1)


def setting(tables: BankTables, by: Rules) -> Setting:
    return Setting(tables, two_areas(tables.competence_count).prior, by)


def step(where: Setting, plan: SessionPlan, *, responses: tuple[Response, ...] = ()) -> Measurement:
    return where.measured(plan, list(responses))


def chosen(where: Setting, plan: SessionPlan, *, responses: tuple[Response, ...] = ()) -> Selection:
    found = step(where, plan, responses=responses).decision.selection
    assert found is not None
    return found


def progressive(by: Rules, *, items: int) -> Rules:
    return replace(by, selection=replace(by.selection, progressive_items=items))


@dataclass(frozen=True)
class Case:
    """A random bank, population, plan and rules."""

    where: Setting
    plan: SessionPlan
    rng: np.random.Generator = field(compare=False)


def random_items(rng: np.random.Generator, count: int) -> list[Item]:
    """Some of them siblings, some enemies."""
    items = mixed_items(rng, rng.integers(0, 9, count).tolist())
    return [
        replace(
            item,
            family=int(rng.integers(3)) if rng.random() < 0.2 else None,
            enemies=(int(rng.integers(len(items))),) if rng.random() < 0.1 else (),
        )
        for item in items
    ]


def random_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 7))
    items = random_items(rng, count)
    tables = tables_of(items, competence_count=count)
    asked = rng.permutation(count)[: int(rng.integers(1, count + 1))].tolist()
    plan = SessionPlan(
        competences=tuple(asked),
        seed=seed,
        targets={one: int(rng.integers(1, 9)) for one in asked if rng.random() < 0.3},
        eligible=rng.random(len(items)) < 0.9 if rng.random() < 0.5 else None,
        quotas={one: Quota(minimum=1, maximum=3) for one in asked if rng.random() < 0.3},
        item_budget=int(rng.integers(1, 12)) if rng.random() < 0.5 else None,
        availability=rng.random(len(items)) if rng.random() < 0.3 else None,
    )
    by = rules(
        pool_size=int(rng.integers(1, 6)),
        minimum_items=int(rng.integers(0, 3)),
        maximum_items=int(rng.integers(3, 9)),
        standard_error=float(rng.uniform(0.3, 0.8)),
        level_certainty=float(rng.uniform(0.4, 1.0)),
    )
    by = progressive(by, items=int(rng.integers(0, 4)))
    population = Population(random_correlation(seed, size=count))
    return Case(Setting(tables, population.prior, by), plan, rng)


@settings(deadline=None, max_examples=80)
@given(seeds)
def test_tests_end_and_keep_every_promise(seed: int) -> None:
    case = random_case(seed)
    tables, plan = case.where.tables, case.plan
    abilities = case.rng.normal(size=tables.competence_count).tolist()
    agent = simulated_agent(tables, abilities, rng=case.rng)
    course = case.where.course(plan, agent)
    items = course.items
    assert len(set(items)) == len(items)
    for place, item in enumerate(items):
        assert set(items[place + 1 :]).isdisjoint(tables.excludes[item].tolist())
        assert plan.eligible is None or plan.eligible[item]
    assert plan.item_budget is None or len(items) <= plan.item_budget
    for measured in course.measurements[:-1]:
        selection = measured.decision.selection
        assert selection is not None
        assert selection.competence == tables.competence_of[selection.item]
        assert selection.competence in plan.competences
        assert selection.competence not in measured.decision.closed
    last = course.last.decision
    assert set(last.closed) == set(plan.competences)
    assert last.reason == weakest(last.closed.values())
    counts = Counter(tables.competence_of[item] for item in items)
    usual = Quota(0, case.where.rules.stopping.maximum_items)
    for competence in plan.competences:
        assert counts[competence] <= plan.quotas.get(competence, usual).maximum
        assert counts[competence] == course.last.state.counts[competence]


@settings(deadline=None, max_examples=25)
@given(seeds)
def test_a_replay_gives_the_same_bits(seed: int) -> None:
    case = random_case(seed)
    agent = simulated_agent(case.where.tables, (0.3,) * 6, rng=case.rng)
    course = case.where.course(case.plan, agent)
    fresh = random_case(seed)
    for count, measured in enumerate(course.measurements):
        again = fresh.where.measured(fresh.plan, list(course.responses[:count]))
        assert again.decision == measured.decision
        for competence in case.plan.competences:
            weights = [one.posterior.marginal(competence).weights for one in (again, measured)]
            assert weights[0].tobytes() == weights[1].tobytes()


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_every_competence_has_its_minimum_where_bank_and_budget_allow(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 6))
    tables = random_bank(12 * count, competence_count=count, seed=seed % 17)
    minima = rng.integers(0, 4, count).tolist()
    quotas = {one: Quota(minimum=least, maximum=8) for one, least in enumerate(minima)}
    budget = sum(minima) + int(rng.integers(0, 3))
    plan = SessionPlan(
        competences=tuple(range(count)), seed=seed, quotas=quotas, item_budget=max(budget, 1)
    )
    by = progressive(rules(standard_error=0.5, pool_size=3), items=3)
    agent = simulated_agent(tables, rng.normal(size=count).tolist(), rng=rng)
    counts = setting(tables, by).course(plan, agent).last.state.counts
    assert all(found >= least for found, least in zip(counts, minima, strict=True))


def test_the_budget_keeps_room_for_the_minima_from_the_last_moment_on() -> None:
    """Competence 0 alone is worth asking; the other has a minimum of 2 and the budget is 4."""
    items = [two_pl(2.0, 0.1 * place) for place in range(8)]
    weak = [two_pl(0.3, 0.0, competence=1) for _ in range(4)]
    tables = tables_of([*items, *weak], competence_count=2)
    plan = SessionPlan(
        competences=(0, 1),
        seed=2,
        quotas={0: Quota(0, 8), 1: Quota(2, 8)},
        item_budget=4,
    )
    course = setting(tables, rules()).course(plan, lambda item: item % 2)
    assert [tables.competence_of[item] for item in course.items] == [0, 0, 1, 1]
    assert course.last.decision.reason is StopReason.ITEM_BUDGET


def test_a_competence_that_runs_out_of_items_leaves_its_reserve_to_the_others() -> None:
    items = [two_pl(1.0, 0.1 * place) for place in range(6)]
    tables = tables_of([*items, two_pl(1.0, 0.0, competence=1)], competence_count=2)
    plan = SessionPlan(
        competences=(0, 1), seed=2, quotas={0: Quota(0, 8), 1: Quota(3, 8)}, item_budget=4
    )
    course = setting(tables, rules()).course(plan, lambda item: item % 2)
    assert Counter(tables.competence_of[item] for item in course.items) == {0: 3, 1: 1}
    assert course.measurements[-2].decision.closed == {1: StopReason.NO_ITEM_LEFT}


def with_falls(by: Rules, *, variance: float, risk: float) -> Rules:
    stopping = replace(by.stopping, least_variance_fall=variance, least_risk_fall=risk)
    return replace(by, stopping=stopping)


@pytest.mark.parametrize("asked", [(0,), THREE])
@pytest.mark.parametrize(
    ("by", "reason"),
    [
        (rules(standard_error=0.5), StopReason.PRECISION_REACHED),
        (rules(level_certainty=0.4), StopReason.LEVEL_CERTAIN),
        (rules(maximum_items=4), StopReason.ITEM_BUDGET),
        (with_falls(rules(minimum_items=2), variance=0.2, risk=0.0), StopReason.NO_MORE_TO_GAIN),
        (rules(), StopReason.NO_ITEM_LEFT),
    ],
)
def test_without_targets_the_reason_is_the_right_one(
    by: Rules, reason: StopReason, asked: tuple[int, ...]
) -> None:
    plan = SessionPlan(competences=asked, seed=8)
    course = setting(LARGE, by).course(plan, lambda item: item % 2)
    last = course.last
    assert last.decision.reason is reason
    counts = [last.state.counts[competence] for competence in asked]
    marginals = [last.posterior.marginal(competence) for competence in asked]
    if reason is StopReason.PRECISION_REACHED:
        assert all(one.standard_error <= 0.5 + 1e-3 for one in marginals)
    if reason is StopReason.LEVEL_CERTAIN:
        assert all(one.level_certainty >= 0.4 for one in marginals)
    if reason is StopReason.ITEM_BUDGET:
        assert counts == [4] * len(asked)
    if reason is StopReason.NO_MORE_TO_GAIN:
        assert min(counts) >= 2
        assert sum(counts) < 12
    if reason is StopReason.NO_ITEM_LEFT:
        assert counts == [30] * len(asked)


@pytest.mark.parametrize("asked", [(0,), THREE])
@pytest.mark.parametrize(
    ("variance", "risk", "reason"),
    [(0.0, 0.0, StopReason.TARGET_DECIDED), (0.0, 0.1, StopReason.NO_MORE_TO_GAIN)],
)
def test_with_targets_the_reason_is_the_right_one(
    variance: float, risk: float, reason: StopReason, asked: tuple[int, ...]
) -> None:
    plan = SessionPlan(competences=asked, seed=8, targets=dict.fromkeys(asked, 6))
    by = with_falls(rules(standard_error=2.0), variance=variance, risk=risk)
    last = setting(LARGE, by).course(plan, lambda _: 1).last
    assert last.decision.reason is reason
    if reason is StopReason.TARGET_DECIDED:
        for competence in asked:
            chance = last.posterior.marginal(competence).probability_at_least(6)
            assert max(chance, 1.0 - chance) >= 0.9


def test_a_spent_budget_closes_what_was_not_done() -> None:
    by = rules(standard_error=0.9)
    plan = SessionPlan(competences=THREE, seed=8, item_budget=2)
    responses = (Response(0, 1), Response(1, 0))
    last = step(setting(LARGE, by), plan, responses=responses).decision
    assert last.selection is None
    assert last.closed[0] is StopReason.PRECISION_REACHED
    assert last.closed[1] is last.closed[2] is StopReason.ITEM_BUDGET
    assert last.reason is StopReason.ITEM_BUDGET


def test_the_time_of_the_session_is_a_budget_too() -> None:
    where = setting(LARGE, rules())
    plan = SessionPlan(competences=THREE, seed=8, time_budget_seconds=60.0)
    measured = step(where, plan)
    assert isinstance(measured.posterior, JointPosterior)
    late, early = (
        select(
            LARGE,
            measured.posterior,
            state=replace(measured.state, elapsed_seconds=seconds),
            rules=where.rules,
        )
        for seconds in (60.0, 59.9)
    )
    assert late.selection is None
    assert late.reason is StopReason.TIME_BUDGET
    assert early.selection is not None


def test_the_minimum_comes_before_every_goal() -> None:
    by = rules(minimum_items=3, standard_error=0.9, level_certainty=0.1)
    for asked in ((0,), THREE):
        course = setting(LARGE, by).course(SessionPlan(asked, seed=8), lambda item: item % 2)
        assert course.last.state.counts[: len(asked)] == (3,) * len(asked)


def test_answers_to_one_competence_can_close_another() -> None:
    """What an uncorrelated engine never does."""
    population = Population(
        framework_correlation([0, 0], within=0.95), strengths=(1.0,), weights=(1.0,)
    )
    by = rules(minimum_items=0, standard_error=0.5)
    where = Setting(random_bank(60, competence_count=2), population.prior, by)
    responses = tuple(Response(item, item % 2) for item in range(25))
    closed = step(where, SessionPlan((0, 1), seed=1), responses=responses).decision.closed
    assert closed == dict.fromkeys((0, 1), StopReason.PRECISION_REACHED)


def test_the_first_item_is_ranked_half_by_chance() -> None:
    where = setting(LARGE, progressive(rules(), items=3))
    without = setting(LARGE, rules())
    for seed in range(5):
        found = chosen(where, SessionPlan(THREE, seed=seed))
        best = chosen(without, SessionPlan(THREE, seed=seed)).candidates[0].value
        chance = uniforms(seed, 1, count=90)
        assert found.random_share == 0.5
        assert found.pool_size == 90
        ranks = [one.value + best * chance[one.item] for one in found.candidates]
        assert ranks == sorted(ranks, reverse=True)
        assert all(one.value > 0.1 * best for one in found.candidates[:1])


def test_chance_fades_and_is_gone_after_the_progressive_items() -> None:
    where = setting(LARGE, progressive(rules(), items=3))
    course = where.course(SessionPlan(THREE, seed=4, item_budget=8), lambda item: item % 2)
    selections = [one.decision.selection for one in course.measurements[:-1]]
    shares = [one.random_share for one in selections if one is not None]
    assert shares == pytest.approx([1 / 2, 1 / 3, 1 / 6, 0.0, 0.0, 0.0, 0.0, 0.0])
    for one in selections[3:]:
        assert one is not None
        values = [candidate.value for candidate in one.candidates]
        assert values == sorted(values, reverse=True)
        assert one.candidates[0].probability == 1.0


def test_over_many_tests_many_items_come_first_and_the_better_more_often() -> None:
    tables = random_bank(30, competence_count=2)
    where = setting(tables, progressive(rules(), items=1))
    plain = chosen(setting(tables, rules()), SessionPlan((0, 1), seed=0))
    firsts = Counter(chosen(where, SessionPlan((0, 1), seed=seed)).item for seed in range(600))
    assert len(firsts) >= 8
    assert max(firsts.values()) < 300
    good = [one.item for one in plain.candidates[:5]]
    assert sum(firsts[item] for item in good) > 300


def test_rules_without_progressive_items_leave_nothing_to_chance() -> None:
    by = SelectionRules(pool_size=1, sharpness=1)
    assert by.random_share(1) == 0.0
    assert SelectionRules(1, 1, progressive_items=2).random_share(9) == 0.0


def test_scarce_items_are_ranked_lower_and_keep_their_value() -> None:
    where = setting(LARGE, rules())
    plain = chosen(where, SessionPlan(THREE, seed=4))
    best, second = plain.candidates[:2]
    availability = np.ones(90)
    availability[best.item] = 0.02
    scarce = chosen(where, SessionPlan(THREE, seed=4, availability=availability))
    assert scarce.item == second.item
    assert scarce.candidates[0].value == second.value
    assert best.item not in [one.item for one in scarce.candidates]


def featuring(item: int) -> SessionPlan:
    return SessionPlan(THREE, seed=4, featured=item)


def test_a_featured_item_comes_first_and_only_then() -> None:
    where = setting(LARGE, rules())
    worst = chosen(where, SessionPlan(THREE, seed=4, eligible=np.arange(90) == 5)).item
    found = chosen(where, featuring(worst))
    assert (found.item, found.value_kind) == (5, ValueKind.FEATURED)
    assert found.candidates[0].value > 0.0
    assert found.pool_size == 1
    after = chosen(where, featuring(worst), responses=(Response(7, 1),))
    assert after.value_kind is ValueKind.VARIANCE_FALL


def test_a_featured_item_that_may_not_be_put_is_not() -> None:
    where = setting(LARGE, rules())
    found = chosen(where, replace(featuring(5), eligible=np.arange(90) != 5))
    assert found.value_kind is ValueKind.VARIANCE_FALL
    other = chosen(where, replace(featuring(80), competences=(0, 1)))
    assert other.value_kind is ValueKind.VARIANCE_FALL


def trying(tryouts: Mapping[int, int], *, item_budget: int | None = None) -> SessionPlan:
    """Items from 60 on are new."""
    return SessionPlan(
        (0, 1), seed=4, eligible=np.arange(90) < 60, tryouts=tryouts, item_budget=item_budget
    )


def test_tryouts_are_put_at_their_position_and_change_nothing_else() -> None:
    where = setting(LARGE, rules(standard_error=0.6))
    plan, without = trying({2: 70, 5: 81, 900: 82}), trying({})
    course = where.course(plan, lambda item: item % 2)
    plain = where.course(without, lambda item: item % 2)
    assert course.items[1] == 70
    assert course.items[4] == 81
    assert tuple(item for item in course.items if item < 60) == plain.items
    selection = course.measurements[1].decision.selection
    assert selection is not None
    assert selection.value_kind is ValueKind.TRYOUT
    assert selection.competence == 2
    assert selection.candidates == ((70, 0.0, 1.0),)
    assert course.last.state.counts == plain.last.state.counts
    for competence in (0, 1):
        one, other = (found.last.posterior.marginal(competence) for found in (course, plain))
        assert one.weights.tobytes() == other.weights.tobytes()
        assert one.answered == other.answered


def test_an_item_is_a_tryout_only_at_its_position() -> None:
    plan = SessionPlan((0, 1), seed=4, tryouts={2: 5})
    assert plan.is_tryout(2, 5)
    assert not plan.is_tryout(1, 5)
    assert not plan.is_tryout(2, 6)
    assert replayed(LARGE, plan, items=(5, 6, 7)).counts == (3, 0, 0)
    assert replayed(LARGE, plan, items=(6, 5, 7)).counts == (2, 0, 0)


@pytest.mark.parametrize("before", [70, 71, 72])
def test_a_tryout_that_an_earlier_item_excludes_is_not_put(before: int) -> None:
    items = [two_pl(1.0, 0.01 * place, competence=place // 70) for place in range(90)]
    items[70] = replace(items[70], family=3, enemies=(72,))
    items[71] = replace(items[71], family=3)
    where = setting(tables_of(items, competence_count=2), rules())
    plan = SessionPlan((0, 1), seed=4, tryouts={2: 70})
    found = chosen(where, plan, responses=(Response(before, 1),))
    assert found.item != 70
    assert chosen(where, plan, responses=(Response(73, 1),)).item == 70


def test_a_tryout_does_not_cost_a_competence_its_minimum() -> None:
    where = setting(LARGE, rules(minimum_items=2, maximum_items=2))
    tight = where.course(trying({2: 70}, item_budget=4), lambda item: item % 2)
    roomy = where.course(trying({2: 70}, item_budget=5), lambda item: item % 2)
    assert 70 not in tight.items
    assert roomy.items[1] == 70
    for course in (tight, roomy):
        assert course.last.state.counts == (2, 2, 0)


def timed(seconds: float, *, item: int) -> SessionPlan:
    expected = np.full(90, 30.0)
    expected[item] = seconds
    return SessionPlan(THREE, seed=4, expected_seconds=expected)


def test_values_are_per_second_where_the_rules_say_so() -> None:
    by = rules()
    per_second = replace(by, selection=replace(by.selection, is_per_second=True))
    plain = chosen(setting(LARGE, by), SessionPlan(THREE, seed=4))
    best, second = plain.candidates[:2]
    untimed = chosen(setting(LARGE, per_second), SessionPlan(THREE, seed=4))
    assert untimed == plain
    unasked = chosen(setting(LARGE, by), timed(300.0, item=best.item))
    assert unasked == plain
    slow = chosen(setting(LARGE, per_second), timed(300.0, item=best.item))
    assert slow.item == second.item
    assert slow.candidates[0].value == pytest.approx(second.value / 30.0)
    values = {one.item: one.value for one in slow.candidates}
    assert best.item not in values
    assert list(values.values()) == sorted(values.values(), reverse=True)


def test_time_does_not_decide_whether_there_is_more_to_gain() -> None:
    by = with_falls(rules(), variance=0.02, risk=0.0)
    per_second = replace(by, selection=replace(by.selection, is_per_second=True))
    seconds = SessionPlan(THREE, seed=4, expected_seconds=np.full(90, 60.0))
    lengths = [
        len(setting(LARGE, one).course(seconds, lambda item: item % 2).items)
        for one in (by, per_second)
    ]
    assert lengths[0] == lengths[1] > 9


def test_equal_items_stand_in_the_order_of_the_bank() -> None:
    tables = tables_of([two_pl(1.0, 0.0)] * 4, competence_count=1)
    found = chosen(setting(tables, rules()), SessionPlan((0,), seed=4))
    assert [one.item for one in found.candidates] == [0, 1, 2, 3]
    for one, other in pairwise(found.candidates):
        assert one.value == other.value


@pytest.mark.parametrize("asked", [(0,), (0, 1)])
def test_a_bank_without_items_ends_every_test_at_once(asked: tuple[int, ...]) -> None:
    where = setting(tables_of([], competence_count=2), rules())
    last = step(where, SessionPlan(asked, seed=4)).decision
    assert last.selection is None
    assert last.closed == dict.fromkeys(asked, StopReason.NO_ITEM_LEFT)
