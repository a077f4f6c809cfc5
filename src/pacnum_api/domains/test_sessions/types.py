"""Test sessions as they are kept and decided upon."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
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


class CalibrationModel(StrEnum):
    """The response model of right/wrong items; items scored in steps are partial credit always.

    ``2pl``: no guessing; ``3pl``: guessing as the bank has it; ``as-bank``: the ceiling too.
    """

    TWO_PL = "2pl"
    THREE_PL = "3pl"
    AS_BANK = "as-bank"


class CorrelationForm(StrEnum):
    """How the correlations of the competences are written down.

    ``areas``: one number within areas and one across them, with which the engine computes fastest;
    ``pairs``: one for each pair, drawn to those two as far as it is uncertain.
    """

    AREAS = "areas"
    PAIRS = "pairs"


class AnchorRule(StrEnum):
    """Which items hold the scale of a calibration, where no file names them."""

    ALL_CALIBRATED = "all-calibrated"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """What is asked of a calibration, in an operator's words.

    ``tenant``: name of the one whose ended tests are read and who owns what is published; None:
    nobody's tests, and what is published is everybody's. ``files``: of answers. ``competences``:
    codes, None for all. ``anchors``: a rule, or a file of authors' keys, one a line. ``groups``: a
    file that says who belongs to which. ``export``: where to write the answers, in place of
    calibrating. ``out``: a folder for tables and plots. ``seed``: of the draw of persons whose
    answers weigh the strengths of correlation.
    """

    framework: str
    tenant: str | None
    files: Sequence[Path]
    competences: Sequence[str] | None
    model: CalibrationModel
    anchors: AnchorRule | Path
    correlation: CorrelationForm
    minimum_answers: int
    groups: Path | None
    seed: int
    export: Path | None
    out: Path | None
    is_published: bool
