"""What happens once when a session ends, in the transaction that ends it."""

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.results import service as results
from pacnum_api.domains.results.types import SessionResults
from pacnum_api.domains.test_sessions import policy
from pacnum_api.domains.test_sessions.types import SessionState, StoredSession
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.stopping import StopReason

EVENTS = {
    SessionState.FINISHED: "test_session.finished",
    SessionState.ABANDONED: "test_session.abandoned",
    SessionState.EXPIRED: "test_session.expired",
}


async def record_end(
    uow: UnitOfWork,
    session: StoredSession,
    *,
    bank: ItemBank,
    step: policy.Step,
    reason: StopReason,
) -> None:
    """Keep what was measured and tell that the session has ended.

    An abandoned session leaves no result: the agent has taken the test back.
    """
    if session.state is not SessionState.ABANDONED:
        measured = policy.conclude(step, session.setup, codes=bank.competences, reason=reason)
        await results.record_results(
            uow,
            SessionResults(
                session_id=session.id,
                agent_id=session.agent_id,
                framework=session.setup.framework,
                framework_version=session.setup.framework_version,
                measured_at=session.finished_at or uow.now,
                results=measured,
            ),
        )
    await uow.emit(
        EVENTS[session.state],
        str(session.id),
        data={"agent_id": str(session.agent_id), "stop_reason": reason.value},
    )
