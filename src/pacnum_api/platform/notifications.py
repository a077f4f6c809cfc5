"""LISTEN: how a process learns that something it has cached has changed."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

import asyncpg
import structlog

from pacnum_api.platform.database import Database

_log = structlog.stdlib.get_logger("pacnum.notifications")
_RETRY_SECONDS = 1.0
_PING_SECONDS = 15.0

Listener = Callable[[str], object]


class Notifications:
    """One connection that listens on every channel, and comes back when it is lost.

    After a reconnect each callback gets "" (forget everything): what was said in between is lost.
    """

    def __init__(self, database: Database, listeners: Mapping[str, Listener]) -> None:
        self._database = database
        self._listeners = dict(listeners)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen, in the background."""
        self._task = asyncio.create_task(self._run(), name="pacnum-notifications")

    async def stop(self) -> None:
        """Stop listening and return the connection."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("notifications_lost", reason=type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self) -> None:
        connection = await self._database.connect()
        try:
            for channel, listener in self._listeners.items():
                await connection.add_listener(channel, _adapter(listener))
                listener("")
            while True:  # a dead peer is found by asking, not by waiting
                await asyncio.sleep(_PING_SECONDS)
                await connection.execute("SELECT 1")
        finally:
            await asyncio.shield(connection.close(timeout=5))


def _adapter(listener: Listener) -> Callable[..., None]:
    def on_notification(*told: object) -> None:
        listener(str(told[-1]))  # connection, process, channel, payload

    return on_notification
