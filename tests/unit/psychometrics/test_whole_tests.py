"""Whole tests of version 1.0.0 under its rules: they end, ask nothing twice, can be replayed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.psychometrics.algorithm import Purpose, algorithm_for
from pacnum_api.psychometrics.estimation import Prior, SessionPosterior, estimate
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.stopping import StopReason
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import (
    Setting,
    random_bank,
    rules,
    simulated_agent,
    starter_bank,
    walk,
)

ALGORITHM = algorithm_for("1.0.0")
STARTER = starter_bank(4)
LARGE = random_bank(300, competence_count=3)
KNOWN_ITEMS = (12, 3, 7, 11, 4, 8, 13, 2, 6, 14, 10, 1, 0, 9, 5)
KNOWN_ESTIMATES = ["0x1.06128bc70b86ep-3", "0x1.6b92567bc985ep-3", "0x1.890b2ab1c4060p-5"]
purposes = st.sampled_from(list(Purpose))


@settings(deadline=None, max_examples=60)
@given(purposes, st.integers(0, 2**64 - 1), st.sampled_from([STARTER, LARGE]), st.data())
def test_tests_end_within_their_budget_and_never_repeat_an_item(
    purpose: Purpose, seed: int, tables: BankTables, data: st.DataObject
) -> None:
    asked = data.draw(st.sets(st.integers(0, tables.competence_count - 1), min_size=1))
    target = {0: 4} if purpose is Purpose.TARGET and 0 in asked else {}
    plan = SessionPlan(competences=tuple(sorted(asked)), seed=seed, targets=target)
    by = ALGORITHM.rules_for(purpose)
    found = walk(tables, plan, by=by, answer=lambda _: data.draw(st.integers(0, 1)))
    assert len(set(found.state.items)) == len(found.state.items)
    assert len(found.state.items) <= len(asked) * by.stopping.maximum_items
    assert {tables.competence_of[item] for item in found.state.items} == asked
    last = found.decisions[-1]
    assert set(last.closed) == asked
    assert last.reason in last.closed.values()


@pytest.mark.parametrize("pattern", [0, 1])
def test_agents_who_get_all_right_or_all_wrong_have_an_estimate(pattern: int) -> None:
    plan = SessionPlan(competences=(0, 1, 2), seed=3)
    by = ALGORITHM.rules_for(Purpose.POSITIONING)
    for posterior in walk(LARGE, plan, by=by, answer=lambda _: pattern).posterior.competences:
        assert 0.8 < abs(posterior.theta) < 4.0
        assert (posterior.theta > 0.0) == bool(pattern)


def test_on_the_starter_bank_a_positioning_asks_three_to_five_items_a_competence() -> None:
    rng = np.random.default_rng(5)
    by = ALGORITHM.rules_for(Purpose.POSITIONING)
    for seed in range(60):
        abilities = rng.normal(size=4).tolist()
        agent = simulated_agent(STARTER, abilities, rng=rng)
        found = walk(STARTER, SessionPlan(competences=(0, 1, 2, 3), seed=seed), by=by, answer=agent)
        assert min(found.state.counts) >= 3
        assert max(found.state.counts) <= 5
        assert found.decisions[-1].reason in set(StopReason)


def test_competences_take_turns_until_each_has_its_minimum() -> None:
    by = ALGORITHM.rules_for(Purpose.POSITIONING)
    plan = SessionPlan(competences=(0, 1, 2), seed=3)
    found = walk(LARGE, plan, by=by, answer=lambda item: item % 2)
    first_nine = [LARGE.competence_of[item] for item in found.state.items[:9]]
    assert first_nine[:3] == first_nine[3:6] == first_nine[6:]
    assert sorted(first_nine[:3]) == [0, 1, 2]


@settings(deadline=None, max_examples=20)
@given(purposes, st.integers(0, 2**64 - 1))
def test_a_replay_from_the_log_matches_bit_for_bit(purpose: Purpose, seed: int) -> None:
    targets = {1: 5} if purpose is Purpose.TARGET else {}
    plan = SessionPlan(competences=(0, 1, 2), seed=seed, targets=targets)
    by = ALGORITHM.rules_for(purpose)
    rng = np.random.default_rng(seed)
    found = walk(LARGE, plan, by=by, answer=simulated_agent(LARGE, (0.5, -1.0, 1.5), rng=rng))
    fresh = random_bank(300, competence_count=3)
    replay = Setting(fresh, Population.independent(3).prior, by, version="1.0.0")
    for count, decision in enumerate(found.decisions):
        measured = replay.measured(plan, found.responses[:count])
        assert measured.decision == decision
        assert measured.state.items == found.state.items[:count]
        assert isinstance(measured.posterior, SessionPosterior)
    final = estimate(fresh, found.responses, prior=Prior.standard(3))
    for one, other in zip(final.competences, found.posterior.competences, strict=True):
        assert one.mass.tobytes() == other.mass.tobytes()


def test_a_known_test_has_its_known_bits() -> None:
    """A change here is a new algorithm version: sessions under way would go on otherwise."""
    plan = SessionPlan(competences=(0, 1, 2), seed=20_260_101)
    by = ALGORITHM.rules_for(Purpose.POSITIONING)
    found = walk(starter_bank(3), plan, by=by, answer=lambda item: int(item * 5 % 7 < 4))
    assert found.state.items == KNOWN_ITEMS
    estimates = [posterior.theta.hex() for posterior in found.posterior.competences]
    assert estimates == KNOWN_ESTIMATES


def test_greedy_tests_are_short_and_right() -> None:
    tables = random_bank(500)
    rng = np.random.default_rng(44)
    abilities = np.random.default_rng(43).normal(size=150)
    lengths, errors = [], []
    for theta in abilities.tolist():
        agent = simulated_agent(tables, (theta,), rng=rng)
        by = rules(standard_error=0.3199)
        found = walk(tables, SessionPlan(competences=(0,), seed=1), by=by, answer=agent)
        lengths.append(len(found.state.items))
        errors.append(found.posterior.competences[0].theta - theta)
    assert np.mean(lengths) <= 15.0
    # three standard errors of a root mean square over 150 agents around 0.317
    assert float(np.sqrt(np.mean(np.square(errors)))) < 0.317 * (1.0 + 3.0 / np.sqrt(300.0))
