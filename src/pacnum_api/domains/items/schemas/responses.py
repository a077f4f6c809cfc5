"""What a front end sends back: a union on ``type``, in the labels it was shown."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StrictFloat, StrictInt, StrictStr

from pacnum_api.platform.schemas import In

Label = Annotated[str, Field(max_length=10, examples=["o2"])]
TypedText = Annotated[StrictStr, Field(max_length=500)]
Number: TypeAlias = StrictInt | StrictFloat | TypedText
"""A JSON number, or as typed: ``1 234,5`` and ``1,234.5`` are both understood."""


class SingleChoiceResponse(In):
    """The option chosen."""

    type: Literal["single_choice"]
    choice: Label


class MultipleChoiceResponse(In):
    """The options chosen, at least one."""

    type: Literal["multiple_choice"]
    choices: Annotated[list[Label], Field(min_length=1, max_length=20)]


class ShortTextResponse(In):
    """What was written."""

    type: Literal["short_text"]
    text: Annotated[TypedText, Field(examples=["=SOMME(B2:B14)"])]


class NumericResponse(In):
    """The number, and the unit chosen where units are offered."""

    type: Literal["numeric"]
    value: Annotated[Number, Field(examples=["1 234,5"])]
    unit: Label | None = None


class ClozeResponse(In):
    """What fills each gap: a label, a text or a number by the gap's kind."""

    type: Literal["cloze"]
    blanks: Annotated[
        dict[Label, Number],
        Field(min_length=1, max_length=20, examples=[{"b1": "o2", "b2": "copie cachée"}]),
    ]


class OrderingResponse(In):
    """All entries, first to last."""

    type: Literal["ordering"]
    order: Annotated[list[Label], Field(max_length=20, examples=[["e2", "e1", "e3"]])]


class MatchingResponse(In):
    """Left entry to right entry; what is left out counts as not joined."""

    type: Literal["matching"]
    pairs: Annotated[
        dict[Label, Label],
        Field(min_length=1, max_length=20, examples=[{"l1": "r3", "l2": "r1", "l3": "r2"}]),
    ]


class CategorisationResponse(In):
    """Entry to category; what is left out counts as not sorted."""

    type: Literal["categorisation"]
    categories: Annotated[
        dict[Label, Label],
        Field(min_length=1, max_length=20, examples=[{"e1": "c2", "e2": "c1"}]),
    ]


class HotspotResponse(In):
    """The regions selected."""

    type: Literal["hotspot"]
    regions: Annotated[list[Label], Field(min_length=1, max_length=20, examples=[["r2"]])]


ResponsePayload: TypeAlias = Annotated[
    SingleChoiceResponse
    | MultipleChoiceResponse
    | ShortTextResponse
    | NumericResponse
    | ClozeResponse
    | OrderingResponse
    | MatchingResponse
    | CategorisationResponse
    | HotspotResponse,
    Field(discriminator="type"),
]
