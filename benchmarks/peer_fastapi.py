"""A peer: the answer call as FastAPI and asyncpg are usually written, and written well.

A router, a body model, dependencies for the caller and for a connection inside a transaction, a
response model; the session is read, then one statement saves the answer if nobody was faster.
asyncpg's pool as it comes.

    python -m uvicorn benchmarks.peer_fastapi:app      (``benchmarks.answer_call`` starts it)
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from benchmarks.one_answer import SAVE_ONE_ANSWER
from benchmarks.peer_logic import POOL_SIZE, Ground, reply_of, taken_answer
from pacnum_api.domains.test_sessions import repository
from pacnum_api.domains.test_sessions.errors import TestSessionNotFound
from pacnum_api.domains.test_sessions.schemas import AnswerAccepted, AnswerCreate
from pacnum_api.domains.test_sessions.service.take_answer import TakenAnswer
from pacnum_api.domains.test_sessions.types import StoredSession

router = APIRouter(prefix="/v1/test-sessions")
bearer = HTTPBearer()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    ground = app.state.ground = Ground()
    app.state.pool = await asyncpg.create_pool(ground.url, min_size=1, max_size=POOL_SIZE)
    yield
    await app.state.pool.close()
    await ground.close()


async def get_ground(request: Request) -> Ground:
    ground: Ground = request.app.state.ground
    return ground


async def get_connection(request: Request) -> AsyncIterator[asyncpg.Connection]:
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        yield connection


async def get_tenant(
    session_id: UUID,
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
    ground: Annotated[Ground, Depends(get_ground)],
) -> UUID:
    return await ground.tenant_of(credentials.credentials, session_id)


async def get_session(
    session_id: UUID,
    tenant_id: Annotated[UUID, Depends(get_tenant)],
    # committed before the reply starts, as the service does
    connection: Annotated[asyncpg.Connection, Depends(get_connection, scope="function")],
) -> StoredSession:
    try:
        return await repository.get_session(connection, tenant_id, session_id=session_id)
    except TestSessionNotFound as error:
        raise HTTPException(404) from error


@router.post("/{session_id}/answers", status_code=201)
async def submit_answer(
    body: AnswerCreate,
    tenant_id: Annotated[UUID, Depends(get_tenant)],
    *,
    session: Annotated[StoredSession, Depends(get_session, scope="function")],
    ground: Annotated[Ground, Depends(get_ground)],
    connection: Annotated[asyncpg.Connection, Depends(get_connection, scope="function")],
) -> AnswerAccepted:
    basis = await ground.basis_of(session, tenant_id)
    taken = taken_answer(session, basis, sent=body.read(), now=datetime.now(UTC))
    if not await is_saved(connection, tenant_id, taken=taken):
        raise HTTPException(409)
    return reply_of(taken, basis)


async def is_saved(connection: asyncpg.Connection, tenant_id: UUID, *, taken: TakenAnswer) -> bool:
    session, answer, move = taken.to_save.session, taken.answer, taken.to_save.move
    is_over = taken.ends_the_test
    position = await connection.fetchval(
        SAVE_ONE_ANSWER,
        tenant_id,
        session.id,
        session.version,
        [] if is_over else [move.next_item],
        answer.category,
        move.state.value,
        move.stop_reason,
        None if is_over else answer.accepted_at,
        answer.accepted_at,
        answer.accepted_at if is_over else None,
        answer.position,
        answer.item_index,
        answer.item_id,
        None if answer.response is None else json.dumps(answer.response),
        answer.response_hash,
        answer.score,
        answer.is_late,
        answer.issued_at,
        answer.client_duration_seconds,
    )
    return position is not None


app = FastAPI(lifespan=lifespan)
app.include_router(router)
