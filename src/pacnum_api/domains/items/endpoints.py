"""Items over HTTP, for those who keep them. Agents meet items only in test sessions."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Path, Query

from pacnum_api.domains.items import service
from pacnum_api.domains.items.access import ItemReader
from pacnum_api.domains.items.errors import ItemNotFound, ResponseRejected
from pacnum_api.domains.items.schemas.authoring_views import (
    ItemRead,
    ItemReportCreate,
    ItemReportRead,
    ItemSummary,
    ItemVersionRead,
    PreviewRead,
    PreviewRequest,
)
from pacnum_api.domains.items.types import ItemFilter, ItemStatus, ItemType
from pacnum_api.kernel.page import InvalidCursor
from pacnum_api.platform.http import Locale, Uow, make_router
from pacnum_api.platform.pagination import Paged, PageParams
from pacnum_api.platform.problems import problems
from pacnum_api.platform.schemas import CompetenceCode, FrameworkCode, UtcDatetime

api = make_router("/items", "items")

ItemPath = Annotated[UUID, Path(description="Id of an item.")]


def _filter(
    framework: Annotated[
        FrameworkCode | None, Query(description="Items of this framework.")
    ] = None,
    competence: Annotated[
        CompetenceCode | None, Query(description="Items of this competence.")
    ] = None,
    *,
    level: Annotated[int | None, Query(ge=1, le=8, description="Items of this level.")] = None,
    type: Annotated[  # noqa: A002 - the parameter's public name
        ItemType | None, Query(description="Items answered in this way.")
    ] = None,
    status: Annotated[
        ItemStatus | None, Query(description="Items in this state of their life; all if none.")
    ] = None,
    locale: Annotated[
        Literal["fr", "en"] | None,
        Query(description="Items that exist in this language: every item exists in both."),
    ] = None,
    updated_since: Annotated[
        UtcDatetime | None,
        Query(description="Items changed since then; retired ones stay in the list."),
    ] = None,
) -> ItemFilter:
    del locale  # both languages are required of every item
    return ItemFilter(framework, competence, level, type, status, updated_since)


Filter = Annotated[ItemFilter, Depends(_filter)]


@api.get(
    "",
    operation_id="items_list_items",
    summary="List items",
    description="Your items and those that ship with the product, in the order they came.",
    responses=problems(InvalidCursor),
)
async def list_items(
    caller: ItemReader, uow: Uow, *, wanted: Filter, locale: Locale, page: PageParams
) -> Paged[ItemSummary]:
    found = await service.list_items(
        uow, wanted, locale=locale, limit=page.limit, cursor=page.cursor
    )
    return page.envelope(found, lambda item: item)


@api.get(
    "/{item_id}",
    operation_id="items_read_item",
    summary="Read an item with its key",
    description="The newest version as its author wrote it, key and feedback included.",
    responses=problems(ItemNotFound),
)
async def read_item(item_id: ItemPath, caller: ItemReader, *, uow: Uow, locale: Locale) -> ItemRead:
    return await service.read_item(uow, item_id, locale=locale)


@api.get(
    "/{item_id}/versions",
    operation_id="items_list_versions",
    summary="List the versions of an item",
    description="Every wording there was, newest first. A version never changes.",
    responses=problems(ItemNotFound, InvalidCursor),
)
async def list_versions(
    item_id: ItemPath, caller: ItemReader, *, uow: Uow, page: PageParams
) -> Paged[ItemVersionRead]:
    found = await service.list_versions(uow, item_id, limit=page.limit, cursor=page.cursor)
    return page.envelope(found, lambda version: version)


@api.post(
    "/{item_id}/preview",
    operation_id="items_preview_item",
    summary="Try an item without a session",
    description=(
        "Shows the newest version for a seed, as an agent would see it, and grades a response "
        "given in its labels. Nothing is stored."
    ),
    responses=problems(ItemNotFound, ResponseRejected),
)
async def preview_item(
    item_id: ItemPath, asked: PreviewRequest, *, caller: ItemReader, uow: Uow, locale: Locale
) -> PreviewRead:
    return await service.preview_item(uow, item_id, asked=asked, locale=locale)


@api.post(
    "/{item_id}/reports",
    status_code=201,
    operation_id="items_report_item",
    summary="Contest an item",
    description="Keeps the report with the version it is about, and emits `item.reported`.",
    responses=problems(ItemNotFound),
)
async def report_item(
    item_id: ItemPath, report: ItemReportCreate, *, caller: ItemReader, uow: Uow, locale: Locale
) -> ItemReportRead:
    return await service.report_item(uow, item_id, report=report, locale=locale)
