"""Read what a session measured.

Competences stand as they were recorded. Means over several of them need the joint posterior, which
is computed again from the log: about a millisecond.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pacnum_api.domains.items.service import ItemBank
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
from pacnum_api.domains.test_sessions.service.basis import load_basis
from pacnum_api.domains.test_sessions.service.session_view import versions_of
from pacnum_api.domains.test_sessions.types import SessionState, StoredSession
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.algorithm import Measurement
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
    basis = await load_basis(uow, session)
    step = basis.step(session)
    if session is stored:
        recorded = await results.list_session_results(uow, session_id)
    else:  # expired, and no worker has recorded it yet: say now what will be recorded
        recorded = policy.conclude(
            step, session.setup, codes=basis.bank.competences, reason=StopReason.EXPIRED
        )
    measured = _Measured({one.competence: one for one in recorded}, step, basis.bank)
    return _result(session, measured, locale=locale)


@dataclass(frozen=True, slots=True)
class _Measured:
    """The results by competence, and the joint posterior that means are taken from."""

    results: Mapping[str, CompetenceResult]
    step: Measurement
    bank: ItemBank

    def summary(self, codes: Sequence[str]) -> SummaryRead | None:
        """The mean over those of the competences that were assessed; None if none was."""
        places = [self.bank.competences.index(code) for code in codes if code in self.results]
        mean = self.step.posterior.mean_of(places)
        return None if mean is None else SummaryRead.of(mean, competences_assessed=len(places))


def _result(session: StoredSession, measured: _Measured, *, locale: str) -> ResultRead:
    bank, framework = measured.bank, measured.bank.framework
    asked = [bank.competences[index] for index in session.setup.competences]
    assessed = [measured.results[code] for code in asked if code in measured.results]
    return ResultRead(
        session_id=session.id,
        agent_id=session.agent_id,
        state=session.state,
        purpose=session.setup.purpose,
        finished_at=session.finished_at,
        competences=[_competence(one, framework, locale=locale) for one in assessed],
        not_assessed=[code for code in asked if code not in measured.results],
        areas=[
            _area(area, framework, asked=asked, measured=measured, locale=locale)
            for area in framework.areas
            if any(code in asked for code in _codes_of(area, framework))
        ],
        overall=OverallRead(
            summary=measured.summary(asked),
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
    measured: _Measured,
    locale: str,
) -> AreaResultRead:
    codes = [code for code in _codes_of(area, framework) if code in asked]
    return AreaResultRead(
        area=area.code,
        title=area.title.in_(locale),
        summary=measured.summary(codes),
        competences_asked=len(codes),
    )
