"""A tenant's own framework with as many items of one competence as a test needs."""

from pathlib import Path
from uuid import uuid4

from pacnum_api.domains.items.service import ItemBank, load_items
from pacnum_api.domains.referential.service import load_documents
from tests.support.authored_items import Document, authored
from tests.support.callers import Caller
from tests.support.frameworks import framework_document, write
from tests.support.simulated_agent import bank_of


def house_items(count: int, *, tryouts: int = 0, competence: str = "1.1") -> list[Document]:
    """Items of all four levels of a house framework, the last ``tryouts`` of them on tryout."""
    return [
        authored(
            "short_text",
            key=f"{competence}-{place % 4 + 1}-house-{place:03}",
            level=place % 4 + 1,
            tryout=place >= count - tryouts,
        )
        for place in range(count)
    ]


async def load_house_bank(
    caller: Caller, folder: Path, *, items: list[Document], competence: str = "1.1"
) -> ItemBank:
    """The bank of a framework of this tenant's own, with these items and no others."""
    database = caller.app.state.database
    framework = f"house-{uuid4().hex[:12]}"
    path = write(folder, "framework.json", document=framework_document(framework))
    async with database.unit_of_work(caller.tenant_id) as uow:
        await load_documents(uow, [path])
    return await reload_items(
        caller, folder, framework=framework, items=items, competence=competence
    )


async def reload_items(
    caller: Caller,
    folder: Path,
    *,
    framework: str,
    items: list[Document],
    competence: str = "1.1",
) -> ItemBank:
    """The bank after loading items, new or changed, into a framework that is there."""
    database = caller.app.state.database
    document = {"framework": framework, "competence": competence, "items": items}
    path = write(folder, "items.json", document=document)
    async with database.unit_of_work(caller.tenant_id) as uow:
        await load_items(uow, [path], tries_out=False)
    return await bank_of(database, caller.tenant_id, framework=framework)


async def load_whole_house(
    caller: Caller, folder: Path, *, each: int, tryouts: int = 0
) -> ItemBank:
    """The bank of a framework of this tenant's own: as many items of each of its competences, the
    last ``tryouts`` of each on tryout.
    """
    bank = None
    for competence in ("1.1", "1.2", "2.1"):
        items = house_items(each, tryouts=tryouts, competence=competence)
        if bank is None:
            bank = await load_house_bank(caller, folder, items=items, competence=competence)
        else:
            bank = await reload_items(
                caller,
                folder,
                framework=bank.handle.framework,
                items=items,
                competence=competence,
            )
    assert bank is not None
    return bank
