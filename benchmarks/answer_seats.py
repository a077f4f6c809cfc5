"""Who answers: an agent over HTTP, an agent of the floor, and the transaction without any server.

A seat gives one answer at a time and says how long it took. When it has given as many answers as
hardly any test of its kind ends before, it goes on with another session, so that hardly an answer
ends a test: an end also writes results, which the floor does not. It is measured apart.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Protocol
from uuid import UUID

from benchmarks.answer_stage import Play
from benchmarks.http_client import Connection, Reply
from benchmarks.one_answer import SAVE_ONE_ANSWER, arguments
from pacnum_api.domains.test_sessions import repository
from pacnum_api.platform.database import Database

ANSWERS_PER_SESSION = 20
NOTHING_PENDING = b'"pending_item":null'
ITEM = b'"item_id":"'
UUID_CHARACTERS = 36


class Seat(Protocol):
    async def sit_down(self) -> None:
        """Get ready for the next answers; this is not timed."""
        ...

    async def answer(self) -> float:
        """Give the next answer; the seconds until its reply was read."""
        ...


class ServiceSeat:
    """An agent's browser: its session's token, the item that the last reply named.

    With several connections, to several processes, it takes another one for each answer.
    """

    def __init__(
        self,
        connections: Connection | Sequence[Connection],
        plays: Iterator[Play],
        *,
        leaves_after: int | None,
    ) -> None:
        self._connections = (
            (connections,) if isinstance(connections, Connection) else tuple(connections)
        )
        self._turns = cycle(self._connections)
        self._plays = plays
        self._leaves_after = leaves_after
        self._play: Play | None = None
        self._position = 0
        self._item = ""
        self.replies = 0
        self.reply_bytes = 0
        self.endings: list[float] = []

    @property
    def has_begun(self) -> bool:
        """Whether the present session waits for a further answer."""
        return self._play is not None and self._position != self._leaves_after

    async def sit_down(self) -> None:
        for connection in self._connections:
            await connection.reopen()

    async def answer(self) -> float:
        play = self._play
        if play is None or self._position == self._leaves_after:
            play = self._play = next(self._plays)
            self._position, self._item = 0, play.first_item
        self._position += 1
        path = f"/v1/test-sessions/{play.session_id}/answers"
        body = play.body(self._item, position=self._position)
        started = time.perf_counter()
        reply = await next(self._turns).post(path, body, token=play.token)
        seconds = time.perf_counter() - started
        item = next_item(reply)
        if item is None:
            self._play = None
            self.endings.append(seconds)
        else:
            self._item = item
        self.replies += 1
        self.reply_bytes += len(reply.body)
        return seconds


def next_item(reply: Reply) -> str | None:
    """The item that an accepted answer's reply puts next; None when the test has ended.

    Looked up and not parsed, for the client's CPU is the server's too: neither text can stand in
    a string, where its quotation marks would be escaped.
    """
    _check(reply)
    if NOTHING_PENDING in reply.body:
        return None
    at = reply.body.index(ITEM) + len(ITEM)
    return reply.body[at : at + UUID_CHARACTERS].decode("ascii")


@dataclass(frozen=True, slots=True)
class Copies:
    """Sessions for who stores without the service, and the answers to put into them."""

    ids: Iterator[UUID]
    play: Play


class FloorSeat:
    """Sends what an agent sends, to the floor."""

    def __init__(
        self, connection: Connection, copies: Copies, *, leaves_after: int = ANSWERS_PER_SESSION
    ) -> None:
        self._connection = connection
        self._copies = copies
        self._leaves_after = leaves_after
        self._items = list(copies.play.responses)
        self._path = ""
        self._position = leaves_after

    async def sit_down(self) -> None:
        await self._connection.reopen()

    async def answer(self) -> float:
        if self._position == self._leaves_after:
            self._path, self._position = f"/{next(self._copies.ids)}", 0
        item = self._items[self._position]
        self._position += 1
        body = self._copies.play.body(item, position=self._position)
        started = time.perf_counter()
        reply = await self._connection.post(self._path, body)
        seconds = time.perf_counter() - started
        _check(reply)
        return seconds


class DatabaseSeat:
    """The transaction for one answer on the service's own pool: nothing before, nothing after.

    Begin with the tenant, read the session, save the answer, commit.
    """

    def __init__(
        self,
        database: Database,
        tenant_id: UUID,
        *,
        copies: Copies,
        leaves_after: int = ANSWERS_PER_SESSION,
    ) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._copies = copies
        self._leaves_after = leaves_after
        self._items = list(copies.play.responses)
        self._session_id = UUID(int=0)
        self._position = leaves_after

    async def sit_down(self) -> None:
        await self._database.raw_pool()

    async def answer(self) -> float:
        if self._position == self._leaves_after:
            self._session_id, self._position = next(self._copies.ids), 0
        item = self._items[self._position]
        self._position += 1
        answer = json.loads(self._copies.play.body(item, position=self._position))
        started = time.perf_counter()
        async with self._database.raw_transaction(self._tenant_id) as connection:
            session = await repository.get_session(
                connection, self._tenant_id, session_id=self._session_id
            )
            given = arguments(self._tenant_id, session.id, answer=answer)
            position = await connection.fetchval(SAVE_ONE_ANSWER, *given)
        seconds = time.perf_counter() - started
        assert position == self._position
        return seconds


def _check(reply: Reply) -> None:
    if reply.status != 201:
        raise RuntimeError(f"{reply.status}: {reply.body.decode()}")
