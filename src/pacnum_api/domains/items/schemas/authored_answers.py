"""How an author writes the key."""

from typing import Annotated, TypeAlias

from pydantic import Discriminator, Field, StrictFloat, StrictInt, Tag, model_validator

from pacnum_api.domains.items.schemas.authored_text import (
    Authored,
    PartId,
    TextOrBoth,
    Words,
    both,
)
from pacnum_api.domains.items.types import (
    BlankKey,
    CategorisationKey,
    ChoiceBlankKey,
    ClozeKey,
    Difference,
    HotspotKey,
    MatchingKey,
    MultipleChoiceKey,
    NumberBlankKey,
    NumericKey,
    OrderingKey,
    ShortTextKey,
    SingleChoiceKey,
    TextBlankKey,
    TextRules,
    Tolerance,
)

Number: TypeAlias = StrictInt | StrictFloat
NumberOrExpression: TypeAlias = Number | Words


class AuthoredTolerance(Authored):
    """``absolute`` in the key's unit, or ``relative`` as a share of the key (0.02 is 2 %)."""

    absolute: NumberOrExpression | None = None
    relative: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _one_kind(self) -> "AuthoredTolerance":
        if (self.absolute is None) == (self.relative is None):
            raise ValueError("expected either absolute or relative")
        if isinstance(self.absolute, int | float) and self.absolute < 0:
            raise ValueError("expected a tolerance of 0 or more")
        return self


class _TextAnswer(Authored):
    accepted: list[TextOrBoth] = Field(min_length=1, max_length=40)
    ignore: list[Difference] = Field(
        default_factory=lambda: [Difference.CASE, Difference.ACCENTS, Difference.SPACES]
    )
    typos: int = Field(default=0, ge=0, le=2)

    def rules(self) -> TextRules:
        """What is overlooked."""
        return TextRules(frozenset(self.ignore), self.typos)


class _NumberAnswer(Authored):
    value: NumberOrExpression
    tolerance: AuthoredTolerance | None = None

    def allowed(self) -> Tolerance:
        """How far from the value is right."""
        if self.tolerance is None:
            return Tolerance()
        return Tolerance(self.tolerance.absolute, self.tolerance.relative)


class SingleChoiceAnswer(Authored):
    """The id of the right option."""

    choice: PartId

    def build(self) -> SingleChoiceKey:
        return SingleChoiceKey(self.choice)


class MultipleChoiceAnswer(Authored):
    """The ids of the right options."""

    choices: list[PartId] = Field(min_length=1)
    partial: bool = False

    def build(self) -> MultipleChoiceKey:
        return MultipleChoiceKey(tuple(self.choices), self.partial)


class ShortTextAnswer(_TextAnswer):
    """The texts that are right."""

    def build(self) -> ShortTextKey:
        return ShortTextKey(tuple(both(text) for text in self.accepted), self.rules())


class NumericAnswer(_NumberAnswer):
    """The right number, in ``unit`` when units are offered."""

    unit: PartId | None = None
    equivalents: dict[PartId, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)

    def build(self) -> NumericKey:
        return NumericKey(self.value, self.allowed(), self.unit, dict(self.equivalents))


class ChoiceBlankAnswer(Authored):
    """The right option of a blank."""

    choice: PartId

    def build(self) -> BlankKey:
        return ChoiceBlankKey(self.choice)


class TextBlankAnswer(_TextAnswer):
    """The right texts of a blank."""

    def build(self) -> BlankKey:
        return TextBlankKey(tuple(both(text) for text in self.accepted), self.rules())


class NumberBlankAnswer(_NumberAnswer):
    """The right number of a blank."""

    def build(self) -> BlankKey:
        return NumberBlankKey(self.value, self.allowed())


def _kind(value: object) -> str | None:
    for member in ("choice", "accepted", "value"):
        if (isinstance(value, dict) and member in value) or hasattr(value, member):
            return member
    return None


BlankAnswer: TypeAlias = Annotated[
    Annotated[ChoiceBlankAnswer, Tag("choice")]
    | Annotated[TextBlankAnswer, Tag("accepted")]
    | Annotated[NumberBlankAnswer, Tag("value")],
    Discriminator(
        _kind,
        custom_error_type="blank_answer",
        custom_error_message="expected choice, accepted or value",
    ),
]


class ClozeAnswer(Authored):
    """The key of every blank."""

    blanks: dict[PartId, BlankAnswer]
    partial: bool = False

    def build(self) -> ClozeKey:
        blanks = {name: answer.build() for name, answer in self.blanks.items()}
        return ClozeKey(blanks, self.partial)


class OrderingAnswer(Authored):
    """The ids in the right order."""

    order: list[PartId]
    partial: bool = False

    def build(self) -> OrderingKey:
        return OrderingKey(tuple(self.order), self.partial)


class MatchingAnswer(Authored):
    """Each left id with its right id."""

    pairs: dict[PartId, PartId]
    partial: bool = False

    def build(self) -> MatchingKey:
        return MatchingKey(dict(self.pairs), self.partial)


class CategorisationAnswer(Authored):
    """Each entry's id with its category's id."""

    categories: dict[PartId, PartId]
    partial: bool = False

    def build(self) -> CategorisationKey:
        return CategorisationKey(dict(self.categories), self.partial)


class HotspotAnswer(Authored):
    """The ids of the right regions."""

    regions: list[PartId] = Field(min_length=1)

    def build(self) -> HotspotKey:
        return HotspotKey(tuple(self.regions))
