"""What every request leaves behind: an id, a log line without personal data, and metrics.

One pure ASGI wrapper does all three, because each further one costs every request. The log names
the route's template, never the path, whose ids could be joined with other data to find a person;
of an unexpected error it says where and of which type, never its message, which may hold values.
"""

import re
import time
import traceback
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.problems import render_status

REQUESTS: Final = Counter(
    "pacnum_http_requests_total", "Requests answered.", ["method", "route", "status"]
)
DURATION: Final = Histogram(
    "pacnum_http_request_duration_seconds",
    "From the first byte read to the response started.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
FRAMES_KEPT: Final = 12
UNEXPECTED: Final = "An unexpected error. Quote the request_id to the operator."
_REQUEST_ID: Final = re.compile(r"^[A-Za-z0-9._-]{8,80}$")
_log = structlog.stdlib.get_logger("pacnum.request")


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a request: by which method, at which route, with which status."""

    method: str
    route: str
    status: int


class RequestLog:
    """Outermost but one: gives ids, catches what nobody caught, counts and logs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(  # noqa: PLR0917 - the ASGI protocol
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve one request and write its line."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        request_id = state["request_id"] = _request_id(scope)
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 - the last one who can answer, and tell
            _log_unexpected(error, scope)
            if not status:  # else it has begun: the server cuts an answer that is not completed
                response = render_status(500, UNEXPECTED, scope=scope)
                await response(scope, receive, send_with_id)
        finally:
            _record(scope, status, seconds=time.perf_counter() - started)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return request_id_of(value)
    return str(new_id())


def request_id_of(header: bytes) -> str:
    """The caller's own id of a request if it is one, else a new one."""
    given = header.decode("latin-1")
    return given if _REQUEST_ID.match(given) else str(new_id())


def _log_unexpected(error: Exception, scope: Scope) -> None:
    _log.error(
        "unexpected_error",
        request_id=scope["state"]["request_id"],
        route=_route(scope),
        error=type(error).__qualname__,
        frames=_frames(error),
    )


def _frames(error: BaseException) -> list[str]:
    """Where it happened, innermost last; of each cause too, and never what was said."""
    frames = [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-FRAMES_KEPT:]
    ]
    cause = error.__cause__
    return frames if cause is None else [*_frames(cause), f"→ {type(error).__qualname__}", *frames]


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return str(getattr(route, "path", "unmatched"))


def _record(scope: Scope, status: int, *, seconds: float) -> None:
    admission = scope["state"].get("admission")
    record(
        Answered(scope["method"], _route(scope), status),
        request_id=scope["state"]["request_id"],
        seconds=seconds,
        client_id=None if admission is None else admission.principal.client_id,
        session_id=scope.get("path_params", {}).get("session_id"),
    )


def record(
    answered: Answered,
    *,
    request_id: str,
    seconds: float,
    client_id: UUID | None,
    session_id: UUID | str | None,
) -> None:
    """Count a request that was answered, and write its line."""
    REQUESTS.labels(answered.method, answered.route, str(answered.status)).inc()
    DURATION.labels(answered.route).observe(seconds)
    _log.info(
        "request",
        request_id=request_id,
        method=answered.method,
        route=answered.route,
        status=answered.status,
        duration_ms=round(seconds * 1000, 2),
        client_id=None if client_id is None else str(client_id),
        session_id=None if session_id is None else str(session_id),
    )
