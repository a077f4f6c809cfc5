from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.domains.test_sessions.policy import (
    TryoutCandidate,
    choose_tryouts,
    expected_items,
    takes_tryouts,
)
from pacnum_api.domains.test_sessions.types import SessionPurpose
from pacnum_api.psychometrics.algorithm import ALGORITHM_VERSION, Purpose, algorithm_for

RULES = algorithm_for(ALGORITHM_VERSION).rules_for(Purpose.POSITIONING).stopping
CANDIDATES = st.lists(
    st.builds(
        TryoutCandidate,
        item=st.integers(0, 500),
        tried=st.integers(0, 4),
        distance=st.floats(0, 4),
    ),
    max_size=12,
    unique_by=lambda one: one.item,
)


def candidate(item: int, *, tried: int = 0, distance: float = 0.0) -> TryoutCandidate:
    return TryoutCandidate(item, tried, distance)


@given(candidates=CANDIDATES, expected=st.floats(0, 200), seed=st.integers(0, 2**63 - 1))
def test_few_are_tried_out_early_but_not_first(
    candidates: list[TryoutCandidate], expected: float, seed: int
) -> None:
    chosen = choose_tryouts(candidates, expected=expected, seed=seed)
    assert len(chosen) == min(2, int(expected // 5), len(candidates))
    assert set(chosen) <= {2, 3, 4, 5, 6}
    assert len(set(chosen.values())) == len(chosen)
    assert chosen == choose_tryouts(candidates, expected=expected, seed=seed)
    worst = max(
        ((one.tried, one.distance) for one in candidates if one.item in chosen.values()),
        default=(0, 0.0),
    )
    for one in candidates:
        assert one.item in chosen.values() or (one.tried, one.distance) >= worst or not chosen


def test_the_least_tried_comes_first_then_the_nearest() -> None:
    candidates = [
        candidate(1, tried=3),
        candidate(2, tried=1, distance=2.0),
        candidate(3, tried=1, distance=0.5),
    ]
    assert set(choose_tryouts(candidates, expected=5, seed=1).values()) == {3}
    assert set(choose_tryouts(candidates, expected=10, seed=1).values()) == {2, 3}


def test_ties_and_places_are_the_seeds() -> None:
    alike = [candidate(item) for item in range(4)]
    found = [choose_tryouts(alike, expected=5, seed=seed) for seed in range(200)]
    assert {item for one in found for item in one.values()} == {0, 1, 2, 3}
    assert {place for one in found for place in one} == {2, 3, 4, 5, 6}


def test_a_test_is_expected_to_take_as_many_items_as_there_are() -> None:
    usual = (RULES.minimum_items + RULES.maximum_items) / 2
    assert expected_items([100], rules=RULES) == usual
    assert expected_items([3, 100, 0], rules=RULES) == 3 + usual


def test_only_what_has_no_consequences_tries_items_out() -> None:
    assert [one for one in SessionPurpose if takes_tryouts(one)] == [
        SessionPurpose.POSITIONING,
        SessionPurpose.TARGET,
    ]
