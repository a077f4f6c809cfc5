"""Test sessions over HTTP, operation by operation."""

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Path, Request, Response
from pydantic_core import to_json

from pacnum_api.domains.items.errors import ItemFileNotFound, ResponseRejected
from pacnum_api.domains.organisations.errors import AgentNotFound
from pacnum_api.domains.referential.errors import FrameworkNotFound
from pacnum_api.domains.test_sessions import service
from pacnum_api.domains.test_sessions.access import SessionReviewer, SessionStarter, SessionTaker
from pacnum_api.domains.test_sessions.errors import (
    AnswerAlreadyAccepted,
    FileNotPending,
    ItemNotPending,
    NothingToAsk,
    PositionNotPending,
    ResultNotAvailable,
    SessionNotInProgress,
    TestSessionNotFound,
)
from pacnum_api.domains.test_sessions.schemas import (
    AnswerAccepted,
    AnswerCreate,
    ExplanationRead,
    ReplayRead,
    ResultRead,
    TestSessionCreate,
    TestSessionCreated,
    TestSessionRead,
)
from pacnum_api.platform.auth.access import TokenKeys
from pacnum_api.platform.auth.tokens import issue_session_token
from pacnum_api.platform.http import Locale, Uow, make_router
from pacnum_api.platform.problems import problems

api = make_router("/test-sessions", "test-sessions")

SessionPath = Annotated[UUID, Path(description="The test session's id.")]

LINKS: dict[str, Any] = {
    verb: {
        "operationId": f"test_sessions_{verb}",
        "parameters": {"session_id": "$response.body#/id"},
        "description": description,
    }
    for verb, description in (
        ("read_session", "Where the test stands; resumes after a lost connection."),
        ("submit_answer", "Answers `pending_item`, by its `position` and `item_id`."),
        ("finish_session", "Ends the test here and keeps its result."),
        ("abandon_session", "Ends the test and keeps nothing."),
        ("read_result", "What was measured, once the test has ended."),
        ("explain_session", "Why each item was chosen."),
        ("replay_session", "Computes the test again and compares."),
    )
}
"""What can be done with a session that has begun (OpenAPI links)."""


@api.post(
    "",
    status_code=201,
    response_model=TestSessionCreated,
    operation_id="test_sessions_begin_session",
    summary="Begin a test session",
    description="Pins framework, item bank and algorithm, picks the first item and gives a token "
    "with which the agent's browser reaches this session and nothing else.",
    responses={
        201: {"description": "The session, its first item pending.", "links": LINKS},
        **problems(AgentNotFound, FrameworkNotFound, NothingToAsk),
    },
)
async def begin_session(
    body: TestSessionCreate,
    caller: SessionStarter,
    *,
    uow: Uow,
    keys: TokenKeys,
    request: Request,
) -> Response:
    settings = request.app.state.settings
    session = await service.begin_session(
        uow,
        body,
        client_id=caller.client_id,
        lifetime=timedelta(seconds=settings.session_lifetime_seconds),
        exposure_ceiling=settings.exposure_ceiling,
    )
    token = issue_session_token(
        keys,
        tenant_id=caller.tenant_id,
        client_id=caller.client_id,
        session_id=session.id,
        expires_at=session.expires_at,
    )
    return Response(
        to_json({**session.document, "session_token": token}),
        status_code=201,
        media_type="application/json",
        headers={"Location": f"/v1/test-sessions/{session.id}", "Cache-Control": "no-store"},
    )


@api.get(
    "/{session_id}",
    operation_id="test_sessions_read_session",
    summary="Read a test session",
    description="State, progress and the pending item. Safe: reading never moves the test, so a "
    "lost connection resumes here.",
    responses=problems(TestSessionNotFound),
)
async def read_session(
    session_id: SessionPath, caller: SessionTaker, *, uow: Uow
) -> TestSessionRead:
    return await service.read_session(uow, session_id)


