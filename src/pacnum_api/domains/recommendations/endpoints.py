"""Recommendations over HTTP."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query

from pacnum_api.domains.organisations.errors import AgentNotFound
from pacnum_api.domains.recommendations import service
from pacnum_api.domains.recommendations.access import AgentAdviser, CatalogueAdviser
from pacnum_api.domains.recommendations.schemas import (
    BudgetHours,
    Language,
    Limit,
    RecommendationRequest,
    RecommendationsRead,
    TargetText,
    minutes_of,
    read_targets,
)
from pacnum_api.domains.recommendations.types import Constraints, Wish
from pacnum_api.domains.referential.errors import FrameworkNotFound
from pacnum_api.domains.trainings.types import AccessibilityFeature, Modality
from pacnum_api.platform.http import Locale, Uow, make_router
from pacnum_api.platform.problems import problems
from pacnum_api.platform.schemas import FrameworkCode

api = make_router("", "recommendations")

AgentPath = Annotated[UUID, Path(description="The agent's id.")]


@dataclass(frozen=True, kw_only=True)
class WishQuery:
    """A wish as query parameters; those that are lists may be repeated."""

    framework: Annotated[FrameworkCode, Query(description="Code of the framework.")]
    target: Annotated[
        list[TargetText] | None,
        Query(
            max_length=200,
            description="A level for all competences (`5`) or for one (`1.3:6`). Without any, the "
            "target is two levels up; with only single ones, only those competences are in view.",
        ),
    ] = None
    budget_hours: Annotated[
        BudgetHours | None, Query(description="Hours that all trainings together may take.")
    ] = None
    modality: Annotated[
        list[Modality] | None, Query(max_length=3, description="Any of these will do.")
    ] = None
    language: Annotated[
        list[Language] | None, Query(max_length=10, description="Any of these will do.")
    ] = None
    accessibility: Annotated[
        list[AccessibilityFeature] | None,
        Query(max_length=8, description="Every one of these is needed."),
    ] = None
    limit: Annotated[Limit, Query()] = 10

    def read(self) -> Wish:
        """The wish as the domain holds it."""
        targets, overall = read_targets(self.target or ())
        return Wish(
            framework=self.framework,
            targets=targets,
            overall_target=overall,
            constraints=Constraints(
                budget_minutes=minutes_of(self.budget_hours),
                modalities=frozenset(self.modality or ()),
                languages=frozenset(self.language or ()),
                accessibility=frozenset(self.accessibility or ()),
            ),
            limit=self.limit,
        )


@api.get(
    "/agents/{agent_id}/recommendations",
    operation_id="recommendations_list_for_agent",
    summary="Recommend trainings to an agent",
    description="The trainings expected to close most of the gap between the agent's measured "
    "levels and the targets, in the order in which to take them, within the budget, each with its "
    "gain, the uncertainty of it, and reasons. What was never assessed is listed apart.",
    responses=problems(AgentNotFound, FrameworkNotFound),
)
async def recommend_for_agent(
    agent_id: AgentPath,
    caller: AgentAdviser,
    *,
    uow: Uow,
    locale: Locale,
    wish: Annotated[WishQuery, Depends()],
) -> RecommendationsRead:
    return await service.recommend_for_agent(uow, agent_id, wish=wish.read(), locale=locale)


@api.post(
    "/recommendations",
    operation_id="recommendations_list_for_levels",
    summary="Recommend trainings for given levels",
    description="The same for levels or abilities sent along; nothing is stored about anybody.",
    responses=problems(FrameworkNotFound),
)
async def recommend_for_levels(
    body: RecommendationRequest, caller: CatalogueAdviser, *, uow: Uow, locale: Locale
) -> RecommendationsRead:
    return await service.recommend_for_levels(uow, body, locale=locale)
