"""Items as their keepers see them: with key, feedback and history. Never for someone tested."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from pacnum_api.domains.items.schemas.authoring import AuthoredItem
from pacnum_api.domains.items.schemas.example_item import EXAMPLE_ITEM
from pacnum_api.domains.items.schemas.presented import ItemContent
from pacnum_api.domains.items.schemas.responses import ResponsePayload
from pacnum_api.domains.items.types import ItemStatus, ItemType, ReportReason
from pacnum_api.platform.schemas import CompetenceCode, FrameworkCode, In, Level, Out, UtcDatetime

Seed = Annotated[
    int,
    Field(
        ge=0,
        le=2**53 - 1,
        examples=[20260302],
        description="What decides labels, order and drawn values; the same seed, the same item.",
    ),
]

Comment = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        examples=["Deux options disent la même chose."],
        description="What is wrong, in any language.",
    ),
]

ItemDocumentRead = Annotated[
    AuthoredItem,
    Field(
        examples=[EXAMPLE_ITEM],
        description="The authoring format: what `pacnum load` and `pacnum items lint` read.",
    ),
]


class ItemSummary(Out):
    """An item in a list."""

    id: UUID
    key: str = Field(examples=["1.1-3-filtrer-courriers"], description="The author's stable name.")
    framework: FrameworkCode
    competence: CompetenceCode
    level: Level
    type: ItemType
    status: ItemStatus
    version: int = Field(ge=1, examples=[1])
    stem: str = Field(
        examples=["Depuis plus de {{ seuil }} jours, combien de courriers attendent ?"],
        description="The question as written; a template's {{ }} are not filled in.",
    )
    themes: list[str] = Field(examples=[["filtre", "tableur"]])
    setting: str = Field(examples=["prefecture"])
    expected_seconds: int = Field(examples=[60])
    locales: list[Literal["fr", "en"]]
    is_template: bool = Field(description="Whether its values are drawn from a seed.")
    is_shipped: bool = Field(description="Whether it came with the product (others are yours).")
    file_count: int = Field(examples=[1])
    updated_at: UtcDatetime


class ItemRead(ItemSummary):
    """An item whole, as its author wrote it: key, grading rules and feedback included."""

    document: ItemDocumentRead


class ItemVersionRead(Out):
    """One wording of an item."""

    id: UUID
    version: int = Field(ge=1, examples=[1])
    content_hash: str = Field(
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        description="SHA-256 of the canonical document, hexadecimal.",
    )
    created_at: UtcDatetime
    document: ItemDocumentRead


class PreviewRequest(In):
    """Show the item for a seed and, with a response, judge it. Nothing is stored."""

    seed: Seed = 0
    response: ResponsePayload | None = None


class PartRead(Out):
    """Whether one part was right."""

    id: str = Field(examples=["cci"])
    is_correct: bool


class GradeRead(Out):
    """What a response is worth. ``category`` is its step, 0 to ``categories - 1``."""

    score: float = Field(ge=0, le=1, examples=[0.5])
    category: int = Field(ge=0, examples=[1])
    categories: int = Field(ge=2, examples=[3])
    is_correct: bool
    parts: list[PartRead] = Field(description="Each separately judged part, by author's id.")
    feedback: str = Field(
        examples=["En copie cachée, aucun destinataire ne voit l'adresse des autres."],
        description="What is taught after the answer, in the reader's language.",
    )


class PreviewRead(Out):
    """The item as an agent would see it; the grade is null when no response was sent."""

    item_id: UUID
    version: int = Field(ge=1, examples=[1], description="The version that is shown.")
    type: ItemType
    content: ItemContent
    grade: GradeRead | None


class ItemReportCreate(In):
    """Somebody contests an item. Do not put personal data in the comment."""

    reason: ReportReason
    comment: Comment


class ItemReportRead(Out):
    """A report as it was kept."""

    id: UUID
    item_id: UUID
    item_version: int = Field(ge=1, examples=[1], description="The version it is about.")
    reason: ReportReason
    comment: Comment
    created_at: UtcDatetime
