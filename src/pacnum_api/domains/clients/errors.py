"""What goes wrong around clients. Those of the token endpoint also speak RFC 6749, section 5.2."""

from collections.abc import Mapping
from typing import ClassVar

from pacnum_api.kernel.errors import DomainError, ErrorKind


class TokenRefused(DomainError):
    """No access token was issued."""

    oauth_error: ClassVar[str] = "invalid_request"

    def __init__(self, detail: str | None = None) -> None:
        """Say it twice: as a problem document and in the members that OAuth libraries look for.

        ``detail`` stays within the characters RFC 6749 allows: ASCII without quotes or backslash.
        """
        super().__init__(detail)
        self.extra = {"error": self.oauth_error, "error_description": self.detail}


class InvalidTokenRequest(TokenRefused):
    """The token request is malformed."""

    code = "invalid_token_request"
    kind = ErrorKind.MALFORMED
    title = "Token request malformed"


class TokenRequestNotForm(TokenRefused):
    """The token request must be sent as application/x-www-form-urlencoded."""

    code = "token_request_not_form"
    kind = ErrorKind.UNSUPPORTED_MEDIA
    title = "Token request in another form"


class UnsupportedGrantType(TokenRefused):
    """The only grant type here is client_credentials."""

    code = "unsupported_grant_type"
    kind = ErrorKind.MALFORMED
    title = "Grant type not supported"
    oauth_error = "unsupported_grant_type"


class InvalidScope(TokenRefused):
    """A scope was asked for that does not exist or that this client does not hold."""

    code = "invalid_scope"
    kind = ErrorKind.MALFORMED
    title = "Scope not available"
    oauth_error = "invalid_scope"


class InvalidClient(TokenRefused):
    """The client is unknown or revoked, or did not prove who it is."""

    code = "invalid_client"
    kind = ErrorKind.UNAUTHENTICATED
    title = "Client authentication failed"
    oauth_error = "invalid_client"

    @property
    def response_headers(self) -> Mapping[str, str]:
        """RFC 6749, section 5.2: the challenge of the scheme the client may have used."""
        return {"WWW-Authenticate": 'Basic realm="pacnum", charset="UTF-8"'}


class TokenEndpointBusy(TokenRefused):
    """Too many clients are authenticating at this moment; try again shortly."""

    code = "token_endpoint_busy"
    kind = ErrorKind.UNAVAILABLE
    title = "Token endpoint busy"
    oauth_error = "temporarily_unavailable"


class ClientNotFound(DomainError):
    """No API client has this id."""

    code = "client_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "API client not found"


class TenantNotFound(DomainError):
    """No tenant has this name."""

    code = "tenant_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Tenant not found"


class ClientRevoked(DomainError):
    """This API client has been revoked; create another one."""

    code = "client_revoked"
    kind = ErrorKind.INVALID_STATE
    title = "API client revoked"


class ClientHasNoSecret(DomainError):
    """This API client signs with a key of its own: there is no secret to rotate."""

    code = "client_has_no_secret"
    kind = ErrorKind.INVALID_STATE
    title = "API client without a secret"


class InvalidClientDefinition(DomainError):
    """The client cannot be created as described."""

    code = "invalid_client_definition"
    kind = ErrorKind.INVALID_INPUT
    title = "Invalid API client"
