"""Results over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from pacnum_api.domains.organisations.errors import AgentNotFound
from pacnum_api.domains.referential.errors import FrameworkNotFound
from pacnum_api.domains.results import service
from pacnum_api.domains.results.access import ResultReader
from pacnum_api.domains.results.schemas import EstimateRead, ProfileRead
from pacnum_api.kernel.page import InvalidCursor
from pacnum_api.platform.http import Uow, make_router
from pacnum_api.platform.pagination import Paged, PageParams
from pacnum_api.platform.problems import problems
from pacnum_api.platform.schemas import FrameworkCode

api = make_router("/agents/{agent_id}", "results")

AgentPath = Annotated[UUID, Path(description="The agent's id.")]


@api.get(
    "/profile",
    operation_id="results_read_profile",
    summary="Read an agent's profile",
    description="The latest level per competence with its uncertainty and date; what was never "
    "assessed is listed apart, because it is not level 0.",
    responses=problems(AgentNotFound, FrameworkNotFound),
)
async def read_profile(
    agent_id: AgentPath,
    caller: ResultReader,
    *,
    uow: Uow,
    framework: Annotated[FrameworkCode, Query(description="Code of the framework.")],
) -> ProfileRead:
    return await service.read_profile(uow, agent_id, framework_code=framework)


@api.get(
    "/history",
    operation_id="results_list_history",
    summary="List all results of an agent",
    description="Every competence of every ended test session, the latest first.",
    responses=problems(AgentNotFound, InvalidCursor),
)
async def list_history(
    agent_id: AgentPath, caller: ResultReader, *, uow: Uow, page: PageParams
) -> Paged[EstimateRead]:
    found = await service.list_history(uow, agent_id, limit=page.limit, cursor=page.cursor)
    return page.envelope(found, EstimateRead.of)
