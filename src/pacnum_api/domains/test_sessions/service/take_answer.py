"""From a session and an answer to its pending item to how the session moves on: computing alone.

Both ways of an answer go through here (``answer_desk``, ``submit_answer``), so they cannot differ
in what they accept or choose.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime

from pacnum_api.domains.items.errors import ResponseRejected
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.test_sessions import policy
from pacnum_api.domains.test_sessions.errors import ItemNotPending
from pacnum_api.domains.test_sessions.repository import AnsweredSession, Move
from pacnum_api.domains.test_sessions.service.basis import Basis
from pacnum_api.domains.test_sessions.types import (
    Answer,
    SessionState,
    StoredSession,
    Submission,
)
from pacnum_api.platform.metrics import ENGINE_SECONDS
from pacnum_api.platform.tracing import span
from pacnum_api.psychometrics.algorithm import Measurement
from pacnum_api.psychometrics.stopping import StopReason


@dataclass(frozen=True, slots=True)
class TakenAnswer:
    """A graded answer, the session as it will stand, and the step that follows."""

    to_save: AnsweredSession
    step: Measurement
    after: StoredSession

    @property
    def answer(self) -> Answer:
        """The answer as it will be kept."""
        return self.to_save.answer

    @property
    def ends_the_test(self) -> bool:
        """Whether no item follows."""
        return self.to_save.move.next_item is None


def is_next(session: StoredSession, submission: Submission, *, now: datetime) -> bool:
    """Whether this is an answer to what is pending now; else it was settled before, or is wrong."""
    return (
        session.state is SessionState.IN_PROGRESS
        and now < session.expires_at
        and submission.position == session.pending_position
    )


def take_answer(
    session: StoredSession, basis: Basis, *, submission: Submission, now: datetime
) -> TakenAnswer:
    """Grade, estimate and select for a submission that ``is_next``; nothing is stored yet.

    Raises ItemNotPending, ResponseRejected.
    """
    began = time.perf_counter()
    with span("compute answer"):
        taken = _taken(session, basis, submission=submission, now=now)
    ENGINE_SECONDS.observe(time.perf_counter() - began)
    return taken


def _taken(
    session: StoredSession, basis: Basis, *, submission: Submission, now: datetime
) -> TakenAnswer:
    setup, bank = session.setup, basis.bank
    index = session.items[submission.position - 1]
    if bank.item_ids[index] != submission.item_id:
        raise ItemNotPending(extra={"pending": name_pending(session, bank)})
    given = bank.read_response(index, seed=setup.seed, response=submission.response)
    if isinstance(given, tuple):
        raise ResponseRejected(faults=given)
    issued_at = session.pending_issued_at or session.created_at
    limit = policy.time_limit_seconds(
        setup.purpose, bank.expected_seconds(index), accommodations=setup.accommodations
    )
    is_late = policy.was_late(issued_at, now, limit_seconds=limit)
    graded = bank.judge(index, None if is_late else given, seed=setup.seed)
    answer = Answer(
        position=submission.position,
        item_index=index,
        item_id=submission.item_id,
        response=submission.response,
        response_hash=policy.answer_hash(submission),
        score=graded.score,
        category=graded.category,
        is_late=is_late,
        issued_at=issued_at,
        accepted_at=now,
        client_duration_seconds=submission.client_duration_seconds,
    )
    return _move_on(session, basis, answer=answer)


def _move_on(session: StoredSession, basis: Basis, *, answer: Answer) -> TakenAnswer:
    categories = (*session.categories, answer.category)
    step = basis.step_at(session, categories)
    selection = step.decision.selection
    if selection is None:
        reason = step.decision.reason or StopReason.NO_ITEM_LEFT
        move = Move(next_item=None, state=SessionState.FINISHED, stop_reason=reason.value)
        items = session.items
    else:
        move = Move(next_item=selection.item, state=SessionState.IN_PROGRESS, stop_reason=None)
        items = (*session.items, selection.item)
    after = replace(
        session,
        version=session.version + 1,
        items=items,
        categories=categories,
        state=move.state,
        stop_reason=move.stop_reason,
        pending_issued_at=None if selection is None else answer.accepted_at,
        updated_at=answer.accepted_at,
        finished_at=None if selection is not None else answer.accepted_at,
    )
    return TakenAnswer(AnsweredSession(session, answer, move), step, after)


def name_pending(session: StoredSession, bank: ItemBank) -> dict[str, str | int]:
    """The pending item, as an error names it."""
    position = session.answered + 1
    return {"position": position, "item_id": str(bank.item_ids[session.items[position - 1]])}
