"""The token endpoint and the well-known documents are open to all: here is what they are given."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBasic
from starlette.requests import HTTPConnection

from pacnum_api.domains.clients.types import TokenRequest
from pacnum_api.platform.database import Database
from pacnum_api.platform.http import database_of
from pacnum_api.platform.settings import Settings


class _ClientSecret(HTTPBasic):
    """The scheme as OpenAPI shows it; RFC 6749 has rules and errors of its own for the header."""

    async def __call__(self, request: HTTPConnection) -> None:
        del request


client_secret = _ClientSecret(
    scheme_name="client_secret",
    description="At the token endpoint alone: the client's id and secret (client_secret_basic).",
    auto_error=False,
)


async def _token_request(
    request: Request, _basic: Annotated[None, Security(client_secret)]
) -> TokenRequest:
    return TokenRequest(
        content_type=request.headers.get("content-type", ""),
        authorization=request.headers.get("authorization"),
        body=await request.body(),
    )


async def _database(request: Request) -> Database:
    return database_of(request)


async def _token_lifetime(request: Request) -> timedelta:
    settings: Settings = request.app.state.settings
    return timedelta(seconds=settings.token_ttl_seconds)


PresentedForm = Annotated[TokenRequest, Depends(_token_request)]
TenantlessDatabase = Annotated[Database, Depends(_database)]
"""For the one operation that begins before a tenant is known."""

TokenLifetime = Annotated[timedelta, Depends(_token_lifetime)]
