"""What every request leaves behind: an id, a log line without personal data, metrics, a span.

One pure ASGI wrapper does all four, because each further one costs every request. The log names
the route's template, never the path, whose ids could be joined with other data to find a person;
of an unexpected error it says where and of which type, never its message, which may hold values.

Who answers a request without this layer (the answer path does) calls ``begin`` and ``record``; if
it hands the request on instead, the layer takes the trail up as ``begin`` left it.
"""

import re
import time
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pacnum_api.kernel.ids import new_id
from pacnum_api.platform import metrics, tracing
from pacnum_api.platform.logging import LineLogger
from pacnum_api.platform.problems import render_status
from pacnum_api.platform.trail import Trail, enter_trail

FRAMES_KEPT: Final = 12
UNEXPECTED: Final = "An unexpected error. Quote the request_id to the operator."
ANSWERS_ROUTE: Final = "/v1/test-sessions/{session_id}/answers"
METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OTHER_METHOD: Final = "_OTHER"
"""What metrics and spans call a method that a caller made up."""

_REQUEST_ID: Final = re.compile(r"^[A-Za-z0-9._-]{8,80}$")
_log = LineLogger("pacnum.request")
_under_way = 0
# labelled children by the values of their labels: a look-up here costs a tenth of ``labels``
_counted: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


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
        trail = begin(scope)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                trail.status = message["status"]
                message["headers"] = [*message.get("headers", ()), *trail.headers]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 - the last one who can answer, and tell
            trail.error = type(error).__qualname__
            _log_unexpected(error, scope)
            if not trail.status:  # else it has begun: the server cuts what is not completed
                response = render_status(500, UNEXPECTED, scope=scope)
                await response(scope, receive, send_with_id)
        finally:
            record(trail)


def begin(scope: Scope) -> Trail:
    """Take a request in: its id, its trail, its span. A second call finds what the first made.

    Call it in the task that serves the request. ``trail.headers`` belong on the response.
    """
    global _under_way  # noqa: PLW0603 - the one counter of the process, read once a second
    state: MutableMapping[str, Any] = scope.setdefault("state", {})
    known: Trail | None = state.get("trail")
    if known is not None:
        return known
    trail = Trail(_request_id(scope), scope, time.perf_counter())
    state["request_id"] = trail.request_id
    state["trail"] = trail
    _under_way += 1
    if tracing.is_on():
        method = scope["method"]
        tracing.begin_request(trail, method=method if method in METHODS else OTHER_METHOD)
    enter_trail(trail)
    return trail


def record(trail: Trail) -> float:
    """Close a request: metrics, span, line. Returns its seconds.

    ``trail.status`` says how it was answered (0: not at all), ``trail.route`` the template if no
    router has left one in the scope; ``client_id`` and ``session_id`` are read from the admission
    and the path unless they are set.
    """
    global _under_way  # noqa: PLW0603 - see ``begin``
    seconds = time.perf_counter() - trail.started
    _under_way -= 1
    route = trail.route = trail.route or _route(trail.scope)
    given = trail.scope["method"]
    method = given if given in METHODS else OTHER_METHOD
    _count(method, route, status=trail.status, seconds=seconds)
    if trail.problem is not None:
        _count_problem(route, trail.problem)
    if trail.span is not None:
        tracing.end_request(trail, method=method)
    members: dict[str, object] = {
        "method": method,
        "route": route,
        "status": trail.status,
        "duration_ms": round(seconds * 1000, 2),
    }
    if trail.problem is not None:
        members["problem"] = trail.problem
    _log.info("request", **members)
    enter_trail(None)
    return seconds


def requests_under_way() -> int:
    """How many requests this process serves at this moment."""
    return _under_way


def _count(method: str, route: str, *, status: int, seconds: float) -> None:
    key = (method, route, status)
    known = _counted.get(key)
    if known is None:
        labels = (method, route, str(status))
        known = (metrics.REQUESTS.labels(*labels), metrics.REQUEST_SECONDS.labels(*labels))
        _counted[key] = known
    known[0].inc()
    known[1].observe(seconds)


def _count_problem(route: str, code: str) -> None:
    metrics.PROBLEMS.labels(route, code).inc()
    if route == ANSWERS_ROUTE:
        metrics.ANSWERS_REFUSED.labels(code).inc()


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given = value.decode("latin-1")
            if _REQUEST_ID.match(given):
                return str(given)
    return str(new_id())


def _log_unexpected(error: Exception, scope: Scope) -> None:
    _log.error(
        "unexpected_error",
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


def _route(scope: Mapping[str, Any]) -> str:
    route = scope.get("route")
    return str(getattr(route, "path", "unmatched"))
