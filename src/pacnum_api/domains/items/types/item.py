"""An item as its author wrote it."""

from dataclasses import dataclass
from datetime import date

from pacnum_api.domains.items.types.files import FileDefinition
from pacnum_api.domains.items.types.names import ItemStatus, ItemType, LocalisedText
from pacnum_api.domains.items.types.tasks import Task
from pacnum_api.domains.items.types.templates import Template


@dataclass(frozen=True, slots=True)
class Justification:
    """Why the item is of its level, in DigComp's three dimensions."""

    task: str
    autonomy: str
    cognitive: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A legal or technical fact the key relies on, and when somebody must look at it again."""

    statement: str
    source: str
    as_of: date
    review_by: date


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is taught after the answer."""

    correct: LocalisedText
    incorrect: LocalisedText


@dataclass(frozen=True, slots=True)
class Content:
    """The situation, the question and the files to open."""

    stem: LocalisedText
    scenario: LocalisedText | None = None
    files: tuple[FileDefinition, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A task for one level of one competence, with its key.

    ``key`` is the author's stable name of it, not the answer: that is ``task.key``. ``is_tryout``:
    until it is calibrated it is put for its answers alone, which count for nothing.
    """

    key: str
    framework: str
    competence: str
    level: int
    type: ItemType
    status: ItemStatus
    themes: tuple[str, ...]
    setting: str
    justification: Justification
    content: Content
    task: Task
    feedback: Feedback
    outcomes: tuple[str, ...] = ()
    expected_seconds: int = 60
    facts: tuple[Fact, ...] = ()
    enemies: tuple[str, ...] = ()
    template: Template | None = None
    is_tryout: bool = False


@dataclass(frozen=True, slots=True)
class ItemHead:
    """What an item is compared and listed by, without what it says."""

    key: str
    framework: str
    competence: str
    level: int
    type: ItemType
    status: ItemStatus
    enemies: tuple[str, ...]
    is_tryout: bool

    @classmethod
    def of(cls, item: Item) -> "ItemHead":
        """The head of a whole item."""
        return cls(
            key=item.key,
            framework=item.framework,
            competence=item.competence,
            level=item.level,
            type=item.type,
            status=item.status,
            enemies=item.enemies,
            is_tryout=item.is_tryout,
        )
