"""Recording and reading what has been measured.

Data flow: a session that ends hands over what it measured in its own transaction; the latest row
of each competence is the profile, read by one index.
"""

from collections.abc import Sequence
from uuid import UUID

from pacnum_api.domains.organisations import service as organisations
from pacnum_api.domains.referential import service as referential
from pacnum_api.domains.results import repository
from pacnum_api.domains.results.models import ResultRow
from pacnum_api.domains.results.schemas import EstimateRead, ProfileRead
from pacnum_api.domains.results.types import (
    CompetenceEstimate,
    CompetenceResult,
    EarlierTest,
    SessionResults,
)
from pacnum_api.kernel.page import Page
from pacnum_api.platform.uow import UnitOfWork


async def record_results(uow: UnitOfWork, measured: SessionResults) -> None:
    """Keep what a session measured, once, in the transaction that ends the session."""
    await repository.add_results(uow, measured)


async def list_session_results(uow: UnitOfWork, session_id: UUID) -> tuple[CompetenceResult, ...]:
    """What one session measured, by competence; empty if it recorded nothing."""
    return await repository.list_session_results(uow, session_id)


async def find_earlier_test(
    uow: UnitOfWork, agent_id: UUID, *, framework: str, framework_version: int
) -> EarlierTest | None:
    """The latest test from which a new one of the same framework version can start, if any."""
    return await repository.find_latest_ability_state(
        uow, agent_id, framework=framework, framework_version=framework_version
    )


async def find_ability_state(uow: UnitOfWork, session_id: UUID) -> bytes | None:
    """What a session left for the next one (``AbilityState.to_bytes``); None if nothing."""
    return await repository.find_ability_state(uow, session_id)


async def get_ability_state(uow: UnitOfWork, session_id: UUID) -> bytes:
    """What a session left for the one that names it; ``LookupError`` if that is gone."""
    state = await repository.find_ability_state(uow, session_id)
    if state is None:
        raise LookupError(f"the abilities that session {session_id} left are gone")
    return state


async def current_profile(
    uow: UnitOfWork, agent_id: UUID, *, framework: str
) -> list[CompetenceEstimate]:
    """The latest estimate of each assessed competence, by code. Raises AgentNotFound."""
    await organisations.get_agent(uow, agent_id)
    rows = await repository.list_latest_results(uow, agent_id, framework=framework)
    return [_estimate(row) for row in rows]


async def read_profile(uow: UnitOfWork, agent_id: UUID, *, framework_code: str) -> ProfileRead:
    """The profile and what was never assessed. Raises AgentNotFound, FrameworkNotFound."""
    framework = await referential.get_framework(uow, framework_code)
    known = {
        estimate.result.competence: estimate
        for estimate in await current_profile(uow, agent_id, framework=framework_code)
    }
    codes = [competence.code for competence in framework.competences]
    return ProfileRead(
        agent_id=agent_id,
        framework=framework.code,
        competences=[EstimateRead.of(known[code]) for code in codes if code in known],
        not_assessed=[code for code in codes if code not in known],
    )


async def list_history(
    uow: UnitOfWork, agent_id: UUID, *, limit: int, cursor: str | None
) -> Page[CompetenceEstimate]:
    """Every result of an agent, the latest first. Raises AgentNotFound, InvalidCursor."""
    await organisations.get_agent(uow, agent_id)
    page = await repository.list_results(uow, agent_id, limit=limit, cursor=cursor)
    estimates: Sequence[CompetenceEstimate] = [_estimate(row) for row in page.items]
    return Page(estimates, page.next_cursor)


def _estimate(row: ResultRow) -> CompetenceEstimate:
    return CompetenceEstimate(
        result=_result(row),
        session_id=row.session_id,
        framework=row.framework,
        framework_version=row.framework_version,
        measured_at=row.measured_at,
    )


def _result(row: ResultRow) -> CompetenceResult:
    return CompetenceResult(
        competence=row.competence,
        theta=row.theta,
        standard_error=row.standard_error,
        level=row.level,
        level_low=row.level_low,
        level_high=row.level_high,
        level_probabilities=tuple(row.level_probabilities),
        items_answered=row.items_answered,
        stop_reason=row.stop_reason,
        target_level=row.target_level,
    )
