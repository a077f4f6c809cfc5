from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.domains.test_sessions.policy import may_be_put, step_after
from pacnum_api.domains.test_sessions.types import SessionPurpose
from pacnum_api.psychometrics.algorithm import UnknownAlgorithm
from pacnum_api.psychometrics.stopping import StopReason
from tests.unit.psychometrics.banks import random_bank, starter_bank
from tests.unit.test_sessions.courses import (
    VERSIONS,
    Course,
    ground_of,
    population_of,
    setup_of,
    walk,
)

BANK = ground_of(starter_bank(4))
LARGE = ground_of(random_bank(80, competence_count=4))
PATTERNS = st.lists(st.integers(0, 1), min_size=80, max_size=80)
every_version = pytest.mark.parametrize("version", VERSIONS)


@settings(max_examples=25)
@given(version=st.sampled_from(VERSIONS), seed=st.integers(0, 2**63 - 1), pattern=PATTERNS)
def test_the_same_setup_and_answers_make_the_same_test_again(
    version: str, seed: int, pattern: list[int]
) -> None:
    setup = setup_of(0, 2, seed=seed, version=version)
    first = walk(BANK, setup, lambda position: pattern[position])
    again = walk(BANK, setup, lambda position: pattern[position])
    assert first.items == again.items
    assert [step.decision for step in first.steps] == [step.decision for step in again.steps]
    for one, other in zip(first.steps, again.steps, strict=True):
        for index in (0, 2):
            before, after = one.posterior.marginal(index), other.posterior.marginal(index)
            assert before.weights.tobytes() == after.weights.tobytes()


@every_version
def test_a_step_looks_at_nothing_after_the_answers_it_is_given(version: str) -> None:
    """The row names the pending item too: it must not count as put before it is answered."""
    setup = setup_of(0, 1, version=version)
    course = walk(BANK, setup, lambda _: 1)
    for count in range(len(course.items)):
        step = step_after(BANK, setup, items=course.items, categories=course.categories[:count])
        assert step.decision.selection is not None
        assert step.decision.selection.item == course.items[count]
        assert step.state.items == course.items[:count]


@settings(max_examples=25)
@given(version=st.sampled_from(VERSIONS), pattern=PATTERNS)
def test_no_item_comes_twice_and_none_from_another_competence(
    version: str, pattern: list[int]
) -> None:
    course = walk(BANK, setup_of(1, 3, version=version), lambda position: pattern[position])
    assert len(set(course.items)) == len(course.items)
    assert {BANK.tables.competence_of[item] for item in course.items} == {1, 3}
    assert course.steps[-1].decision.reason is not None


MANY = ground_of(random_bank(240, competence_count=12))


@pytest.mark.parametrize("purpose", [SessionPurpose.POSITIONING, SessionPurpose.TARGET])
@pytest.mark.parametrize("seed", range(4))
def test_a_test_of_many_competences_ends_at_its_budget(purpose: SessionPurpose, seed: int) -> None:
    targets = dict.fromkeys(range(12), 4) if purpose is SessionPurpose.TARGET else {}
    setup = setup_of(*range(12), seed=seed, purpose=purpose, targets=targets)

    def answer(position: int) -> int:
        return (2 * position + seed) % 5 % 2

    course = walk(MANY, setup, answer)
    assert len(course.items) == 48
    assert course.steps[-1].decision.reason is StopReason.ITEM_BUDGET
    put = Counter(MANY.tables.competence_of[item] for item in course.items)
    assert min(put[index] for index in range(12)) >= 2
    again = walk(MANY, setup, answer)
    assert again.items == course.items
    assert [step.decision for step in again.steps] == [step.decision for step in course.steps]
    longer = walk(MANY, replace(setup, algorithm_version="2.0.0"), answer)
    assert len(longer.items) > 48


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**63 - 1),
    pattern=PATTERNS,
    target=st.sampled_from([None, 4]),
    tryouts=st.sampled_from([{}, {3: 2}, {2: 5, 6: 2}]),
)
def test_a_budget_changes_nothing_for_one_competence(
    seed: int, pattern: list[int], target: int | None, *, tryouts: dict[int, int]
) -> None:
    purpose = SessionPurpose.POSITIONING if target is None else SessionPurpose.TARGET
    targets = {} if target is None else {0: target}
    ground = ground_of(LARGE.tables, on_tryout=(2, 5))
    setup = replace(setup_of(0, seed=seed, purpose=purpose, targets=targets), tryouts=tryouts)
    before, now = (
        walk(ground, replace(setup, algorithm_version=version), lambda place: pattern[place])
        for version in ("2.0.0", "2.1.0")
    )
    assert now.items == before.items
    assert [step.decision for step in now.steps] == [step.decision for step in before.steps]


@every_version
def test_another_seed_makes_another_test(version: str) -> None:
    tests = {
        walk(BANK, setup_of(0, 1, seed=seed, version=version), lambda _: 0).items
        for seed in range(20)
    }
    assert len(tests) > 5


