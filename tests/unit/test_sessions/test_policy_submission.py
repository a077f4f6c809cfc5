from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.domains.test_sessions.policy import answer_hash, time_limit_seconds, was_late
from pacnum_api.domains.test_sessions.types import Accommodations, SessionPurpose, Submission

SENT = Submission(
    position=1,
    item_id=UUID(int=5),
    response={"type": "cloze", "blanks": {"b1": "été", "b2": 3}},
    client_duration_seconds=12.5,
)
NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
CERTIFICATION = SessionPurpose.CERTIFICATION
RESPONSES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def turned(value: Any) -> Any:
    """The same JSON value with its members in the opposite order."""
    if isinstance(value, dict):
        return {name: turned(value[name]) for name in reversed(value)}
    if isinstance(value, list):
        return [turned(one) for one in value]
    return value


@given(RESPONSES)
def test_the_order_of_members_is_not_part_of_an_answer(response: Any) -> None:
    sent = replace(SENT, response=response)
    assert answer_hash(sent) == answer_hash(replace(sent, response=turned(response)))


@pytest.mark.parametrize("seconds", [None, 0.0, 3600.0])
def test_how_long_it_took_is_not_part_of_an_answer(seconds: float | None) -> None:
    assert answer_hash(replace(SENT, client_duration_seconds=seconds)) == answer_hash(SENT)


@given(*[st.dictionaries(st.text(max_size=2), st.text(max_size=2), max_size=2)] * 2)
def test_different_responses_are_different_answers(
    one: dict[str, str], other: dict[str, str]
) -> None:
    hashes = {answer_hash(replace(SENT, response=response)) for response in (one, other)}
    assert len(hashes) == (1 if one == other else 2)


@pytest.mark.parametrize(
    "other",
    [
        replace(SENT, item_id=UUID(int=6)),
        replace(SENT, response=None),
        replace(SENT, response={"type": "cloze", "blanks": {"b1": "ete", "b2": 3}}),
        replace(SENT, response={"type": "cloze", "blanks": {"b1": "été", "b2": "3"}}),
        replace(SENT, response={"type": "ordering", "order": ["o2", "o1"]}),
    ],
)
def test_another_item_or_response_is_another_answer(other: Submission) -> None:
    assert answer_hash(other) != answer_hash(SENT)


def test_the_order_of_a_list_is_part_of_an_answer() -> None:
    one, other = (
        replace(SENT, response={"type": "ordering", "order": order})
        for order in (["o1", "o2"], ["o2", "o1"])
    )
    assert answer_hash(one) != answer_hash(other)


@pytest.mark.parametrize("purpose", [SessionPurpose.POSITIONING, SessionPurpose.TARGET])
def test_only_certification_limits_time(purpose: SessionPurpose) -> None:
    assert time_limit_seconds(purpose, 60, accommodations=Accommodations()) is None
    assert time_limit_seconds(CERTIFICATION, 60, accommodations=Accommodations()) == 240


def test_accommodations_stretch_or_lift_the_limit() -> None:
    assert (
        time_limit_seconds(CERTIFICATION, 45, accommodations=Accommodations(time_multiplier=1.5))
        == 270
    )
    assert (
        time_limit_seconds(CERTIFICATION, 7, accommodations=Accommodations(time_multiplier=1.1))
        == 31
    )
    assert (
        time_limit_seconds(CERTIFICATION, 60, accommodations=Accommodations(no_time_limits=True))
        is None
    )


@pytest.mark.parametrize(
    ("after", "limit", "is_late"),
    [
        (timedelta(days=30), None, False),
        (timedelta(seconds=60), 60, False),
        (timedelta(seconds=65), 60, False),
        (timedelta(seconds=65, microseconds=1), 60, True),
        (timedelta(seconds=-5), 60, False),
    ],
)
def test_late_is_past_the_limit_and_a_grace_of_five_seconds(
    after: timedelta, limit: int | None, *, is_late: bool
) -> None:
    assert was_late(NOW, NOW + after, limit_seconds=limit) is is_late
