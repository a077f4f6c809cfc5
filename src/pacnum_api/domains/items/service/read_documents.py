"""From authored files to items, or to every fault in them with its line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pacnum_api.domains.items.policy.checks import item_faults
from pacnum_api.domains.items.policy.review import Doubt, doubts
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
class ReadItem:
    """An item, the document it came from, and where."""

    item: Item
    document: AuthoredItem
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What some files hold: items, faults, and doubts (by file and line too)."""

    items: tuple[ReadItem, ...]
    faults: tuple[DocumentFault, ...]
    doubts: tuple[DocumentFault, ...]


def read_documents(paths: Iterable[Path], *, tries_out: bool = True) -> Reading:
    """Read files, or the YAML files of folders, and try out every item. Needs no database."""
    faults: list[DocumentFault] = []
    found: list[ReadItem] = []
    for path in _files(paths):
        found += _read_one(path, faults, tries_out=tries_out)
    faults += _between(found)
    # what is faulty is not worth a doubt yet: its parts need not fit each other
    return Reading(tuple(found), tuple(faults), () if faults else tuple(_doubts(found)))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.rglob("*.yaml")) if path.is_dir() else [path]


def _read_one(path: Path, faults: list[DocumentFault], *, tries_out: bool) -> Iterator[ReadItem]:
    try:
        data, locate = load_yaml(path)
    except DocumentUnreadable as error:
        faults.append(DocumentFault(error.path, error.line, "", error.message))
        return
    try:
        document = ItemDocument.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            pointer = _pointer(detail, data)
            faults.append(DocumentFault(path, locate(pointer), pointer, _message(detail)))
        return
    for place, authored in enumerate(document.items):
        item = authored.build(framework=document.framework, competence=document.competence)
        for fault in item_faults(item, tries_out=tries_out):
            pointer = f"/items/{place}{fault.pointer}"
            message = f"{item.key}: {fault.message}"
            faults.append(DocumentFault(path, locate(pointer), pointer, message))
        yield ReadItem(item, authored, path, locate(f"/items/{place}"))


def _between(found: Sequence[ReadItem]) -> Iterator[DocumentFault]:
    """Faults that show only between items: a key used twice, an enemy that does not exist."""
    first: dict[tuple[str, str], ReadItem] = {}
    for read in found:
        earlier = first.setdefault((read.item.framework, read.item.key), read)
        if earlier is not read:
            message = f"{read.item.key}: also at {earlier.path}:{earlier.line}"
            yield DocumentFault(read.path, read.line, "/key", message)
    for read in found:
        for enemy in read.item.enemies:
            if (read.item.framework, enemy) not in first:
                message = f"{read.item.key}: there is no item {enemy}"
                yield DocumentFault(read.path, read.line, "/enemies", message)


def _doubts(found: Sequence[ReadItem]) -> Iterator[DocumentFault]:
    places = {read.item.key: read for read in found}
    for doubt in doubts([read.item for read in found]):
        yield _placed(doubt, places.get(doubt.key))


def _placed(doubt: Doubt, read: ReadItem | None) -> DocumentFault:
    if read is None:
        return DocumentFault(Path(), 0, "", doubt.message)
    return DocumentFault(read.path, read.line, doubt.pointer, f"{doubt.key}: {doubt.message}")


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
