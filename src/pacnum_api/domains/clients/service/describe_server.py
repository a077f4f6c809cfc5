"""What the server tells about itself."""

from collections.abc import Mapping, Sequence

from pacnum_api.domains.clients.schemas import AuthorizationServerRead
from pacnum_api.domains.clients.types import AssertionAlgorithm, AuthMethod, GrantType
from pacnum_api.platform.auth.keys import KeyRing
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.clock import utc_now


def describe_server(keys: KeyRing) -> AuthorizationServerRead:
    """Metadata by RFC 8414; every address begins with the issuer."""
    return AuthorizationServerRead(
        issuer=keys.issuer,
        token_endpoint=f"{keys.issuer}/oauth/token",
        jwks_uri=f"{keys.issuer}/.well-known/jwks.json",
        service_documentation=f"{keys.issuer}/docs",
        scopes_supported=list(Scope),
        response_types_supported=[],
        grant_types_supported=list(GrantType),
        token_endpoint_auth_methods_supported=list(AuthMethod),
        token_endpoint_auth_signing_alg_values_supported=list(AssertionAlgorithm),
    )


def published_keys(keys: KeyRing) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """The public key set as of now."""
    return keys.public_jwks(utc_now())
