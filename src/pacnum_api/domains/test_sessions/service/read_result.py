"""Read what a session measured."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pacnum_api.domains.items.service import ItemBank, get_bank
from pacnum_api.domains.referential.types import Area, Framework
from pacnum_api.domains.results import service as results
from pacnum_api.domains.results.types import CompetenceResult
from pacnum_api.domains.test_sessions import policy, repository
from pacnum_api.domains.test_sessions.errors import ResultNotAvailable
from pacnum_api.domains.test_sessions.schemas import (
    AreaResultRead,
    CompetenceResultRead,
    OverallRead,
    ResultRead,
    SummaryRead,
)
from pacnum_api.domains.test_sessions.service.session_view import versions_of
from pacnum_api.domains.test_sessions.types import SessionState, StoredSession
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.scale import points
from pacnum_api.psychometrics.stopping import StopReason


async def read_result(uow: UnitOfWork, session_id: UUID, *, locale: str) -> ResultRead:
    """Level per competence with its uncertainty, areas and overall, and what it was computed with.

    Raises TestSessionNotFound, ResultNotAvailable.
    """
    stored = await repository.get_session(await uow.driver(), uow.tenant_id, session_id=session_id)
    session = stored.at(uow.now)
    if session.state not in {SessionState.FINISHED, SessionState.EXPIRED}:
        raise ResultNotAvailable(extra={"state": session.state.value})
    bank = await get_bank(uow, session.setup.bank_id)
    if session is stored:
        measured = await results.list_session_results(uow, session_id)
    else:  # expired, and no worker has recorded it yet: say now what will be recorded
        measured = _measured(session, bank)
    return _result(session, bank, measured={one.competence: one for one in measured}, locale=locale)


def _measured(session: StoredSession, bank: ItemBank) -> tuple[CompetenceResult, ...]:
    step = policy.step_after(
        bank.tables, session.setup, items=session.items, categories=session.categories
    )
    return policy.conclude(step, session.setup, codes=bank.competences, reason=StopReason.EXPIRED)


def _result(
    session: StoredSession,
    bank: ItemBank,
    *,
    measured: Mapping[str, CompetenceResult],
    locale: str,
) -> ResultRead:
    framework = bank.framework
    asked = [bank.competences[index] for index in session.setup.competences]
    assessed = [measured[code] for code in asked if code in measured]
    return ResultRead(
        session_id=session.id,
        agent_id=session.agent_id,
        state=session.state,
        purpose=session.setup.purpose,
        finished_at=session.finished_at,
        competences=[_competence(one, framework, locale=locale) for one in assessed],
        not_assessed=[code for code in asked if code not in measured],
        areas=[
            _area(area, framework, asked=asked, measured=measured, locale=locale)
            for area in framework.areas
            if any(code in asked for code in _codes_of(area, framework))
        ],
        overall=OverallRead(
            summary=_summary(assessed),
            points=sum(_points(one, framework) for one in assessed),
            maximum_points=len(assessed)
            * framework.points.per_level
            * framework.points.maximum_level,
        ),
        versions=versions_of(session, bank),
    )


def _competence(
    result: CompetenceResult, framework: Framework, *, locale: str
) -> CompetenceResultRead:
    competence = framework.find_competence(result.competence)
    title = result.competence if competence is None else competence.title.in_(locale)
    return CompetenceResultRead.of(result, title=title, points=_points(result, framework))


def _points(result: CompetenceResult, framework: Framework) -> int:
    rule = framework.points
    return points(
        result.level,
        points_per_level=rule.per_level,
        cap=rule.per_level * rule.maximum_level,
    )


def _codes_of(area: Area, framework: Framework) -> list[str]:
    return [competence.code for competence in framework.competences_of(area.code)]


def _area(
    area: Area,
    framework: Framework,
    *,
    asked: Sequence[str],
    measured: Mapping[str, CompetenceResult],
    locale: str,
) -> AreaResultRead:
    codes = [code for code in _codes_of(area, framework) if code in asked]
    return AreaResultRead(
        area=area.code,
        title=area.title.in_(locale),
        summary=_summary([measured[code] for code in codes if code in measured]),
        competences_asked=len(codes),
    )


def _summary(assessed: Sequence[CompetenceResult]) -> SummaryRead | None:
    mean = policy.mean_estimate(assessed)
    if mean is None:
        return None
    return SummaryRead(
        theta=mean.theta,
        standard_error=mean.standard_error,
        competences_assessed=len(assessed),
    )
