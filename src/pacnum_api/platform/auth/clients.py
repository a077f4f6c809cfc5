"""What the edge must know of a client at every request; the ``clients`` domain answers it."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ClientState:
    """A live client: its quota, and the origins whose pages may call with its session tokens."""

    rate_limit_per_minute: int
    cors_origins: frozenset[str]


class ClientStates(Protocol):
    """The present state of clients, at most seconds old."""

    async def find_live(self, tenant_id: UUID, client_id: UUID) -> ClientState | None:
        """The client's state, or None when there is none of this id or it has been revoked."""
        ...

    async def is_known_origin(self, origin: str) -> bool:
        """Whether any live client of any tenant lists this origin."""
        ...
