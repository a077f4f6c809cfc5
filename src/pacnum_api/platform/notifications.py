"""LISTEN: how a process learns that something it has cached has changed."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

import asyncpg
import structlog

from pacnum_api.platform.database import Database

_log = structlog.stdlib.get_logger("pacnum.notifications")
_RETRY_SECONDS = 0.2
"""Before the first attempt to come back; doubled at each one that fails."""

_LONGEST_RETRY_SECONDS = 5.0
_PING_SECONDS = 15.0

Listener = Callable[[str], object]


class Notifications:
    """One connection that listens on every channel, and comes back when it is lost.

    After a reconnect each callback gets "" (forget everything): what was said in between is lost.
    It may last: what must not be believed for long is forgotten by its holder after some time.
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
        retry_seconds = _RETRY_SECONDS
        while True:
            try:
                await self._listen()
                retry_seconds = _RETRY_SECONDS  # it was heard for a while
            except Exception as error:  # noqa: BLE001 - a process that hears nothing more must not be
                _log.warning("notifications_unreachable", reason=type(error).__name__)
                retry_seconds = min(retry_seconds * 2, _LONGEST_RETRY_SECONDS)
            await asyncio.sleep(retry_seconds)

    async def _listen(self) -> None:
        """Listen until the connection is lost. Raises what keeps it from being opened."""
        connection = await self._database.connect()
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            for channel, listener in self._listeners.items():
                await connection.add_listener(channel, _adapter(listener))
                listener("")
            await _until_lost(connection, lost)
        finally:
            connection.terminate()  # nothing is under way, and politeness could take long
        _log.warning("notifications_lost")


async def _until_lost(connection: asyncpg.Connection, lost: asyncio.Event) -> None:
    """A closed connection tells at once; a dead peer is found by asking, not by waiting."""
    while not lost.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PING_SECONDS):
                await lost.wait()
            return
        try:
            await connection.execute("SELECT 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return


def _adapter(listener: Listener) -> Callable[..., None]:
    def on_notification(*told: object) -> None:
        listener(str(told[-1]))  # connection, process, channel, payload

    return on_notification
