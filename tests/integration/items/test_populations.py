"""How the competences of a bank hang together: as calibrated, else as the framework supposes."""

from pathlib import Path

import asyncpg
import numpy as np
import pytest

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.service import ItemBank, banks, forget_banks
from pacnum_api.domains.referential import service as referential
from pacnum_api.platform.database import Database
from pacnum_api.psychometrics.population import DEFAULT_STRENGTHS, DEFAULT_WEIGHTS
from tests.support.callers import Caller
from tests.support.house_bank import house_items, load_house_bank, reload_items
from tests.support.simulated_agent import bank_of

FOUND = {
    "correlation": [[1.0, 0.5, 0.3], [0.5, 1.0, 0.3], [0.3, 0.3, 1.0]],
    "strengths": [0.0, 1.0],
    "weights": [0.25, 0.75],
}


@pytest.fixture
async def house(caller: Caller, tmp_path: Path) -> ItemBank:
    return await load_house_bank(caller, tmp_path, items=house_items(6))


async def test_a_bank_without_data_takes_what_its_framework_supposes(house: ItemBank) -> None:
    expected = [[1.0, 0.6, 0.4], [0.6, 1.0, 0.4], [0.4, 0.4, 1.0]]
    assert house.population.correlation.tolist() == expected
    assert house.population.strengths == DEFAULT_STRENGTHS
    assert house.population.weights == DEFAULT_WEIGHTS
    assert house.groups.competence_of.tolist() == [0] * 6


async def test_a_calibrated_population_goes_with_its_bank(
    database: Database, caller: Caller, *, house: ItemBank, tmp_path: Path
) -> None:
    async with database.unit_of_work(caller.tenant_id) as uow:
        framework = await referential.get_framework(uow, house.handle.framework)
        before = await repository.get_bank(uow, house.handle.id)
        content = banks.BankContent(before.entries, FOUND)
        handle = await banks.publish_version(uow, framework, content=content, before=before)
        assert handle is not None
        assert handle.content_hash != house.handle.content_hash
        newest = await repository.get_bank(uow, handle.id)
        assert await banks.publish_version(uow, framework, content=content, before=newest) is None
    bank = await bank_of(database, caller.tenant_id, framework=house.handle.framework)
    assert bank.handle == handle
    assert bank.population.correlation.tolist() == FOUND["correlation"]
    assert bank.population.strengths == (0.0, 1.0)
    assert bank.population.weights == (0.25, 0.75)
    later = await reload_items(
        caller, tmp_path, framework=house.handle.framework, items=house_items(8)
    )
    assert later.handle.version == handle.version + 1
    assert np.array_equal(later.population.correlation, bank.population.correlation)


async def test_a_new_framework_version_begins_without(
    database: Database, caller: Caller, *, house: ItemBank, owner: asyncpg.Connection
) -> None:
    """Its competences may be others."""
    await owner.execute(
        "UPDATE item_banks SET population = '{}', framework_version = 7, content_hash = 'old'"
        " WHERE id = $1",
        house.handle.id,
    )
    async with database.unit_of_work(caller.tenant_id) as uow:
        framework = await referential.get_framework(uow, house.handle.framework)
        handle = await banks.publish_bank(uow, framework)
        assert handle is not None
    forget_banks()
    bank = await bank_of(database, caller.tenant_id, framework=house.handle.framework)
    assert bank.handle == handle
    assert bank.population.strengths == DEFAULT_STRENGTHS
