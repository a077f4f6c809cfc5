"""What is sent to begin a test and to answer."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from pacnum_api.domains.items.service import ResponsePayload
from pacnum_api.domains.test_sessions.types import Accommodations, SessionPurpose, Submission
from pacnum_api.platform.schemas import CompetenceCode, FrameworkCode, In

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
