"""How an author writes what is answered with."""

from pydantic import Field, model_validator

from pacnum_api.domains.items.schemas.authored_text import Authored, Localised, PartId, built
from pacnum_api.domains.items.types import (
    Blank,
    BlankKind,
    Categorisation,
    Cloze,
    Entry,
    Hotspot,
    Matching,
    MultipleChoice,
    Numeric,
    Option,
    Ordering,
    Region,
    ShortText,
    SingleChoice,
)


class AuthoredOption(Authored):
    """Something to choose; ``why``: the misconception that a wrong one stands for."""

    id: PartId
    text: Localised
    why: Localised | None = None


class AuthoredEntry(Authored):
    """Something to order, match or sort."""

    id: PartId
    text: Localised


class AuthoredRegion(Authored):
    """A rectangle of the image in its viewBox units."""

    id: PartId
    text: Localised
    x: float
    y: float
    width: float = Field(gt=0)
    height: float = Field(gt=0)


class AuthoredBlank(Authored):
    """A gap of a cloze."""

    id: PartId
    kind: BlankKind
    options: list[AuthoredOption] = Field(default_factory=list, max_length=8)
    max_length: int = Field(default=60, ge=1, le=200)
    shuffle: bool = True

    @model_validator(mode="after")
    def _options_for_choice(self) -> "AuthoredBlank":
        if (self.kind is BlankKind.CHOICE) != (len(self.options) >= 2):
            raise ValueError("expected 2 or more options when kind is choice, else none")
        return self


class AuthoredSingleChoiceInteraction(Authored):
    """3 to 6 options."""

    options: list[AuthoredOption] = Field(min_length=3, max_length=6)
    shuffle: bool = True

    def build(self) -> SingleChoice:
        return SingleChoice(_options(self.options), self.shuffle)


class AuthoredMultipleChoiceInteraction(Authored):
    """4 to 8 options."""

    options: list[AuthoredOption] = Field(min_length=4, max_length=8)
    shuffle: bool = True

    def build(self) -> MultipleChoice:
        return MultipleChoice(_options(self.options), self.shuffle)


class AuthoredShortTextInteraction(Authored):
    """A few words."""

    max_length: int = Field(default=60, ge=1, le=200)
    hint: Localised | None = None

    def build(self) -> ShortText:
        return ShortText(self.max_length, built(self.hint))


class AuthoredNumericInteraction(Authored):
    """A number, perhaps with a unit."""

    units: list[AuthoredEntry] = Field(default_factory=list, max_length=8)
    unit: Localised | None = None
    decimals: int | None = Field(default=None, ge=0, le=6)
    shuffle: bool = True

    @model_validator(mode="after")
    def _one_kind_of_unit(self) -> "AuthoredNumericInteraction":
        if self.units and self.unit is not None:
            raise ValueError("expected units to choose from or one fixed unit, not both")
        return self

    def build(self) -> Numeric:
        return Numeric(_entries(self.units), built(self.unit), self.decimals, self.shuffle)


class AuthoredClozeInteraction(Authored):
    """A text with 2 to 6 gaps."""

    text: Localised
    blanks: list[AuthoredBlank] = Field(min_length=2, max_length=6)

    def build(self) -> Cloze:
        blanks = tuple(
            Blank(blank.id, blank.kind, _options(blank.options), blank.max_length, blank.shuffle)
            for blank in self.blanks
        )
        return Cloze(self.text.build(), blanks)


class AuthoredOrderingInteraction(Authored):
    """3 to 7 entries."""

    entries: list[AuthoredEntry] = Field(min_length=3, max_length=7)
    shuffle: bool = True

    def build(self) -> Ordering:
        return Ordering(_entries(self.entries), self.shuffle)


class AuthoredMatchingInteraction(Authored):
    """3 to 6 on the left, at least as many on the right."""

    left: list[AuthoredEntry] = Field(min_length=3, max_length=6)
    right: list[AuthoredEntry] = Field(min_length=3, max_length=9)
    shuffle: bool = True

    @model_validator(mode="after")
    def _enough_on_the_right(self) -> "AuthoredMatchingInteraction":
        if len(self.right) < len(self.left):
            raise ValueError("expected at least as many entries on the right as on the left")
        return self

    def build(self) -> Matching:
        return Matching(_entries(self.left), _entries(self.right), self.shuffle)


class AuthoredCategorisationInteraction(Authored):
    """4 to 8 entries, 2 to 4 categories."""

    categories: list[AuthoredEntry] = Field(min_length=2, max_length=4)
    entries: list[AuthoredEntry] = Field(min_length=4, max_length=8)
    shuffle: bool = True

    def build(self) -> Categorisation:
        return Categorisation(_entries(self.categories), _entries(self.entries), self.shuffle)


class AuthoredHotspotInteraction(Authored):
    """3 to 8 regions of an image."""

    image: str
    regions: list[AuthoredRegion] = Field(min_length=3, max_length=8)
    select: int = Field(default=1, ge=1)

    def build(self) -> Hotspot:
        regions = tuple(
            Region(
                id=region.id,
                text=region.text.build(),
                x=region.x,
                y=region.y,
                width=region.width,
                height=region.height,
            )
            for region in self.regions
        )
        return Hotspot(self.image, regions, self.select)


def _options(options: list[AuthoredOption]) -> tuple[Option, ...]:
    return tuple(Option(option.id, option.text.build(), built(option.why)) for option in options)


def _entries(entries: list[AuthoredEntry]) -> tuple[Entry, ...]:
    return tuple(Entry(entry.id, entry.text.build()) for entry in entries)
