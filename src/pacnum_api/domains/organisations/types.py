"""Agents as the rest of the product sees them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ExternalId:
    """How an outside system names an agent: ``issuer`` is the system, ``value`` its own key."""

    issuer: str
    value: str


@dataclass(frozen=True, slots=True)
class Agent:
    """A member of staff. ``version`` counts changes from 1."""

    id: UUID
    external_id: ExternalId
    locale: str
    version: int
    created_at: datetime
    updated_at: datetime
