"""Getting a token, and what others need in order to trust it."""

from typing import Any

from fastapi import APIRouter, Response

from pacnum_api.domains.clients import service
from pacnum_api.domains.clients.access import PresentedForm, TenantlessDatabase, TokenLifetime
from pacnum_api.domains.clients.errors import (
    InvalidClient,
    InvalidScope,
    InvalidTokenRequest,
    TokenEndpointBusy,
    TokenRequestNotForm,
    UnsupportedGrantType,
)
from pacnum_api.domains.clients.schemas import (
    AuthorizationServerRead,
    KeySetRead,
    TokenForm,
    TokenRead,
)
from pacnum_api.platform.auth.access import TokenKeys
from pacnum_api.platform.problems import problems

api = APIRouter(tags=["authentication"])

KEYS_CACHED = "public, max-age=300"
"""Half of the time that a new key is published before it signs."""

METADATA_CACHED = "public, max-age=3600"

_form_schema = TokenForm.model_json_schema(ref_template="#/components/schemas/{model}")
_form_schema.pop("$defs", None)  # the metadata document brings these components
for _parameter in _form_schema["properties"].values():
    _parameter.pop("default", None)  # left out is not null
_form: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": _form_schema,
                "examples": {
                    "client_secret_basic": {
                        "summary": "Secret in the Authorization header",
                        "value": {"grant_type": "client_credentials"},
                    }
                },
            }
        },
    },
    # the secret may be in the form instead, or be an assertion
    "security": [{}],
}


@api.post(
    "/oauth/token",
    operation_id="clients_issue_token",
    summary="Get an access token",
    description=(
        "Client credentials grant (RFC 6749, 4.4). The client proves itself with its secret, in "
        "the Authorization header or in the form, or with an assertion signed by its own key "
        "(RFC 7523). Problems carry `error` and `error_description` for OAuth libraries."
    ),
    responses=problems(
        InvalidTokenRequest,
        UnsupportedGrantType,
        InvalidScope,
        InvalidClient,
        TokenRequestNotForm,
        TokenEndpointBusy,
    ),
    openapi_extra=_form,
)
async def issue_token(
    presented: PresentedForm,
    database: TenantlessDatabase,
    *,
    keys: TokenKeys,
    lifetime: TokenLifetime,
    response: Response,
) -> TokenRead:
    response.headers["Cache-Control"] = "no-store"
    grant = await service.issue_token(database, presented, keys=keys, lifetime=lifetime)
    return TokenRead.of(grant)


@api.get(
    "/.well-known/jwks.json",
    operation_id="clients_read_keys",
    summary="Read the public signing keys",
    description="Keys that verify access tokens (RFC 7517); a new one stands here before it signs.",
)
async def read_keys(keys: TokenKeys, response: Response) -> KeySetRead:
    response.headers["Cache-Control"] = KEYS_CACHED
    return KeySetRead.model_validate(service.published_keys(keys))


@api.get(
    "/.well-known/oauth-authorization-server",
    operation_id="clients_read_metadata",
    summary="Read the authorization server's metadata",
    description="Where tokens come from, for which scopes and by which methods (RFC 8414).",
)
async def read_metadata(keys: TokenKeys, response: Response) -> AuthorizationServerRead:
    response.headers["Cache-Control"] = METADATA_CACHED
    return service.describe_server(keys)
