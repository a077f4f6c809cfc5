"""Test sessions on the wire."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, model_validator
from pydantic.config import JsonDict

from pacnum_api.domains.items.service import ItemContent, PresentedFile, ResponsePayload
from pacnum_api.domains.items.types import ItemType
from pacnum_api.domains.results.types import CompetenceResult
from pacnum_api.domains.test_sessions.types import (
    Accommodations,
    Progress,
    SessionPurpose,
    SessionState,
    Submission,
)
from pacnum_api.platform.schemas import (
    CompetenceCode,
    FrameworkCode,
    In,
    Level,
    Out,
    UtcDatetime,
)

TargetLevel = Annotated[int, Field(ge=1, le=8, examples=[4])]
# what the validators below hold to be true, as far as JSON Schema can say it
WITH_TARGETS: JsonDict = {
    "required": ["purpose", "targets"],
    "properties": {
        "purpose": {"const": "target"},
        "targets": {"type": "object", "minProperties": 1},
    },
}
WITHOUT_TARGETS: JsonDict = {
    "properties": {
        "purpose": {"enum": ["positioning", "certification"]},
        "targets": {"type": ["object", "null"], "maxProperties": 0},
    },
}
ONE_OF_OURS: JsonDict = {
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "external_id": {"type": "null"}},
}
ONE_OF_THEIRS: JsonDict = {
    "required": ["external_id"],
    "properties": {"id": {"type": "null"}, "external_id": {"type": "object"}},
}
EXTERNAL = r"^[A-Za-z0-9._:@+-]+$"

# --- requests ------------------------------------------------------------------------------------


class ExternalIdIn(In):
    issuer: Annotated[
        str,
        Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$"),
    ]
    value: Annotated[str, Field(min_length=1, max_length=200, pattern=EXTERNAL)]


class AgentReference(In):
    """The agent by our id, or by the caller's own (the agent is provisioned if new)."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [ONE_OF_OURS, ONE_OF_THEIRS]})

    id: UUID | None = None
    external_id: ExternalIdIn | None = Field(
        default=None, examples=[{"issuer": "mentor", "value": "a-104729"}]
    )

    @model_validator(mode="after")
    def _names_one_agent(self) -> Self:
        if (self.id is None) == (self.external_id is None):
            raise ValueError("expected either id or external_id")
        return self


class AccommodationsIn(In):
    """What makes the test accessible to this agent."""

    time_multiplier: Annotated[float, Field(ge=1, le=5, examples=[1.5])] = 1.0
    no_time_limits: bool = False
    screen_reader: bool = False

    def read(self) -> Accommodations:
        return Accommodations(self.time_multiplier, self.no_time_limits, self.screen_reader)


class TestSessionCreate(In):
    """A test to begin. Without ``competences`` all of the framework's are asked about."""

    __test__ = False  # not a test class, whatever pytest thinks of its name
    model_config = ConfigDict(json_schema_extra={"oneOf": [WITH_TARGETS, WITHOUT_TARGETS]})

    agent: AgentReference = Field(
        examples=[{"external_id": {"issuer": "mentor", "value": "a-104729"}}]
    )
    framework: FrameworkCode = Field(examples=["digcomp-2.2"])
    competences: Annotated[list[CompetenceCode], Field(min_length=1, max_length=100)] | None = (
        Field(default=None, examples=[["1.1", "4.2"]])
    )
    purpose: SessionPurpose = SessionPurpose.POSITIONING
    targets: dict[CompetenceCode, TargetLevel] | None = Field(
        default=None,
        max_length=100,
        examples=[None],
        description="Level to decide upon, by competence; for the purpose `target`.",
    )
    campaign_id: None = Field(
        default=None,
        examples=[None],
        description="Reserved: there are no campaigns yet, so only null.",
    )
    locale: Literal["fr", "en"] = "fr"
    accommodations: AccommodationsIn = AccommodationsIn()

    @model_validator(mode="after")
    def _has_targets_if_it_needs_them(self) -> Self:
        if (self.purpose is SessionPurpose.TARGET) != bool(self.targets):
            raise ValueError("targets go with the purpose target, and that purpose needs them")
        return self


class AnswerCreate(In):
    """The answer to the pending item; ``response`` null skips it."""

    position: Annotated[int, Field(ge=1, le=1000, examples=[1])]
    item_id: UUID
    response: ResponsePayload | None = Field(
        examples=[{"type": "single_choice", "choice": "o2"}],
        description="Of the item's type, in the labels that were shown; null skips the item.",
    )
    client_duration_seconds: Annotated[float, Field(ge=0, le=86400)] | None = Field(
        default=None, examples=[41.5], description="What the browser measured; evidence only."
    )

    def read(self) -> Submission:
        """The submission as the domain holds it, its response as JSON."""
        return Submission(
            position=self.position,
            item_id=self.item_id,
            response=None
            if self.response is None
            else self.response.model_dump(mode="json", exclude_none=True),
            client_duration_seconds=self.client_duration_seconds,
        )


