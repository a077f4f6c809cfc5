"""What an agent is shown, and what an answer is worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from pacnum_api.domains.items.types.names import ItemType
from pacnum_api.kernel.errors import JsonValue


class FilePresented(TypedDict):
    """A file of an item, by the name it is fetched by."""

    name: str
    media_type: str
    alt: str


class ContentPresented(TypedDict):
    """The content of an item as JSON has it."""

    scenario: str | None
    stem: str
    interaction: Mapping[str, JsonValue]
    files: list[FilePresented]


@dataclass(frozen=True, slots=True)
class PresentedItem:
    """What leaves the service for one seed and one locale: JSON-ready, without key or feedback."""

    type: ItemType
    content: ContentPresented


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """Whether one separately judged part (a blank, a pair, an entry) was right."""

    id: str
    is_correct: bool


@dataclass(frozen=True, slots=True)
class GradedResponse:
    """The judgement of one answer.

    ``score`` is from 0 to 1. ``category`` is its ordered step, 0 to ``categories - 1``:
    floor(score * (categories - 1)), so that the top step means wholly right. Items scored all or
    nothing have two categories, others at most four (generalised partial credit).
    ``parts`` are by author's id: they are for reports and previews, never for someone tested.
    """

    score: float
    category: int
    categories: int
    is_correct: bool
    parts: tuple[PartOutcome, ...] = ()
