"""One authored file: its items, and every fault in them with its line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pacnum_api.domains.items.policy.checks import item_faults
from pacnum_api.domains.items.schemas.authoring import AuthoredItem, ItemDocument
from pacnum_api.domains.items.types import Item
from pacnum_api.platform.documents import (
    DocumentFault,
    DocumentUnreadable,
    Value,
    escaped,
    load_yaml,
)


@dataclass(frozen=True, slots=True)
class PlacedItem:
    """An item as it was written and as it was built, and the line it begins on."""

    item: Item
    authored: AuthoredItem
    line: int
    is_sound: bool


@dataclass(slots=True)
class FileItems:
    """What one file holds; nothing but faults where its form is wrong."""

    path: Path
    items: list[PlacedItem] = field(default_factory=list)
    faults: list[DocumentFault] = field(default_factory=list)


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The files meant: those named, and the YAML files of the folders named."""
    for path in paths:
        yield from sorted(path.rglob("*.yaml")) if path.is_dir() else [path]


def read_file(path: Path, *, seeds: int) -> FileItems:
    """Read a file and check its items, each template with so many seeds (0: nothing is tried)."""
    read = FileItems(path)
    try:
        data, locate = load_yaml(path)
    except DocumentUnreadable as error:
        read.faults.append(DocumentFault(error.path, error.line, "", error.message))
        return read
    try:
        document = ItemDocument.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            pointer = _pointer(detail, data)
            read.faults.append(DocumentFault(path, locate(pointer), pointer, _message(detail)))
        return read
    for place, authored in enumerate(document.items):
        item = authored.build(framework=document.framework, competence=document.competence)
        faults = item_faults(item, seeds=seeds)
        for fault in faults:
            pointer = f"/items/{place}{fault.pointer}"
            message = f"{item.key}: {fault.message}"
            read.faults.append(DocumentFault(path, locate(pointer), pointer, message))
        line = locate(f"/items/{place}")
        read.items.append(PlacedItem(item, authored, line, is_sound=not faults))
    return read


def _pointer(detail: ErrorDetails, data: Value) -> str:
    """The JSON pointer of a fault: the steps that exist in the data, and the missing member.

    pydantic's own path also names the branch of each union; those steps are not in the data.
    """
    pointer, node, location = "", data, detail["loc"]
    for position, step in enumerate(location):
        if isinstance(node, dict) and step in node:
            node = node[str(step)]
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        elif not (detail["type"] == "missing" and position == len(location) - 1):
            continue
        pointer += "/" + escaped(str(step))
    return pointer


def _message(detail: ErrorDetails) -> str:
    return detail["msg"].removeprefix("Value error, ")
