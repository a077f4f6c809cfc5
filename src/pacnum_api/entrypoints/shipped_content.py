"""The content that ships, published where a database has none yet."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

import pacnum_api
from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.types import ItemFilter
from pacnum_api.domains.referential import service as referential
from pacnum_api.domains.referential.types import Framework
from pacnum_api.domains.trainings import service as trainings
from pacnum_api.domains.trainings.types import CatalogueFilter
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database
from pacnum_api.platform.uow import UnitOfWork

CONTENT = Path(pacnum_api.__file__).resolve().parent / "content"


@dataclass(frozen=True, slots=True)
class ContentPaths:
    """Where each kind of content lies in the package."""

    frameworks: tuple[Path, ...] = (CONTENT / "frameworks", CONTENT / "crosswalks")
    items: tuple[Path, ...] = (CONTENT / "items",)
    trainings: tuple[Path, ...] = (CONTENT / "trainings",)


SHIPPED = ContentPaths()
SHIPPED_PROOFS = CONTENT / "proofs" / "digcomp_2_2"
"""Code that finds the keys of the shipped items again, from their files."""
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(7226860002)")


def shipped_framework() -> Framework:
    """The framework that the shipped items belong to, from its file. Raises DocumentUnreadable."""
    return referential.read_framework_file(CONTENT / "frameworks" / "digcomp-2.2.yaml")


async def publish_shipped_content(database: Database, *, only_if_empty: bool) -> None:
    """Publish frameworks, items and trainings for every tenant.

    One transaction a kind, because items are checked against frameworks that must be published;
    each kind is looked at for itself, so that an interrupted start is completed by the next one.
    Processes that start at once take turns. Items are not tried out again: that is a gate of the
    repository. What a new release ships is published by ``pacnum load``.
    """
    for is_there, publish in (
        (_has_frameworks, _publish_frameworks),
        (_has_items, _publish_items),
        (_has_trainings, _publish_trainings),
    ):
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            await uow.session.execute(_TAKE_TURNS)
            if not (only_if_empty and await is_there(uow)):
                await publish(uow)


async def _has_frameworks(uow: UnitOfWork) -> bool:
    return bool((await referential.list_frameworks(uow, limit=1, cursor=None)).items)


async def _publish_frameworks(uow: UnitOfWork) -> None:
    await referential.load_documents(uow, SHIPPED.frameworks)


async def _has_items(uow: UnitOfWork) -> bool:
    return bool(
        (await items.list_items(uow, ItemFilter(), locale="fr", limit=1, cursor=None)).items
    )


async def _publish_items(uow: UnitOfWork) -> None:
    await items.load_items(uow, SHIPPED.items, tries_out=False)


async def _has_trainings(uow: UnitOfWork) -> bool:
    found = await trainings.list_trainings(uow, CatalogueFilter(), limit=1, cursor=None)
    return bool(found.items)


async def _publish_trainings(uow: UnitOfWork) -> None:
    await trainings.load_trainings(uow, SHIPPED.trainings)
