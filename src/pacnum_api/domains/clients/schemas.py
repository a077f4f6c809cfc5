"""The token endpoint and the two well-known documents, on the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from pacnum_api.domains.clients.types import AssertionAlgorithm, AuthMethod, Grant, GrantType
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.schemas import Out

_Text = Annotated[str, Field(min_length=1, pattern=r"^[\x20-\x7e]+$")]
"""RFC 6749, appendix A: printable ASCII. A parameter without a value counts as left out."""


class TokenForm(BaseModel):
    """The form of a token request: its place in OpenAPI. It is read by hand, since RFC 6749 has
    errors of its own.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "dependentRequired": {
                "client_secret": ["client_id"],
                "client_assertion": ["client_assertion_type"],
                "client_assertion_type": ["client_assertion"],
            },
            "not": {"required": ["client_secret", "client_assertion"]},
        }
    )

    grant_type: GrantType
    scope: _Text | SkipJsonSchema[None] = Field(
        default=None,
        description="Space-separated; all that the client holds when left out.",
        examples=["frameworks:read test_sessions:run"],
    )
    client_id: _Text | SkipJsonSchema[None] = Field(
        default=None, description="With client_secret_post."
    )
    client_secret: _Text | SkipJsonSchema[None] = Field(
        default=None, description="With client_secret_post."
    )
    client_assertion_type: (
        Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"] | SkipJsonSchema[None]
    ) = Field(default=None, description="With private_key_jwt (RFC 7523).")
    client_assertion: _Text | SkipJsonSchema[None] = Field(
        default=None, description="With private_key_jwt: the signed assertion."
    )


class TokenRead(Out):
    """A successful answer (RFC 6749, section 5.1)."""

    access_token: str = Field(examples=["eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln"])
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds.", examples=[600])
    scope: str = Field(examples=["frameworks:read test_sessions:run"])

    @classmethod
    def of(cls, grant: Grant) -> "TokenRead":
        """The grant in the words of RFC 6749."""
        return cls(
            access_token=grant.access_token,
            token_type="Bearer",  # noqa: S106 - a type, not a secret
            expires_in=grant.expires_in_seconds,
            scope=" ".join(sorted(grant.scopes)),
        )


class _KeyRead(Out):
    kid: str = Field(examples=["2026-11-a1b2c3"])
    crv: str = Field(examples=["Ed25519"])
    x: str = Field(examples=["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"])
    alg: str = Field(examples=["EdDSA"])
    use: Literal["sig"]


class EdwardsKeyRead(_KeyRead):
    """A public key on an Edwards curve (RFC 8037)."""

    kty: Literal["OKP"]


class CurveKeyRead(_KeyRead):
    """A public key on a NIST curve (RFC 7518, section 6.2)."""

    kty: Literal["EC"]
    y: str = Field(examples=["x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"])


KeyRead = Annotated[EdwardsKeyRead | CurveKeyRead, Field(discriminator="kty")]


class KeySetRead(Out):
    """The keys that verify access tokens: past ones still needed, the present, the coming."""

    keys: list[KeyRead]


class AuthorizationServerRead(Out):
    """Authorization server metadata (RFC 8414)."""

    issuer: str = Field(examples=["https://pacnum.example"])
    token_endpoint: str = Field(examples=["https://pacnum.example/oauth/token"])
    jwks_uri: str = Field(examples=["https://pacnum.example/.well-known/jwks.json"])
    service_documentation: str = Field(examples=["https://pacnum.example/docs"])
    scopes_supported: list[Scope]
    response_types_supported: list[str] = Field(
        examples=[[]], description="None: there is no authorization endpoint."
    )
    grant_types_supported: list[GrantType]
    token_endpoint_auth_methods_supported: list[AuthMethod]
    token_endpoint_auth_signing_alg_values_supported: list[AssertionAlgorithm]
