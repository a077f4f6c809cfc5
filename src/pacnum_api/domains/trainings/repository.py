"""Every query of the catalogue."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased, selectinload

from pacnum_api.domains.trainings.errors import TrainingNotFound, TrainingSessionNotFound
from pacnum_api.domains.trainings.models import (
    TrainingCompetenceRow,
    TrainingRow,
    TrainingSessionRow,
)
from pacnum_api.domains.trainings.types import (
    CatalogueFilter,
    ExternalId,
    TrainingSessionFilter,
    TrainingSessionState,
    TrainingState,
)
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.kernel.page import Page, decode_cursor, encode_cursor, read_id, read_moment
from pacnum_api.platform.db import owned, visible
from pacnum_api.platform.uow import UnitOfWork

Row = TypeVar("Row", TrainingRow, TrainingSessionRow)


async def get_training(uow: UnitOfWork, training_id: UUID) -> TrainingRow:
    """Raises TrainingNotFound, also for another tenant's training."""
    query = _with_steps(visible(TrainingRow, uow.tenant_id)).where(TrainingRow.id == training_id)
    row = (await uow.session.scalars(query)).one_or_none()
    if row is None:
        raise TrainingNotFound
    return row


async def find_training(uow: UnitOfWork, external_id: ExternalId) -> TrainingRow | None:
    """The tenant's own training of this external id, else the shipped one, else None."""
    query = (
        _with_steps(visible(TrainingRow, uow.tenant_id))
        .where(TrainingRow.issuer == external_id.issuer, TrainingRow.value == external_id.value)
        .order_by((TrainingRow.tenant_id == uow.tenant_id).desc())
        .limit(1)
    )
    return (await uow.session.scalars(query)).one_or_none()


async def lock_own_training(uow: UnitOfWork, external_id: ExternalId) -> TrainingRow | None:
    """The tenant's own training of this external id, held until the transaction ends."""
    query = (
        _with_steps(owned(TrainingRow, uow.tenant_id))
        .where(TrainingRow.issuer == external_id.issuer, TrainingRow.value == external_id.value)
        .with_for_update()
    )
    return (await uow.session.scalars(query)).one_or_none()


