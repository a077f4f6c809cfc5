"""What a session has measured, on the wire."""

from typing import Self
from uuid import UUID

from pydantic import Field

from pacnum_api.domains.results.types import CompetenceResult
from pacnum_api.domains.test_sessions.types import SessionPurpose, SessionState
from pacnum_api.platform.schemas import CompetenceCode, FrameworkCode, Level, Out, UtcDatetime
from pacnum_api.psychometrics.estimation import AbilityEstimate

Z_90 = 1.645
"""Half the width of an interval that holds 90 % of a normal distribution, in deviations."""


class VersionsRead(Out):
    """What the result was computed with: the same again gives the same, bit for bit."""

    framework: FrameworkCode
    framework_version: int = Field(examples=[1])
    algorithm: str = Field(examples=["2.1.0"])
    item_bank: UUID
    item_bank_version: int = Field(examples=[3])


class IntervalRead(Out):
    low: Level
    high: Level
    coverage: float = Field(examples=[0.9])


class CompetenceResultRead(Out):
    competence: CompetenceCode
    title: str = Field(examples=["Gérer des données, des informations et des contenus"])
    theta: float = Field(examples=[0.42], description="Ability; reference population N(0, 1).")
    standard_error: float = Field(examples=[0.41])
    level: Level
    level_interval: IntervalRead
    level_probabilities: list[float] = Field(
        examples=[[0.0, 0.01, 0.06, 0.21, 0.41, 0.24, 0.06, 0.01, 0.0]],
        description="Probability of each level, level 0 («not yet level 1») first.",
    )
    points: int = Field(examples=[32])
    items_answered: int = Field(examples=[5])
    stop_reason: str = Field(examples=["precision_reached"])
    target_level: Level | None = Field(examples=[None])
    target_probability: float | None = Field(
        examples=[None], description="Probability that the target level is reached."
    )

    @classmethod
    def of(cls, result: CompetenceResult, *, title: str, points: int) -> Self:
        target = result.target_level
        return cls(
            competence=result.competence,
            title=title,
            theta=result.theta,
            standard_error=result.standard_error,
            level=result.level,
            level_interval=IntervalRead(low=result.level_low, high=result.level_high, coverage=0.9),
            level_probabilities=list(result.level_probabilities),
            points=points,
            items_answered=result.items_answered,
            stop_reason=result.stop_reason,
            target_level=target,
            target_probability=(
                None if target is None else min(1.0, sum(result.level_probabilities[target:]))
            ),
        )


class ThetaIntervalRead(Out):
    """Holds the ability with probability ``coverage``."""

    low: float = Field(examples=[-0.41])
    high: float = Field(examples=[0.65])
    coverage: float = Field(examples=[0.9])


class SummaryRead(Out):
    """Mean ability over assessed competences."""

    theta: float = Field(examples=[0.12], description="Ability; reference population N(0, 1).")
    standard_error: float = Field(
        examples=[0.32],
        description="Of the mean. Since algorithm 2 it takes in how the errors of the competences "
        "hang together; in algorithm 1, which measures each by itself, it is an upper bound.",
    )
    interval: ThetaIntervalRead
    competences_assessed: int = Field(examples=[3])

    @classmethod
    def of(cls, mean: AbilityEstimate, *, competences_assessed: int) -> Self:
        half = Z_90 * mean.standard_error
        return cls(
            theta=mean.theta,
            standard_error=mean.standard_error,
            interval=ThetaIntervalRead(low=mean.theta - half, high=mean.theta + half, coverage=0.9),
            competences_assessed=competences_assessed,
        )


class AreaResultRead(Out):
    area: CompetenceCode
    title: str = Field(examples=["Communication et collaboration"])
    summary: SummaryRead | None
    competences_asked: int = Field(examples=[4])


class OverallRead(Out):
    summary: SummaryRead | None
    points: int = Field(examples=[96])
    maximum_points: int = Field(examples=[128], description="Of the competences assessed.")


class ResultRead(Out):
    session_id: UUID
    agent_id: UUID
    state: SessionState
    purpose: SessionPurpose
    finished_at: UtcDatetime | None
    competences: list[CompetenceResultRead]
    not_assessed: list[CompetenceCode] = Field(
        description="Asked about without an answer: not assessed, which is not level 0."
    )
    areas: list[AreaResultRead]
    overall: OverallRead
    versions: VersionsRead


class ReplayRead(Out):
    """The log computed anew. ``differences`` is empty when it matches bit for bit."""

    session_id: UUID
    is_identical: bool
    answers_replayed: int = Field(examples=[24])
    differences: list[str] = Field(examples=[[]])
    versions: VersionsRead
