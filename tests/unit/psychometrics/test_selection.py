import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.estimation import Prior, Response, begin_with, estimate
from pacnum_api.psychometrics.rules import Rules, SelectionRules
from pacnum_api.psychometrics.scale import DEFAULT_SCALE, THETA
from pacnum_api.psychometrics.selection import (
    Decision,
    Selection,
    ValueKind,
    between_answers,
    draw_probabilities,
    item_values,
    select,
)
from pacnum_api.psychometrics.session import Quota, SessionPlan, replayed
from pacnum_api.psychometrics.stopping import StopReason
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import random_bank, rules, tables_of, two_pl

MIXED = tables_of(
    [
        two_pl(0.7, -1.2),
        two_pl(1.8, 0.4),
        Item(ItemModel.FOUR_PL, competence=0, level=1, a=1.3, b=0.0, c=0.25, d=0.95),
        Item(ItemModel.GRADED, competence=0, level=1, a=1.4, b=0.1, steps=(-0.9, 0.2, 1.1)),
        Item(ItemModel.PARTIAL_CREDIT, competence=0, level=1, a=1.1, b=0.5, steps=(0.4, -0.4)),
    ]
)
PLAN = SessionPlan(competences=(0,), seed=9)


def brute_force(tables: BankTables, weights: FloatArray, *, score: FloatArray) -> list[float]:
    """Fall of the variance of the score, by conditioning on every answer on the full grid."""

    def variance(under: FloatArray) -> float:
        mean = float((under * score).sum())
        return float((under * (score - mean) ** 2).sum())

    falls = []
    for item in range(tables.item_count):
        left = 0.0
        for category in range(int(tables.parameters.categories[item])):
            joint = weights * tables.likelihood[tables.likelihood_row(item, category)]
            left += float(joint.sum()) * variance(joint / joint.sum())
        falls.append(variance(weights) - left)
    return falls


def first_decision(tables: BankTables, plan: SessionPlan, *, by: Rules) -> Decision:
    posterior = begin_with(tables, Prior.standard(tables.competence_count))
    return select(tables, posterior, state=replayed(tables, plan, items=()), rules=by)


def selected(decision: Decision) -> Selection:
    assert decision.selection is not None
    return decision.selection


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (-1.0, 0.5), (0.6, 0.25)])
def test_value_is_the_exact_expected_fall_of_the_variance(mean: float, deviation: float) -> None:
    prior = Prior(mean=(mean,), standard_deviation=(deviation,))
    posterior = begin_with(MIXED, prior).competences[0]
    found = item_values(MIXED.competences[0], posterior, target=None)
    expected = brute_force(MIXED, posterior.weights, score=THETA)
    assert found.tolist() == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("target", [3, 5, 6])
def test_value_for_a_target_is_the_expected_fall_of_the_misclassification_risk(target: int) -> None:
    posterior = begin_with(MIXED, Prior((0.3,), (0.5,))).competences[0]
    chance = posterior.probability_at_least(target)
    found = item_values(MIXED.competences[0], posterior, target=target)
    expected = brute_force(MIXED, posterior.weights, score=DEFAULT_SCALE.shares[target - 1])
    assert found.tolist() == pytest.approx(expected, rel=0.02)
    assert 0.0 < found.max() < chance * (1.0 - chance)


def test_value_of_items_with_three_categories() -> None:
    tables = tables_of(
        [
            Item(ItemModel.PARTIAL_CREDIT, competence=0, level=1, a=1.1, b=0.5, steps=(0.4, -0.4)),
            Item(ItemModel.GRADED, competence=0, level=1, a=0.8, b=-0.2, steps=(-0.6, 0.7)),
        ]
    )
    posterior = begin_with(tables, Prior.standard(1)).competences[0]
    found = item_values(tables.competences[0], posterior, target=None)
    expected = brute_force(tables, posterior.weights, score=THETA)
    assert found.tolist() == pytest.approx(expected, rel=0.02)


