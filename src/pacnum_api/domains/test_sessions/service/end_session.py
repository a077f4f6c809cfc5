"""End a session before the test would: finished early, abandoned, or out of time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from pacnum_api.domains.test_sessions import repository
from pacnum_api.domains.test_sessions.errors import SessionNotInProgress
from pacnum_api.domains.test_sessions.repository import Ending
from pacnum_api.domains.test_sessions.schemas import TestSessionRead
from pacnum_api.domains.test_sessions.service.basis import Basis, load_basis
from pacnum_api.domains.test_sessions.service.record_end import give_back_exposure, record_end
from pacnum_api.domains.test_sessions.service.session_view import session_read
from pacnum_api.domains.test_sessions.types import SessionState, StoredSession
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.stopping import StopReason

OVERDUE_AT_ONCE = 100

_log = structlog.stdlib.get_logger("pacnum.test_sessions")


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

    Any number of workers may do this at once: each takes other sessions. One that cannot be
    computed (its algorithm is no longer kept, its row is damaged) stays as it is and is logged: the
    oldest come first, and it would hold up all others for ever.
    """
    connection = await uow.driver()
    overdue = await repository.lock_overdue(
        connection, uow.tenant_id, now=uow.now, limit=OVERDUE_AT_ONCE
    )
    ended = []
    for session_id in overdue:
        session = await repository.get_session(connection, uow.tenant_id, session_id=session_id)
        try:
            async with uow.session.begin_nested():
                ended.append(await _close(uow, session, state=SessionState.EXPIRED))
        except (ValueError, LookupError) as error:
            _log.warning(
                "session_not_expired", session_id=str(session_id), reason=type(error).__qualname__
            )
    # last of all, and for all at once: it locks what every test that begins asks for
    await _give_back(uow, ended)
    return len(ended)


async def overdue_seconds(uow: UnitOfWork) -> float:
    """How long ago this tenant's oldest session in progress ran out of time; 0: none has."""
    oldest = await repository.find_oldest_overdue(await uow.driver(), uow.tenant_id, now=uow.now)
    return 0.0 if oldest is None else (uow.now - oldest).total_seconds()


async def _end(uow: UnitOfWork, session_id: UUID, *, state: SessionState) -> TestSessionRead:
    session = await repository.get_session(await uow.driver(), uow.tenant_id, session_id=session_id)
    present = session.state_at(uow.now)
    if present is SessionState.IN_PROGRESS:
        ended = await _close(uow, session, state=state)
        await _give_back(uow, [ended])
    elif present is state:
        ended = _Ended(session, await load_basis(uow, session), is_by_us=False)
    else:
        raise SessionNotInProgress(extra={"state": present.value})
    return session_read(ended.session, ended.basis, now=uow.now)


@dataclass(frozen=True, slots=True)
class _Ended:
    """A session that is over; ``is_by_us``: this very unit of work has ended it."""

    session: StoredSession
    basis: Basis
    is_by_us: bool


async def _give_back(uow: UnitOfWork, ended: Sequence[_Ended]) -> None:
    await give_back_exposure(uow, [(one.session, one.basis) for one in ended if one.is_by_us])


_REASONS = {
    SessionState.FINISHED: StopReason.FINISHED_EARLY,
    SessionState.ABANDONED: StopReason.ABANDONED,
    SessionState.EXPIRED: StopReason.EXPIRED,
}


async def _close(uow: UnitOfWork, session: StoredSession, *, state: SessionState) -> _Ended:
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
            return _Ended(moved, await load_basis(uow, moved), is_by_us=False)
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
    basis = await load_basis(uow, session)
    await record_end(uow, closed, basis=basis, step=basis.step(closed), reason=reason)
    return _Ended(closed, basis, is_by_us=True)
