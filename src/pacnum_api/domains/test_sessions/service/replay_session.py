"""Compute a session anew and hold it against what is stored.

Data flow: stored responses → graded again; stored categories → every item chosen again, every
result concluded again, and the state that the next test starts from: all compared bit for bit.
"""

from collections.abc import Sequence
from uuid import UUID

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.results import service as results
from pacnum_api.domains.results.types import CompetenceResult
from pacnum_api.domains.test_sessions import policy, repository
from pacnum_api.domains.test_sessions.schemas import ReplayRead
from pacnum_api.domains.test_sessions.service.basis import load_basis
from pacnum_api.domains.test_sessions.service.course_log import steps_of
from pacnum_api.domains.test_sessions.service.record_end import state_left
from pacnum_api.domains.test_sessions.service.session_view import versions_of
from pacnum_api.domains.test_sessions.types import Answer, SessionState, StoredSession
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.algorithm import Measurement
from pacnum_api.psychometrics.stopping import StopReason


async def replay_session(uow: UnitOfWork, session_id: UUID) -> ReplayRead:
    """Grade the stored responses again, choose every item again, conclude again, and compare.

    Raises TestSessionNotFound.
    """
    connection = await uow.driver()
    session = await repository.get_session(connection, uow.tenant_id, session_id=session_id)
    answers = await repository.list_answers(connection, uow.tenant_id, session_id=session_id)
    basis = await load_basis(uow, session)
    recorded = await results.list_session_results(uow, session_id)
    left = await results.find_ability_state(uow, session_id)
    differences = _grading_differences(session, basis.bank, answers=answers)
    try:
        steps = await steps_of(session, basis)
        differences += _course_differences(session, steps)
        if session.state in {SessionState.FINISHED, SessionState.EXPIRED}:
            computed = _concluded(session, basis.bank, step=steps[-1])
            differences += _result_differences(computed, recorded)
            state = state_left(session.setup, steps[-1]) if computed else None
            if state != left:
                differences.append("another state would be left for the next test")
    except (ValueError, IndexError) as error:  # a row that no test can have left behind
        differences.append(f"what is stored is not a test on this bank: {error}")
    return ReplayRead(
        session_id=session.id,
        is_identical=not differences,
        answers_replayed=len(answers),
        differences=differences,
        versions=versions_of(session, basis.bank),
    )


def _grading_differences(
    session: StoredSession, bank: ItemBank, *, answers: Sequence[Answer]
) -> list[str]:
    found = []
    if [answer.category for answer in answers] != list(session.categories):
        found.append("the session's categories are not those of its answers")
    for answer in answers:
        response = None if answer.is_late else answer.response
        graded = bank.grade(answer.item_index, seed=session.setup.seed, response=response)
        if (graded.score, graded.category) != (answer.score, answer.category):
            found.append(
                f"position {answer.position}: graded {graded.score} (category {graded.category}), "
                f"stored {answer.score} (category {answer.category})"
            )
    return found


def _course_differences(session: StoredSession, steps: Sequence[Measurement]) -> list[str]:
    found = []
    for count, step in enumerate(steps):
        chosen = step.decision.selection
        put = session.items[count] if count < len(session.items) else None
        if put is not None and (chosen is None or chosen.item != put):
            found.append(f"position {count + 1}: another item would be chosen")
        elif put is None and chosen is not None and session.state is SessionState.FINISHED:
            found.append(f"after {count} answers the test would go on")
    return found


def _concluded(
    session: StoredSession, bank: ItemBank, *, step: Measurement
) -> tuple[CompetenceResult, ...]:
    reason = StopReason(session.stop_reason or StopReason.EXPIRED)
    return policy.conclude(step, session.setup, codes=bank.competences, reason=reason)


def _result_differences(
    computed: Sequence[CompetenceResult], recorded: Sequence[CompetenceResult]
) -> list[str]:
    here = {one.competence: one for one in computed}
    stored = {one.competence: one for one in recorded}
    return [
        f"competence {code}: computed {here.get(code)}, stored {stored.get(code)}"
        for code in sorted(here.keys() | stored.keys())
        if here.get(code) != stored.get(code)
    ]
