"""How often beginning, ending and reading a test go to the database, once a process is warm."""

from typing import Any

import asyncpg
import pytest

from tests.support.callers import Caller
from tests.support.simulated_agent import Document, answer_to, begin, path_of


class Trips:
    """Statements sent; what is sent as one text is one."""

    def __init__(self) -> None:
        self.count = 0

    def taken(self) -> int:
        """Those since it was last asked."""
        count, self.count = self.count, 0
        return count


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> Trips:
    counted = Trips()
    for name in ("execute", "fetch", "fetchrow", "fetchval"):
        monkeypatch.setattr(
            asyncpg.Connection, name, _counting(asyncpg.Connection, name, counted=counted)
        )
    of_the_orm = asyncpg.prepared_stmt.PreparedStatement
    monkeypatch.setattr(of_the_orm, "fetch", _counting(of_the_orm, "fetch", counted=counted))
    return counted


def _counting(of: type, name: str, *, counted: Trips) -> Any:
    send = getattr(of, name)

    async def sending(self: Any, *given: Any, **options: Any) -> Any:
        counted.count += 1
        return await send(self, *given, **options)

    return sending


async def end(caller: Caller, session: Document, trips: Trips) -> int:
    """Skip items to the end; the round trips of the last answer."""
    pending = session["pending_item"]
    while pending is not None:
        trips.taken()
        reply = await caller.post(path_of(session, "answers"), json=answer_to(pending, None))
        pending = reply.json()["pending_item"]
    return trips.taken()


async def test_each_takes_few(caller: Caller, trips: Trips) -> None:
    agents = [{"external_id": {"issuer": "lms", "value": f"a-{one}"}} for one in range(2)]
    await end(caller, await begin(caller, agent=agents[0]), trips)  # the counters are there now
    trips.taken()
    session = await begin(caller, agent=agents[1])
    assert trips.taken() <= 7
    assert await end(caller, session, trips) <= 6
    assert (await caller.get(path_of(session, "result"))).status_code == 200
    assert trips.taken() <= 4
    again = await begin(caller, agent=agents[1], purpose="certification")
    assert again["agent_id"] == session["agent_id"]
    assert trips.taken() <= 8
