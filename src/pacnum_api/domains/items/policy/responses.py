"""From the JSON of an answer to what was answered, in author's ids; or to what is wrong with it.

Nothing here knows the key. Every fault points into ``{"response": …}`` and says what was expected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import singledispatch

from pacnum_api.domains.items.policy.labels import Labelled, Labels, label
from pacnum_api.domains.items.policy.reading import Reader, Rejected
from pacnum_api.domains.items.types import (
    LOCALES,
    Blank,
    BlankKind,
    CategorisationTask,
    ClozeTask,
    HotspotTask,
    Item,
    MatchingTask,
    MultipleChoiceTask,
    NumericTask,
    OrderingTask,
    ShortTextTask,
    SingleChoiceTask,
)
from pacnum_api.kernel.errors import FieldFault


@dataclass(frozen=True, slots=True)
class Given:
    """What was answered; each type fills its own members and leaves the others empty.

    ``chosen``: options, regions, or entries in the order given. ``readings``: every value the
    number can mean. ``pairs``: left to right, or entry to category. ``blanks``: what each holds.
    """

    chosen: tuple[str, ...] = ()
    text: str = ""
    readings: tuple[Decimal, ...] = ()
    unit: str | None = None
    pairs: Mapping[str, str] = field(default_factory=dict)
    blanks: Mapping[str, "Given"] = field(default_factory=dict)


def read_response(item: Item, *, seed: int, response: object) -> Given | tuple[FieldFault, ...]:
    """What was answered, or every fault found in it."""
    reader = Reader("/response")
    try:
        members = reader.members(response, of_type=item.type.value)
        given = _read(item.task, members, labels=label(item, seed), reader=reader)
    except Rejected:
        return tuple(reader.faults)
    return tuple(reader.faults) if reader.faults else given


@singledispatch
def _read(task: object, members: Mapping[str, object], *, labels: Labels, reader: Reader) -> Given:
    raise TypeError(f"{task!r} is not a task ({members!r}, {labels!r}, {reader!r})")


@_read.register
def _single_choice(
    task: SingleChoiceTask, members: Mapping[str, object], *, labels: Labels, reader: Reader
) -> Given:
    del task
    reader.only(members, "choice")
    return Given(chosen=(reader.label(members.get("choice"), labels["options"], at="/choice"),))


@_read.register
def _multiple_choice(
    task: MultipleChoiceTask, members: Mapping[str, object], *, labels: Labels, reader: Reader
) -> Given:
    reader.only(members, "choices")
    most = len(task.interaction.options)
    return Given(
        chosen=reader.labels(
            members.get("choices"), labels["options"], at="/choices", count=(1, most)
        )
    )


@_read.register
def _hotspot(
    task: HotspotTask, members: Mapping[str, object], *, labels: Labels, reader: Reader
) -> Given:
    reader.only(members, "regions")
    count = task.interaction.select
    return Given(
        chosen=reader.labels(
            members.get("regions"), labels["regions"], at="/regions", count=(count, count)
        )
    )


@_read.register
def _ordering(
    task: OrderingTask, members: Mapping[str, object], *, labels: Labels, reader: Reader
) -> Given:
    reader.only(members, "order")
    count = len(task.interaction.entries)
    return Given(
        chosen=reader.labels(
            members.get("order"), labels["entries"], at="/order", count=(count, count)
        )
    )


@_read.register
def _short_text(
    task: ShortTextTask, members: Mapping[str, object], *, labels: Labels, reader: Reader
) -> Given:
    del labels
    reader.only(members, "text")
    text = reader.text(members.get("text"), at="/text", longest=task.interaction.max_length)
    return Given(text=text)


@_read.register
def _numeric(
    task: NumericTask, members: Mapping[str, object], *, labels: Labels, reader: Reader
) -> Given:
    asked = task.interaction
    units = labels["units"]
    reader.only(members, "value", "unit")
    unit: str | None = None
    texts = [] if asked.unit is None else [asked.unit]
    if units.ids:
        unit = reader.label(members.get("unit"), units, at="/unit")
        texts = [entry.text for entry in asked.units if entry.id == unit]
    elif members.get("unit") is not None:
        reader.fault("/unit", "expected no unit: this item has none to choose")
    suffixes = [text.read(locale) for text in texts for locale in LOCALES]
    number = reader.number(members.get("value"), at="/value", units=suffixes)
    return Given(readings=number, unit=unit)


@_read.register
def _cloze(
    task: ClozeTask, members: Mapping[str, object], *, labels: Labels, reader: Reader
) -> Given:
    reader.only(members, "blanks")
    blanks = {blank.id: blank for blank in task.interaction.blanks}
    given = reader.mapping(members.get("blanks"), labels["blanks"], at="/blanks")
    return Given(
        blanks={
            author_id: _blank(
                blanks[author_id],
                value,
                options=labels[f"blank:{author_id}"],
                reader=reader.below(f"/blanks/{labels['blanks'].label(author_id)}"),
            )
            for author_id, value in given.items()
        }
    )


def _blank(blank: Blank, value: object, *, options: Labelled, reader: Reader) -> Given:
    if blank.kind is BlankKind.CHOICE:
        return Given(chosen=(reader.label(value, options),))
    if blank.kind is BlankKind.TEXT:
        return Given(text=reader.text(value, longest=blank.max_length))
    return Given(readings=reader.number(value))


@_read.register
def _matching(
    task: MatchingTask, members: Mapping[str, object], *, labels: Labels, reader: Reader
) -> Given:
    del task
    reader.only(members, "pairs")
    pairs = _assigned(members, ("pairs", "left", "right"), labels=labels, reader=reader)
    seen: set[str] = set()
    for left, right in pairs.items():
        if right in seen:
            shown = labels["left"].label(left)
            reader.fault(f"/pairs/{shown}", "expected each entry on the right at most once")
        seen.add(right)
    return Given(pairs=pairs)


@_read.register
def _categorisation(
    task: CategorisationTask, members: Mapping[str, object], *, labels: Labels, reader: Reader
) -> Given:
    del task
    reader.only(members, "categories")
    names = ("categories", "entries", "categories")
    return Given(pairs=_assigned(members, names, labels=labels, reader=reader))


def _assigned(
    members: Mapping[str, object],
    names: tuple[str, str, str],
    *,
    labels: Labels,
    reader: Reader,
) -> dict[str, str]:
    """A member whose keys are labels of one list and whose values are labels of another."""
    member, keys, values = names
    given = reader.mapping(members.get(member), labels[keys], at=f"/{member}")
    return {
        author_id: reader.label(
            value, labels[values], at=f"/{member}/{labels[keys].label(author_id)}"
        )
        for author_id, value in given.items()
    }
