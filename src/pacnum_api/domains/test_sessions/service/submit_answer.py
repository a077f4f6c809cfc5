"""Submit an answer: the hot path, which bends the house's grammar in this one file.

Data flow: one short transaction on the bare driver — the session's row, then pure computing
(grade, estimate, select), then one statement that moves the row on and appends the answer, then
commit. What ends a test is rare and writes results too, so it is found out by computing, given up
before anything is written, and done again inside an ordinary unit of work. The same happens when
this process does not hold the session's bank or prior yet, and when the caller sent an
Idempotency-Key, whose response must be stored in the same transaction.

Why the commit is here and not at the edge: the row stays locked from the update to the commit, and
the ordinary edge renders in between. The transaction is still one, committed before the response.

Races are decided by the row's version and the answers' primary key, never by a look beforehand:
who loses reads the session again and finds either its own answer (same reply) or another (409).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from pacnum_api.domains.items.errors import ResponseRejected
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.test_sessions import policy, repository
from pacnum_api.domains.test_sessions.errors import (
    AnswerAlreadyAccepted,
    ItemNotPending,
    PositionNotPending,
    SessionNotInProgress,
)
from pacnum_api.domains.test_sessions.repository import Move
from pacnum_api.domains.test_sessions.schemas import AnswerAccepted
from pacnum_api.domains.test_sessions.service.basis import Basis, find_cached_basis, load_basis
from pacnum_api.domains.test_sessions.service.record_end import give_back_exposure, record_end
from pacnum_api.domains.test_sessions.service.session_view import answer_accepted
from pacnum_api.domains.test_sessions.types import (
    Answer,
    SessionState,
    StoredSession,
    Submission,
)
from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.database import Database
from pacnum_api.platform.schemas import rfc3339
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.algorithm import Measurement
from pacnum_api.psychometrics.stopping import StopReason


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A graded answer, the session as it will stand, and the step that follows."""

    answer: Answer
    move: Move
    step: Measurement
    before: StoredSession
    after: StoredSession


async def submit_answer(
    database: Database,
    tenant_id: UUID,
    *,
    session_id: UUID,
    submission: Submission,
    uow: UnitOfWork | None,
) -> AnswerAccepted:
    """Grade, update, select and store in one call; returns the next item, or the end.

    ``uow`` is given when the edge has opened one already (Idempotency-Key). Raises
    TestSessionNotFound, SessionNotInProgress, AnswerAlreadyAccepted, PositionNotPending,
    ItemNotPending, ResponseRejected.
    """
    if uow is not None:
        return await _submit_whole(uow, session_id, submission=submission)
    reply = await _submit_fast(database, tenant_id, session_id=session_id, submission=submission)
    if reply is not None:
        return reply
    async with database.unit_of_work(tenant_id) as full:
        return await _submit_whole(full, session_id, submission=submission)


async def _submit_fast(
    database: Database, tenant_id: UUID, *, session_id: UUID, submission: Submission
) -> AnswerAccepted | None:
    """The reply, or None when this answer needs a whole unit of work; then nothing is written."""
    async with database.raw_transaction(tenant_id) as connection:
        session = await repository.get_session(connection, tenant_id, session_id=session_id)
        basis = find_cached_basis(session.setup)
        if basis is None:
            return None
        now = utc_now()
        if not _is_next(session, submission, now=now):
            return await _settled(
                connection, tenant_id, basis=basis, session=session, sent=submission
            )
        accepted = _accept(session, basis, submission=submission, now=now)
        if accepted.move.state is not SessionState.IN_PROGRESS:
            return None
        reply = _reply(accepted, basis)  # before the row is locked: rendering takes milliseconds
        if await _is_saved(connection, tenant_id, accepted=accepted):
            return reply
        return await _overtaken(
            connection, tenant_id, basis=basis, session=session, sent=submission
        )


async def _submit_whole(
    uow: UnitOfWork, session_id: UUID, *, submission: Submission
) -> AnswerAccepted:
    connection = await uow.driver()
    tenant_id = uow.tenant_id
    session = await repository.get_session(connection, tenant_id, session_id=session_id)
    basis = await load_basis(uow, session)
    if not _is_next(session, submission, now=uow.now):
        return await _settled(connection, tenant_id, basis=basis, session=session, sent=submission)
    accepted = _accept(session, basis, submission=submission, now=uow.now)
    reply = _reply(accepted, basis)
    if not await _is_saved(connection, tenant_id, accepted=accepted):
        return await _overtaken(
            connection, tenant_id, basis=basis, session=session, sent=submission
        )
    if accepted.move.state is not SessionState.IN_PROGRESS:
        reason = accepted.step.decision.reason or StopReason.NO_ITEM_LEFT
        await record_end(uow, accepted.after, basis=basis, step=accepted.step, reason=reason)
        await give_back_exposure(uow, [(accepted.after, basis)])
    return reply


