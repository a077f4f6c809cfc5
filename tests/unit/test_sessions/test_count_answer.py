"""Under which result an answer is counted."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from pacnum_api.domains.test_sessions.service.count_answer import count_accepted
from pacnum_api.domains.test_sessions.types import Answer

RESULTS = ("right", "partly", "wrong", "skipped", "late")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANSWER = Answer(
    position=1,
    item_index=0,
    item_id=UUID(int=1),
    response={"choice": "a"},
    response_hash=b"",
    score=1.0,
    category=1,
    is_late=False,
    issued_at=NOON,
    accepted_at=NOON,
    client_duration_seconds=None,
)


def counted() -> dict[str, float]:
    name = "pacnum_items_graded_total"
    return {one: REGISTRY.get_sample_value(name, {"result": one}) or 0.0 for one in RESULTS}


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (ANSWER, "right"),
        (replace(ANSWER, score=0.5), "partly"),
        (replace(ANSWER, score=0.0), "wrong"),
        (replace(ANSWER, score=0.0, response=None), "skipped"),
        (replace(ANSWER, score=0.0, is_late=True), "late"),
        (replace(ANSWER, score=0.0, is_late=True, response=None), "late"),
    ],
)
def test_an_answer_counts_under_one_result(answer: Answer, result: str) -> None:
    before = counted()
    count_accepted(answer)
    grown = {one: value - before[one] for one, value in counted().items()}
    assert grown == {one: float(one == result) for one in RESULTS}
