from dataclasses import replace

import pytest

from pacnum_api.psychometrics.estimation import CompetencePosterior, Prior, begin_with
from pacnum_api.psychometrics.rules import StoppingRules
from pacnum_api.psychometrics.session import Quota, SessionPlan, SessionState, replayed
from pacnum_api.psychometrics.stopping import (
    StopReason,
    competence_closed,
    goal_reached,
    quota_of,
    session_budget_spent,
    weakest,
)
from tests.unit.psychometrics.banks import random_bank

BANK = random_bank(12, competence_count=2)
RULES = StoppingRules(
    minimum_items=2,
    maximum_items=4,
    standard_error=0.4,
    level_certainty=0.8,
    target_probability=0.9,
    least_variance_fall=0.0,
    least_risk_fall=0.0,
)


def believed(mean: float, deviation: float) -> CompetencePosterior:
    prior = Prior(mean=(mean, 0.0), standard_deviation=(deviation, 1.0))
    return begin_with(BANK, prior).competences[0]


ONE = SessionPlan(competences=(0,), seed=1)


def put(count: int, plan: SessionPlan = ONE, *, elapsed_seconds: float = 0.0) -> SessionState:
    return replayed(BANK, plan, items=range(count), elapsed_seconds=elapsed_seconds)


@pytest.mark.parametrize(
    ("mean", "deviation", "reason"),
    [
        (0.0, 1.0, None),
        (0.0, 0.41, None),
        (0.0, 0.39, StopReason.PRECISION_REACHED),
        (-4.0, 0.6, StopReason.LEVEL_CERTAIN),
    ],
)
def test_without_a_target_precision_or_certainty_is_the_goal(
    mean: float, deviation: float, reason: StopReason | None
) -> None:
    assert goal_reached(believed(mean, deviation), target=None, rules=RULES) == reason


@pytest.mark.parametrize(
    ("mean", "reason"),
    [
        (0.35, None),
        (0.6, None),
        (0.8, StopReason.TARGET_DECIDED),
        (-0.1, StopReason.TARGET_DECIDED),
    ],
)
def test_with_a_target_only_the_decision_is_the_goal(
    mean: float, reason: StopReason | None
) -> None:
    # level 5 begins at 0.35; 0.3 is below the precision asked for, which does not count here
    assert goal_reached(believed(mean, 0.3), target=5, rules=RULES) == reason


def test_a_goal_is_reached_at_its_very_number() -> None:
    unsure, decided = believed(0.0, 0.41), believed(0.8, 0.3)
    precise = replace(RULES, standard_error=unsure.standard_error)
    certain = replace(RULES, level_certainty=unsure.level_certainty)
    above = replace(RULES, target_probability=decided.probability_at_least(5))
    assert goal_reached(unsure, target=None, rules=precise) is StopReason.PRECISION_REACHED
    assert goal_reached(unsure, target=None, rules=certain) is StopReason.LEVEL_CERTAIN
    assert goal_reached(decided, target=5, rules=above) is StopReason.TARGET_DECIDED


def test_the_minimum_comes_first_and_the_maximum_last() -> None:
    def closed(posterior: CompetencePosterior, count: int) -> StopReason | None:
        return competence_closed(posterior, state=put(count), competence=0, rules=RULES)

    assert closed(believed(0.0, 0.2), 1) is None
    assert closed(believed(0.0, 0.2), 2) is StopReason.PRECISION_REACHED
    assert closed(believed(0.0, 1.0), 3) is None
    assert closed(believed(0.0, 1.0), 4) is StopReason.ITEM_BUDGET
    assert closed(believed(0.0, 0.2), 4) is StopReason.PRECISION_REACHED


def test_the_target_of_the_plan_is_the_one_decided() -> None:
    state = put(2, SessionPlan(competences=(0,), seed=1, targets={0: 5}))
    found = competence_closed(believed(-1.0, 0.5), state=state, competence=0, rules=RULES)
    assert found is StopReason.TARGET_DECIDED


def test_a_quota_of_the_plan_takes_the_place_of_the_rules() -> None:
    plan = SessionPlan(competences=(0, 1), seed=1, quotas={0: Quota(minimum=1, maximum=6)})
    assert quota_of(put(0, plan), 0, rules=RULES) == Quota(1, 6)
    assert quota_of(put(0, plan), 1, rules=RULES) == Quota(2, 4)
    found = competence_closed(believed(0.0, 1.0), state=put(5, plan), competence=0, rules=RULES)
    assert found is None


def test_budgets_of_the_session() -> None:
    plan = SessionPlan(competences=(0,), seed=1, item_budget=3, time_budget_seconds=60.0)
    assert session_budget_spent(put(2, plan, elapsed_seconds=59.9)) is None
    assert session_budget_spent(put(3, plan)) is StopReason.ITEM_BUDGET
    assert session_budget_spent(put(2, plan, elapsed_seconds=60.0)) is StopReason.TIME_BUDGET
    assert session_budget_spent(put(3, plan, elapsed_seconds=61.0)) is StopReason.TIME_BUDGET
    assert session_budget_spent(put(12, elapsed_seconds=1e9)) is None


@pytest.mark.parametrize(
    ("standard_error", "target_probability"), [(0.0, 0.9), (0.4, 1.0), (0.4, 0.5)]
)
def test_goals_must_be_within_reach(standard_error: float, target_probability: float) -> None:
    with pytest.raises(ValueError, match="cannot be reached"):
        replace(RULES, standard_error=standard_error, target_probability=target_probability)


def test_a_session_claims_no_more_than_its_weakest_competence() -> None:
    assert weakest([StopReason.PRECISION_REACHED]) is StopReason.PRECISION_REACHED
    assert weakest([StopReason.NO_ITEM_LEFT, StopReason.LEVEL_CERTAIN]) is StopReason.NO_ITEM_LEFT
    assert weakest([StopReason.ITEM_BUDGET, StopReason.NO_MORE_TO_GAIN]) is StopReason.ITEM_BUDGET
