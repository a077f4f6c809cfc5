"""What the peers do between reading a session and saving it: the service's own functions.

Each peer brings its own web framework and its own way to the database; token check, validation of
the response, grading, estimate, choice and reply are the same code as the service's. They are let
off what the service does besides: rate limits, request log, metrics, row-level security, resent
answers, and the results that the end of a test writes.
"""

import os
from datetime import datetime
from uuid import UUID

from fastapi import HTTPException

from benchmarks.answer_stage import ISSUER
from pacnum_api.domains.items.errors import ResponseRejected
from pacnum_api.domains.test_sessions.errors import ItemNotPending
from pacnum_api.domains.test_sessions.schemas import AnswerAccepted, PendingItemRead, ProgressRead
from pacnum_api.domains.test_sessions.service.basis import Basis, find_cached_basis, load_basis
from pacnum_api.domains.test_sessions.service.session_view import pending_item, progress_document
from pacnum_api.domains.test_sessions.service.take_answer import TakenAnswer, is_next, take_answer
from pacnum_api.domains.test_sessions.types import StoredSession, Submission
from pacnum_api.platform.auth.errors import InvalidToken
from pacnum_api.platform.auth.key_store import KeyStore
from pacnum_api.platform.auth.tokens import TokenVerifier
from pacnum_api.platform.database import Database

URL_VARIABLE = "PEER_DATABASE_URL"
POOL_SIZE = 8


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


def taken_answer(
    session: StoredSession, basis: Basis, *, sent: Submission, now: datetime
) -> TakenAnswer:
    """Grade the answer to what is pending, estimate, choose; 409 or 422 where that cannot be."""
    if not is_next(session, sent, now=now):
        raise HTTPException(409)
    try:
        return take_answer(session, basis, submission=sent, now=now)
    except ItemNotPending as error:
        raise HTTPException(409) from error
    except ResponseRejected as error:
        raise HTTPException(422) from error


def reply_of(taken: TakenAnswer, basis: Basis) -> AnswerAccepted:
    """The reply as a model, which is how FastAPI wants it."""
    position, now = taken.answer.position, taken.answer.accepted_at
    pending = None
    if not taken.ends_the_test:
        document = pending_item(taken.after, basis.bank, position=position + 1, issued_at=now)
        pending = PendingItemRead.model_validate(document)
    return AnswerAccepted(
        position=position,
        accepted_at=now,
        state=taken.after.state,
        progress=ProgressRead.model_validate(progress_document(taken.step, basis.bank)),
        pending_item=pending,
    )
