"""The pieces every authored document is made of: texts, ids, and a strict base."""

from typing import Annotated, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
)

from pacnum_api.domains.items.types import LocalisedText


class Authored(BaseModel):
    """A part of an authored document: unknown members are faults, nothing is coerced."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )


def _printable(text: str) -> str:
    if any(ord(character) < 32 and character not in "\n\t" for character in text):
        raise ValueError("expected no control character")
    return text


Words = Annotated[
    str, Field(strict=True, min_length=1, max_length=4000), AfterValidator(_printable)
]
LongWords = Annotated[
    str, Field(strict=True, min_length=1, max_length=60_000), AfterValidator(_printable)
]
Slug = Annotated[
    str, Field(strict=True, pattern=r"^[a-z0-9]([a-z0-9_.-]*[a-z0-9])?$", max_length=60)
]
PartId = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9_.-]+$", max_length=60)]
Expression = Annotated[str, Field(strict=True, min_length=1, max_length=1000)]
Name = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=60)]
Scalar = StrictStr | StrictInt | StrictFloat | StrictBool | None


class Localised(Authored):
    """A text in both languages."""

    fr: Words
    en: Words

    def build(self) -> LocalisedText:
        return LocalisedText(self.fr, self.en)


class LongLocalised(Authored):
    """A long text (a log, a drawing) in both languages."""

    fr: LongWords
    en: LongWords

    def build(self) -> LocalisedText:
        return LocalisedText(self.fr, self.en)


TextOrBoth: TypeAlias = Words | Localised
"""One text that serves both languages, or one for each."""

LongTextOrBoth: TypeAlias = LongWords | LongLocalised


def both(text: str | Localised | LongLocalised) -> LocalisedText:
    """The text for each reader."""
    return LocalisedText(text, text) if isinstance(text, str) else text.build()


def built(text: Localised | None) -> LocalisedText | None:
    """An optional text."""
    return None if text is None else text.build()