def test_version_1_divides_by_what_rounding_leaves_of_an_impossible_score() -> None:
    """Left as it is, for the bits of its sessions; see ``between_answers``."""
    tables = tables_of(
        [Item(ItemModel.GRADED, competence=0, level=1, a=4.0, b=2.0, steps=(-6.0, 0.1))]
    )
    posterior = begin_with(tables, Prior((2.0,), (0.4,))).competences[0]
    kept, dropped = (
        item_values(tables.competences[0], posterior, target=None, drops_impossible=drops)
        for drops in (False, True)
    )
    found = item_values(tables.competences[0], posterior, target=None)
    assert found.tolist() == kept.tolist()
    assert found.tolist() != dropped.tolist()


def test_for_little_information_the_value_is_the_rank_one_formula() -> None:
    tables = tables_of([two_pl(0.2, 0.0), two_pl(0.3, 1.0)])
    posterior = begin_with(tables, Prior.standard(1)).competences[0]
    chances = tables.likelihood[1::2]
    information = (np.array([[0.04], [0.09]]) * chances * (1.0 - chances)) @ posterior.weights
    variance = posterior.variance
    expected = variance**2 * information / (1.0 + variance * information)
    assert item_values(tables.competences[0], posterior, target=None) == pytest.approx(
        expected, rel=0.01
    )


def test_sums_are_exact_whatever_the_order_they_are_added_in() -> None:
    table = random_bank(50).competences[0]
    rng = np.random.default_rng(3)
    weight = np.rint(rng.random(41) * 2**22)
    score = np.rint(rng.normal(size=41) * 2**22)
    score[20] -= score.sum()
    exact = []
    for column in table.scored[0].T:
        chance = sum(int(w) * int(p) for w, p in zip(weight, column, strict=True))
        shift = sum(int(s) * int(p) for s, p in zip(score, column, strict=True))
        whole = int(weight.sum()) * 2**24
        exact.append(float(Fraction(shift**2, chance) + Fraction(shift**2, whole - chance)) / whole)
    order = rng.permutation(41)
    straight = between_answers(table.scored, weight, weighted_score=score)
    mixed = between_answers(table.scored[:, order], weight[order], weighted_score=score[order])
    assert straight.tobytes() == mixed.tobytes()
    assert straight.tolist() == pytest.approx(exact, rel=1e-14)


def test_greedy_choice_takes_the_most_valuable_item_and_explains_itself() -> None:
    found = selected(first_decision(MIXED, PLAN, by=rules()))
    posterior = begin_with(MIXED, Prior.standard(1)).competences[0]
    values = item_values(MIXED.competences[0], posterior, target=None)
    assert found.item == int(values.argmax())
    assert [candidate.value for candidate in found.candidates] == sorted(values, reverse=True)
    assert [candidate.probability for candidate in found.candidates] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert (found.competence, found.position, found.pool_size) == (0, 1, 5)
    assert found.value_kind is ValueKind.VARIANCE_FALL
    assert 0.0 <= found.draw < 1.0


def test_with_a_target_items_are_chosen_by_what_they_tell_about_it() -> None:
    plan = SessionPlan(competences=(0,), seed=9, targets={0: 7})
    found = selected(first_decision(MIXED, plan, by=rules()))
    posterior = begin_with(MIXED, Prior.standard(1)).competences[0]
    values = item_values(MIXED.competences[0], posterior, target=7)
    assert [candidate.value for candidate in found.candidates] == sorted(values, reverse=True)


def test_at_most_ten_candidates_are_kept() -> None:
    found = selected(first_decision(random_bank(40), PLAN, by=rules(pool_size=3)))
    assert len(found.candidates) == 10
    assert found.pool_size == 40
    assert sum(candidate.probability for candidate in found.candidates) == pytest.approx(1.0)
    assert [candidate.probability > 0.0 for candidate in found.candidates] == [True] * 3 + [
        False
    ] * 7


def test_equal_items_stand_in_order_of_their_index() -> None:
    tables = tables_of([two_pl(1.0, 1.0), two_pl(1.0, 0.0), two_pl(1.0, 0.0), two_pl(1.0, 0.0)])
    found = selected(first_decision(tables, PLAN, by=rules()))
    assert [candidate.item for candidate in found.candidates] == [1, 2, 3, 0]


