from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.domains.test_sessions.policy import step_after
from pacnum_api.domains.test_sessions.types import SessionPurpose
from pacnum_api.psychometrics.algorithm import UnknownAlgorithm
from pacnum_api.psychometrics.estimation import Prior, Response, estimate
from pacnum_api.psychometrics.stopping import StopReason
from tests.unit.psychometrics.banks import starter_bank
from tests.unit.test_sessions.courses import setup_of, walk

BANK = starter_bank(4)
PATTERNS = st.lists(st.integers(0, 1), min_size=80, max_size=80)


@given(seed=st.integers(0, 2**63 - 1), pattern=PATTERNS)
def test_the_same_setup_and_answers_make_the_same_test_again(seed: int, pattern: list[int]) -> None:
    setup = setup_of(0, 2, seed=seed)
    first = walk(BANK, setup, lambda position: pattern[position])
    again = walk(BANK, setup, lambda position: pattern[position])
    assert first.items == again.items
    assert [step.decision for step in first.steps] == [step.decision for step in again.steps]
    for one, other in zip(first.steps, again.steps, strict=True):
        for index in (0, 2):
            before, after = one.posterior.competences[index], other.posterior.competences[index]
            assert before.weights.tobytes() == after.weights.tobytes()


def test_a_step_looks_at_nothing_after_the_answers_it_is_given() -> None:
    """The row names the pending item too: it must not count as put before it is answered."""
    setup = setup_of(0, 1)
    course = walk(BANK, setup, lambda _: 1)
    for count in range(len(course.items)):
        step = step_after(BANK, setup, items=course.items, categories=course.categories[:count])
        assert step.decision.selection is not None
        assert step.decision.selection.item == course.items[count]
        assert step.course.items == course.items[:count]


@given(pattern=PATTERNS)
def test_no_item_comes_twice_and_none_from_another_competence(pattern: list[int]) -> None:
    course = walk(BANK, setup_of(1, 3), lambda position: pattern[position])
    assert len(set(course.items)) == len(course.items)
    assert {BANK.competence_of[item] for item in course.items} == {1, 3}
    assert course.steps[-1].decision.reason is not None


def test_another_seed_makes_another_test() -> None:
    tests = {walk(BANK, setup_of(0, 1, seed=seed), lambda _: 0).items for seed in range(20)}
    assert len(tests) > 5


def test_the_estimate_is_that_of_the_answers_under_the_standard_prior() -> None:
    step = step_after(BANK, setup_of(0, 1), items=(0, 3, 6), categories=(1, 0, 1))
    responses = [Response(0, 1), Response(3, 0), Response(6, 1)]
    expected = estimate(BANK, responses, prior=Prior.standard(4))
    for index in (0, 1):
        assert step.posterior.competences[index].theta == expected.competences[index].theta


def test_a_target_is_decided_and_purposes_have_rules_of_their_own() -> None:
    setup = setup_of(0, purpose=SessionPurpose.TARGET, targets={0: 2})
    course = walk(BANK, setup, lambda _: 1)
    assert course.steps[-1].decision.closed == {0: StopReason.TARGET_DECIDED}
    positioning = step_after(BANK, setup_of(0), items=(), categories=()).rules
    certification = step_after(
        BANK, setup_of(0, purpose=SessionPurpose.CERTIFICATION), items=(), categories=()
    ).rules
    assert certification.stopping.standard_error < positioning.stopping.standard_error


def test_more_answers_than_items_are_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="zip"):
        step_after(BANK, setup_of(0), items=(0,), categories=(1, 1))


def test_a_session_of_an_algorithm_that_is_no_longer_kept_is_not_guessed_at() -> None:
    old = replace(setup_of(0), algorithm_version="0.0.1")
    with pytest.raises(UnknownAlgorithm):
        step_after(BANK, old, items=(), categories=())
