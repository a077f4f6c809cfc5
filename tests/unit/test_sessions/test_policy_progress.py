from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.domains.test_sessions.policy import Ground, progress_of, step_after
from pacnum_api.domains.test_sessions.types import Progress, SessionPurpose, SessionSetup
from tests.unit.psychometrics.banks import random_bank, starter_bank, tables_of, two_pl
from tests.unit.test_sessions.courses import CODES, VERSIONS, ground_of, setup_of, walk

STARTER = ground_of(starter_bank(4))
LARGE = ground_of(random_bank(200, competence_count=4))
PATTERNS = st.lists(st.integers(0, 1), min_size=100, max_size=100)
SETUPS = st.sampled_from(
    [
        replace(setup, algorithm_version=version)
        for version in VERSIONS
        for setup in (
            setup_of(0),
            setup_of(0, 1, 2, 3),
            setup_of(2, 1, purpose=SessionPurpose.CERTIFICATION),
            setup_of(0, 3, purpose=SessionPurpose.TARGET, targets={0: 5, 3: 2}),
        )
    ]
)


def progress_along(ground: Ground, setup: SessionSetup, pattern: list[int]) -> list[Progress]:
    course = walk(ground, setup, lambda position: pattern[position - 1])
    return [progress_of(ground.tables, step, codes=CODES) for step in course.steps]


@settings(max_examples=40)
@given(
    ground=st.sampled_from([STARTER, LARGE]),
    setup=SETUPS,
    seed=st.integers(0, 2**32),
    pattern=PATTERNS,
)
def test_progress_begins_at_nothing_and_is_whole_at_the_end_only(
    ground: Ground, setup: SessionSetup, seed: int, pattern: list[int]
) -> None:
    parts = progress_along(ground, replace(setup, seed=seed), pattern)
    fractions = [part.fraction for part in parts]
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert all(fraction < 1.0 for fraction in fractions[:-1])
    assert [part.answered for part in parts] == list(range(len(parts)))
    assert all(part.at_most > part.answered for part in parts[:-1])
    assert parts[-1].at_most == parts[-1].answered


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), pattern=PATTERNS)
def test_in_the_first_version_progress_only_ever_grows(seed: int, pattern: list[int]) -> None:
    parts = progress_along(LARGE, setup_of(0, 1, seed=seed, version="1.0.0"), pattern)
    fractions = [part.fraction for part in parts]
    assert fractions == sorted(fractions)
    limits = [part.at_most for part in parts]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] == 16
    assert limits[-1] == parts[-1].answered
    closed = [{one.competence for one in part.competences if one.is_closed} for part in parts]
    assert all(before <= after for before, after in pairwise(closed))


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), pattern=PATTERNS)
def test_a_limit_rises_only_where_a_competence_opens_again(seed: int, pattern: list[int]) -> None:
    setup = setup_of(0, 1, 2, seed=seed, version="2.0.0")  # no budget of the whole test hides it
    parts = progress_along(LARGE, setup, pattern)
    assert parts[0].at_most == 36
    for before, after in pairwise(parts):
        opened = [
            now.competence
            for then, now in zip(before.competences, after.competences, strict=True)
            if then.is_closed and not now.is_closed
        ]
        assert after.at_most <= before.at_most or opened
        assert after.at_most <= 36


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), pattern=PATTERNS)
def test_a_budget_of_the_whole_test_is_never_passed(seed: int, pattern: list[int]) -> None:
    setup = setup_of(0, 1, 2, 3, seed=seed)
    parts = progress_along(LARGE, setup, pattern)
    assert parts[0].at_most == 16
    assert all(part.at_most <= 16 for part in parts)
    assert parts[-1].answered == parts[-1].at_most
    certified = replace(setup, purpose=SessionPurpose.CERTIFICATION)
    (first, *_) = progress_along(LARGE, certified, [0, 1] * 50)
    assert first.at_most == 80  # no budget


def test_an_item_on_tryout_comes_on_top_of_the_budget() -> None:
    ground = ground_of(LARGE.tables, on_tryout=(2,))
    parts = progress_along(ground, replace(setup_of(0, 1, 2, 3), tryouts={2: 2}), [0, 1] * 50)
    assert parts[0].at_most == 17
    assert parts[-1].answered == 17


def test_a_competence_found_spent_on_the_way_does_not_open_again() -> None:
    """Weak items, first version: the choice looks at one competence, finds nothing to gain, and
    takes another; the next choice may not look at the first one at all.
    """
    rng = np.random.default_rng(3)
    weak = tables_of(
        [
            two_pl(float(rng.uniform(0.15, 1.2)), float(rng.normal(0.0, 2.5)), competence=index)
            for index in range(4)
            for _ in range(9)
        ],
        competence_count=4,
    )
    setup = setup_of(
        *(0, 3, 1),
        purpose=SessionPurpose.TARGET,
        targets={0: 4, 3: 6, 1: 3},
        seed=3,
        version="1.0.0",
    )
    pattern = [int(one) for one in "0101001001010111"]
    fractions = [one.fraction for one in progress_along(ground_of(weak), setup, pattern)]
    assert fractions == sorted(fractions)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_bank_has_left_bounds_what_is_promised(version: str) -> None:
    (first, *_) = progress_along(STARTER, setup_of(1, version=version), [0] * 100)
    assert first.at_most == 5  # the rules would allow more


@settings(max_examples=25)
@given(pattern=PATTERNS)
def test_progress_says_nothing_about_how_well_it_goes(pattern: list[int]) -> None:
    """Among tests with the same items put, and none of them closed, all look the same."""
    setup = setup_of(0, 1, version="1.0.0")
    course = walk(LARGE, setup, lambda _: 1)
    count = 4  # below the minimum of both: nothing can be closed yet
    right = step_after(LARGE, setup, items=course.items, categories=course.categories[:count])
    other = step_after(LARGE, setup, items=course.items, categories=pattern[:count])
    tables = LARGE.tables
    assert progress_of(tables, right, codes=CODES) == progress_of(tables, other, codes=CODES)


@pytest.mark.parametrize("version", VERSIONS)
def test_competences_stand_in_the_order_asked_with_what_they_had(version: str) -> None:
    setup = setup_of(3, 0, version=version)
    course = walk(LARGE, setup, lambda _: 1)
    parts = progress_of(LARGE.tables, course.steps[-1], codes=CODES).competences
    assert all(part.is_closed for part in parts)
    for count, step in enumerate(course.steps):
        parts = progress_of(LARGE.tables, step, codes=CODES).competences
        assert [part.competence for part in parts] == ["2.1", "1.1"]
        put = Counter(LARGE.tables.competence_of[item] for item in course.items[:count])
        assert [part.answered for part in parts] == [put[3], put[0]]


def test_an_item_on_tryout_looks_like_any_other() -> None:
    """It counts as answered and is counted upon before, so that nothing gives it away."""
    ground = ground_of(starter_bank(4), on_tryout=(2,))
    plain = setup_of(0, 1)
    before = progress_of(
        ground.tables, step_after(ground, plain, items=(), categories=()), codes=CODES
    )
    setup = replace(plain, tryouts={2: 2})
    first, second, third, *_ = progress_along(ground, setup, [1] * 100)
    assert first.at_most == before.at_most + 1 == 10
    assert [part.answered for part in (first, second, third)] == [0, 1, 2]
    assert sum(one.answered for one in third.competences) == 2
