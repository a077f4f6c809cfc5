"""Answers on the hot path: sessions in memory, answers stored in batches.

Data flow: the session as this process last saw it (or, when another process has moved it on since,
read again, with others, by one statement) → grade, estimate, select: pure computing → the reply →
one row among others of a statement that moves sessions on and appends answers → the reply goes out.

What is in memory is never believed: the statement accepts an answer only at the version that it was
computed from. A copy that is behind is seen before anything is computed, because the answer is to a
later position. The answer that ends a test is stored in a unit of work, with results, event and
counters; the same version decides. Everything out of the ordinary (a bank or a prior that is not in
memory, an answer that was given before) is not decided here: ``accept`` gives None, nothing is
written, and ``submit_answer`` decides it in a unit of work.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pacnum_api.domains.test_sessions import repository
from pacnum_api.domains.test_sessions.service.answer_reply import reply_to
from pacnum_api.domains.test_sessions.service.basis import Basis, find_cached_basis
from pacnum_api.domains.test_sessions.service.count_answer import count_accepted
from pacnum_api.domains.test_sessions.service.store_answer import store_answer
from pacnum_api.domains.test_sessions.service.take_answer import (
    TakenAnswer,
    is_next,
    take_answer,
)
from pacnum_api.domains.test_sessions.types import StoredSession, Submission
from pacnum_api.platform.batches import Batches
from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.database import Database
from pacnum_api.platform.tracing import span

SESSIONS_KEPT: Final = 1024
"""In memory, some ten kB each with 500 items; those answered longest ago give way."""
IDLE_SECONDS: Final = 120.0
"""After which a session is dropped: it may have ended in another process. To read it again, should
it not have, costs one row of a batch."""

_Key = bytes
"""Tenant and session as one: to hash two UUIDs costs more than to find what is under them."""


@dataclass(frozen=True, slots=True)
class _Live:
    """A session as this process left it, and what its steps are computed from."""

    session: StoredSession
    basis: Basis
    seen: float


class AnswerDesk:
    """The answer path of one process."""

    def __init__(
        self, batches: Batches, database: Database, *, sessions_kept: int = SESSIONS_KEPT
    ) -> None:
        self._batches = batches
        self._database = database
        self._sessions_kept = sessions_kept
        self._live: OrderedDict[_Key, _Live] = OrderedDict()
        self._under_way: set[_Key] = set()

    async def accept(
        self, tenant_id: UUID, session_id: UUID, *, submission: Submission
    ) -> bytes | None:
        """Accept an answer and return the reply's JSON; None when that is not for here to decide.

        Raises ItemNotPending and ResponseRejected, ServiceUnavailable when too many wait, and what
        the database raises: after that the answer may be stored or not.
        """
        key = tenant_id.bytes + session_id.bytes
        if key in self._under_way:  # of two at once, one has to wait and see
            return None
        self._under_way.add(key)
        try:
            live = self._live.get(key)
            if live is None or live.session.pending_position != submission.position:
                live = await self._load(tenant_id, session_id)
            if live is None:
                return None
            return await self._accept(tenant_id, key, live=live, submission=submission)
        finally:
            self._under_way.discard(key)

    async def _accept(
        self, tenant_id: UUID, key: _Key, *, live: _Live, submission: Submission
    ) -> bytes | None:
        now = utc_now()
        if not is_next(live.session, submission, now=now):
            return None
        basis = live.basis
        taken = take_answer(live.session, basis, submission=submission, now=now)
        reply = reply_to(
            taken.after, basis, position=submission.position, accepted_at=now, step=taken.step
        )
        self._live.pop(key, None)  # until it is known what became of it
        if taken.ends_the_test:
            return reply if await self._end(tenant_id, taken, basis=basis) else None
        with span("save answer"):
            is_saved = await self._batches.ask(
                repository.save_answers, tenant_id, row=taken.to_save
            )
        if not is_saved:
            return None
        count_accepted(taken.answer)
        self._keep(key, _Live(taken.after, basis, time.monotonic()))
        return reply

    async def _end(self, tenant_id: UUID, taken: TakenAnswer, *, basis: Basis) -> bool:
        now = taken.answer.accepted_at
        async with self._database.unit_of_work(tenant_id, now=now) as uow:
            return await store_answer(uow, taken, basis=basis)

    async def _load(self, tenant_id: UUID, session_id: UUID) -> _Live | None:
        """The session as it stands, or None when there is none, or its bank is not in memory."""
        with span("load session"):
            session = await self._batches.ask(repository.find_sessions, tenant_id, row=session_id)
        basis = None if session is None else find_cached_basis(session.setup)
        return None if session is None or basis is None else _Live(session, basis, time.monotonic())

    def _keep(self, key: _Key, live: _Live) -> None:
        self._live[key] = live
        while (
            len(self._live) > self._sessions_kept or self._oldest().seen < live.seen - IDLE_SECONDS
        ):
            self._live.popitem(last=False)

    def _oldest(self) -> _Live:
        return next(iter(self._live.values()))
