"""Tests chosen greedily keep to their blueprint, whatever is answered."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.psychometrics.arithmetic import IntArray
from pacnum_api.psychometrics.blueprint import Blueprint, Requirement, requirements_by_code
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.joint_estimation import estimate
from pacnum_api.psychometrics.joint_selection import select
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.rules import Rules, SelectionRules, StoppingRules
from pacnum_api.psychometrics.session import SessionPlan, SessionState, after, begin
from pacnum_api.psychometrics.simulation import framework_correlation
from pacnum_api.psychometrics.stopping import StopReason
from pacnum_api.psychometrics.tables import BankTables
from pacnum_api.psychometrics.within_blueprint import given as items_given
from pacnum_api.psychometrics.within_blueprint import is_owed_more, kept_to
from tests.unit.psychometrics.banks import random_bank

ITEMS, COMPETENCES = 60, 3
TABLES = random_bank(ITEMS, competence_count=COMPETENCES)
TYPES: IntArray = np.arange(ITEMS) % 5
POPULATION = Population(framework_correlation((0, 0, 1)))
RULES = Rules(
    selection=SelectionRules(pool_size=3, sharpness=4),
    stopping=StoppingRules(
        minimum_items=1,
        maximum_items=ITEMS,
        standard_error=0.9,  # reached at once: only the blueprint asks for more
        level_certainty=2.0,
        target_probability=0.9,
        least_variance_fall=0.5,
        least_risk_fall=0.5,
    ),
)


def blueprint(
    tables: BankTables, *, each: tuple[int, int], least_types: int, length: tuple[int, int]
) -> Blueprint:
    competence = np.array(tables.competence_of)
    by_competence = requirements_by_code(
        "competence", competence, counts=dict.fromkeys(sorted(set(competence.tolist())), each)
    )
    of_type = Requirement("type 0", TYPES == 0, minimum=least_types)
    few = Requirement.at_most_share("type 1", TYPES == 1, share=0.45, minimum_length=length[0])
    return Blueprint.build(
        [*by_competence, of_type, few],
        excludes=tables.excludes,
        minimum_length=length[0],
        maximum_length=length[1],
    )


def played(plan: SessionPlan, *, right: float, seed: int) -> tuple[SessionState, StopReason | None]:
    rng = np.random.default_rng(seed)
    state = begin(TABLES, plan)
    prior = POPULATION.prior.only(plan.competences)
    responses: list[Response] = []
    while True:
        posterior = estimate(TABLES, responses, prior=prior, competences=plan.competences)
        decision = select(TABLES, posterior, state=state, rules=RULES)
        if decision.selection is None:
            return state, decision.reason
        item = decision.selection.item
        state = after(TABLES, state, item=item)
        if not plan.is_tryout(len(state.items), item):
            responses.append(Response(item, int(rng.random() < right)))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), right=st.floats(0, 1), types=st.integers(0, 6))
def test_a_finished_test_breaks_nothing(seed: int, right: float, *, types: int) -> None:
    asked = tuple(range(COMPETENCES))
    asks = blueprint(TABLES, each=(2, 8), least_types=types, length=(12, 15))
    state, reason = played(
        SessionPlan(competences=asked, seed=seed, blueprint=asks), right=right, seed=seed
    )
    assert asks.violations(state.items) == ()
    assert reason is StopReason.PRECISION_REACHED


def test_one_competence_keeps_to_its_blueprint_too() -> None:
    own = np.array(TABLES.competence_of) == 1
    asks = Blueprint.build(
        [
            Requirement("own", own, minimum=6, maximum=6),
            Requirement("type 2", TYPES == 2, minimum=3, maximum=3),
        ],
        excludes=TABLES.excludes,
        minimum_length=6,
        maximum_length=6,
    )
    state, _ = played(SessionPlan(competences=(1,), seed=4, blueprint=asks), right=0.5, seed=4)
    assert asks.violations(state.items) == ()


def test_without_a_blueprint_the_same_test_is_shorter_and_breaks_it() -> None:
    asks = blueprint(TABLES, each=(2, 8), least_types=6, length=(12, 15))
    state, _ = played(SessionPlan(competences=(0, 1, 2), seed=4), right=0.5, seed=4)
    assert asks.violations(state.items) != ()
    assert not is_owed_more(state)


def test_tryouts_count_for_nothing() -> None:
    asks = blueprint(TABLES, each=(2, 8), least_types=3, length=(12, 15))
    plan = SessionPlan(competences=(0, 1, 2), seed=9, blueprint=asks, tryouts={3: 7})
    state, _ = played(plan, right=0.5, seed=9)
    assert state.items[2] == 7
    assert items_given(state) == (*state.items[:2], *state.items[3:])
    assert len(state.items) == 13
    assert asks.violations(items_given(state)) == ()


def test_where_no_way_is_left_maxima_still_hold() -> None:
    asks = blueprint(TABLES, each=(2, 3), least_types=0, length=(6, 9))
    state = begin(TABLES, SessionPlan(competences=(0, 1, 2), seed=1, blueprint=asks))
    for item in (0, 1, 2):
        state = after(TABLES, state, item=item)
    values = np.full(ITEMS, 1.0)
    values[state.blocked] = -1.0
    values[40:] = -1.0  # nothing of competence 2 is to be had any more: its minimum cannot be met
    found = kept_to(values, state)
    assert not found[:20].any()  # competence 0 is full
    assert found[20:40].all()
    assert not found[40:].any()


def test_one_competence_that_may_have_no_more_has_no_item_left() -> None:
    strict = replace(RULES, stopping=replace(RULES.stopping, standard_error=0.01))
    competence = np.array(TABLES.competence_of)
    one_each = requirements_by_code(
        "competence", competence, counts=dict.fromkeys(range(COMPETENCES), (0, 1))
    )
    asked = Blueprint.build(
        one_each, excludes=TABLES.excludes, minimum_length=1, maximum_length=COMPETENCES
    )
    plan = SessionPlan(competences=(0,), seed=3, blueprint=asked)
    item = int(np.flatnonzero(competence == 0)[0])
    state = after(TABLES, begin(TABLES, plan), item=item)
    prior = POPULATION.prior.only((0,))
    posterior = estimate(TABLES, [Response(item, 1)], prior=prior, competences=(0,))
    decision = select(TABLES, posterior, state=state, rules=strict)
    assert decision.selection is None
    assert decision.closed == {0: StopReason.NO_ITEM_LEFT}


def test_a_blueprint_that_may_end_lets_goals_decide() -> None:
    asks = blueprint(TABLES, each=(1, 8), least_types=0, length=(3, 15))
    state = begin(TABLES, SessionPlan(competences=(0, 1, 2), seed=1, blueprint=asks))
    assert is_owed_more(state)
    for item in (0, 25, 45):
        state = after(TABLES, state, item=item)
    assert not is_owed_more(state)
    assert kept_to(np.zeros(ITEMS), replace(state, plan=SessionPlan((0,), 1))).all()


def test_kept_to_needs_no_blueprint() -> None:
    state = begin(TABLES, SessionPlan(competences=(0,), seed=1))
    values = np.array([1.0, -1.0] * (ITEMS // 2))
    assert kept_to(values, state).tolist() == (values >= 0).tolist()
    asks = blueprint(TABLES, each=(1, 8), least_types=0, length=(3, 9))
    broken = replace(state, items=(3, 3), plan=replace(state.plan, blueprint=asks))
    with pytest.raises(ValueError, match="items were given that may not meet"):
        kept_to(values, broken)
