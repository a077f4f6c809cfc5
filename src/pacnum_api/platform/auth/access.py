"""FastAPI's side of the gate: the dependencies that routes declare, and their place in OpenAPI."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import HTTPBearer, OAuth2, SecurityScopes
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.requests import HTTPConnection

from pacnum_api.platform.auth.errors import (
    InsufficientScope,
    InvalidToken,
    MissingToken,
    RateLimitExceeded,
    SessionOutOfReach,
)
from pacnum_api.platform.auth.gate import Admission, Gate
from pacnum_api.platform.auth.keys import KeyRing
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.scopes import DESCRIPTIONS
from pacnum_api.platform.metrics import RATE_LIMIT_REFUSALS

ACCESS_ERRORS = (MissingToken, InvalidToken, InsufficientScope, RateLimitExceeded)
"""What every route behind ``authorise`` may answer."""

SESSION_ACCESS_ERRORS = (*ACCESS_ERRORS, SessionOutOfReach)
"""What every route behind ``authorise_session`` may answer."""

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path


class _ClientCredentials(OAuth2):
    """The scheme as OpenAPI shows it. Reading the header is left to ``authenticate``."""

    async def __call__(self, request: HTTPConnection) -> str | None:
        return request.headers.get("authorization")


class _SessionToken(HTTPBearer):
    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        del request
        return None


client_token = _ClientCredentials(
    scheme_name="client",
    flows=OAuthFlows(
        clientCredentials=OAuthFlowClientCredentials(
            tokenUrl=TOKEN_PATH,
            scopes={scope.value: sentence for scope, sentence in DESCRIPTIONS.items()},
        )
    ),
    description="An access token of the client (RFC 9068), from the token endpoint.",
    auto_error=False,
)
session_token = _SessionToken(
    scheme_name="session",
    bearerFormat="JWT",
    description="The token of one test session, from its creation: reaches that session alone.",
    auto_error=False,
)


def gate_of(request: Request) -> Gate:
    """The gate of the application that serves this request."""
    gate: Gate = request.app.state.gate
    return gate


def _bearer(header: str | None) -> str:
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise MissingToken
    return token.strip()


async def authenticate(request: Request) -> Principal:
    """Who calls. Raises MissingToken, InvalidToken or RateLimitExceeded; asks for no scope.

    However many dependencies ask, a request is admitted, and counted, once. The admission stays on
    ``request.state`` for the ASGI layers that add rate-limit and CORS headers.
    """
    known: Admission | None = getattr(request.state, "admission", None)
    if known is not None:
        return known.principal
    admission = await gate_of(request).admit(_bearer(request.headers.get("authorization")))
    request.state.admission = admission
    if not admission.rate.is_allowed:
        RATE_LIMIT_REFUSALS.labels(admission.rate.quota.name).inc()
        raise RateLimitExceeded(admission.rate.reset_seconds)
    return admission.principal


async def authorise(
    security_scopes: SecurityScopes,
    request: Request,
    _header: Annotated[str | None, Security(client_token)],
) -> Principal:
    """Let in a caller that holds every scope the route names; ``access`` modules build on it."""
    principal = await authenticate(request)
    require_scopes(principal, *security_scopes.scopes)
    return principal


async def authorise_session(
    security_scopes: SecurityScopes,
    request: Request,
    _header: Annotated[str | None, Security(client_token)],
    _token: Annotated[HTTPAuthorizationCredentials | None, Security(session_token)],
) -> Principal:
    """Let in a client that holds the scopes, or the session token of the path's ``session_id``."""
    principal = await authenticate(request)
    require_session(principal, str(request.path_params["session_id"]), *security_scopes.scopes)
    return principal


def require_scopes(principal: Principal, *scopes: str) -> None:
    """Raise InsufficientScope unless every scope is held; a session token holds none."""
    if not principal.may(*scopes) or principal.is_session:
        raise InsufficientScope(scopes)


def require_session(principal: Principal, session_id: UUID | str, *scopes: str) -> None:
    """Raise SessionOutOfReach for the token of another session, InsufficientScope for a client."""
    if not principal.is_session:
        require_scopes(principal, *scopes)
    elif str(session_id).lower() != str(principal.session_id):
        raise SessionOutOfReach


async def _key_ring(request: Request) -> KeyRing:
    return await gate_of(request).keys.ring()


TokenKeys = Annotated[KeyRing, Depends(_key_ring)]
"""The keys to issue tokens with, as a route's parameter."""
