"""What an agent is shown, as front ends read it: a union on the interaction's ``type``.

Nothing here can hold a key, a grading rule, a measurement parameter or an author's id.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from pacnum_api.domains.items.types import BlankKind
from pacnum_api.platform.schemas import Out

Label = Annotated[
    str,
    Field(
        pattern=r"^[oeulrcb][1-9][0-9]?$",
        examples=["o1"],
        description="Name of a part for this session; send it back in the response.",
    ),
]


class LabelledText(Out):
    """A part of an interaction: show its text, send back its id."""

    id: Label
    text: str = Field(examples=["Demander au service informatique"])


class PresentedRegion(Out):
    """A rectangle of the image, in the units of its viewBox, with its text alternative."""

    id: Label
    text: str = Field(examples=["Le bouton «Répondre à tous»"])
    x: float = Field(examples=[225])
    y: float = Field(examples=[130])
    width: float = Field(examples=[190])
    height: float = Field(examples=[90])


class PresentedBlank(Out):
    """A gap: a list for ``choice``, a field for ``text`` and ``number``."""

    id: Label
    kind: BlankKind
    options: list[LabelledText] = Field(description="To choose from; empty unless kind is choice.")
    max_length: int = Field(examples=[60])


class SingleChoiceInteraction(Out):
    """Choose one option (radio buttons)."""

    type: Literal["single_choice"]
    options: list[LabelledText]


class MultipleChoiceInteraction(Out):
    """Choose one or more options (check boxes); how many are right is not said."""

    type: Literal["multiple_choice"]
    options: list[LabelledText]


class ShortTextInteraction(Out):
    """Write a few words on one line."""

    type: Literal["short_text"]
    max_length: int = Field(examples=[60])
    hint: str | None = Field(examples=["JJ/MM/AAAA"], description="The form that is expected.")


class NumericInteraction(Out):
    """Give a number, with one of ``units``, or followed by the fixed ``unit``."""

    type: Literal["numeric"]
    units: list[LabelledText]
    unit: str | None = Field(examples=["€"])
    decimals: int | None = Field(examples=[2], description="How many decimals are expected.")


class ClozeInteraction(Out):
    """A text with gaps, marked ``[[b1]]``, ``[[b2]]``…"""

    type: Literal["cloze"]
    text: str = Field(examples=["Le [[b1]] se trouve dans le menu [[b2]]."])
    blanks: list[PresentedBlank]


class OrderingInteraction(Out):
    """Put all entries in order."""

    type: Literal["ordering"]
    entries: list[LabelledText]


class MatchingInteraction(Out):
    """Join each entry on the left to one on the right; some on the right may stay alone."""

    type: Literal["matching"]
    left: list[LabelledText]
    right: list[LabelledText]


class CategorisationInteraction(Out):
    """Put each entry in a category."""

    type: Literal["categorisation"]
    categories: list[LabelledText]
    entries: list[LabelledText]


class HotspotInteraction(Out):
    """Select ``select`` regions of an image, given as a file; or of the list of their texts."""

    type: Literal["hotspot"]
    image: str = Field(examples=["fenetre.svg"], description="Name of one of the files.")
    select: int = Field(examples=[1])
    regions: list[PresentedRegion]


PresentedInteraction: TypeAlias = Annotated[
    SingleChoiceInteraction
    | MultipleChoiceInteraction
    | ShortTextInteraction
    | NumericInteraction
    | ClozeInteraction
    | OrderingInteraction
    | MatchingInteraction
    | CategorisationInteraction
    | HotspotInteraction,
    Field(discriminator="type"),
]


class PresentedFile(Out):
    """A file to open; fetch it under the session, by its name."""

    name: str = Field(examples=["courriers.csv"])
    media_type: str = Field(examples=["text/csv; charset=utf-8"])
    alt: str = Field(
        examples=["Registre des courriers reçus : numéro, bureau, statut, âge en jours."],
        description="What the file is; for an image, its full text alternative.",
    )


class ItemContent(Out):
    """All that a front end needs to show an item. Texts are plain: no markup, line feeds kept."""

    scenario: str | None = Field(
        examples=["Vous travaillez au guichet des titres d'une préfecture."],
        description="The situation, to be shown above the question.",
    )
    stem: str = Field(examples=["Quel canal choisissez-vous ?"], description="The question.")
    interaction: PresentedInteraction
    files: list[PresentedFile]
