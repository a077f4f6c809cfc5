"""Trying an item without a session."""

from uuid import UUID

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.errors import ResponseRejected
from pacnum_api.domains.items.policy.grading import grade
from pacnum_api.domains.items.policy.presentation import present
from pacnum_api.domains.items.policy.responses import read_response
from pacnum_api.domains.items.policy.wording import wording
from pacnum_api.domains.items.schemas.authoring_views import (
    GradeRead,
    PartRead,
    PreviewRead,
    PreviewRequest,
)
from pacnum_api.domains.items.schemas.presented import ItemContent
from pacnum_api.domains.items.service.stored_documents import item_from
from pacnum_api.domains.items.types import Item
from pacnum_api.platform.uow import UnitOfWork


async def preview_item(
    uow: UnitOfWork, item_id: UUID, *, asked: PreviewRequest, locale: str
) -> PreviewRead:
    """What an agent would see, and what a response would be worth.

    Raises ItemNotFound; ResponseRejected when the response has not the item's form.
    """
    row = await repository.get_item(uow, item_id)
    ((_, version),) = await repository.with_newest_version(uow, [row])
    item = item_from(row, version)
    shown = present(item, seed=asked.seed, locale=locale)
    return PreviewRead(
        item_id=row.id,
        version=version.version,
        type=item.type,
        content=ItemContent.model_validate(shown.content),
        grade=None if asked.response is None else _graded(item, asked, locale=locale),
    )


def _graded(item: Item, asked: PreviewRequest, *, locale: str) -> GradeRead:
    response = asked.response.model_dump(mode="json") if asked.response is not None else None
    faults = read_response(item, seed=asked.seed, response=response)
    if isinstance(faults, tuple):
        raise ResponseRejected(faults=faults)
    outcome = grade(item, seed=asked.seed, response=response)
    words = wording(item, seed=asked.seed, locale=locale)
    feedback = item.feedback.correct if outcome.is_correct else item.feedback.incorrect
    return GradeRead(
        score=outcome.score,
        category=outcome.category,
        categories=outcome.categories,
        is_correct=outcome.is_correct,
        parts=[PartRead(id=part.id, is_correct=part.is_correct) for part in outcome.parts],
        feedback=words.say(feedback),
    )
