"""The authoring format: one document for the items of one competence.

``content/items/schema.json`` is generated from these models.
"""

from abc import abstractmethod
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter, model_validator

from pacnum_api.domains.items.schemas import authored_answers as answers
from pacnum_api.domains.items.schemas import authored_interactions as interactions
from pacnum_api.domains.items.schemas.authored_files import AuthoredFile
from pacnum_api.domains.items.schemas.authored_templates import AuthoredTemplate
from pacnum_api.domains.items.schemas.authored_text import Authored, Localised, Slug, Words, built
from pacnum_api.domains.items.types import (
    CategorisationTask,
    ClozeTask,
    Content,
    Fact,
    Feedback,
    HotspotTask,
    Item,
    ItemStatus,
    ItemType,
    Justification,
    MatchingTask,
    MultipleChoiceTask,
    NumericTask,
    OrderingTask,
    ShortTextTask,
    SingleChoiceTask,
    Task,
)
from pacnum_api.platform.schemas import CompetenceCode, FrameworkCode


class AuthoredJustification(Authored):
    """Why the item is of its level: complexity of the task, autonomy, cognitive domain."""

    task: Words
    autonomy: Words
    cognitive: Words


class AuthoredFact(Authored):
    """A legal or technical fact the key relies on."""

    statement: Words
    source: Words
    as_of: date
    review_by: date

    @model_validator(mode="after")
    def _reviewed_later(self) -> "AuthoredFact":
        if self.review_by <= self.as_of:
            raise ValueError("expected review_by after as_of")
        return self


class AuthoredFeedback(Authored):
    """What is taught after the answer."""

    correct: Localised
    incorrect: Localised


class _AuthoredContent(Authored):
    scenario: Localised | None = None
    stem: Localised
    files: list[AuthoredFile] = Field(default_factory=list, max_length=6)

    def situation(self) -> Content:
        """Everything but the interaction."""
        files = tuple(file.build() for file in self.files)
        return Content(self.stem.build(), built(self.scenario), files)


class _AuthoredItem(Authored):
    key: Slug = Field(description="Unique in the bank: <competence>-<level>-<slug>.")
    level: int = Field(ge=1, le=8)
    status: ItemStatus
    tryout: bool = Field(
        default=False,
        description="Put for its answers alone, which count for nothing, until it is calibrated.",
    )
    themes: list[Slug] = Field(min_length=1, max_length=3)
    setting: Slug
    justification: AuthoredJustification
    outcomes: list[Words] = Field(default_factory=list)
    expected_seconds: int = Field(ge=5, le=3600)
    facts: list[AuthoredFact] = Field(default_factory=list)
    enemies: list[Slug] = Field(default_factory=list)
    template: AuthoredTemplate | None = None
    feedback: AuthoredFeedback

    @property
    @abstractmethod
    def item_type(self) -> ItemType:
        """Which type the document is of."""

    @abstractmethod
    def situation(self) -> Content:
        """Stem, scenario and files."""

    @abstractmethod
    def task(self) -> Task:
        """Interaction and key."""

    def build(self, *, framework: str, competence: str) -> Item:
        """The item as the rest of the domain knows it."""
        return Item(
            key=self.key,
            framework=framework,
            competence=competence,
            level=self.level,
            type=self.item_type,
            status=self.status,
            themes=tuple(self.themes),
            setting=self.setting,
            justification=Justification(**self.justification.model_dump()),
            content=self.situation(),
            task=self.task(),
            feedback=Feedback(self.feedback.correct.build(), self.feedback.incorrect.build()),
            outcomes=tuple(self.outcomes),
            expected_seconds=self.expected_seconds,
            facts=tuple(
                Fact(fact.statement, fact.source, fact.as_of, fact.review_by) for fact in self.facts
            ),
            enemies=tuple(self.enemies),
            template=None if self.template is None else self.template.build(),
            is_tryout=self.tryout,
        )


class SingleChoiceContent(_AuthoredContent):
    interaction: interactions.AuthoredSingleChoiceInteraction


class SingleChoiceItem(_AuthoredItem):
    type: Literal["single_choice"]
    content: SingleChoiceContent
    answer: answers.SingleChoiceAnswer

    @property
    def item_type(self) -> ItemType:
        return ItemType.SINGLE_CHOICE

    def situation(self) -> Content:
        return self.content.situation()

    def task(self) -> Task:
        return SingleChoiceTask(self.content.interaction.build(), self.answer.build())


class MultipleChoiceContent(_AuthoredContent):
    interaction: interactions.AuthoredMultipleChoiceInteraction


