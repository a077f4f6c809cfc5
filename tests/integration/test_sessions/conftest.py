"""The bank that sessions begin on, and agents to take them."""

import pytest

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.platform.database import Database
from tests.support.callers import Caller
from tests.support.simulated_agent import SimulatedAgent, bank_of


@pytest.fixture
async def bank(caller: Caller, database: Database) -> ItemBank:
    return await bank_of(database, caller.tenant_id)


@pytest.fixture
def agent(bank: ItemBank) -> SimulatedAgent:
    """An agent in the middle of the population."""
    return SimulatedAgent(bank)
