"""The bank that sessions begin on, and agents to take them."""

from pathlib import Path

import asyncpg
import pytest

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.platform.database import Database
from tests.support.calibrated_house import House
from tests.support.callers import Caller
from tests.support.ended_tests import Truth
from tests.support.house_bank import load_whole_house
from tests.support.simulated_agent import SimulatedAgent, bank_of


@pytest.fixture
async def bank(caller: Caller, database: Database) -> ItemBank:
    return await bank_of(database, caller.tenant_id)


@pytest.fixture
def agent(bank: ItemBank) -> SimulatedAgent:
    """An agent in the middle of the population."""
    return SimulatedAgent(bank)


@pytest.fixture
async def house(caller: Caller, tmp_path: Path, owner: asyncpg.Connection) -> House:
    """Twelve items of each of three competences, two of them on tryout, and nobody's answers."""
    bank = await load_whole_house(caller, tmp_path, each=12, tryouts=2)
    name = await owner.fetchval("SELECT name FROM tenants WHERE tenant_id = $1", caller.tenant_id)
    return House(caller, name, bank, Truth.near(bank, seed=3), owner)
