"""Somebody contests an item."""

from uuid import UUID

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.models import ItemReportRow
from pacnum_api.domains.items.schemas.authoring_views import ItemReportCreate, ItemReportRead
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.uow import UnitOfWork


async def report_item(
    uow: UnitOfWork, item_id: UUID, *, report: ItemReportCreate, locale: str
) -> ItemReportRead:
    """Keep the report with the version it is about, and say so. Raises ItemNotFound."""
    item = await repository.get_item(uow, item_id)
    row = ItemReportRow(
        id=new_id(),
        tenant_id=uow.tenant_id,
        item_id=item.id,
        item_version=item.version,
        reason=report.reason.value,
        comment=report.comment,
        locale=locale,
        created_at=uow.now,
    )
    repository.add_all(uow, [row])
    await uow.session.flush()
    await uow.emit(
        "item.reported",
        str(item.id),
        data={"report_id": str(row.id), "item_version": row.item_version, "reason": row.reason},
    )
    return ItemReportRead.model_validate(row)
