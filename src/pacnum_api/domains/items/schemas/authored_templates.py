"""How an author declares what an item draws from the seed."""

from datetime import date
from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from pacnum_api.domains.items.schemas.authored_text import Authored, Expression, Name, Words
from pacnum_api.domains.items.types import (
    DateRange,
    DecimalRange,
    IntegerRange,
    OneOf,
    Parameter,
    Rows,
    SampleOf,
    Sequence,
    Template,
)

Values = Annotated[list[Any], Field(min_length=2, max_length=500)]


class AuthoredInteger(Authored):
    """A whole number between two bounds."""

    integer: tuple[int, int]
    step: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> "AuthoredInteger":
        if self.integer[0] >= self.integer[1]:
            raise ValueError("expected [low, high] with low < high")
        return self

    def build(self) -> IntegerRange:
        return IntegerRange(*self.integer, self.step)


class AuthoredDecimal(Authored):
    """A number with a fixed count of digits after the point."""

    decimal: tuple[float, float]
    digits: int = Field(ge=0, le=6)

    @model_validator(mode="after")
    def _ordered(self) -> "AuthoredDecimal":
        if self.decimal[0] >= self.decimal[1]:
            raise ValueError("expected [low, high] with low < high")
        return self

    def build(self) -> DecimalRange:
        return DecimalRange(*self.decimal, self.digits)


class AuthoredChoice(Authored):
    """One of some values."""

    choice: Values

    def build(self) -> OneOf:
        return OneOf(tuple(self.choice))


class AuthoredSample(Authored):
    """Some of some values, all different."""

    sample: Values
    size: int = Field(ge=1)

    @model_validator(mode="after")
    def _enough(self) -> "AuthoredSample":
        if self.size > len(self.sample):
            raise ValueError("expected a size of at most the number of values")
        return self

    def build(self) -> SampleOf:
        return SampleOf(tuple(self.sample), self.size)


class AuthoredDate(Authored):
    """A day between two days."""

    date: tuple[date, date]

    @model_validator(mode="after")
    def _ordered(self) -> "AuthoredDate":
        if self.date[0] >= self.date[1]:
            raise ValueError("expected [first, last] with first before last")
        return self

    def build(self) -> DateRange:
        return DateRange(*self.date)


class AuthoredSequence(Authored):
    """Running references, such as ``D-{:04d}``."""

    sequence: Words
    start: int = 1

    @model_validator(mode="after")
    def _fits(self) -> "AuthoredSequence":
        try:
            distinct = self.sequence.format(1) != self.sequence.format(2)
        except (ValueError, IndexError, KeyError, AttributeError) as error:
            raise ValueError("expected a format of one number, such as D-{:04d}") from error
        if not distinct:
            raise ValueError("expected a place for the number, such as D-{:04d}")
        return self

    def build(self) -> Sequence:
        return Sequence(self.sequence, self.start)


def _kind(value: object) -> str | None:
    """Which draw it is: the first of the telling members that is there."""
    for kind in ("integer", "decimal", "choice", "sample", "date", "rows", "sequence"):
        if (isinstance(value, dict) and kind in value) or hasattr(value, kind):
            return kind
    return None


AuthoredCellDraw: TypeAlias = Annotated[
    Annotated[AuthoredInteger, Tag("integer")]
    | Annotated[AuthoredDecimal, Tag("decimal")]
    | Annotated[AuthoredChoice, Tag("choice")]
    | Annotated[AuthoredSample, Tag("sample")]
    | Annotated[AuthoredDate, Tag("date")]
    | Annotated[AuthoredSequence, Tag("sequence")],
    Discriminator(_kind),
]


class AuthoredRows(Authored):
    """A table whose every row draws every column."""

    rows: int = Field(ge=1, le=2000)
    columns: dict[Name, AuthoredCellDraw] = Field(min_length=1)

    def build(self) -> Rows:
        return Rows(self.rows, {name: column.build() for name, column in self.columns.items()})


AuthoredParameter: TypeAlias = Annotated[
    Annotated[AuthoredInteger, Tag("integer")]
    | Annotated[AuthoredDecimal, Tag("decimal")]
    | Annotated[AuthoredChoice, Tag("choice")]
    | Annotated[AuthoredSample, Tag("sample")]
    | Annotated[AuthoredDate, Tag("date")]
    | Annotated[AuthoredRows, Tag("rows")],
    Discriminator(_kind),
]


class AuthoredTemplate(Authored):
    """Parameters, what is computed from them, and what must hold."""

    parameters: dict[Name, AuthoredParameter] = Field(min_length=1)
    derived: dict[Name, Expression] = Field(default_factory=dict)
    require: list[Expression] = Field(default_factory=list)

    def build(self) -> Template:
        parameters: dict[str, Parameter] = {
            name: parameter.build() for name, parameter in self.parameters.items()
        }
        return Template(parameters, dict(self.derived), tuple(self.require))
