"""Why a caller is not let in (RFC 6750, section 3)."""

from collections.abc import Mapping, Sequence

from pacnum_api.kernel.errors import DomainError, ErrorKind

_CHALLENGE = 'Bearer realm="pacnum"'


class MissingToken(DomainError):
    """No access token came with the request: send `Authorization: Bearer …`."""

    code = "missing_token"
    kind = ErrorKind.UNAUTHENTICATED
    title = "Access token missing"

    @property
    def response_headers(self) -> Mapping[str, str]:
        """A challenge without an error code, as RFC 6750 asks when nothing was sent."""
        return {"WWW-Authenticate": _CHALLENGE}


class InvalidToken(DomainError):
    """The access token is malformed, forged, expired or revoked."""

    code = "invalid_token"
    kind = ErrorKind.UNAUTHENTICATED
    title = "Access token invalid"

    @property
    def response_headers(self) -> Mapping[str, str]:
        """The same challenge for every fault: a forger learns nothing from it."""
        return {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}


class InsufficientScope(DomainError):
    """The access token lacks a scope that this operation needs."""

    code = "insufficient_scope"
    kind = ErrorKind.FORBIDDEN
    title = "Scope missing"

    def __init__(self, required: Sequence[str] = ()) -> None:
        """Name the scopes needed; none are named where no scope could help (a session token)."""
        super().__init__(extra={"required_scopes": list(required)})
        self.required = tuple(required)

    @property
    def response_headers(self) -> Mapping[str, str]:
        """The challenge that names what would be enough."""
        challenge = f'{_CHALLENGE}, error="insufficient_scope"'
        if self.required:
            challenge += f', scope="{" ".join(self.required)}"'
        return {"WWW-Authenticate": challenge}


class SessionOutOfReach(DomainError):
    """No test session has this id."""

    # the very words used when there is none: a session token must not learn of other sessions
    code = "test_session_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Test session not found"


class RateLimitExceeded(DomainError):
    """The caller's quota of this minute is used up: wait for the time in Retry-After."""

    code = "rate_limit_exceeded"
    kind = ErrorKind.LIMIT
    title = "Too many requests"

    def __init__(self, retry_after_seconds: int = 1) -> None:
        """Keep how long to wait, in whole seconds."""
        super().__init__()
        self.retry_after_seconds = retry_after_seconds

    @property
    def response_headers(self) -> Mapping[str, str]:
        """RFC 9110, section 10.2.3."""
        return {"Retry-After": str(self.retry_after_seconds)}