def _is_next(session: StoredSession, submission: Submission, *, now: datetime) -> bool:
    """Whether this is an answer to what is pending now; else it was settled before, or is wrong."""
    is_open = session.state_at(now) is SessionState.IN_PROGRESS
    return is_open and submission.position == session.pending_position


def _accept(
    session: StoredSession, basis: Basis, *, submission: Submission, now: datetime
) -> _Accepted:
    """Grade, estimate and select: pure computing, nothing is stored yet."""
    setup, bank = session.setup, basis.bank
    index = session.items[submission.position - 1]
    if bank.item_ids[index] != submission.item_id:
        raise ItemNotPending(extra={"pending": _pending(session, bank)})
    if submission.response is not None:
        faults = bank.validate_response(index, seed=setup.seed, response=submission.response)
        if faults:
            raise ResponseRejected(faults=faults)
    issued_at = session.pending_issued_at or session.created_at
    limit = policy.time_limit_seconds(
        setup.purpose, bank.expected_seconds(index), accommodations=setup.accommodations
    )
    is_late = policy.was_late(issued_at, now, limit_seconds=limit)
    graded = bank.grade(index, seed=setup.seed, response=None if is_late else submission.response)
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


def _move_on(session: StoredSession, basis: Basis, *, answer: Answer) -> _Accepted:
    categories = (*session.categories, answer.category)
    step = basis.step(replace(session, categories=categories))
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
        finished_at=None if selection is not None else answer.accepted_at,
    )
    return _Accepted(answer=answer, move=move, step=step, before=session, after=after)


async def _is_saved(
    connection: asyncpg.Connection, tenant_id: UUID, *, accepted: _Accepted
) -> bool:
    """Store the answer; False when another was faster."""
    return await repository.save_answer(
        connection,
        tenant_id,
        session=accepted.before,
        answer=accepted.answer,
        move=accepted.move,
    )


def _reply(accepted: _Accepted, basis: Basis) -> AnswerAccepted:
    return answer_accepted(
        accepted.after,
        basis,
        position=accepted.answer.position,
        accepted_at=accepted.answer.accepted_at,
        step=accepted.step,
    )


async def _overtaken(
    connection: asyncpg.Connection,
    tenant_id: UUID,
    *,
    basis: Basis,
    session: StoredSession,
    sent: Submission,
) -> AnswerAccepted:
    """Answer as if this one had come after the one that was faster."""
    moved = await repository.get_session(connection, tenant_id, session_id=session.id)
    return await _settled(connection, tenant_id, basis=basis, session=moved, sent=sent)


async def _settled(
    connection: asyncpg.Connection,
    tenant_id: UUID,
    *,
    basis: Basis,
    session: StoredSession,
    sent: Submission,
) -> AnswerAccepted:
    """The reply that was given before to the same answer; an error for any other.

    Raises AnswerAlreadyAccepted, SessionNotInProgress, PositionNotPending.
    """
    known = await repository.find_answer(
        connection, tenant_id, session_id=session.id, position=sent.position
    )
    if known is None:
        raise _not_pending(session, basis.bank)
    if known.response_hash != policy.answer_hash(sent):
        raise AnswerAlreadyAccepted(
            extra={
                "accepted": {
                    "position": known.position,
                    "item_id": str(known.item_id),
                    "response": known.response,
                    "accepted_at": rfc3339(known.accepted_at),
                }
            }
        )
    return answer_accepted(session, basis, position=known.position, accepted_at=known.accepted_at)


def _not_pending(
    session: StoredSession, bank: ItemBank
) -> SessionNotInProgress | PositionNotPending:
    state = session.state_at(utc_now())
    if state is not SessionState.IN_PROGRESS:
        return SessionNotInProgress(extra={"state": state.value})
    return PositionNotPending(extra={"pending": _pending(session, bank)})


def _pending(session: StoredSession, bank: ItemBank) -> dict[str, str | int]:
    position = session.answered + 1
    return {"position": position, "item_id": str(bank.item_ids[session.items[position - 1]])}
