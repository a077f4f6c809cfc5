"""Results on the wire."""

from typing import Self
from uuid import UUID

from pydantic import Field

from pacnum_api.domains.results.types import CompetenceEstimate
from pacnum_api.platform.schemas import (
    CompetenceCode,
    FrameworkCode,
    Level,
    Out,
    UtcDatetime,
)


class LevelInterval(Out):
    """The levels from ``low`` to ``high`` hold at least ``coverage`` of the probability."""

    low: Level
    high: Level
    coverage: float = Field(examples=[0.9])

    @classmethod
    def of(cls, low: int, high: int) -> Self:
        return cls(low=low, high=high, coverage=0.9)


class EstimateRead(Out):
    """What is known about one competence, with its uncertainty and its date."""

    framework: FrameworkCode
    framework_version: int = Field(examples=[1])
    competence: CompetenceCode
    theta: float = Field(examples=[0.42], description="Ability; reference population N(0, 1).")
    standard_error: float = Field(examples=[0.38], description="Posterior standard deviation.")
    level: Level
    level_interval: LevelInterval
    level_probabilities: list[float] = Field(
        description="Probability of each level, level 0 first; they sum to 1.",
        examples=[[0.0, 0.01, 0.06, 0.21, 0.41, 0.24, 0.06, 0.01, 0.0]],
    )
    items_answered: int = Field(examples=[5])
    stop_reason: str = Field(examples=["precision_reached"])
    session_id: UUID
    measured_at: UtcDatetime

    @classmethod
    def of(cls, estimate: CompetenceEstimate) -> Self:
        result = estimate.result
        return cls(
            framework=estimate.framework,
            framework_version=estimate.framework_version,
            competence=result.competence,
            theta=result.theta,
            standard_error=result.standard_error,
            level=result.level,
            level_interval=LevelInterval.of(result.level_low, result.level_high),
            level_probabilities=list(result.level_probabilities),
            items_answered=result.items_answered,
            stop_reason=result.stop_reason,
            session_id=estimate.session_id,
            measured_at=estimate.measured_at,
        )


class ProfileRead(Out):
    """An agent's present profile. «Not assessed» is not level 0."""

    agent_id: UUID
    framework: FrameworkCode
    competences: list[EstimateRead]
    not_assessed: list[CompetenceCode] = Field(examples=[["4.4", "5.3"]])
