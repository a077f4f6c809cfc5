"""A peer: the answer call as FastAPI and SQLAlchemy's ORM are usually written.

Read, modify, write: the session's row is loaded and locked, its attributes are changed, an answer
is added, the unit of work is committed by the dependency that gave it.

    python -m uvicorn benchmarks.peer_orm:app      (``benchmarks.answer_call`` starts it)
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.peer_logic import POOL_SIZE, Ground, reply_of, taken_answer
from pacnum_api.domains.test_sessions.models import AnswerRow, TestSessionRow
from pacnum_api.domains.test_sessions.schemas import AnswerAccepted, AnswerCreate
from pacnum_api.domains.test_sessions.types import (
    Accommodations,
    SessionPurpose,
    SessionSetup,
    SessionState,
    StoredSession,
)
from pacnum_api.platform.database import with_driver

router = APIRouter(prefix="/v1/test-sessions")
bearer = HTTPBearer()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    ground = app.state.ground = Ground()
    engine = create_async_engine(
        with_driver(ground.url, "asyncpg"), pool_size=POOL_SIZE, max_overflow=0
    )
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()
    await ground.close()


async def get_ground(request: Request) -> Ground:
    ground: Ground = request.app.state.ground
    return ground


async def get_database(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session, session.begin():
        yield session


async def get_tenant(
    session_id: UUID,
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
    ground: Annotated[Ground, Depends(get_ground)],
) -> UUID:
    return await ground.tenant_of(credentials.credentials, session_id)


async def get_row(
    session_id: UUID,
    tenant_id: Annotated[UUID, Depends(get_tenant)],
    # committed before the reply starts, as the service does
    database: Annotated[AsyncSession, Depends(get_database, scope="function")],
) -> TestSessionRow:
    row = await database.get(TestSessionRow, session_id, with_for_update=True)
    if row is None or row.tenant_id != tenant_id:
        raise HTTPException(404)
    return row


@router.post("/{session_id}/answers", status_code=201)
async def submit_answer(
    body: AnswerCreate,
    tenant_id: Annotated[UUID, Depends(get_tenant)],
    *,
    row: Annotated[TestSessionRow, Depends(get_row, scope="function")],
    ground: Annotated[Ground, Depends(get_ground)],
    database: Annotated[AsyncSession, Depends(get_database, scope="function")],
) -> AnswerAccepted:
    session = session_of(row)
    basis = await ground.basis_of(session, tenant_id)
    taken = taken_answer(session, basis, sent=body.read(), now=datetime.now(UTC))
    move_on(row, taken.after)
    database.add(AnswerRow(tenant_id=tenant_id, session_id=row.id, **asdict(taken.answer)))
    return reply_of(taken, basis)


def move_on(row: TestSessionRow, after: StoredSession) -> None:
    row.version = after.version
    row.items = [*after.items]
    row.categories = [*after.categories]
    row.state = after.state.value
    row.stop_reason = after.stop_reason
    row.pending_issued_at = after.pending_issued_at
    row.updated_at = after.updated_at
    row.finished_at = after.finished_at


def session_of(row: TestSessionRow) -> StoredSession:
    """The row as the logic wants it; of tests that start from the population, without tryouts."""
    return StoredSession(
        id=row.id,
        agent_id=row.agent_id,
        client_id=row.client_id,
        setup=SessionSetup(
            framework=row.framework,
            framework_version=row.framework_version,
            bank_id=row.bank_id,
            algorithm_version=row.algorithm_version,
            purpose=SessionPurpose(row.purpose),
            competences=tuple(row.competences),
            targets={int(index): level for index, level in row.targets.items()},
            seed=row.seed,
            locale=row.locale,
            accommodations=Accommodations(**row.accommodations),
            availability=row.availability,
            featured=row.featured,
        ),
        state=SessionState(row.state),
        version=row.version,
        items=tuple(row.items),
        categories=tuple(row.categories),
        pending_issued_at=row.pending_issued_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        expires_at=row.expires_at,
        finished_at=row.finished_at,
        stop_reason=row.stop_reason,
    )


app = FastAPI(lifespan=lifespan)
app.include_router(router)