def test_the_prior_is_that_of_the_session() -> None:
    """Competence 1 is never asked about, so what moves it is how the prior joins it to 0."""
    setup = setup_of(0, 1)
    apart = ground_of(BANK.tables, prior=population_of(4, correlation=0.01).prior)
    together, alone = (
        step_after(ground, setup, items=(4, 3), categories=(1, 1)) for ground in (BANK, apart)
    )
    assert together.posterior.marginal(1).theta > 0.2
    assert alone.posterior.marginal(1).theta < 0.02
    assert together.prior is BANK.prior


def test_the_first_version_leaves_competences_apart_whatever_the_prior() -> None:
    step = step_after(BANK, setup_of(0, 1, version="1.0.0"), items=(4, 3), categories=(1, 1))
    assert step.posterior.marginal(1).theta == pytest.approx(0.0, abs=1e-9)
    assert step.ability_state() is None


@every_version
def test_a_target_is_decided_and_purposes_have_rules_of_their_own(version: str) -> None:
    setup = setup_of(0, purpose=SessionPurpose.TARGET, targets={0: 2}, version=version)
    course = walk(BANK, setup, lambda _: 1)
    assert course.steps[-1].decision.closed == {0: StopReason.TARGET_DECIDED}
    positioning = step_after(BANK, setup_of(0, version=version), items=(), categories=()).rules
    certification = step_after(
        BANK,
        setup_of(0, purpose=SessionPurpose.CERTIFICATION, version=version),
        items=(),
        categories=(),
    ).rules
    assert certification.stopping.standard_error < positioning.stopping.standard_error


def test_more_answers_than_items_are_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="zip"):
        step_after(BANK, setup_of(0), items=(0,), categories=(1, 1))


def test_a_session_of_an_algorithm_that_is_no_longer_kept_is_not_guessed_at() -> None:
    old = replace(setup_of(0), algorithm_version="0.0.1")
    with pytest.raises(UnknownAlgorithm):
        step_after(BANK, old, items=(), categories=())


def test_only_what_a_session_may_use_is_put() -> None:
    allowed = np.arange(80) % 2 == 0
    setup = replace(setup_of(0, 1), availability=np.where(allowed, 255, 0).astype("u1").tobytes())
    course = walk(LARGE, setup, lambda _: 1)
    assert course.items
    assert all(item % 2 == 0 for item in course.items)
    assert may_be_put(LARGE, setup).tolist() == allowed.tolist()


def test_scarce_items_are_left_to_those_who_need_them() -> None:
    free = np.full(80, 255, np.uint8)
    plain = walk(LARGE, replace(setup_of(0), availability=free.tobytes()), lambda _: 1)
    scarce = free.copy()
    scarce[list(plain.items[3:])] = 5
    other = walk(LARGE, replace(setup_of(0), availability=scarce.tobytes()), lambda _: 1)
    assert plain.items == walk(LARGE, setup_of(0), lambda _: 1).items
    assert not set(plain.items[3:]) <= set(other.items)


def test_a_featured_item_comes_first() -> None:
    course = walk(LARGE, replace(setup_of(0, 1), featured=37), lambda _: 1)
    selection = course.steps[0].decision.selection
    assert selection is not None
    assert (selection.item, selection.value_kind) == (37, "featured")
    assert course.items.count(37) == 1


@every_version
def test_items_on_tryout_measure_nobody(version: str) -> None:
    ground = ground_of(BANK.tables, on_tryout=(0, 1, 2))
    course = walk(ground, setup_of(0, version=version), lambda _: 1)
    assert set(course.items) <= {3, 4}


@settings(max_examples=25)
@given(pattern=PATTERNS, position=st.integers(2, 6))
def test_a_tryout_changes_no_estimate(pattern: list[int], position: int) -> None:
    """The test without tryouts, with the same answers to all other items: the same bit for bit."""
    ground = ground_of(LARGE.tables, on_tryout=(0, 21))
    setup = setup_of(0, 1)
    given_to = dict(enumerate(pattern))
    plain = walk(ground, setup, lambda count: pattern[count])
    trying = walk(
        ground,
        replace(setup, tryouts={position: 21}),
        lambda count: (
            given_to[count if count < position else count - 1] if count != position else 1
        ),
    )
    if position > len(plain.items):
        assert trying.items == plain.items
        return
    assert trying.items[position - 1] == 21
    assert 21 not in plain.items
    selection = trying.steps[position - 1].decision.selection
    assert selection is not None
    assert selection.value_kind == "tryout"
    # up to and just after the tryout nothing else can differ; the draws of later positions do
    for count in range(position):
        assert _bits(trying, count) == _bits(plain, count)
    assert _bits(trying, position) == _bits(plain, position - 1)
    scored = [
        (item, category)
        for item, category in zip(trying.items, trying.categories, strict=True)
        if item != 21
    ]
    items, categories = zip(*scored, strict=True)
    again = step_after(ground, setup, items=items, categories=categories)
    for index in (0, 1):
        assert again.posterior.marginal(index).theta == (
            trying.steps[-1].posterior.marginal(index).theta
        )
        assert again.posterior.marginal(index).answered == (
            trying.steps[-1].posterior.marginal(index).answered
        )


def _bits(course: Course, count: int) -> list[bytes]:
    steps = course.steps
    return [steps[count].posterior.marginal(index).weights.tobytes() for index in (0, 1)]
