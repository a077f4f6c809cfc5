"""Agents over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Path, Query, Response

from pacnum_api.domains.organisations import service
from pacnum_api.domains.organisations.access import OrganisationReader, OrganisationWriter
from pacnum_api.domains.organisations.errors import AgentNotFound
from pacnum_api.domains.organisations.schemas import AgentRead, AgentUpsert, ExternalValue, Issuer
from pacnum_api.domains.organisations.types import ExternalId
from pacnum_api.kernel.errors import PreconditionFailed, PreconditionRequired
from pacnum_api.kernel.page import InvalidCursor
from pacnum_api.platform.http import Uow, make_router
from pacnum_api.platform.pagination import Paged, PageParams
from pacnum_api.platform.problems import problems
from pacnum_api.platform.schemas import UtcDatetime

api = make_router("/agents", "organisation")

AgentPath = Annotated[UUID, Path(description="The agent's id.")]
IssuerPath = Annotated[Issuer, Path(description="The system that named the agent.")]
ValuePath = Annotated[ExternalValue, Path(description="That system's key of the agent.")]
IfMatch = Annotated[
    str | None,
    Header(max_length=200, description="The ETag last seen; needed when the agent exists."),
]


@api.get(
    "",
    operation_id="organisations_list_agents",
    summary="List agents",
    description="Agents by time of last change; follow with `updated_since` and `cursor`.",
    responses=problems(InvalidCursor),
)
async def list_agents(
    caller: OrganisationReader,
    uow: Uow,
    *,
    page: PageParams,
    updated_since: Annotated[
        UtcDatetime | None, Query(description="Only what changed at or after this instant.")
    ] = None,
) -> Paged[AgentRead]:
    found = await service.list_agents(
        uow, updated_since=updated_since, limit=page.limit, cursor=page.cursor
    )
    return page.envelope(found, AgentRead.of)


@api.get(
    "/{agent_id}",
    operation_id="organisations_read_agent",
    summary="Read an agent",
    description="One agent of the caller's tenant.",
    responses=problems(AgentNotFound),
)
async def read_agent(
    agent_id: AgentPath, caller: OrganisationReader, *, uow: Uow, response: Response
) -> AgentRead:
    agent = await service.get_agent(uow, agent_id)
    response.headers["ETag"] = service.etag_of(agent)
    return AgentRead.of(agent)


@api.get(
    "/by-external-id/{issuer}/{value}",
    operation_id="organisations_read_agent_by_external_id",
    summary="Read an agent by the caller's own id",
    description="One agent, under the id by which an HR system or directory knows it.",
    responses=problems(AgentNotFound),
)
async def read_agent_by_external_id(
    issuer: IssuerPath,
    value: ValuePath,
    *,
    caller: OrganisationReader,
    uow: Uow,
    response: Response,
) -> AgentRead:
    agent = await service.get_agent_by_external_id(uow, ExternalId(issuer, value))
    response.headers["ETag"] = service.etag_of(agent)
    return AgentRead.of(agent)


@api.put(
    "/by-external-id/{issuer}/{value}",
    operation_id="organisations_upsert_agent",
    summary="Create or replace an agent by the caller's own id",
    description=(
        "Without `If-Match` the agent is created (201). If it exists, its ETag must be sent "
        "in `If-Match` to replace it (200)."
    ),
    responses={
        201: {"model": AgentRead, "description": "The agent was created."},
        **problems(PreconditionRequired, PreconditionFailed),
    },
)
async def upsert_agent(
    issuer: IssuerPath,
    value: ValuePath,
    *,
    body: AgentUpsert,
    caller: OrganisationWriter,
    uow: Uow,
    response: Response,
    if_match: IfMatch = None,
) -> AgentRead:
    agent, is_new = await service.upsert_agent(
        uow, ExternalId(issuer, value), locale=body.locale, if_match=if_match
    )
    response.status_code = 201 if is_new else 200
    response.headers["ETag"] = service.etag_of(agent)
    return AgentRead.of(agent)