class MultipleChoiceItem(_AuthoredItem):
    type: Literal["multiple_choice"]
    content: MultipleChoiceContent
    answer: answers.MultipleChoiceAnswer

    @property
    def item_type(self) -> ItemType:
        return ItemType.MULTIPLE_CHOICE

    def situation(self) -> Content:
        return self.content.situation()

    def task(self) -> Task:
        return MultipleChoiceTask(self.content.interaction.build(), self.answer.build())


class ShortTextContent(_AuthoredContent):
    interaction: interactions.AuthoredShortTextInteraction


class ShortTextItem(_AuthoredItem):
    type: Literal["short_text"]
    content: ShortTextContent
    answer: answers.ShortTextAnswer

    @property
    def item_type(self) -> ItemType:
        return ItemType.SHORT_TEXT

    def situation(self) -> Content:
        return self.content.situation()

    def task(self) -> Task:
        return ShortTextTask(self.content.interaction.build(), self.answer.build())


class NumericContent(_AuthoredContent):
    interaction: interactions.AuthoredNumericInteraction


class NumericItem(_AuthoredItem):
    type: Literal["numeric"]
    content: NumericContent
    answer: answers.NumericAnswer

    @property
    def item_type(self) -> ItemType:
        return ItemType.NUMERIC

    def situation(self) -> Content:
        return self.content.situation()

    def task(self) -> Task:
        return NumericTask(self.content.interaction.build(), self.answer.build())


class ClozeContent(_AuthoredContent):
    interaction: interactions.AuthoredClozeInteraction


class ClozeItem(_AuthoredItem):
    type: Literal["cloze"]
    content: ClozeContent
    answer: answers.ClozeAnswer

    @property
    def item_type(self) -> ItemType:
        return ItemType.CLOZE

    def situation(self) -> Content:
        return self.content.situation()

    def task(self) -> Task:
        return ClozeTask(self.content.interaction.build(), self.answer.build())


class OrderingContent(_AuthoredContent):
    interaction: interactions.AuthoredOrderingInteraction


class OrderingItem(_AuthoredItem):
    type: Literal["ordering"]
    content: OrderingContent
    answer: answers.OrderingAnswer

    @property
    def item_type(self) -> ItemType:
        return ItemType.ORDERING

    def situation(self) -> Content:
        return self.content.situation()

    def task(self) -> Task:
        return OrderingTask(self.content.interaction.build(), self.answer.build())


class MatchingContent(_AuthoredContent):
    interaction: interactions.AuthoredMatchingInteraction


class MatchingItem(_AuthoredItem):
    type: Literal["matching"]
    content: MatchingContent
    answer: answers.MatchingAnswer

    @property
    def item_type(self) -> ItemType:
        return ItemType.MATCHING

    def situation(self) -> Content:
        return self.content.situation()

    def task(self) -> Task:
        return MatchingTask(self.content.interaction.build(), self.answer.build())


class CategorisationContent(_AuthoredContent):
    interaction: interactions.AuthoredCategorisationInteraction


class CategorisationItem(_AuthoredItem):
    type: Literal["categorisation"]
    content: CategorisationContent
    answer: answers.CategorisationAnswer

    @property
    def item_type(self) -> ItemType:
        return ItemType.CATEGORISATION

    def situation(self) -> Content:
        return self.content.situation()

    def task(self) -> Task:
        return CategorisationTask(self.content.interaction.build(), self.answer.build())


class HotspotContent(_AuthoredContent):
    interaction: interactions.AuthoredHotspotInteraction


class HotspotItem(_AuthoredItem):
    type: Literal["hotspot"]
    content: HotspotContent
    answer: answers.HotspotAnswer

    @property
    def item_type(self) -> ItemType:
        return ItemType.HOTSPOT

    def situation(self) -> Content:
        return self.content.situation()

    def task(self) -> Task:
        return HotspotTask(self.content.interaction.build(), self.answer.build())


AuthoredItem: TypeAlias = Annotated[
    SingleChoiceItem
    | MultipleChoiceItem
    | ShortTextItem
    | NumericItem
    | ClozeItem
    | OrderingItem
    | MatchingItem
    | CategorisationItem
    | HotspotItem,
    Field(discriminator="type"),
]


class ItemDocument(Authored):
    """The items of one competence."""

    framework: FrameworkCode
    competence: CompetenceCode
    items: list[AuthoredItem] = Field(min_length=1)


ITEM_ADAPTER: TypeAdapter[AuthoredItem] = TypeAdapter(AuthoredItem)
