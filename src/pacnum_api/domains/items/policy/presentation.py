"""What an agent sees of an item: nothing in it says which answer is right.

Only the interaction is read here, never the key; ids are labels (see ``labels``).
"""

import re
from functools import singledispatch
from typing import Final

from pacnum_api.domains.items.policy.labels import Labels, label
from pacnum_api.domains.items.policy.wording import Wording, wording
from pacnum_api.domains.items.types import (
    Blank,
    Categorisation,
    Cloze,
    EmailFile,
    Entry,
    FileDefinition,
    Hotspot,
    Item,
    Matching,
    MultipleChoice,
    Numeric,
    Option,
    Ordering,
    PdfFile,
    PresentedItem,
    ShortText,
    SingleChoice,
    SvgFile,
    TableFile,
    TableFormat,
    TextFile,
)
from pacnum_api.kernel.errors import JsonValue

MEDIA_TYPE_OF_TABLE: Final = {
    TableFormat.CSV: "text/csv; charset=utf-8",
    TableFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    TableFormat.ODS: "application/vnd.oasis.opendocument.spreadsheet",
}
MEDIA_TYPE_OF_FILE: Final = {
    TextFile: "text/plain; charset=utf-8",
    EmailFile: "message/rfc822",
    PdfFile: "application/pdf",
    SvgFile: "image/svg+xml",
}
BLANK_MARK: Final = re.compile(r"\[\[([A-Za-z0-9_.-]+)\]\]")


def present(item: Item, *, seed: int, locale: str) -> PresentedItem:
    """The item for one seed and one reader. Raises TemplateExhausted."""
    words = wording(item, seed=seed, locale=locale)
    content = item.content
    asked = item.task.interaction
    shown = _shown(asked, words, labels=label(item, seed))
    if isinstance(asked, Hotspot):
        # first, as the schema has it: replies are written without it, and must read the same
        shown = {"image": _image(item, words, image=asked.image), **shown}
    return PresentedItem(
        type=item.type,
        content={
            "scenario": None if content.scenario is None else words.say(content.scenario),
            "stem": words.say(content.stem),
            "interaction": {"type": item.type.value, **shown},
            "files": [
                {
                    "name": words.say(file.name),
                    "media_type": media_type(file),
                    "alt": words.say(file.alt),
                }
                for file in content.files
            ],
        },
    )


def _image(item: Item, words: Wording, *, image: str) -> str:
    """The name, for this reader, of the file that a hotspot shows."""
    names = [file.name for file in item.content.files]
    return next(words.say(name) for name in names if image in {name.fr, name.en})


def media_type(file: FileDefinition) -> str:
    """The media type a file is served as."""
    if isinstance(file, TableFile):
        return MEDIA_TYPE_OF_TABLE[file.format]
    return MEDIA_TYPE_OF_FILE[type(file)]


@singledispatch
def _shown(asked: object, words: Wording, *, labels: Labels) -> dict[str, JsonValue]:
    raise TypeError(f"{asked!r} is not an interaction for {words!r}, {labels!r}")


def _list(
    parts: tuple[Option, ...] | tuple[Entry, ...], words: Wording, *, labels: Labels, name: str
) -> list[JsonValue]:
    """A list in its shown order, under its labels."""
    texts = {part.id: part.text for part in parts}
    return [
        {"id": shown, "text": words.say(texts[author_id])}
        for shown, author_id in labels[name].author_ids().items()
    ]


@_shown.register(SingleChoice)
@_shown.register(MultipleChoice)
def _choice(
    asked: SingleChoice | MultipleChoice, words: Wording, *, labels: Labels
) -> dict[str, JsonValue]:
    return {"options": _list(asked.options, words, labels=labels, name="options")}


@_shown.register
def _short_text(asked: ShortText, words: Wording, *, labels: Labels) -> dict[str, JsonValue]:
    del labels
    return {
        "max_length": asked.max_length,
        "hint": None if asked.hint is None else words.say(asked.hint),
    }


@_shown.register
def _numeric(asked: Numeric, words: Wording, *, labels: Labels) -> dict[str, JsonValue]:
    return {
        "units": _list(asked.units, words, labels=labels, name="units"),
        "unit": None if asked.unit is None else words.say(asked.unit),
        "decimals": asked.decimals,
    }


@_shown.register
def _cloze(asked: Cloze, words: Wording, *, labels: Labels) -> dict[str, JsonValue]:
    blanks = labels["blanks"]
    text = BLANK_MARK.sub(lambda mark: f"[[{blanks.label(mark[1])}]]", words.say(asked.text))
    return {
        "text": text,
        "blanks": [_blank(blank, words, labels=labels) for blank in asked.blanks],
    }


def _blank(blank: Blank, words: Wording, *, labels: Labels) -> JsonValue:
    shown = labels["blanks"].label(blank.id)
    options = _list(blank.options, words, labels=labels, name=f"blank:{blank.id}")
    return {
        "id": shown,
        "kind": blank.kind.value,
        "options": options,
        "max_length": blank.max_length,
    }


@_shown.register
def _ordering(asked: Ordering, words: Wording, *, labels: Labels) -> dict[str, JsonValue]:
    return {"entries": _list(asked.entries, words, labels=labels, name="entries")}


@_shown.register
def _matching(asked: Matching, words: Wording, *, labels: Labels) -> dict[str, JsonValue]:
    return {
        "left": _list(asked.left, words, labels=labels, name="left"),
        "right": _list(asked.right, words, labels=labels, name="right"),
    }


@_shown.register
def _categorisation(
    asked: Categorisation, words: Wording, *, labels: Labels
) -> dict[str, JsonValue]:
    return {
        "categories": _list(asked.categories, words, labels=labels, name="categories"),
        "entries": _list(asked.entries, words, labels=labels, name="entries"),
    }


@_shown.register
def _hotspot(asked: Hotspot, words: Wording, *, labels: Labels) -> dict[str, JsonValue]:
    regions = {region.id: region for region in asked.regions}
    return {
        "select": asked.select,
        "regions": [
            {
                "id": shown,
                "text": words.say(regions[author_id].text),
                "x": regions[author_id].x,
                "y": regions[author_id].y,
                "width": regions[author_id].width,
                "height": regions[author_id].height,
            }
            for shown, author_id in labels["regions"].author_ids().items()
        ],
    }
