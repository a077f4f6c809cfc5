"""What PostgreSQL counts when tests end is what the pure rule counts."""

from uuid import uuid4

import asyncpg
import numpy as np
import pytest

from pacnum_api.domains.items import repository
from pacnum_api.platform.database import Database
from pacnum_api.psychometrics.exposure import Exposure


@pytest.mark.parametrize("groups", [1, 2, 40])
async def test_tests_that_end_together_are_counted_one_after_the_other(
    database: Database, owner: asyncpg.Connection, *, groups: int
) -> None:
    rng = np.random.default_rng(groups)
    before = Exposure(7, rng.integers(0, 50, groups), rng.integers(0, 3, groups))
    free = rng.integers(0, 2, (3, groups)).astype(np.bool_)
    shown = rng.integers(0, 2, (3, groups))
    expected = before
    for freed, used in zip(free, shown, strict=True):
        expected = expected.ended(freed, shown=used)
    tenant_id, bank_id = uuid4(), uuid4()
    async with database.unit_of_work(tenant_id) as uow:
        ended = {"shown": shown.sum(axis=0), "free": free.sum(axis=0)}
        assert not await repository.end_exposure(uow, bank_id, **ended)
        await repository.add_exposure_if_new(uow, bank_id, groups=groups)
        await repository.add_exposure_if_new(uow, bank_id, groups=groups)  # changes nothing
        await repository.save_exposure(uow, bank_id, exposure=before)
        assert await repository.end_exposure(uow, bank_id, **ended)
        found = await repository.lock_exposure(uow, bank_id)
    assert found is not None
    assert found.tests == expected.tests == 7
    assert found.administered.tolist() == expected.administered.tolist()
    assert found.reserved.tolist() == expected.reserved.tolist()
    row = await owner.fetchrow("SELECT * FROM item_exposures WHERE bank_id = $1", bank_id)
    assert row["administered"] == expected.administered.tolist()