def test_the_draw_gives_each_item_its_probability() -> None:
    tables = random_bank(40)
    by = rules(pool_size=4)
    draws = [
        selected(first_decision(tables, SessionPlan(competences=(0,), seed=seed), by=by))
        for seed in range(3000)
    ]
    for place in range(4):
        item, _, probability = draws[0].candidates[place]
        share = sum(draw.item == item for draw in draws) / len(draws)
        assert share == pytest.approx(probability, abs=4.0 * math.sqrt(0.25 / 3000))


def test_draw_probabilities_go_with_a_power_of_the_value() -> None:
    found = draw_probabilities([0.2, 0.1, 0.05, 0.04], rules=SelectionRules(3, 5))
    odds = [1.0, 0.5**5, 0.25**5]
    assert found == pytest.approx([*(odd / sum(odds) for odd in odds), 0.0])


def test_sharpness_zero_draws_evenly() -> None:
    even = SelectionRules(pool_size=2, sharpness=0)
    assert draw_probabilities([0.2, 0.1, 0.1], rules=even) == [0.5, 0.5, 0.0]
    assert even.temperature == math.inf
    assert SelectionRules(pool_size=2, sharpness=8).temperature == 0.125


def test_items_that_teach_nothing_are_drawn_evenly() -> None:
    assert draw_probabilities([0.0, 0.0], rules=SelectionRules(5, 8)) == [0.5, 0.5]


def test_only_items_that_may_be_asked_are_candidates() -> None:
    eligible = np.array([True, False, True, False, True])
    plan = SessionPlan(competences=(0,), seed=9, eligible=eligible)
    found = selected(first_decision(MIXED, plan, by=rules()))
    assert {candidate.item for candidate in found.candidates} == {0, 2, 4}
    assert found.pool_size == 3


def test_competences_below_their_minimum_come_first_fewest_items_first() -> None:
    tables = random_bank(30, competence_count=3)
    plan = SessionPlan(competences=(0, 1, 2), seed=4, quotas={2: Quota(minimum=0, maximum=5)})
    by = rules(minimum_items=2)

    def next_competence(*items: int) -> int:
        posterior = estimate(tables, [Response(item, 1) for item in items], prior=Prior.standard(3))
        state = replayed(tables, plan, items=items)
        return selected(select(tables, posterior, state=state, rules=by)).competence

    assert next_competence(0) == 1
    assert next_competence(10) == 0
    assert next_competence(0, 1, 10) == 1
    assert next_competence(0, 1, 10, 11) == 2


def test_among_the_rest_the_one_farthest_from_its_goal_comes_first() -> None:
    tables = random_bank(30, competence_count=3)
    by = rules(minimum_items=0, standard_error=0.1)
    state = replayed(tables, SessionPlan(competences=(0, 1, 2), seed=4), items=())
    posterior = begin_with(tables, Prior((0.0,) * 3, (0.5, 0.9, 0.7)))
    assert selected(select(tables, posterior, state=state, rules=by)).competence == 1


def test_with_targets_the_least_decided_comes_first() -> None:
    tables = random_bank(20, competence_count=2)
    plan = SessionPlan(competences=(0, 1), seed=4, targets={0: 5, 1: 5})
    posterior = begin_with(tables, Prior((-0.3, 0.3), (0.6, 0.6)))
    by = rules(minimum_items=0)
    found = selected(select(tables, posterior, state=replayed(tables, plan, items=()), rules=by))
    assert found.competence == 1
    assert found.value_kind is ValueKind.RISK_FALL


@pytest.mark.parametrize("mean", [0.1, 0.6])
@pytest.mark.parametrize(("deviation", "first"), [(0.9, 0), (1.6, 1)])
def test_targets_and_precision_are_weighed_by_how_far_each_goal_is(
    mean: float, deviation: float, *, first: int
) -> None:
    # Competence 0, a quarter below the target's cut or above it: wrong with probability 0.31
    # where 0.1 is allowed, 3.1 times too much.
    tables = random_bank(20, competence_count=2)
    plan = SessionPlan(competences=(0, 1), seed=4, targets={0: 5})
    posterior = begin_with(tables, Prior((mean, 0.0), (0.5, deviation)))
    by = rules(minimum_items=0, standard_error=0.4)
    found = select(tables, posterior, state=replayed(tables, plan, items=()), rules=by)
    assert selected(found).competence == first


