"""Cross-origin access, client by client.

Pages call with session tokens. A request that carries a token is open to the origins of that
token's client; one that carries none (a preflight, a refused token) to the origins of any live
client, which gives nothing away but the refusal. The token endpoint is open to no page: secrets
stay on servers.
"""

import re

import asyncpg
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pacnum_api.platform.auth.gate import Admission, Gate

_log = structlog.stdlib.get_logger("pacnum.cors")

CLOSED_PATHS = frozenset({"/oauth/token", "/healthz", "/readyz", "/metrics"})
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = (
    "Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
    "X-Request-Id"
)
EXPOSED_HEADERS = (
    "Content-Language, ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, "
    "WWW-Authenticate, X-Request-Id"
)
PREFLIGHT_SECONDS = 600
_ORIGIN = re.compile(
    r"https?://[a-z0-9.\-]{1,253}(:[0-9]{1,5})?|https?://\[[0-9a-f:.]{2,45}\](:[0-9]{1,5})?"
)


def is_origin(text: str) -> bool:
    """Whether it is an origin as browsers send it (RFC 6454, 6.2); `null` and `*` are none."""
    return _ORIGIN.fullmatch(text) is not None


class ClientCors:
    """ASGI layer: answers preflights, and opens responses to the origins that clients list.

    Outside of the layer that renders errors, so that a page can read those too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(  # noqa: PLR0917 - ASGI has these three
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let non-HTTP through, answer preflights, decorate the rest."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        is_preflight = "access-control-request-method" in headers
        if origin is not None and is_preflight and scope["method"] == "OPTIONS":
            await (await _preflight(scope, origin))(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.add_vary_header("Origin")
                if origin is not None and await _is_open(
                    scope, origin, admission=state.get("admission")
                ):
                    answer["Access-Control-Allow-Origin"] = origin
                    answer["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
            await send(message)

        await self.app(scope, receive, send_with_headers)


async def _preflight(scope: Scope, origin: str) -> Response:
    answer = Response(status_code=204, headers={"Vary": "Origin"})
    if await _is_open(scope, origin, admission=None):
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Methods"] = METHODS
        answer.headers["Access-Control-Allow-Headers"] = REQUEST_HEADERS
        answer.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return answer


async def _is_open(scope: Scope, origin: str, *, admission: Admission | None) -> bool:
    if scope["path"] in CLOSED_PATHS or not is_origin(origin):
        return False
    if admission is not None:
        return origin in admission.client.cors_origins
    gate: Gate = scope["app"].state.gate
    try:
        return await gate.clients.is_known_origin(origin)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # the answer under way goes out all the same, closed to pages
        _log.warning("origin_not_looked_up", reason=type(error).__name__)
        return False
