"""What a client is, what it shows at the token endpoint, and what it gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pacnum_api.kernel.errors import JsonValue


class AuthMethod(StrEnum):
    """How a client proves itself (OpenID Connect Core, section 9)."""

    CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - a method's name
    CLIENT_SECRET_POST = "client_secret_post"  # noqa: S105 - a method's name
    PRIVATE_KEY_JWT = "private_key_jwt"


class GrantType(StrEnum):
    """What a token may be asked for with (RFC 6749)."""

    CLIENT_CREDENTIALS = "client_credentials"


class AssertionAlgorithm(StrEnum):
    """What a client's own key may sign with: asymmetric ones only."""

    EDDSA = "EdDSA"
    ED25519 = "Ed25519"
    ES256 = "ES256"
    ES384 = "ES384"
    PS256 = "PS256"
    RS256 = "RS256"


ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""RFC 7523, section 2.2."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request to the token endpoint as it came; nothing in it is believed yet."""

    content_type: str
    authorization: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class SecretProof:
    """A client's id and the secret it showed, whichever way."""

    client_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class AssertionProof:
    """A signed assertion, and the ``client_id`` parameter if one came beside it."""

    assertion: str
    client_id: str | None


@dataclass(frozen=True, slots=True)
class TokenOrder:
    """A well-formed request: who claims to ask, and for which scopes (None: all it holds)."""

    proof: SecretProof | AssertionProof
    scope: str | None


@dataclass(frozen=True, slots=True)
class UsedAssertion:
    """What has to be remembered of an assertion so that it serves only once."""

    jti: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token and what the answer says about it."""

    access_token: str
    expires_in_seconds: int
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class ClientDefinition:
    """What an operator decides about a client. With ``jwks`` it has keys and no secret."""

    name: str
    scopes: frozenset[str]
    cors_origins: frozenset[str] = frozenset()
    rate_limit_per_minute: int = 6000
    jwks: Mapping[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """The one moment a secret is known. None for a client that signs with its own key."""

    client_id: UUID
    client_secret: str | None


@dataclass(frozen=True, slots=True)
class ClientSummary:
    """A client as operators see it."""

    client_id: UUID
    tenant: str
    name: str
    scopes: Sequence[str]
    cors_origins: Sequence[str]
    rate_limit_per_minute: int
    auth_methods: Sequence[AuthMethod]
    created_at: datetime
    revoked_at: datetime | None
