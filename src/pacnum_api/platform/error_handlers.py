"""How every exception becomes a problem document."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from pacnum_api.kernel.errors import (
    ConcurrentChange,
    DomainError,
    FieldFault,
    InvalidInput,
    ServiceUnavailable,
)
from pacnum_api.platform.idempotency import ReplayResponse
from pacnum_api.platform.problems import render_error, render_status

_log = structlog.stdlib.get_logger("pacnum.errors")

AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # stopping, starting, crashed, cancelled, database dropped
    asyncpg.InsufficientResourcesError,  # connections, disk, memory
    asyncpg.PostgresIOError,
    asyncpg.ReadOnlySQLTransactionError,
    ConnectionError,
    TimeoutError,
)
"""The database is away, or can do nothing for now."""

TRANSIENT = (
    *AWAY,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidCachedStatementError,  # the schema has moved on under an open connection
    # the operator's to mend, and not the request's fault
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    PoolTimeoutError,
)
"""Faults of the moment: the same request may succeed shortly, and is safe to repeat."""

_TITLES_OF_HTTP = {
    404: "Nothing is served at this address.",
    405: "This address does not serve this method; see the Allow header.",
    400: "The body is not well-formed JSON in UTF-8.",
}


def install_error_handlers(app: FastAPI) -> None:
    """Register the handlers; whatever they do not know is caught by ``RequestLog`` (500)."""
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(ReplayResponse, _replay)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(IntegrityError, _concurrent_change)
    app.add_exception_handler(asyncpg.UniqueViolationError, _concurrent_change)
    app.add_exception_handler(DBAPIError, _database_error)
    app.add_exception_handler(ClientDisconnect, _gone)
    for error in TRANSIENT:
        app.add_exception_handler(error, _unavailable)


async def _gone(request: Request, error: Exception) -> Response:
    """Nobody reads it, but the log shall not call it an error of ours."""
    del error
    return render_status(400, "The body ended before it was whole.", scope=request.scope)


async def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)  # noqa: S101 - registered for this type alone
    return render_error(error, request.scope)


async def _replay(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, ReplayResponse)  # noqa: S101 - registered for this type alone
    headers = {**error.headers, "Idempotency-Replayed": "true"}
    return Response(error.body, status_code=error.status, headers=headers)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type alone
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        place = next(fault["loc"][-1] for fault in faults if fault["type"] == "json_invalid")
        detail = f"The body is not well-formed JSON (near character {place})."
        return render_status(400, detail, scope=request.scope)
    return render_error(InvalidInput(faults=[_fault(one) for one in faults]), request.scope)


def _fault(fault: Mapping[str, Any]) -> FieldFault:
    """Pydantic's fault as ours: the body's members by pointer, parameters by their place."""
    place: Sequence[object] = fault["loc"]
    steps = place[1:] if place and place[0] == "body" else place
    pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return FieldFault(pointer, str(fault["msg"]))


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type alone
    detail = _TITLES_OF_HTTP.get(error.status_code, str(error.detail))
    headers = {"Allow": _methods_at(request)} if error.status_code == 405 else error.headers
    return render_status(error.status_code, detail, scope=request.scope, headers=headers)


def _methods_at(request: Request) -> str:
    """The methods of all routes at this address; Starlette names those of the first one alone."""
    served = [
        method
        for method in ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]
    return ", ".join(served)


async def _concurrent_change(request: Request, error: Exception) -> Response:
    """A unique key said no: services ask for what they know of, so somebody else was faster."""
    cause = error.orig.__cause__ if isinstance(error, IntegrityError) and error.orig else error
    if not isinstance(cause, asyncpg.UniqueViolationError):
        raise error
    return render_error(ConcurrentChange(), request.scope)


async def _database_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)  # noqa: S101 - registered for this type alone
    cause = error.orig.__cause__ if error.orig else None
    if error.connection_invalidated or isinstance(cause, TRANSIENT):
        return await _unavailable(request, cause or error)
    raise error


async def _unavailable(request: Request, error: Exception | BaseException) -> Response:
    _log.warning("database_unavailable", reason=type(error).__name__)
    return render_error(ServiceUnavailable(), request.scope)
