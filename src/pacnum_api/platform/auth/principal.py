"""The caller of a request, as its token and the client's present state say."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, for which tenant, and what for.

    ``client_id`` is both the OAuth ``client_id`` and the client's row. ``subject`` is the client
    itself or, with a session token, the one test session that ``session_id`` names; such a caller
    holds no ordinary scope.
    """

    tenant_id: UUID
    client_id: UUID
    subject: str
    scopes: frozenset[str]
    session_id: UUID | None = None

    @property
    def is_session(self) -> bool:
        """Whether a session token was shown rather than a client's own."""
        return self.session_id is not None

    def may(self, *scopes: str) -> bool:
        """Whether every one of the scopes is held."""
        return self.scopes.issuperset(scopes)
