"""Results as the rest of the product sees them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CompetenceResult:
    """One competence as one session measured it.

    ``theta`` is on the N(0, 1) scale of the reference population, ``standard_error`` its posterior
    standard deviation; ``level_probabilities[l]`` is the posterior probability of level l, level 0
    («not yet level 1») first; ``level_low`` to ``level_high`` hold at least 90 % of it.
    ``target_level`` is the level asked about when the session had a target.
    """

    competence: str
    theta: float
    standard_error: float
    level: int
    level_low: int
    level_high: int
    level_probabilities: tuple[float, ...]
    items_answered: int
    stop_reason: str
    target_level: int | None


@dataclass(frozen=True, slots=True)
class CompetenceEstimate:
    """The latest result of a competence, and where it comes from."""

    result: CompetenceResult
    session_id: UUID
    framework: str
    framework_version: int
    measured_at: datetime


@dataclass(frozen=True, slots=True)
class SessionResults:
    """All that one session measured, to be recorded in one go.

    ``state``: what the agent's next test starts from, as bytes (``AbilityState.to_bytes``); None
    where nothing is passed on.
    """

    session_id: UUID
    agent_id: UUID
    framework: str
    framework_version: int
    measured_at: datetime
    results: tuple[CompetenceResult, ...]
    state: bytes | None


@dataclass(frozen=True, slots=True)
class EarlierTest:
    """The test whose end a new one starts from."""

    session_id: UUID
    measured_at: datetime
