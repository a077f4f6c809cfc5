"""Reads: visible rows → trainings and sessions."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from pacnum_api.domains.trainings import policy, repository
from pacnum_api.domains.trainings.errors import TrainingNotFound, TrainingSessionNotFound
from pacnum_api.domains.trainings.service.rows import session_of, training_of
from pacnum_api.domains.trainings.types import (
    CatalogueFilter,
    ExternalId,
    SessionOutlook,
    Training,
    TrainingSession,
    TrainingSessionFilter,
)
from pacnum_api.kernel.page import Page
from pacnum_api.platform.uow import UnitOfWork


async def get_training(uow: UnitOfWork, training_id: UUID) -> Training:
    """Raises TrainingNotFound, also for another tenant's training."""
    return training_of(await repository.get_training(uow, training_id))


async def get_training_by_external_id(uow: UnitOfWork, external_id: ExternalId) -> Training:
    """The tenant's own training, else the shipped one. Raises TrainingNotFound."""
    row = await repository.find_training(uow, external_id)
    if row is None:
        raise TrainingNotFound
    return training_of(row)


async def list_trainings(
    uow: UnitOfWork, wanted: CatalogueFilter, *, limit: int, cursor: str | None
) -> Page[Training]:
    """Trainings by time of last change. Raises InvalidCursor."""
    words = policy.folded(wanted.q or "").split()
    page = await repository.list_trainings(uow, wanted, words=words, limit=limit, cursor=cursor)
    return Page([training_of(row) for row in page.items], page.next_cursor)


async def list_published_trainings(uow: UnitOfWork, framework: str) -> Sequence[Training]:
    """Every training on offer that serves a competence of the framework, by external id.

    Of two with the same external id the tenant's own comes after the shipped one.
    """
    return [training_of(row) for row in await repository.list_published(uow, framework)]


async def get_training_session(uow: UnitOfWork, session_id: UUID) -> TrainingSession:
    """Raises TrainingSessionNotFound, also for another tenant's session."""
    return session_of(await repository.get_session(uow, session_id))


async def get_training_session_by_external_id(
    uow: UnitOfWork, external_id: ExternalId
) -> TrainingSession:
    """The tenant's own session, else the shipped one. Raises TrainingSessionNotFound."""
    row = await repository.find_session(uow, external_id)
    if row is None:
        raise TrainingSessionNotFound
    return session_of(row)


async def list_training_sessions(
    uow: UnitOfWork, wanted: TrainingSessionFilter, *, limit: int, cursor: str | None
) -> Page[TrainingSession]:
    """Sessions by time of last change. Raises InvalidCursor."""
    page = await repository.list_sessions(uow, wanted, limit=limit, cursor=cursor)
    return Page([session_of(row) for row in page.items], page.next_cursor)


async def read_outlooks(
    uow: UnitOfWork, training_ids: Collection[UUID]
) -> Mapping[UUID, SessionOutlook]:
    """For each of these trainings, how it can be joined from now on."""
    dated = await repository.list_dated_trainings(uow, training_ids)
    coming: defaultdict[UUID, list[TrainingSession]] = defaultdict(list)
    for row in await repository.list_open_sessions(uow, training_ids):
        coming[row.training_id].append(session_of(row))
    return {
        training_id: SessionOutlook(training_id in dated, tuple(coming[training_id]))
        for training_id in training_ids
    }
