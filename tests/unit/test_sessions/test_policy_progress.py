from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.domains.test_sessions.policy import progress_of, step_after
from pacnum_api.domains.test_sessions.types import Progress, SessionPurpose, SessionSetup
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import random_bank, starter_bank, tables_of, two_pl
from tests.unit.test_sessions.courses import CODES, setup_of, walk

STARTER = starter_bank(4)
LARGE = random_bank(200, competence_count=4)
PATTERNS = st.lists(st.integers(0, 1), min_size=80, max_size=80)
SETUPS = st.sampled_from(
    [
        setup_of(0),
        setup_of(0, 1, 2, 3),
        setup_of(2, 1, purpose=SessionPurpose.CERTIFICATION),
        setup_of(0, 3, purpose=SessionPurpose.TARGET, targets={0: 5, 3: 2}),
    ]
)


def progress_along(tables: BankTables, setup: SessionSetup, pattern: list[int]) -> list[Progress]:
    course = walk(tables, setup, lambda position: pattern[position - 1])
    return [progress_of(tables, step, codes=CODES) for step in course.steps]


@settings(max_examples=60)
@given(
    tables=st.sampled_from([STARTER, LARGE]),
    setup=SETUPS,
    seed=st.integers(0, 2**32),
    pattern=PATTERNS,
)
def test_progress_only_ever_grows_and_is_whole_at_the_end(
    tables: BankTables, setup: SessionSetup, seed: int, pattern: list[int]
) -> None:
    parts = progress_along(tables, replace(setup, seed=seed), pattern)
    fractions = [part.fraction for part in parts]
    assert fractions[0] == 0.0
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(fraction < 1.0 for fraction in fractions[:-1])
    assert [part.answered for part in parts] == list(range(len(parts)))
    closed = [{one.competence for one in part.competences if one.is_closed} for part in parts]
    assert all(before <= after for before, after in pairwise(closed))


@given(seed=st.integers(0, 2**32), pattern=PATTERNS)
def test_a_test_never_grows_longer_than_it_was_said_to_be(seed: int, pattern: list[int]) -> None:
    parts = progress_along(LARGE, setup_of(0, 1, seed=seed), pattern)
    limits = [part.at_most for part in parts]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] == 16
    assert limits[-1] == parts[-1].answered


def test_a_competence_found_spent_on_the_way_does_not_open_again() -> None:
    """Weak items: the choice looks at one competence, finds nothing to gain, and takes another;
    the next choice may not look at the first one at all.
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
    setup = setup_of(0, 3, 1, purpose=SessionPurpose.TARGET, targets={0: 4, 3: 6, 1: 3}, seed=3)
    fractions = [
        one.fraction
        for one in progress_along(weak, setup, [int(one) for one in "0101001001010111"])
    ]
    assert fractions == sorted(fractions)


def test_what_the_bank_has_left_bounds_what_is_promised() -> None:
    (first, *_) = progress_along(STARTER, setup_of(1), [0] * 80)
    assert first.at_most == 5  # the rules would allow 8


@given(pattern=PATTERNS)
def test_progress_says_nothing_about_how_well_it_goes(pattern: list[int]) -> None:
    """Among tests with the same items put, and none of them closed, all look the same."""
    setup = setup_of(0, 1)
    course = walk(LARGE, setup, lambda _: 1)
    count = 4  # below the minimum of both: nothing can be closed yet
    right = step_after(LARGE, setup, items=course.items, categories=course.categories[:count])
    other = step_after(LARGE, setup, items=course.items, categories=pattern[:count])
    assert progress_of(LARGE, right, codes=CODES) == progress_of(LARGE, other, codes=CODES)


def test_competences_stand_in_the_order_asked_with_what_they_had() -> None:
    setup = setup_of(3, 0)
    course = walk(LARGE, setup, lambda _: 1)
    parts = progress_of(LARGE, course.steps[-1], codes=CODES).competences
    assert all(part.is_closed for part in parts)
    for step, count in zip(course.steps, range(len(course.steps)), strict=True):
        parts = progress_of(LARGE, step, codes=CODES).competences
        assert [part.competence for part in parts] == ["2.1", "1.1"]
        put = Counter(LARGE.competence_of[item] for item in course.items[:count])
        assert [part.answered for part in parts] == [put[3], put[0]]