def test_competences_with_equal_claims_are_taken_in_the_order_of_the_seed() -> None:
    tables = random_bank(30, competence_count=3)
    firsts = {
        selected(
            first_decision(tables, SessionPlan(competences=(0, 1, 2), seed=seed), by=rules())
        ).competence
        for seed in range(30)
    }
    assert firsts == {0, 1, 2}


def test_a_competence_without_items_closes_and_the_next_is_taken() -> None:
    tables = tables_of([two_pl(1.0, 0.0)], competence_count=2)
    plan = SessionPlan(competences=(0, 1), seed=2)
    posterior = begin_with(tables, Prior((0.0, 0.0), (0.5, 1.0)))
    by = rules(minimum_items=0)
    found = select(tables, posterior, state=replayed(tables, plan, items=()), rules=by)
    assert selected(found).competence == 0
    assert found.closed == {1: StopReason.NO_ITEM_LEFT}
    assert found.reason is None


def with_least_falls(by: Rules, *, variance: float, risk: float) -> Rules:
    stopping = replace(by.stopping, least_variance_fall=variance, least_risk_fall=risk)
    return replace(by, stopping=stopping)


@pytest.mark.parametrize(("targets", "variance", "risk"), [({}, 0.9, 0.0), ({0: 4}, 0.0, 0.9)])
def test_nothing_more_to_gain_ends_the_session_after_its_minimum(
    targets: dict[int, int], variance: float, risk: float
) -> None:
    plan = SessionPlan(competences=(0,), seed=9, targets=targets)
    by = with_least_falls(rules(minimum_items=1), variance=variance, risk=risk)
    assert first_decision(MIXED, plan, by=by).selection is not None
    posterior = estimate(MIXED, [Response(0, 1)], prior=Prior.standard(1))
    done = select(MIXED, posterior, state=replayed(MIXED, plan, items=(0,)), rules=by)
    assert done.selection is None
    assert done.closed == {0: StopReason.NO_MORE_TO_GAIN}
    assert done.reason is StopReason.NO_MORE_TO_GAIN


def test_the_minimum_of_the_plan_comes_before_nothing_more_to_gain() -> None:
    plan = SessionPlan(competences=(0,), seed=9, quotas={0: Quota(minimum=2, maximum=5)})
    by = with_least_falls(rules(minimum_items=1), variance=0.9, risk=0.9)
    posterior = estimate(MIXED, [Response(0, 1)], prior=Prior.standard(1))
    found = select(MIXED, posterior, state=replayed(MIXED, plan, items=(0,)), rules=by)
    assert found.selection is not None


def test_an_item_that_promises_just_the_least_is_worth_asking() -> None:
    best = selected(first_decision(MIXED, PLAN, by=rules())).candidates[0].value
    by = with_least_falls(rules(minimum_items=0), variance=best, risk=0.0)
    assert first_decision(MIXED, PLAN, by=by).selection is not None


def test_a_spent_budget_closes_what_was_not_done() -> None:
    tables = random_bank(20, competence_count=2)
    plan = SessionPlan(competences=(0, 1), seed=4, time_budget_seconds=30.0)
    posterior = begin_with(tables, Prior((0.0, 0.0), (0.2, 1.0)))
    state = replayed(tables, plan, items=(0, 10), elapsed_seconds=31.0)
    done = select(tables, posterior, state=state, rules=rules(standard_error=0.3))
    assert done.selection is None
    assert done.closed == {0: StopReason.PRECISION_REACHED, 1: StopReason.TIME_BUDGET}
    assert done.reason is StopReason.TIME_BUDGET


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**64 - 1))
def test_the_same_arguments_give_the_same_decision(seed: int) -> None:
    plan = SessionPlan(competences=(0,), seed=seed)
    again = random_bank(40)
    one, other = (
        first_decision(tables, plan, by=rules(pool_size=5)) for tables in (random_bank(40), again)
    )
    assert one == other
