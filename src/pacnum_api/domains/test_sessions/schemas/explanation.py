"""How a session went, on the wire."""

from typing import Literal, Self
from uuid import UUID

from pydantic import Field, JsonValue

from pacnum_api.domains.test_sessions.schemas.measured import VersionsRead
from pacnum_api.domains.test_sessions.types import SessionState
from pacnum_api.platform.schemas import CompetenceCode, Level, Out, UtcDatetime
from pacnum_api.psychometrics.estimation import AbilityEstimate, CompetencePosterior


class PriorRead(Out):
    """What was known of a competence before the first answer."""

    competence: CompetenceCode
    theta: float = Field(examples=[0.0], description="Ability; reference population N(0, 1).")
    standard_error: float = Field(examples=[1.0])


class EarlierTestRead(Out):
    """The test whose end this one started from."""

    session_id: UUID
    measured_at: UtcDatetime
    age_days: float = Field(
        examples=[41.3], description="When this test began; the longer, the less it says."
    )


class CorrelationStrengthRead(Out):
    """One supposition of how strongly the agent's abilities hang together, and its weight."""

    strength: float = Field(
        examples=[0.7], description="0: not at all; 1: as the framework supposes of people."
    )
    weight_before: float = Field(examples=[0.3], description="Probability, before the answers.")
    weight_after: float = Field(examples=[0.41], description="Probability, with the answers.")


class StartRead(Out):
    """Where the test started from."""

    origin: Literal["population", "earlier_test"]
    earlier: EarlierTestRead | None
    abilities: list[PriorRead]
    items_held_back: int = Field(
        examples=[0],
        description="Items of these competences that other tests had shown too often.",
    )


class CandidateRead(Out):
    item_id: UUID
    competence: CompetenceCode
    value: float = Field(
        examples=[0.31], description="Expected fall of the posterior variance (or risk)."
    )
    probability: float = Field(examples=[0.52], description="With which it would be drawn.")


class AbilityRead(Out):
    theta: float = Field(examples=[-0.35])
    standard_error: float = Field(examples=[0.62])
    level: Level
    level_probabilities: list[float] = Field(
        examples=[[0.0, 0.01, 0.06, 0.21, 0.41, 0.24, 0.06, 0.01, 0.0]]
    )

    @classmethod
    def of(cls, posterior: CompetencePosterior) -> Self:
        return cls(
            theta=posterior.theta,
            standard_error=posterior.standard_error,
            level=posterior.level,
            level_probabilities=list(posterior.level_probabilities),
        )


class MovedRead(Out):
    """How an answer to one competence moved the estimate of another."""

    competence: CompetenceCode
    theta_before: float = Field(examples=[0.1])
    theta_after: float = Field(examples=[0.18])
    standard_error_before: float = Field(examples=[0.66])
    standard_error_after: float = Field(examples=[0.61])

    @classmethod
    def of(cls, competence: str, before: AbilityEstimate, *, after: AbilityEstimate) -> Self:
        return cls(
            competence=competence,
            theta_before=before.theta,
            theta_after=after.theta,
            standard_error_before=before.standard_error,
            standard_error_after=after.standard_error,
        )


class ClosedRead(Out):
    """A competence of which nothing more is wanted, and why."""

    competence: CompetenceCode
    reason: str = Field(examples=["precision_reached"])


class StepRead(Out):
    """Why this item, and what its answer changed."""

    position: int = Field(examples=[1])
    item_id: UUID
    competence: CompetenceCode
    pool_size: int = Field(examples=[5], description="Items that could have been asked.")
    value_kind: str = Field(
        examples=["expected_variance_fall"],
        description="What values count: `expected_variance_fall`, `expected_risk_fall` (of a wrong "
        "decision on a target); `featured`: put because all tests together have shown it too "
        "little; `tryout`: put to be tried out, its answer counts for nothing.",
    )
    candidates: list[CandidateRead]
    random_share: float = Field(
        examples=[0.33],
        ge=0,
        le=1,
        description="How much of the candidates' order was chance: the first items are not always "
        "the same ones.",
    )
    draw: float = Field(
        examples=[0.731], description="The number in [0, 1) that picked among the candidates."
    )
    response: JsonValue = Field(description="As given; null when the item was skipped.")
    score: float = Field(examples=[1.0])
    category: int = Field(examples=[1])
    is_late: bool
    issued_at: UtcDatetime
    accepted_at: UtcDatetime
    before: AbilityRead
    after: AbilityRead
    moved: list[MovedRead] = Field(
        description="Other competences asked about that this answer moved, the three that it moved "
        "most."
    )
    closed: list[ClosedRead] = Field(description="Competences done with this answer.")
    reopened: list[CompetenceCode] = Field(
        examples=[[]], description="Competences that had seemed done, asked again since."
    )


class ExplanationRead(Out):
    session_id: UUID
    state: SessionState
    summary: list[str] = Field(
        examples=[["One answer was given.", "The test is under way."]],
        description="How the test went, in sentences, in the language of Accept-Language.",
    )
    seed: str = Field(
        examples=["4611686018427387904"],
        description="Of every draw; a decimal string, because it has 63 bits.",
    )
    rules: dict[str, float] = Field(
        examples=[{"minimum_items": 3, "maximum_items": 8, "standard_error": 0.4}],
        description="The numbers by which the test was run.",
    )
    start: StartRead
    correlation: list[CorrelationStrengthRead] = Field(
        description="Empty where each competence was measured by itself (algorithm 1)."
    )
    steps: list[StepRead]
    stop_reason: str | None = Field(examples=["no_item_left"])
    stop_reasons: dict[str, str] = Field(
        examples=[{"1.1": "precision_reached"}], description="By competence."
    )
    versions: VersionsRead
