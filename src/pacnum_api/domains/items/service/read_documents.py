"""From authored files to items, or to every fault in them with its line."""

from collections.abc import Collection, Iterable, Iterator, Sequence
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
    """What some files hold: items, faults, and doubts (by file and line too).

    ``own_faults`` are faults wherever the items go. Enemies that none of the files has may be
    stored already: ``load_items`` asks the database about them. Without one they are faults if only
    folders were read, which ought to be whole, and doubts if a file was read by itself.
    """

    items: tuple[ReadItem, ...]
    own_faults: tuple[DocumentFault, ...]
    own_doubts: tuple[DocumentFault, ...]
    sources: tuple[Path, ...]
    are_folders: bool

    @property
    def faults(self) -> tuple[DocumentFault, ...]:
        """Every fault that shows without a database."""
        return (*self.own_faults, *(self.lost_enemies() if self.are_folders else ()))

    @property
    def doubts(self) -> tuple[DocumentFault, ...]:
        """What deserves a second look; nothing while there are faults."""
        if self.faults:
            return ()
        return (*self.own_doubts, *(() if self.are_folders else self.lost_enemies()))

    def lost_enemies(
        self, stored: Collection[tuple[str, str]] = frozenset()
    ) -> tuple[DocumentFault, ...]:
        """Enemies neither in the files nor ``stored``: (framework, key) of each stored item."""
        here = {(read.item.framework, read.item.key) for read in self.items}
        return tuple(
            DocumentFault(
                read.path, read.line, "/enemies", f"{read.item.key}: there is no item {enemy}"
            )
            for read in self.items
            for enemy in read.item.enemies
            if (read.item.framework, enemy) not in here
            and (read.item.framework, enemy) not in stored
        )


def read_documents(paths: Iterable[Path], *, tries_out: bool = True) -> Reading:
    """Read files, or the YAML files of folders, and try out every item. Needs no database.

    Trying out takes about a tenth of a second an item: do it before a transaction is opened.
    """
    sources = tuple(paths)
    faults: list[DocumentFault] = []
    found: list[ReadItem] = []
    for path in _files(sources):
        found += _read_one(path, faults, tries_out=tries_out)
    faults += _same_keys(found)
    # what is faulty is not worth a doubt yet: its parts need not fit each other
    own_doubts = () if faults else tuple(_doubts(found))
    return Reading(
        items=tuple(found),
        own_faults=tuple(faults),
        own_doubts=own_doubts,
        sources=sources,
        are_folders=all(path.is_dir() for path in sources),
    )


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


def _same_keys(found: Sequence[ReadItem]) -> Iterator[DocumentFault]:
    first: dict[tuple[str, str], ReadItem] = {}
    for read in found:
        earlier = first.setdefault((read.item.framework, read.item.key), read)
        if earlier is not read:
            message = f"{read.item.key}: also at {earlier.path}:{earlier.line}"
            yield DocumentFault(read.path, read.line, "/key", message)


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
