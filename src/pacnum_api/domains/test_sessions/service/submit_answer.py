"""Submit an answer in a unit of work: whatever ``answer_desk`` does not decide.

These are the answers that were given before, that came late or to something else, that carry an
Idempotency-Key, and the first ones of a process that does not hold the session's bank yet.

Races are decided by the row's version and the answers' primary key, never by a look beforehand:
who loses reads the session again and finds either its own answer (same reply) or another (409).
"""

from uuid import UUID

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.test_sessions import policy, repository
from pacnum_api.domains.test_sessions.errors import (
    AnswerAlreadyAccepted,
    PositionNotPending,
    SessionNotInProgress,
)
from pacnum_api.domains.test_sessions.service.answer_reply import reply_to
from pacnum_api.domains.test_sessions.service.basis import Basis, load_basis
from pacnum_api.domains.test_sessions.service.count_answer import count_resent
from pacnum_api.domains.test_sessions.service.store_answer import store_answer
from pacnum_api.domains.test_sessions.service.take_answer import (
    is_next,
    name_pending,
    take_answer,
)
from pacnum_api.domains.test_sessions.types import SessionState, StoredSession, Submission
from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.schemas import rfc3339
from pacnum_api.platform.uow import UnitOfWork


async def submit_answer(uow: UnitOfWork, session_id: UUID, *, submission: Submission) -> bytes:
    """Grade, update, select and store in one call; returns the reply's JSON (``AnswerAccepted``).

    Raises TestSessionNotFound, SessionNotInProgress, AnswerAlreadyAccepted, PositionNotPending,
    ItemNotPending, ResponseRejected.
    """
    connection = await uow.driver()
    tenant_id = uow.tenant_id
    session = await repository.get_session(connection, tenant_id, session_id=session_id)
    basis = await load_basis(uow, session)
    if not is_next(session, submission, now=uow.now):
        return await _settled(uow, basis, session=session, sent=submission)
    taken = take_answer(session, basis, submission=submission, now=uow.now)
    reply = reply_to(
        taken.after,
        basis,
        position=submission.position,
        accepted_at=taken.answer.accepted_at,
        step=taken.step,
    )
    if not await store_answer(uow, taken, basis=basis):
        # another was faster: answer as if this one had come after it
        moved = await repository.get_session(connection, tenant_id, session_id=session.id)
        return await _settled(uow, basis, session=moved, sent=submission)
    return reply


async def _settled(
    uow: UnitOfWork, basis: Basis, *, session: StoredSession, sent: Submission
) -> bytes:
    """The reply that was given before to the same answer; an error for any other.

    Raises AnswerAlreadyAccepted, SessionNotInProgress, PositionNotPending.
    """
    known = await repository.find_answer(
        await uow.driver(), uow.tenant_id, session_id=session.id, position=sent.position
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
    count_resent()
    return reply_to(session, basis, position=known.position, accepted_at=known.accepted_at)


def _not_pending(
    session: StoredSession, bank: ItemBank
) -> SessionNotInProgress | PositionNotPending:
    state = session.state_at(utc_now())
    if state is not SessionState.IN_PROGRESS:
        return SessionNotInProgress(extra={"state": state.value})
    return PositionNotPending(extra={"pending": name_pending(session, bank)})