async def list_trainings(
    uow: UnitOfWork,
    wanted: CatalogueFilter,
    *,
    words: Sequence[str],
    limit: int,
    cursor: str | None,
) -> Page[TrainingRow]:
    """Trainings by time of last change; ``words`` are the folded words of ``wanted.q``.

    Of two with the same external id only the tenant's own is looked at.
    """
    query = _with_steps(_not_hidden(uow))
    if wanted.updated_since is None:
        query = query.where(TrainingRow.state == TrainingState.PUBLISHED)
    else:
        query = query.where(TrainingRow.updated_at >= wanted.updated_since)
    for column, value in (
        (TrainingRow.modality, wanted.modality),
        (TrainingRow.provider_kind, wanted.provider_kind),
        (TrainingRow.language, wanted.language),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.max_duration_minutes is not None:
        query = query.where(TrainingRow.duration_minutes <= wanted.max_duration_minutes)
    for word in words:
        query = query.where(TrainingRow.search_text.contains(word, autoescape=True))
    query = _serving(query, wanted)
    return await _page(uow, query, model=TrainingRow, limit=limit, cursor=cursor)


def _serving(query: Select[TrainingRow], wanted: CatalogueFilter) -> Select[TrainingRow]:
    """Keep trainings with one step that meets the framework, the competence and the level."""
    conditions = []
    if wanted.framework is not None:
        conditions.append(TrainingCompetenceRow.framework == wanted.framework)
    if wanted.competence is not None:
        conditions.append(TrainingCompetenceRow.competence == wanted.competence)
    if wanted.level is not None:
        conditions += [
            TrainingCompetenceRow.entry_level <= wanted.level,
            TrainingCompetenceRow.exit_level > wanted.level,
        ]
    return query.where(TrainingRow.steps.any(and_(*conditions))) if conditions else query


async def list_published(uow: UnitOfWork, framework: str) -> Sequence[TrainingRow]:
    """Every published training that serves a competence of the framework, by external id.

    Of two with the same external id only the tenant's own is looked at: withdrawn, it withdraws
    the shipped one from this tenant's offer.
    """
    query = (
        _with_steps(_not_hidden(uow))
        .where(
            TrainingRow.state == TrainingState.PUBLISHED,
            TrainingRow.steps.any(TrainingCompetenceRow.framework == framework),
        )
        .order_by(TrainingRow.issuer, TrainingRow.value)
    )
    return (await uow.session.scalars(query)).all()


async def list_prerequisites(uow: UnitOfWork, issuer: str) -> dict[str, list[str]]:
    """For every visible training of an issuer, the values of the trainings that it presupposes.

    A tenant's own training hides a shipped one of the same external id.
    """
    query = (
        select(TrainingRow.value, TrainingRow.prerequisites)
        .where(
            TrainingRow.tenant_id.in_((uow.tenant_id, PUBLIC_TENANT_ID)),
            TrainingRow.issuer == issuer,
        )
        .order_by(TrainingRow.tenant_id == uow.tenant_id)
    )
    rows = (await uow.session.execute(query)).all()
    return {value: list(prerequisites["trainings"]) for value, prerequisites in rows}


async def get_session(uow: UnitOfWork, session_id: UUID) -> TrainingSessionRow:
    """Raises TrainingSessionNotFound, also for another tenant's session."""
    query = visible(TrainingSessionRow, uow.tenant_id).where(TrainingSessionRow.id == session_id)
    row = (await uow.session.scalars(query)).one_or_none()
    if row is None:
        raise TrainingSessionNotFound
    return row


async def find_session(uow: UnitOfWork, external_id: ExternalId) -> TrainingSessionRow | None:
    """The tenant's own session of this external id, else the shipped one, else None."""
    query = (
        visible(TrainingSessionRow, uow.tenant_id)
        .where(
            TrainingSessionRow.issuer == external_id.issuer,
            TrainingSessionRow.value == external_id.value,
        )
        .order_by((TrainingSessionRow.tenant_id == uow.tenant_id).desc())
        .limit(1)
    )
    return (await uow.session.scalars(query)).one_or_none()


async def lock_own_session(uow: UnitOfWork, external_id: ExternalId) -> TrainingSessionRow | None:
    """The tenant's own session of this external id, held until the transaction ends."""
    query = (
        owned(TrainingSessionRow, uow.tenant_id)
        .where(
            TrainingSessionRow.issuer == external_id.issuer,
            TrainingSessionRow.value == external_id.value,
        )
        .with_for_update()
    )
    return (await uow.session.scalars(query)).one_or_none()


async def list_sessions(
    uow: UnitOfWork, wanted: TrainingSessionFilter, *, limit: int, cursor: str | None
) -> Page[TrainingSessionRow]:
    """Sessions by time of last change."""
    query = visible(TrainingSessionRow, uow.tenant_id)
    if wanted.training_id is not None:
        query = query.where(TrainingSessionRow.training_id == wanted.training_id)
    if wanted.state is not None:
        query = query.where(TrainingSessionRow.state == wanted.state)
    if wanted.starts_after is not None:
        query = query.where(TrainingSessionRow.starts_at >= wanted.starts_after)
    if wanted.updated_since is not None:
        query = query.where(TrainingSessionRow.updated_at >= wanted.updated_since)
    return await _page(uow, query, model=TrainingSessionRow, limit=limit, cursor=cursor)


async def list_dated_trainings(uow: UnitOfWork, training_ids: Collection[UUID]) -> set[UUID]:
    """Those of these trainings that are given on dates: there is or was a session of them."""
    query = (
        select(TrainingSessionRow.training_id)
        .where(
            TrainingSessionRow.tenant_id.in_((uow.tenant_id, PUBLIC_TENANT_ID)),
            TrainingSessionRow.training_id.in_(training_ids),
        )
        .distinct()
    )
    return set((await uow.session.scalars(query)).all())


async def list_open_sessions(
    uow: UnitOfWork, training_ids: Collection[UUID]
) -> Sequence[TrainingSessionRow]:
    """Sessions of these trainings that start later and can be joined, the earliest first."""
    query = (
        visible(TrainingSessionRow, uow.tenant_id)
        .where(
            TrainingSessionRow.training_id.in_(training_ids),
            TrainingSessionRow.state == TrainingSessionState.OPEN,
            TrainingSessionRow.starts_at > uow.now,
        )
        .order_by(TrainingSessionRow.starts_at, TrainingSessionRow.id)
    )
    return (await uow.session.scalars(query)).all()


async def add_training_if_new(uow: UnitOfWork, values: dict[str, Any]) -> UUID | None:
    """Insert unless the external id is taken, even by a transaction of this moment."""
    statement = (
        insert(TrainingRow)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "issuer", "value"])
        .returning(TrainingRow.id)
    )
    return (await uow.session.execute(statement)).scalar_one_or_none()


async def add_session_if_new(uow: UnitOfWork, values: dict[str, Any]) -> UUID | None:
    """Insert unless the external id is taken, even by a transaction of this moment."""
    statement = (
        insert(TrainingSessionRow)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "issuer", "value"])
        .returning(TrainingSessionRow.id)
    )
    return (await uow.session.execute(statement)).scalar_one_or_none()


async def lock_links(uow: UnitOfWork, issuer: str) -> None:
    """Let one transaction at a time change what the trainings of an issuer presuppose.

    Two of them could otherwise close a circle together that neither can see alone.
    """
    name = f"training-links:{uow.tenant_id}:{issuer}"
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def _not_hidden(uow: UnitOfWork) -> Select[TrainingRow]:
    """Visible trainings without the shipped ones in whose place the tenant has put its own.

    Whatever state its own is in, and before any filter: else a shipped one would come back as soon
    as the tenant's own no longer meets the filter.
    """
    own = aliased(TrainingRow)
    hidden = (
        select(own.id)
        .where(
            own.tenant_id == uow.tenant_id,
            own.issuer == TrainingRow.issuer,
            own.value == TrainingRow.value,
        )
        .exists()
    )
    return visible(TrainingRow, uow.tenant_id).where(
        or_(TrainingRow.tenant_id == uow.tenant_id, ~hidden)
    )


def _with_steps(query: Select[TrainingRow]) -> Select[TrainingRow]:
    return query.options(selectinload(TrainingRow.steps))


async def _page(
    uow: UnitOfWork, query: Select[Row], *, model: type[Row], limit: int, cursor: str | None
) -> Page[Row]:
    if cursor is not None:
        query = query.where(tuple_(model.updated_at, model.id) > _after(cursor))
    query = query.order_by(model.updated_at, model.id).limit(limit + 1)
    rows = (await uow.session.scalars(query)).all()
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], encode_cursor(last.updated_at.isoformat(), str(last.id)))


def _after(cursor: str) -> tuple[datetime, UUID]:
    moment, row_id = decode_cursor(cursor, parts=2)
    return read_moment(moment), read_id(row_id)
