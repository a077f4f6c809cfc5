"""How exceptions that no test can provoke at will become problem documents."""

from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError, IntegrityError
from starlette.types import Receive, Scope, Send

from pacnum_api.kernel.errors import DomainError, ErrorKind, FieldFault
from pacnum_api.platform.body_limit import BodyLimit
from pacnum_api.platform.error_handlers import TRANSIENT, install_error_handlers
from pacnum_api.platform.problems import (
    MEDIA_TYPE,
    merged,
    problems,
    protocol_problems,
    render_status,
)
from pacnum_api.platform.request_log import RequestLog
from tests.support.log_lines import logged
from tests.support.problems import check_problem


class KeyTaken(DomainError):
    """Somebody has this key already."""

    code = "key_taken"
    kind = ErrorKind.CONFLICT
    title = "Key taken"


class KeyGone(DomainError):
    """Nobody has this key any more."""

    code = "key_gone"
    kind = ErrorKind.CONFLICT
    title = "Key gone"


def raised_by_driver(error: BaseException, kind: type[DBAPIError] = DBAPIError) -> DBAPIError:
    """As SQLAlchemy hands it over: the driver's error is the cause of the adapter's."""
    adapted = Exception("adapted")
    adapted.__cause__ = error
    return kind("SELECT 1", {}, adapted)


def violation(constraint: str) -> DBAPIError:
    error = asyncpg.UniqueViolationError("duplicate key")
    error.constraint_name = constraint
    return raised_by_driver(error, IntegrityError)


async def answer_to(error: BaseException) -> httpx.Response:
    """What a caller sees of an exception in an endpoint."""
    app = FastAPI()
    install_error_handlers(app)
    app.add_middleware(RequestLog)

    @app.get("/it")
    async def fail() -> None:
        raise error

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://pacnum.test") as http:
        return await http.get("/it")


async def test_a_violated_key_means_that_somebody_was_faster() -> None:
    for error in (violation("uq_agents"), asyncpg.UniqueViolationError("duplicate key")):
        problem = check_problem(await answer_to(error), 409, code="concurrent_change")
        assert "duplicate" not in str(problem)


@pytest.mark.parametrize(
    "error",
    [
        raised_by_driver(asyncpg.CheckViolationError("a value"), IntegrityError),
        IntegrityError("SELECT 1", {}, None),  # type: ignore[arg-type]  # it happens when a result is read
        raised_by_driver(asyncpg.DataError("a value of ours")),
        DBAPIError("SELECT 1", {}, None),  # type: ignore[arg-type]  # the same
        ZeroDivisionError("a secret of the code"),
    ],
    ids=["constraint", "no cause", "data", "no driver", "python"],
)
async def test_what_nobody_knows_is_an_internal_error_without_details(error: Exception) -> None:
    problem = check_problem(await answer_to(error), 500, code="internal_error")
    assert "secret" not in str(problem)
    assert "SELECT" not in str(problem)


@pytest.mark.parametrize("kind", TRANSIENT, ids=lambda kind: kind.__name__)
async def test_faults_of_the_moment_ask_to_come_back(kind: type[Exception]) -> None:
    for error in (kind("gone"), raised_by_driver(kind("gone"))):
        answer = await answer_to(error)
        check_problem(answer, 503, code="service_unavailable")
        assert answer.headers["retry-after"] == "1"


async def test_a_lost_connection_asks_to_come_back() -> None:
    error = DBAPIError("SELECT 1", {}, Exception("lost"), connection_invalidated=True)
    check_problem(await answer_to(error), 503, code="service_unavailable")


async def test_further_members_never_hide_the_usual_ones() -> None:
    faults = [FieldFault("/a", "b")]
    problem = check_problem(await answer_to(KeyTaken(faults=faults, extra={"key": 1, "status": 2})))
    assert (problem["key"], problem["status"]) == (1, 409)
    assert problem["errors"] == [{"pointer": "/a", "message": "b"}]


def test_a_status_without_a_name_is_rendered_all_the_same() -> None:
    response = render_status(418, "Short and stout.", scope={"path": "/pot"})
    assert response.status_code == 418
    assert b'"code":"http_418"' in bytes(response.body)


def test_documented_problems_of_one_status_stand_side_by_side() -> None:
    ours = problems(KeyTaken)
    both = merged(ours, problems(KeyGone), problems(KeyTaken), protocol_problems(413))
    examples = both[409]["content"][MEDIA_TYPE]["examples"]
    assert set(examples) == {"key_taken", "key_gone"}
    assert both[409]["description"].count("key_taken") == 1
    assert "key_gone" in both[409]["description"]
    assert set(both) == {409, 413}
    assert set(ours[409]["content"][MEDIA_TYPE]["examples"]) == {"key_taken"}  # left as it was
    stated = merged({200: {"description": "Fine."}}, {200: {"description": "Fine."}})
    assert stated[200]["description"] == "Fine."


# --- layers without a framework around them -------------------------------------------------------


async def deaf(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that has begun to answer when it fails."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ZeroDivisionError


async def nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def test_an_answer_that_has_begun_is_cut_off() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await RequestLog(deaf)(scope, nothing, send)
    # nothing that would complete it: the server closes the connection
    assert [message["type"] for message in sent] == ["http.response.start"]


@pytest.mark.parametrize("layer", [RequestLog, lambda app: BodyLimit(app, max_bytes=1)])
async def test_what_is_not_http_passes_through(layer: Any) -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    await layer(app)({"type": "lifespan"}, nothing, nothing)
    assert seen == [{"type": "lifespan"}]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"content-length", b"10")], 200),
        ([(b"content-length", b"11")], 413),
        ([(b"content-length", b"0000000000")], 200),
        ([(b"content-length", b"9" * 9000)], 413),
        ([(b"content-length", b"-1")], 200),
        ([(b"content-length", b"ten")], 200),
        ([(b"accept", b"*/*")], 200),
    ],
)
async def test_an_announced_body_is_weighed_by_its_announcement(
    headers: list[tuple[bytes, bytes]], status: int
) -> None:
    statuses: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    await BodyLimit(app, max_bytes=10)(scope, nothing, send)
    assert statuses == [status]


async def test_the_log_names_routes_and_nobody() -> None:
    app = FastAPI()
    app.add_middleware(RequestLog)

    @app.get("/people/{name}")
    async def read(name: str) -> str:
        if name == "john":
            raise ZeroDivisionError(name)
        return name

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    with logged() as lines:
        async with httpx.AsyncClient(transport=transport, base_url="http://pacnum.test") as http:
            await http.get("/people/jane?secret=1", headers={"Authorization": "Bearer xyz"})
            await http.get("/elsewhere/jane")
            await http.get("/people/john")
            await http.request("JANE", "/people/jane")
        line, other, error, failed, made_up = lines()
    assert (line["event"], line["method"], line["status"]) == ("request", "GET", 200)
    assert (line["route"], other["route"]) == ("/people/{name}", "unmatched")
    assert line["request_id"] != other["request_id"]
    assert line["duration_ms"] >= 0
    assert (error["event"], error["route"]) == ("unexpected_error", "/people/{name}")
    assert error["request_id"] == failed["request_id"]
    assert failed["problem"] == "internal_error"
    assert (made_up["method"], made_up["status"]) == ("_OTHER", 405)
    for private in ("jane", "john", "secret", "xyz"):
        assert private not in str((line, other, error, failed, made_up)).lower()
