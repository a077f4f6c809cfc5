"""How an author defines the files that an agent opens."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from pacnum_api.domains.items.schemas.authored_text import (
    Authored,
    Expression,
    Localised,
    LongLocalised,
    LongTextOrBoth,
    Name,
    Scalar,
    TextOrBoth,
    Words,
    both,
    built,
)
from pacnum_api.domains.items.types import (
    Column,
    EmailFile,
    FileDefinition,
    LocalisedText,
    PdfFile,
    SvgFile,
    TableFile,
    TableFormat,
    TextFile,
)

FileName = Annotated[
    str, Field(strict=True, pattern=r"^[\w][\w .()-]*\.[a-z0-9]{2,5}$", max_length=80)
]


class LocalisedFileName(Authored):
    """A file's name for each reader."""

    fr: FileName
    en: FileName


class _AuthoredFile(Authored):
    name: FileName | LocalisedFileName
    alt: Localised

    def names(self) -> tuple[str, str]:
        """The name for the French and for the English reader."""
        if isinstance(self.name, str):
            return self.name, self.name
        return self.name.fr, self.name.en


class AuthoredColumn(Authored):
    """A column of a table; ``value`` is an expression, ``field`` names a drawn column."""

    name: TextOrBoth
    value: Expression | None = None
    field: Name | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "AuthoredColumn":
        if self.value is not None and self.field is not None:
            raise ValueError("expected value or field, not both")
        return self


class AuthoredTable(_AuthoredFile):
    """A spreadsheet or CSV."""

    kind: Literal["table"]
    format: TableFormat
    columns: list[AuthoredColumn] = Field(min_length=1, max_length=40)
    rows: list[list[Scalar | Localised]] | None = Field(default=None, max_length=2000)
    rows_from: Name | None = None
    sheet: Localised | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "AuthoredTable":
        if (self.rows is None) == (self.rows_from is None):
            raise ValueError("expected either rows or rows_from")
        return self

    def build(self) -> FileDefinition:
        return TableFile(
            name=_name(self),
            alt=self.alt.build(),
            format=self.format,
            columns=tuple(
                Column(both(column.name), column.value, column.field) for column in self.columns
            ),
            rows=tuple(
                tuple(cell.build() if isinstance(cell, Localised) else cell for cell in row)
                for row in self.rows or ()
            ),
            rows_from=self.rows_from,
            sheet=built(self.sheet),
        )


class AuthoredText(_AuthoredFile):
    """A note or a log."""

    kind: Literal["text"]
    text: LongLocalised

    def build(self) -> FileDefinition:
        return TextFile(_name(self), self.alt.build(), self.text.build())


class AuthoredEmail(_AuthoredFile):
    """A message; ``headers`` are added as they are."""

    kind: Literal["email"]
    sender: TextOrBoth = Field(alias="from")
    to: TextOrBoth
    reply_to: TextOrBoth | None = None
    date: Words
    subject: Localised
    headers: dict[str, Words | list[Words]] = Field(default_factory=dict)
    text: LongLocalised
    attachments: list[FileName] = Field(default_factory=list, max_length=10)

    def build(self) -> FileDefinition:
        return EmailFile(
            name=_name(self),
            alt=self.alt.build(),
            sender=both(self.sender),
            to=both(self.to),
            date=self.date,
            subject=self.subject.build(),
            text=self.text.build(),
            reply_to=None if self.reply_to is None else both(self.reply_to),
            headers=tuple(
                (name, value)
                for name, values in self.headers.items()
                for value in ([values] if isinstance(values, str) else values)
            ),
            attachments=tuple(self.attachments),
        )


class AuthoredPdf(_AuthoredFile):
    """A short printed document."""

    kind: Literal["pdf"]
    title: Localised
    paragraphs: list[Localised] = Field(min_length=1, max_length=40)

    def build(self) -> FileDefinition:
        paragraphs = tuple(paragraph.build() for paragraph in self.paragraphs)
        return PdfFile(_name(self), self.alt.build(), self.title.build(), paragraphs)


class AuthoredSvg(_AuthoredFile):
    """A drawing: static shapes and text."""

    kind: Literal["svg"]
    svg: LongTextOrBoth

    def build(self) -> FileDefinition:
        return SvgFile(_name(self), self.alt.build(), both(self.svg))


AuthoredFile: TypeAlias = Annotated[
    AuthoredTable | AuthoredText | AuthoredEmail | AuthoredPdf | AuthoredSvg,
    Field(discriminator="kind"),
]


def _name(file: _AuthoredFile) -> LocalisedText:
    return LocalisedText(*file.names())
