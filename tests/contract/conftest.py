"""A tenant that owns one of everything, made once for a module that does not use it up."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.support.belongings import Belongings, give_belongings
from tests.support.callers import Caller, make_caller

ADDRESS = "http://pacnum.test"


@pytest.fixture(scope="module")
async def sender(app: FastAPI) -> AsyncIterator[Caller]:
    """A client with every scope, of a tenant of this module's own."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        yield await make_caller(app, http)


@pytest.fixture(scope="module")
async def belongings(sender: Caller, tmp_path_factory: pytest.TempPathFactory) -> Belongings:
    """What the sender's tenant owns."""
    return await give_belongings(sender, tmp_path_factory.mktemp("own"))
