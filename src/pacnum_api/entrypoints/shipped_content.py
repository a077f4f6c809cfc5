"""The content that ships, published where a database has none yet."""

from dataclasses import dataclass
from pathlib import Path

import pacnum_api
from pacnum_api.domains.items import service as items
from pacnum_api.domains.referential import service as referential
from pacnum_api.domains.trainings import service as trainings
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database

CONTENT = Path(pacnum_api.__file__).resolve().parent / "content"


@dataclass(frozen=True, slots=True)
class ContentPaths:
    """Where each kind of content lies in the package."""

    frameworks: tuple[Path, ...] = (CONTENT / "frameworks", CONTENT / "crosswalks")
    items: tuple[Path, ...] = (CONTENT / "items",)
    trainings: tuple[Path, ...] = (CONTENT / "trainings",)


SHIPPED = ContentPaths()


async def publish_shipped_content(database: Database, *, only_if_empty: bool) -> bool:
    """Publish frameworks, items and trainings for every tenant; whether anything was looked at.

    Three transactions, because items are checked against frameworks that must be published. What
    is published already stays as it is. Two processes that start at once publish it once: unique
    keys decide, and the slower one finds it unchanged at its next start. Items are not tried out
    again: that is a gate of the repository.
    """
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        page = await referential.list_frameworks(uow, limit=1, cursor=None)
        if only_if_empty and page.items:
            return False
        await referential.load_documents(uow, SHIPPED.frameworks)
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        await items.load_items(uow, SHIPPED.items, tries_out=False)
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        await trainings.load_trainings(uow, SHIPPED.trainings)
    return True
