"""A process hears what others say, also after its connection was lost."""

import asyncio

import asyncpg
import pytest

from pacnum_api.platform import notifications
from pacnum_api.platform.database import Database
from pacnum_api.platform.notifications import Notifications

CHANNEL = "pacnum_made_up"


async def test_what_is_said_is_heard_and_a_loss_is_told(
    database_url: str, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "_RETRY_SECONDS", 0.02)
    monkeypatch.setattr(notifications, "_PING_SECONDS", 0.02)
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def next_word() -> str:
        return await asyncio.wait_for(heard.get(), timeout=20)

    started_at = await owner.fetchval("SELECT clock_timestamp()")
    database = Database(database_url, role="pacnum_app", pool_size=1)
    listening = Notifications(database, {CHANNEL: heard.put_nowait})
    listening.start()
    assert await next_word() == ""  # whoever begins to listen may have missed something
    await owner.execute("SELECT pg_notify($1, 'one')", CHANNEL)
    assert await next_word() == "one"
    lost = await owner.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND backend_start > $1",
        started_at,
    )
    assert lost == 1
    assert await next_word() == ""
    await owner.execute("SELECT pg_notify($1, 'two')", CHANNEL)
    assert await next_word() == "two"
    await listening.stop()
    await listening.stop()  # twice is once
    await database.close()
    assert heard.empty()
