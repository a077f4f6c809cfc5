"""The referential over HTTP. Published versions never change, so answers may be kept."""

from typing import Annotated

from fastapi import Path, Query, Response

from pacnum_api.domains.referential import service
from pacnum_api.domains.referential.access import FrameworkReader
from pacnum_api.domains.referential.errors import (
    CompetenceNotFound,
    CrosswalkNotFound,
    FrameworkNotFound,
)
from pacnum_api.domains.referential.schemas import (
    AreaRead,
    CompetenceRead,
    CrosswalkRead,
    FrameworkRead,
    FrameworkSummary,
    LearningOutcomeRead,
    LevelRead,
)
from pacnum_api.kernel.page import InvalidCursor
from pacnum_api.platform.http import Locale, Uow, make_router
from pacnum_api.platform.pagination import Paged, PageParams
from pacnum_api.platform.problems import problems
from pacnum_api.platform.schemas import CompetenceCode, FrameworkCode

api = make_router("", "referential")

FrameworkPath = Annotated[FrameworkCode, Path(description="Code of a published framework.")]
VersionQuery = Annotated[
    int | None, Query(ge=1, le=1_000_000, description="A published version; the newest if none.")
]
KEEP = "private, max-age=3600"
"""A version is immutable and the newest changes rarely: an hour, then revalidated by ETag."""


@api.get(
    "/frameworks",
    operation_id="referential_list_frameworks",
    summary="List frameworks",
    description="The newest published version of each framework, by code.",
    responses=problems(InvalidCursor),
)
async def list_frameworks(
    caller: FrameworkReader, uow: Uow, *, locale: Locale, page: PageParams
) -> Paged[FrameworkSummary]:
    found = await service.list_frameworks(uow, limit=page.limit, cursor=page.cursor)
    return page.envelope(found, lambda one: FrameworkSummary.of(one, locale=locale))


@api.get(
    "/frameworks/{code}",
    operation_id="referential_read_framework",
    summary="Read a framework",
    description="A framework whole: areas, competences, levels with their cut scores, points.",
    responses=problems(FrameworkNotFound),
)
async def read_framework(
    code: FrameworkPath,
    caller: FrameworkReader,
    *,
    uow: Uow,
    response: Response,
    locale: Locale,
    version: VersionQuery = None,
) -> FrameworkRead:
    response.headers["Cache-Control"] = KEEP
    framework = await service.get_framework(uow, code, version=version)
    return FrameworkRead.of(framework, locale=locale)


@api.get(
    "/frameworks/{code}/areas",
    operation_id="referential_list_areas",
    summary="List the areas of a framework",
    description="Areas in the framework's order, each with the codes of its competences.",
    responses=problems(FrameworkNotFound, InvalidCursor),
)
async def list_areas(
    code: FrameworkPath, caller: FrameworkReader, *, uow: Uow, locale: Locale, page: PageParams
) -> Paged[AreaRead]:
    framework, found = await service.list_areas(uow, code, limit=page.limit, cursor=page.cursor)
    return page.envelope(found, lambda one: AreaRead.of(one, framework, locale=locale))


@api.get(
    "/frameworks/{code}/competences",
    operation_id="referential_list_competences",
    summary="List the competences of a framework",
    description="Competences in the framework's order.",
    responses=problems(FrameworkNotFound, InvalidCursor),
)
async def list_competences(
    code: FrameworkPath, caller: FrameworkReader, *, uow: Uow, locale: Locale, page: PageParams
) -> Paged[CompetenceRead]:
    framework, found = await service.list_competences(
        uow, code, limit=page.limit, cursor=page.cursor
    )
    return page.envelope(found, lambda one: CompetenceRead.of(one, framework, locale=locale))


@api.get(
    "/frameworks/{code}/levels",
    operation_id="referential_list_levels",
    summary="List the proficiency levels of a framework",
    description="Levels from 1 up, each with its band, its cut score and its descriptors.",
    responses=problems(FrameworkNotFound, InvalidCursor),
)
async def list_levels(
    code: FrameworkPath, caller: FrameworkReader, *, uow: Uow, locale: Locale, page: PageParams
) -> Paged[LevelRead]:
    framework, found = await service.list_levels(uow, code, limit=page.limit, cursor=page.cursor)
    return page.envelope(found, lambda one: LevelRead.of(one, framework, locale=locale))


@api.get(
    "/frameworks/{code}/learning-outcomes",
    operation_id="referential_list_learning_outcomes",
    summary="List learning outcomes by identifier",
    description=(
        "Learning outcomes of an official supplement that the operator has loaded "
        "(DigComp 3.0); empty when none was."
    ),
    responses=problems(FrameworkNotFound, CompetenceNotFound, InvalidCursor),
)
async def list_learning_outcomes(
    code: FrameworkPath,
    caller: FrameworkReader,
    *,
    uow: Uow,
    page: PageParams,
    competence: Annotated[CompetenceCode | None, Query(description="Only this one's.")] = None,
) -> Paged[LearningOutcomeRead]:
    found = await service.list_learning_outcomes(
        uow, code, competence=competence, limit=page.limit, cursor=page.cursor
    )
    return page.envelope(found, LearningOutcomeRead.of)


@api.get(
    "/competences/{framework}/{code}",
    operation_id="referential_read_competence",
    summary="Read a competence",
    description="One competence of the newest version of a framework.",
    responses=problems(FrameworkNotFound, CompetenceNotFound),
)
async def read_competence(
    framework: FrameworkPath,
    code: Annotated[CompetenceCode, Path(description="Code of the competence.")],
    *,
    caller: FrameworkReader,
    uow: Uow,
    response: Response,
    locale: Locale,
) -> CompetenceRead:
    response.headers["Cache-Control"] = KEEP
    owner, competence = await service.get_competence(uow, framework, code=code)
    return CompetenceRead.of(competence, owner, locale=locale)


@api.get(
    "/crosswalks",
    operation_id="referential_read_crosswalk",
    summary="Read how two frameworks relate",
    description="Every link from the competences of one framework to those of another (SKOS).",
    responses=problems(CrosswalkNotFound),
)
async def read_crosswalk(
    caller: FrameworkReader,
    uow: Uow,
    *,
    response: Response,
    locale: Locale,
    source: Annotated[FrameworkCode, Query(alias="from", examples=["crcn"])],
    target: Annotated[FrameworkCode, Query(alias="to", examples=["digcomp-2.2"])],
) -> CrosswalkRead:
    response.headers["Cache-Control"] = KEEP
    crosswalk = await service.get_crosswalk(uow, source, target=target)
    return CrosswalkRead.of(crosswalk, locale=locale)
