"""The catalogue over HTTP."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Response

from pacnum_api.domains.trainings import service
from pacnum_api.domains.trainings.access import CataloguePublisher, CatalogueReader
from pacnum_api.domains.trainings.errors import (
    TrainingNotFound,
    TrainingRejected,
    TrainingSessionNotFound,
    TrainingSessionRejected,
)
from pacnum_api.domains.trainings.schemas import (
    Language,
    Minutes,
    TrainingIssuer,
    TrainingKey,
    TrainingRead,
    TrainingSessionRead,
    TrainingSessionUpsert,
    TrainingUpsert,
)
from pacnum_api.domains.trainings.types import (
    CatalogueFilter,
    ExternalId,
    Modality,
    ProviderKind,
    TrainingSessionFilter,
    TrainingSessionState,
)
from pacnum_api.kernel.errors import PreconditionFailed, PreconditionRequired
from pacnum_api.kernel.page import InvalidCursor
from pacnum_api.platform.http import Locale, Uow, make_router
from pacnum_api.platform.pagination import Paged, PageParams
from pacnum_api.platform.problems import problems
from pacnum_api.platform.schemas import CompetenceCode, FrameworkCode, Level, UtcDatetime

api = make_router("", "trainings")

TrainingPath = Annotated[UUID, Path(description="The training's id.")]
SessionPath = Annotated[UUID, Path(description="The training session's id.")]
IfMatch = Annotated[
    str | None,
    Header(max_length=200, description="The ETag last seen; needed when it exists already."),
]
UpdatedSince = Annotated[
    UtcDatetime | None, Query(description="Only what changed at or after this instant.")
]
ONE_UPSERT = (
    "Without `If-Match` it is created (201). If it exists, its ETag must be sent in `If-Match` to "
    "replace it (200); the ETag of either language will do."
)


@dataclass(frozen=True, kw_only=True)
class TrainingQuery(CatalogueFilter):
    """The filter as query parameters."""

    framework: Annotated[
        FrameworkCode | None, Query(description="Serves a competence of this framework.")
    ] = None
    competence: Annotated[CompetenceCode | None, Query(description="Serves this competence.")] = (
        None
    )
    level: Annotated[
        Level | None, Query(description="Starts at or below this level and leads above it.")
    ] = None
    modality: Annotated[Modality | None, Query(description="Where it takes place.")] = None
    provider_kind: Annotated[ProviderKind | None, Query(description="Who gives it.")] = None
    language: Annotated[Language | None, Query(description="Language it is given in.")] = None
    max_duration_minutes: Annotated[
        Minutes | None, Query(description="Lasts no longer than this.")
    ] = None
    updated_since: Annotated[
        UtcDatetime | None,
        Query(
            description="Only what changed at or after this instant; withdrawn ones are listed too."
        ),
    ] = None
    q: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Words that must all be found in its texts, whatever case and accents.",
            examples=["tableur"],
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TrainingSessionQuery(TrainingSessionFilter):
    """The filter as query parameters."""

    training_id: Annotated[UUID | None, Query(description="Sessions of this training.")] = None
    state: Annotated[TrainingSessionState | None, Query(description="Sessions in this state.")] = (
        None
    )
    starts_after: Annotated[
        UtcDatetime | None, Query(description="Starts at or after this instant.")
    ] = None
    updated_since: UpdatedSince = None


@api.get(
    "/trainings",
    operation_id="trainings_list_trainings",
    summary="List trainings",
    description="Published trainings by time of last change. The filters on framework, competence "
    "and level must be met together by one of a training's competences.",
    responses=problems(InvalidCursor),
)
async def list_trainings(
    caller: CatalogueReader,
    uow: Uow,
    *,
    locale: Locale,
    page: PageParams,
    wanted: Annotated[TrainingQuery, Depends()],
) -> Paged[TrainingRead]:
    found = await service.list_trainings(uow, wanted, limit=page.limit, cursor=page.cursor)
    return page.envelope(found, lambda one: TrainingRead.of(one, locale=locale))


@api.get(
    "/trainings/{training_id}",
    operation_id="trainings_read_training",
    summary="Read a training",
    description="One training, published or withdrawn.",
    responses=problems(TrainingNotFound),
)
async def read_training(
    training_id: TrainingPath,
    caller: CatalogueReader,
    *,
    uow: Uow,
    locale: Locale,
    response: Response,
) -> TrainingRead:
    training = await service.get_training(uow, training_id)
    response.headers["ETag"] = service.training_etag(training, locale=locale)
    return TrainingRead.of(training, locale=locale)


@dataclass(frozen=True)
class ExternalIdPath(ExternalId):
    """The external id as path parameters."""

    issuer: Annotated[TrainingIssuer, Path(description="The system that publishes it.")]
    value: Annotated[TrainingKey, Path(description="That system's own key.")]


@api.get(
    "/trainings/by-external-id/{issuer}/{value}",
    operation_id="trainings_read_training_by_external_id",
    summary="Read a training by its publisher's own id",
    description="The caller's own training of this id, else the one that ships.",
    responses=problems(TrainingNotFound),
)
async def read_training_by_external_id(
    external_id: Annotated[ExternalIdPath, Depends()],
    caller: CatalogueReader,
    *,
    uow: Uow,
    locale: Locale,
    response: Response,
) -> TrainingRead:
    training = await service.get_training_by_external_id(uow, external_id)
    response.headers["ETag"] = service.training_etag(training, locale=locale)
    return TrainingRead.of(training, locale=locale)


@api.put(
    "/trainings/by-external-id/{issuer}/{value}",
    operation_id="trainings_upsert_training",
    summary="Create or replace a training by its publisher's own id",
    description=ONE_UPSERT + " To take it off the catalogue, send it with state `withdrawn`.",
    responses={
        201: {"model": TrainingRead, "description": "The training was created."},
        **problems(TrainingRejected, PreconditionRequired, PreconditionFailed),
    },
)
async def upsert_training(
    external_id: Annotated[ExternalIdPath, Depends()],
    body: TrainingUpsert,
    *,
    caller: CataloguePublisher,
    uow: Uow,
    locale: Locale,
    response: Response,
    if_match: IfMatch = None,
) -> TrainingRead:
    training, is_new = await service.upsert_training(
        uow, external_id, content=body.read(), if_match=if_match
    )
    response.status_code = 201 if is_new else 200
    response.headers["ETag"] = service.training_etag(training, locale=locale)
    return TrainingRead.of(training, locale=locale)


@api.get(
    "/training-sessions",
    operation_id="trainings_list_training_sessions",
    summary="List training sessions",
    description="Sessions in every state, by time of last change.",
    responses=problems(InvalidCursor),
)
async def list_training_sessions(
    caller: CatalogueReader,
    uow: Uow,
    *,
    locale: Locale,
    page: PageParams,
    wanted: Annotated[TrainingSessionQuery, Depends()],
) -> Paged[TrainingSessionRead]:
    found = await service.list_training_sessions(uow, wanted, limit=page.limit, cursor=page.cursor)
    return page.envelope(found, lambda one: TrainingSessionRead.of(one, locale=locale))


@api.get(
    "/training-sessions/{training_session_id}",
    operation_id="trainings_read_training_session",
    summary="Read a training session",
    description="One session, in whatever state.",
    responses=problems(TrainingSessionNotFound),
)
async def read_training_session(
    training_session_id: SessionPath,
    caller: CatalogueReader,
    *,
    uow: Uow,
    locale: Locale,
    response: Response,
) -> TrainingSessionRead:
    session = await service.get_training_session(uow, training_session_id)
    response.headers["ETag"] = service.session_etag(session, locale=locale)
    return TrainingSessionRead.of(session, locale=locale)


@api.get(
    "/training-sessions/by-external-id/{issuer}/{value}",
    operation_id="trainings_read_training_session_by_external_id",
    summary="Read a training session by its publisher's own id",
    description="The caller's own session of this id, else the one that ships.",
    responses=problems(TrainingSessionNotFound),
)
async def read_training_session_by_external_id(
    external_id: Annotated[ExternalIdPath, Depends()],
    caller: CatalogueReader,
    *,
    uow: Uow,
    locale: Locale,
    response: Response,
) -> TrainingSessionRead:
    session = await service.get_training_session_by_external_id(uow, external_id)
    response.headers["ETag"] = service.session_etag(session, locale=locale)
    return TrainingSessionRead.of(session, locale=locale)


@api.put(
    "/training-sessions/by-external-id/{issuer}/{value}",
    operation_id="trainings_upsert_training_session",
    summary="Create or replace a training session by its publisher's own id",
    description=ONE_UPSERT + " To call it off, send it with state `cancelled`.",
    responses={
        201: {"model": TrainingSessionRead, "description": "The session was created."},
        **problems(TrainingSessionRejected, PreconditionRequired, PreconditionFailed),
    },
)
async def upsert_training_session(
    external_id: Annotated[ExternalIdPath, Depends()],
    body: TrainingSessionUpsert,
    *,
    caller: CataloguePublisher,
    uow: Uow,
    locale: Locale,
    response: Response,
    if_match: IfMatch = None,
) -> TrainingSessionRead:
    session, is_new = await service.upsert_training_session(
        uow,
        external_id,
        training=ExternalId(body.training.issuer, body.training.value),
        content=body.read(),
        if_match=if_match,
    )
    response.status_code = 201 if is_new else 200
    response.headers["ETag"] = service.session_etag(session, locale=locale)
    return TrainingSessionRead.of(session, locale=locale)