@api.post(
    "/{session_id}/answers",
    status_code=201,
    response_model=AnswerAccepted,
    operation_id="test_sessions_submit_answer",
    summary="Answer or skip the pending item",
    description="Grades, updates, picks, stores, and returns the next item in one call. A position "
    "takes exactly one answer; the same answer sent again gets the same reply, another one a 409 "
    "whose member `accepted` names the one that counts.",
    responses=problems(
        TestSessionNotFound,
        SessionNotInProgress,
        AnswerAlreadyAccepted,
        PositionNotPending,
        ItemNotPending,
        ResponseRejected,
    ),
)
async def submit_answer(
    session_id: SessionPath, body: AnswerCreate, *, caller: SessionTaker, uow: Uow
) -> Response:
    reply = await service.submit_answer(uow, session_id, submission=body.read())
    return Response(reply, status_code=201, media_type="application/json")


@api.post(
    "/{session_id}/finish",
    operation_id="test_sessions_finish_session",
    summary="Finish a test session early",
    description="Ends the test and keeps what was measured so far. Once more changes nothing.",
    responses=problems(TestSessionNotFound, SessionNotInProgress),
)
async def finish_session(
    session_id: SessionPath, caller: SessionTaker, *, uow: Uow
) -> TestSessionRead:
    return await service.finish_session(uow, session_id)


@api.post(
    "/{session_id}/abandon",
    operation_id="test_sessions_abandon_session",
    summary="Abandon a test session",
    description="Ends the test and keeps no result. Once more changes nothing.",
    responses=problems(TestSessionNotFound, SessionNotInProgress),
)
async def abandon_session(
    session_id: SessionPath, caller: SessionTaker, *, uow: Uow
) -> TestSessionRead:
    return await service.abandon_session(uow, session_id)


@api.get(
    "/{session_id}/files/{position}/{name}",
    operation_id="test_sessions_read_file",
    summary="Fetch a file of the pending item",
    description="The file as this session's seed made it; only while its item is pending.",
    response_class=Response,
    responses={
        200: {
            "description": "The file.",
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        },
        **problems(TestSessionNotFound, FileNotPending, ItemFileNotFound),
    },
)
async def read_file(
    session_id: SessionPath,
    position: Annotated[int, Path(ge=1, le=1000, description="Position of the pending item.")],
    *,
    name: Annotated[str, Path(max_length=200, description="Name of one of its files.")],
    caller: SessionTaker,
    uow: Uow,
) -> Response:
    file = await service.read_file(uow, session_id, position=position, name=name)
    disposition = f"attachment; filename*=UTF-8''{quote(file.name)}"
    return Response(
        file.content,
        media_type=file.media_type,
        headers={"Content-Disposition": disposition, "Cache-Control": "private, no-store"},
    )


@api.get(
    "/{session_id}/result",
    operation_id="test_sessions_read_result",
    summary="Read the result of a test session",
    description="Level per competence with probabilities and interval, areas and overall with "
    "theirs, points, and the versions it was computed with. What was asked about without an answer "
    "is «not assessed».",
    responses=problems(TestSessionNotFound, ResultNotAvailable),
)
async def read_result(
    session_id: SessionPath, caller: SessionTaker, *, uow: Uow, locale: Locale
) -> ResultRead:
    return await service.read_result(uow, session_id, locale=locale)


@api.get(
    "/{session_id}/explanation",
    operation_id="test_sessions_explain_session",
    summary="Explain a test session",
    description="In sentences and in figures: where the test started from, every step with its "
    "candidates and their values, why this item, what the answer changed for its own competence "
    "and for others, why it stopped.",
    responses=problems(TestSessionNotFound),
)
async def explain_session(
    session_id: SessionPath, caller: SessionReviewer, *, uow: Uow, locale: Locale
) -> ExplanationRead:
    return await service.explain_session(uow, session_id, locale=locale)


@api.post(
    "/{session_id}/replay",
    operation_id="test_sessions_replay_session",
    summary="Replay a test session",
    description="Grades, chooses and concludes again from the log, down to what the agent's next "
    "test starts from, and compares bit for bit.",
    responses=problems(TestSessionNotFound),
)
async def replay_session(
    session_id: SessionPath, caller: SessionReviewer, *, uow: Uow
) -> ReplayRead:
    return await service.replay_session(uow, session_id)
