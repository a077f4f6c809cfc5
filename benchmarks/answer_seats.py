"""Who answers: an agent over HTTP, an agent of the floor, and the transaction without any server.

A seat gives one answer at a time and says how long it took. When it has given
``ANSWERS_PER_SESSION`` answers it goes on with another session, so that no answer ends a test: an
end also writes results, which the floor does not. It is measured apart.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from benchmarks.answer_stage import Play
from benchmarks.http_client import Connection, Reply
from pacnum_api.domains.test_sessions import repository
from pacnum_api.domains.test_sessions.repository import Move
from pacnum_api.domains.test_sessions.types import Answer, SessionState
from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.database import Database

ANSWERS_PER_SESSION = 20


class Seat(Protocol):
    async def sit_down(self) -> None:
        """Get ready for the next answers; this is not timed."""
        ...

    async def answer(self) -> float:
        """Give the next answer; the seconds until its reply was read."""
        ...


class ServiceSeat:
    """An agent's browser: its session's token, the item that the last reply named."""

    def __init__(
        self, connection: Connection, plays: Iterator[Play], *, leaves_after: int | None
    ) -> None:
        self._connection = connection
        self._plays = plays
        self._leaves_after = leaves_after
        self._play: Play | None = None
        self._position = 0
        self._item = ""
        self.replies = 0
        self.reply_bytes = 0
        self.endings: list[float] = []

    async def sit_down(self) -> None:
        await self._connection.reopen()

    async def answer(self) -> float:
        play = self._play
        if play is None or self._position == self._leaves_after:
            play = self._play = next(self._plays)
            self._position, self._item = 0, play.first_item
        self._position += 1
        path = f"/v1/test-sessions/{play.session_id}/answers"
        body = play.body(self._item, position=self._position)
        started = time.perf_counter()
        reply = await self._connection.post(path, body, token=play.token)
        seconds = time.perf_counter() - started
        pending = _stored(reply)["pending_item"]
        if pending is None:
            self._play = None
            self.endings.append(seconds)
        else:
            self._item = pending["item_id"]
        self.replies += 1
        self.reply_bytes += len(reply.body)
        return seconds


@dataclass(frozen=True, slots=True)
class Copies:
    """Sessions for who stores without the service, and the answers to put into them."""

    ids: Iterator[UUID]
    play: Play


class FloorSeat:
    """Sends what an agent sends, to the floor."""

    def __init__(self, connection: Connection, copies: Copies) -> None:
        self._connection = connection
        self._copies = copies
        self._items = list(copies.play.responses)
        self._path = ""
        self._position = ANSWERS_PER_SESSION

    async def sit_down(self) -> None:
        await self._connection.reopen()

    async def answer(self) -> float:
        if self._position == ANSWERS_PER_SESSION:
            self._path, self._position = f"/{next(self._copies.ids)}", 0
        item = self._items[self._position]
        self._position += 1
        body = self._copies.play.body(item, position=self._position)
        started = time.perf_counter()
        reply = await self._connection.post(self._path, body)
        seconds = time.perf_counter() - started
        _stored(reply)
        return seconds


class DatabaseSeat:
    """The service's own transaction for an answer, on its pool: nothing before, nothing after."""

    def __init__(self, database: Database, tenant_id: UUID, *, copies: Copies) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._copies = copies
        self._session_id = UUID(int=0)
        self._position = ANSWERS_PER_SESSION

    async def sit_down(self) -> None:
        await self._database.raw_pool()

    async def answer(self) -> float:
        if self._position == ANSWERS_PER_SESSION:
            self._session_id, self._position = next(self._copies.ids), 0
        self._position += 1
        answer = self._answer()
        move = Move(next_item=1, state=SessionState.IN_PROGRESS, stop_reason=None)
        started = time.perf_counter()
        async with self._database.raw_transaction(self._tenant_id) as connection:
            session = await repository.get_session(
                connection, self._tenant_id, session_id=self._session_id
            )
            is_saved = await repository.save_answer(
                connection, self._tenant_id, session=session, answer=answer, move=move
            )
        seconds = time.perf_counter() - started
        assert is_saved
        return seconds

    def _answer(self) -> Answer:
        now = utc_now()
        item_id, response = list(self._copies.play.responses.items())[self._position]
        return Answer(
            position=self._position,
            item_index=1,
            item_id=UUID(item_id),
            response=json.loads(response),
            response_hash=bytes(32),
            score=1.0,
            category=1,
            is_late=False,
            issued_at=now,
            accepted_at=now,
            client_duration_seconds=None,
        )


def _stored(reply: Reply) -> dict[str, dict[str, str] | None]:
    if reply.status != 201:
        raise RuntimeError(f"{reply.status}: {reply.body.decode()}")
    document: dict[str, dict[str, str] | None] = json.loads(reply.body)
    return document
