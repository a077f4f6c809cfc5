"""End a session before the test would: finished early, abandoned, or out of time."""

from dataclasses import replace
from uuid import UUID

from pacnum_api.domains.items.service import get_bank
from pacnum_api.domains.test_sessions import policy, repository
from pacnum_api.domains.test_sessions.errors import SessionNotInProgress
from pacnum_api.domains.test_sessions.repository import Ending
from pacnum_api.domains.test_sessions.schemas import TestSessionRead
from pacnum_api.domains.test_sessions.service.record_end import record_end
from pacnum_api.domains.test_sessions.service.session_view import session_read
from pacnum_api.domains.test_sessions.types import SessionState, StoredSession
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.stopping import StopReason

OVERDUE_AT_ONCE = 100


async def finish_session(uow: UnitOfWork, session_id: UUID) -> TestSessionRead:
    """End the test here and keep what was measured so far; once more changes nothing.

    Raises TestSessionNotFound, SessionNotInProgress (abandoned or expired).
    """
    return await _end(uow, session_id, state=SessionState.FINISHED)


async def abandon_session(uow: UnitOfWork, session_id: UUID) -> TestSessionRead:
    """End the test and keep no result; once more changes nothing.

    Raises TestSessionNotFound, SessionNotInProgress (finished or expired).
    """
    return await _end(uow, session_id, state=SessionState.ABANDONED)


async def expire_sessions(uow: UnitOfWork) -> int:
    """End some of this tenant's sessions whose time has run out; returns how many were ended.

    Any number of workers may do this at once: each takes other sessions.
    """
    connection = await uow.driver()
    overdue = await repository.lock_overdue(
        connection, uow.tenant_id, now=uow.now, limit=OVERDUE_AT_ONCE
    )
    for session_id in overdue:
        session = await repository.get_session(connection, uow.tenant_id, session_id=session_id)
        await _close(uow, session, state=SessionState.EXPIRED)
    return len(overdue)


async def _end(uow: UnitOfWork, session_id: UUID, *, state: SessionState) -> TestSessionRead:
    session = await repository.get_session(await uow.driver(), uow.tenant_id, session_id=session_id)
    present = session.state_at(uow.now)
    if present is SessionState.IN_PROGRESS:
        session = await _close(uow, session, state=state)
    elif present is not state:
        raise SessionNotInProgress(extra={"state": present.value})
    bank = await get_bank(uow, session.setup.bank_id)
    return session_read(session, bank, now=uow.now)


_REASONS = {
    SessionState.FINISHED: StopReason.FINISHED_EARLY,
    SessionState.ABANDONED: StopReason.ABANDONED,
    SessionState.EXPIRED: StopReason.EXPIRED,
}


async def _close(uow: UnitOfWork, session: StoredSession, *, state: SessionState) -> StoredSession:
    reason = _REASONS[state]
    ended_at = session.expires_at if state is SessionState.EXPIRED else uow.now
    connection = await uow.driver()
    is_closed = await repository.close_session(
        connection,
        uow.tenant_id,
        session=session,
        ending=Ending(state, reason.value, ended_at=ended_at, recorded_at=uow.now),
    )
    if not is_closed:  # an answer came in between: close the session as that answer left it
        moved = await repository.get_session(connection, uow.tenant_id, session_id=session.id)
        if moved.state is not SessionState.IN_PROGRESS:
            if moved.state is not state:
                raise SessionNotInProgress(extra={"state": moved.state.value})
            return moved
        return await _close(uow, moved, state=state)
    closed = replace(
        session,
        version=session.version + 1,
        state=state,
        stop_reason=reason.value,
        pending_issued_at=None,
        updated_at=uow.now,
        finished_at=ended_at,
    )
    bank = await get_bank(uow, session.setup.bank_id)
    step = policy.step_after(
        bank.tables, session.setup, items=session.items, categories=session.categories
    )
    await record_end(uow, closed, bank=bank, step=step, reason=reason)
    return closed