# --- responses -----------------------------------------------------------------------------------


class CompetenceProgressRead(Out):
    competence: CompetenceCode
    answered: int = Field(examples=[2])
    is_closed: bool = Field(description="True when no further item of it will come.")


class ProgressRead(Out):
    """How far the test has come; it says nothing about how well the agent is doing."""

    answered: int = Field(examples=[2])
    at_most: int = Field(examples=[10], description="Items in all, at the most.")
    fraction: float = Field(examples=[0.2], ge=0, le=1)
    competences: list[CompetenceProgressRead]

    @classmethod
    def of(cls, progress: Progress) -> Self:
        return cls.model_validate(progress)


class FileRead(PresentedFile):
    """A file of the pending item; fetch it with the same token."""

    href: str = Field(examples=["/v1/test-sessions/0197a2f0-…/files/1/courriers.csv"])


class ItemContentRead(ItemContent):
    """What a front end shows, with the addresses of the files."""

    files: list[FileRead]  # type: ignore[assignment]  # narrower, and nobody writes to it


class PendingItemRead(Out):
    """The item that waits for an answer."""

    position: int = Field(examples=[1])
    item_id: UUID
    type: ItemType = Field(examples=["single_choice"])
    competence: CompetenceCode
    issued_at: UtcDatetime
    time_limit_seconds: int | None = Field(examples=[None])
    content: ItemContentRead


class TestSessionRead(Out):
    """A session as it stands. Reading never moves it."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    id: UUID
    agent_id: UUID
    framework: FrameworkCode
    framework_version: int = Field(examples=[1])
    competences: list[CompetenceCode]
    purpose: SessionPurpose
    locale: Literal["fr", "en"]
    state: SessionState
    stop_reason: str | None = Field(examples=[None])
    progress: ProgressRead
    pending_item: PendingItemRead | None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    expires_at: UtcDatetime
    finished_at: UtcDatetime | None


class TestSessionCreated(TestSessionRead):
    """A session that has begun, with a token good for it alone."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    session_token: str = Field(
        examples=["eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJ0ZXN0X3Nlc3Npb25faWQiOiI…"],
        description="Bearer token for the agent's browser: this session and nothing else.",
    )


class AnswerAccepted(Out):
    """The answer is kept; the next item, if any, comes with it."""

    position: int = Field(examples=[1])
    accepted_at: UtcDatetime
    state: SessionState
    progress: ProgressRead
    pending_item: PendingItemRead | None


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


class SummaryRead(Out):
    """Mean ability over assessed competences. The standard error is an upper bound."""

    theta: float = Field(examples=[0.12])
    standard_error: float = Field(examples=[0.55])
    competences_assessed: int = Field(examples=[3])


class AreaResultRead(Out):
    area: CompetenceCode
    title: str = Field(examples=["Communication et collaboration"])
    summary: SummaryRead | None
    competences_asked: int = Field(examples=[4])


class OverallRead(Out):
    summary: SummaryRead | None
    points: int = Field(examples=[96])
    maximum_points: int = Field(examples=[128], description="Of the competences assessed.")


class VersionsRead(Out):
    """What the result was computed with: the same again gives the same, bit for bit."""

    framework: FrameworkCode
    framework_version: int = Field(examples=[1])
    algorithm: str = Field(examples=["1.0.0"])
    item_bank: UUID
    item_bank_version: int = Field(examples=[3])


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


class CandidateRead(Out):
    item_id: UUID
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


class StepRead(Out):
    """Why this item, and what its answer changed."""

    position: int = Field(examples=[1])
    item_id: UUID
    competence: CompetenceCode
    pool_size: int = Field(examples=[5], description="Items that could have been asked.")
    value_kind: str = Field(examples=["expected_variance_fall"])
    candidates: list[CandidateRead]
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


class ExplanationRead(Out):
    session_id: UUID
    state: SessionState
    seed: str = Field(
        examples=["4611686018427387904"],
        description="Of every draw; a decimal string, because it has 63 bits.",
    )
    rules: dict[str, float] = Field(
        examples=[{"minimum_items": 3, "maximum_items": 8, "standard_error": 0.4}],
        description="The numbers by which the test was run.",
    )
    steps: list[StepRead]
    stop_reason: str | None = Field(examples=["no_item_left"])
    stop_reasons: dict[str, str] = Field(
        examples=[{"1.1": "precision_reached"}], description="By competence."
    )
    versions: VersionsRead


class ReplayRead(Out):
    """The log computed anew. ``differences`` is empty when it matches bit for bit."""

    session_id: UUID
    is_identical: bool
    answers_replayed: int = Field(examples=[24])
    differences: list[str] = Field(examples=[[]])
    versions: VersionsRead
