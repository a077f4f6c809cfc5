"""Test sessions as they are kept and decided upon."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from pacnum_api.kernel.errors import JsonValue


class SessionState(StrEnum):
    """Where a session is in its life; only the first can be left."""

    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    ABANDONED = "abandoned"
    EXPIRED = "expired"


class SessionPurpose(StrEnum):
    """What a session is for: each has its own rules of choosing and stopping."""

    POSITIONING = "positioning"
    TARGET = "target"
    CERTIFICATION = "certification"


@dataclass(frozen=True, slots=True)
class Accommodations:
    """What makes the test accessible to an agent. The multiplier stretches every time limit."""

    time_multiplier: float = 1.0
    no_time_limits: bool = False
    screen_reader: bool = False


_NO_TRYOUTS: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class EarlierStart:
    """The test whose end a session starts from, and how long ago that was when it began."""

    session_id: UUID
    age_seconds: float


@dataclass(frozen=True, slots=True)
class SessionSetup:
    """What is agreed when a session begins and never changes.

    ``competences`` are positions in the framework; ``targets`` maps such a position to a level;
    ``seed`` (63 bits) is the source of every draw. ``earlier``: None starts from the population.
    ``availability``: how freely the session may use each exposure group of the bank, a byte each
    from 0, not at all, to 255; None: all freely. ``featured``: the item that is put first, for the
    sake of exposure. ``tryouts``: position (1-based) to the item that is tried out there.
    """

    framework: str
    framework_version: int
    bank_id: UUID
    algorithm_version: str
    purpose: SessionPurpose
    competences: tuple[int, ...]
    targets: Mapping[int, int]
    seed: int
    locale: str
    accommodations: Accommodations
    earlier: EarlierStart | None = None
    availability: bytes | None = None
    featured: int | None = None
    tryouts: Mapping[int, int] = field(default_factory=lambda: _NO_TRYOUTS)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as its row says it.

    ``items`` are bank indices in the order put, the pending one last while in progress;
    ``categories`` are the scored categories of those answered; ``version`` counts changes.
    """

    id: UUID
    agent_id: UUID
    client_id: UUID
    setup: SessionSetup
    state: SessionState
    version: int
    items: tuple[int, ...]
    categories: tuple[int, ...]
    pending_issued_at: datetime | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    finished_at: datetime | None
    stop_reason: str | None

    @property
    def answered(self) -> int:
        """Number of answers accepted."""
        return len(self.categories)

    @property
    def pending_position(self) -> int | None:
        """Position of the item waiting for an answer (1-based), None when there is none."""
        return self.answered + 1 if len(self.items) > self.answered else None

    def at(self, now: datetime) -> "StoredSession":
        """The session as it is at an instant: time ends one even before that is recorded."""
        if self.state is not SessionState.IN_PROGRESS or now < self.expires_at:
            return self
        return replace(
            self,
            state=SessionState.EXPIRED,
            stop_reason=SessionState.EXPIRED.value,
            pending_issued_at=None,
            finished_at=self.expires_at,
        )

    def state_at(self, now: datetime) -> SessionState:
        """The state as it is at an instant."""
        return self.at(now).state


@dataclass(frozen=True, slots=True)
class Answer:
    """An accepted answer. ``response`` is None when the item was skipped.

    ``score`` is 0–1; ``is_late`` means past the item's time limit, which counts as wrong.
    """

    position: int
    item_index: int
    item_id: UUID
    response: JsonValue
    response_hash: bytes
    score: float
    category: int
    is_late: bool
    issued_at: datetime
    accepted_at: datetime
    client_duration_seconds: float | None


@dataclass(frozen=True, slots=True)
class Submission:
    """What an agent sends for one position."""

    position: int
    item_id: UUID
    response: JsonValue
    client_duration_seconds: float | None


@dataclass(frozen=True, slots=True)
class CompetenceProgress:
    """How far the measuring of one competence has come."""

    competence: str
    answered: int
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a session has come; nothing in it hints at how well the agent is doing.

    ``at_most``: items in all at the most, as it looks now. It may rise: an answer that contradicts
    earlier ones opens a competence again that seemed done.
    """

    answered: int
    at_most: int
    fraction: float
    competences: tuple[CompetenceProgress, ...]
