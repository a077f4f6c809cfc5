"""What the peers do between reading a session and saving it: the service's own functions.

Each peer brings its own web framework and its own way to the database; token check, validation of
the response, grading, estimate, choice and reply are the same code as the service's. They are let
off what the service does besides: rate limits, request log, metrics, row-level security, resent
answers, and the results that the end of a test writes.
"""

import os
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from fastapi import HTTPException

from benchmarks.answer_stage import ISSUER
from pacnum_api.domains.test_sessions import policy
from pacnum_api.domains.test_sessions.schemas import AnswerAccepted
from pacnum_api.domains.test_sessions.service.basis import Basis, find_cached_basis, load_basis
from pacnum_api.domains.test_sessions.service.session_view import answer_accepted
from pacnum_api.domains.test_sessions.types import Answer, SessionState, StoredSession, Submission
from pacnum_api.platform.auth.errors import InvalidToken
from pacnum_api.platform.auth.key_store import KeyStore
from pacnum_api.platform.auth.tokens import TokenVerifier
from pacnum_api.platform.database import Database

URL_VARIABLE = "PEER_DATABASE_URL"
POOL_SIZE = 8


@dataclass(frozen=True, slots=True)
class Step:
    """A graded answer, the item that comes next (None: the test has ended), and the reply."""

    answer: Answer
    next_item: int | None
    stop_reason: str | None
    reply: AnswerAccepted

    @property
    def state(self) -> SessionState:
        return SessionState.IN_PROGRESS if self.reply.pending_item else SessionState.FINISHED


class Ground:
    """What a peer's process holds in memory: keys of tokens and banks."""

    def __init__(self) -> None:
        self.url = os.environ[URL_VARIABLE]
        self._database = Database(self.url, pool_size=1)
        keys = KeyStore(self._database, issuer=ISSUER, audience=f"{ISSUER}/v1")
        self._tokens = TokenVerifier(keys)

    async def tenant_of(self, token: str, session_id: UUID) -> UUID:
        """Whose session the token opens; 401 or 403 otherwise."""
        try:
            principal = await self._tokens.verify(token)
        except InvalidToken as error:
            raise HTTPException(401) from error
        if principal.session_id != session_id:
            raise HTTPException(403)
        return principal.tenant_id

    async def basis_of(self, session: StoredSession, tenant_id: UUID) -> Basis:
        """Bank and prior of a session, from memory once they have been met."""
        basis = find_cached_basis(session.setup)
        if basis is not None:
            return basis
        async with self._database.unit_of_work(tenant_id) as uow:
            return await load_basis(uow, session)

    async def close(self) -> None:
        await self._database.close()


def step_of(session: StoredSession, basis: Basis, *, sent: Submission, now: datetime) -> Step:
    """Grade the answer to what is pending, estimate, choose, and word the reply."""
    setup, bank = session.setup, basis.bank
    if session.state_at(now) is not SessionState.IN_PROGRESS:
        raise HTTPException(409)
    if sent.position != session.pending_position:
        raise HTTPException(409)
    index = session.items[sent.position - 1]
    if bank.item_ids[index] != sent.item_id:
        raise HTTPException(409)
    if sent.response is not None and bank.validate_response(
        index, seed=setup.seed, response=sent.response
    ):
        raise HTTPException(422)
    answer = _graded(session, basis, sent=sent, now=now)
    after = replace(session, categories=(*session.categories, answer.category))
    measured = basis.step(after)
    selection, reason = measured.decision.selection, measured.decision.reason
    next_item = None if selection is None else selection.item
    if next_item is not None:
        after = replace(after, items=(*session.items, next_item))
    reply = answer_accepted(after, basis, position=sent.position, accepted_at=now, step=measured)
    return Step(answer, next_item, reason.value if reason else None, reply)


def _graded(session: StoredSession, basis: Basis, *, sent: Submission, now: datetime) -> Answer:
    setup, bank = session.setup, basis.bank
    index = session.items[sent.position - 1]
    issued_at = session.pending_issued_at or session.created_at
    limit = policy.time_limit_seconds(
        setup.purpose, bank.expected_seconds(index), accommodations=setup.accommodations
    )
    is_late = policy.was_late(issued_at, now, limit_seconds=limit)
    graded = bank.grade(index, seed=setup.seed, response=None if is_late else sent.response)
    return Answer(
        position=sent.position,
        item_index=index,
        item_id=sent.item_id,
        response=sent.response,
        response_hash=policy.answer_hash(sent),
        score=graded.score,
        category=graded.category,
        is_late=is_late,
        issued_at=issued_at,
        accepted_at=now,
        client_duration_seconds=sent.client_duration_seconds,
    )
