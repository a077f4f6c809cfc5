"""A session under way, on the wire."""

from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from pacnum_api.domains.items.service import ItemContent, PresentedFile
from pacnum_api.domains.items.types import ItemType
from pacnum_api.domains.test_sessions.types import Progress, SessionPurpose, SessionState
from pacnum_api.platform.schemas import CompetenceCode, FrameworkCode, Out, UtcDatetime


class CompetenceProgressRead(Out):
    competence: CompetenceCode
    answered: int = Field(examples=[2])
    is_closed: bool = Field(
        description="True when no further item of it is wanted, as it looks now: an answer that "
        "contradicts earlier ones may open it again."
    )


class ProgressRead(Out):
    """How far the test has come; it says nothing about how well the agent is doing."""

    answered: int = Field(examples=[2])
    at_most: int = Field(
        examples=[10],
        description="Items in all at the most, as it looks now. It mostly falls; it rises when an "
        "answer contradicts earlier ones, so that a competence that seemed done is asked again.",
    )
    fraction: float = Field(
        examples=[0.2],
        ge=0,
        le=1,
        description="`answered` over `at_most`: 1 when the test is over; falls when that rises.",
    )
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
