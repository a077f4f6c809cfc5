"""What happens once when a session ends, in the transaction that ends it."""

from collections.abc import Iterable

from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ExposureUse
from pacnum_api.domains.results import service as results
from pacnum_api.domains.results.types import SessionResults
from pacnum_api.domains.test_sessions import policy
from pacnum_api.domains.test_sessions.service.allot_items import reserved_groups
from pacnum_api.domains.test_sessions.service.basis import Basis, forget_prior
from pacnum_api.domains.test_sessions.types import (
    SessionPurpose,
    SessionSetup,
    SessionState,
    StoredSession,
)
from pacnum_api.platform.metrics import SESSIONS_ENDED
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.algorithm import Measurement
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
    basis: Basis,
    step: Measurement,
    reason: StopReason,
) -> None:
    """Keep what was measured and tell that the session has ended.

    An abandoned session leaves no result: the agent has taken the test back.
    """
    if session.state is not SessionState.ABANDONED:
        codes = basis.bank.competences
        measured = policy.conclude(step, session.setup, codes=codes, reason=reason)
        await results.record_results(
            uow,
            SessionResults(
                session_id=session.id,
                agent_id=session.agent_id,
                framework=session.setup.framework,
                framework_version=session.setup.framework_version,
                measured_at=session.finished_at or uow.now,
                results=measured,
                state=state_left(session.setup, step) if measured else None,
            ),
        )
    forget_prior(session.setup)
    uow.once_committed(SESSIONS_ENDED.labels(session.state).inc)
    await uow.emit(
        EVENTS[session.state],
        str(session.id),
        data={"agent_id": str(session.agent_id), "stop_reason": reason.value},
    )


def state_left(setup: SessionSetup, step: Measurement) -> bytes | None:
    """What the agent's next test starts from; None where the algorithm passes nothing on.

    Nor does a certification: it starts from the population, and its state would take the place of
    what earlier tests have gathered on all competences.
    """
    if setup.purpose is SessionPurpose.CERTIFICATION:
        return None
    state = step.ability_state()
    return None if state is None else state.to_bytes()


async def give_back_exposure(uow: UnitOfWork, ended: Iterable[tuple[StoredSession, Basis]]) -> None:
    """Count what sessions that end have shown, the item still pending included.

    To be called last in a unit of work, once for each session that it has ended itself.
    """
    uses = [
        ExposureUse(
            basis.bank, reserved_groups(session.setup, basis.bank.groups), items=session.items
        )
        for session, basis in ended
        if session.setup.availability is not None
    ]
    await items.end_exposure(uow, uses)
