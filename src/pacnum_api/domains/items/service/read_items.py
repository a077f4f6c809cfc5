"""Items and their versions, for those who keep them."""

from uuid import UUID

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.models import ItemRow, ItemVersionRow
from pacnum_api.domains.items.schemas.authoring import AuthoredItem
from pacnum_api.domains.items.schemas.authoring_views import ItemRead, ItemSummary, ItemVersionRead
from pacnum_api.domains.items.service.stored_documents import authored_from
from pacnum_api.domains.items.types import LOCALES, ItemFilter
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.kernel.page import Page
from pacnum_api.platform.uow import UnitOfWork


async def list_items(
    uow: UnitOfWork, wanted: ItemFilter, *, locale: str, limit: int, cursor: str | None
) -> Page[ItemSummary]:
    """Visible items. Raises InvalidCursor."""
    page = await repository.list_items(uow, wanted, limit=limit, cursor=cursor)
    summaries = [
        ItemSummary.model_validate(_described(row, authored_from(row, version), locale=locale))
        for row, version in page.items
    ]
    return Page(summaries, page.next_cursor)


async def read_item(uow: UnitOfWork, item_id: UUID, *, locale: str) -> ItemRead:
    """An item with its key. Raises ItemNotFound."""
    row = await repository.get_item(uow, item_id)
    ((_, version),) = await repository.with_newest_version(uow, [row])
    document = authored_from(row, version)
    return ItemRead.model_validate(
        {**_described(row, document, locale=locale), "document": document}
    )


def _described(row: ItemRow, document: AuthoredItem, *, locale: str) -> dict[str, object]:
    stem = document.content.stem
    return {
        "id": row.id,
        "key": row.key,
        "framework": row.framework,
        "competence": row.competence,
        "level": row.level,
        "type": row.type,
        "status": row.status,
        "version": row.version,
        "stem": stem.en if locale == "en" else stem.fr,
        "themes": document.themes,
        "setting": document.setting,
        "expected_seconds": document.expected_seconds,
        "locales": LOCALES,
        "is_template": document.template is not None,
        "is_shipped": row.tenant_id == PUBLIC_TENANT_ID,
        "file_count": len(document.content.files),
        "updated_at": row.updated_at,
    }


async def list_versions(
    uow: UnitOfWork, item_id: UUID, *, limit: int, cursor: str | None
) -> Page[ItemVersionRead]:
    """An item's versions, newest first. Raises ItemNotFound, InvalidCursor."""
    row = await repository.get_item(uow, item_id)
    page = await repository.list_versions(uow, item_id, limit=limit, cursor=cursor)
    return Page([_version(row, version) for version in page.items], page.next_cursor)


def _version(row: ItemRow, version: ItemVersionRow) -> ItemVersionRead:
    return ItemVersionRead(
        id=version.id,
        version=version.version,
        content_hash=version.content_hash.hex(),
        created_at=version.created_at,
        document=authored_from(row, version),
    )
