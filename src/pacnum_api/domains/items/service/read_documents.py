"""From authored files to items, or to every fault in them with its line.

Memory holds what items are compared by; their documents wait on disk until they are stored.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pacnum_api.domains.items.policy.parameters import ParameterBasis, basis_of
from pacnum_api.domains.items.policy.review import Doubt, ReviewNotes, doubts, notes_of
from pacnum_api.domains.items.policy.trials import SEEDS_FOR_TEMPLATES
from pacnum_api.domains.items.schemas.authoring import AuthoredItem
from pacnum_api.domains.items.service.read_file import files_of, read_file
from pacnum_api.domains.items.service.stored_documents import document_of, hash_of
from pacnum_api.domains.items.types import Item, ItemHead
from pacnum_api.platform.documents import DocumentFault
from pacnum_api.platform.spools import Spool, Spooled
from pacnum_api.platform.workers import Workers

Notice = Callable[[int], None]


def no_notice(items: int) -> None:
    """For whoever does not want to know how many items have been read."""


@dataclass(frozen=True, slots=True)
class PlacedHead:
    """An item's head, and where the item stands."""

    head: ItemHead
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class ReadItem:
    """What is kept in memory of a sound item: all but its document."""

    head: ItemHead
    basis: ParameterBasis
    content_hash: bytes
    document: Spooled


@dataclass(frozen=True, slots=True)
class Reading:
    """What some files hold: items, faults, and doubts (by file and line too).

    ``heads`` are of all items, ``items`` of those without a fault of their own; their ``documents``
    are JSON, on disk.

    ``own_faults`` are faults wherever the items go. Enemies that none of the files has may be
    stored already: ``load_items`` asks the database about them. Without one they are faults if only
    folders were read, which ought to be whole, and doubts if a file was read by itself.
    """

    heads: tuple[PlacedHead, ...]
    items: tuple[ReadItem, ...]
    documents: Spool
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
        here = {(read.head.framework, read.head.key) for read in self.heads}
        return tuple(
            DocumentFault(
                read.path, read.line, "/enemies", f"{read.head.key}: there is no item {enemy}"
            )
            for read in self.heads
            for enemy in read.head.enemies
            if (read.head.framework, enemy) not in here
            and (read.head.framework, enemy) not in stored
        )


def read_documents(
    paths: Iterable[Path],
    *,
    tries_out: bool = True,
    processes: int = 1,
    notice: Notice = no_notice,
) -> Reading:
    """Read files, or the YAML files of folders, and try out every item. Needs no database.

    Trying out takes about ten milliseconds an item, fifty where it is a template: do it before a
    transaction is opened. Files are read one after another, in as many processes as are wanted; of
    what was read, only heads are held in memory. ``notice`` is called after each file.
    """
    sources = tuple(paths)
    collected = _Collected()
    with Workers(SEEDS_FOR_TEMPLATES if tries_out else 0, processes=processes) as workers:
        for read in workers.run(_read_one, files_of(sources)):
            collected.add(read)
            notice(len(collected.heads))
    return collected.reading(sources)


@dataclass(frozen=True, slots=True)
class _Sound:
    """What is kept of an item without a fault: the parts of another need not fit each other."""

    basis: ParameterBasis
    content_hash: bytes
    document: bytes
    notes: ReviewNotes

    @classmethod
    def of(cls, item: Item, authored: AuthoredItem) -> "_Sound":
        document = document_of(authored)
        return cls(
            basis=basis_of(item),
            content_hash=hash_of({"competence": item.competence, "item": document}),
            document=json.dumps(document, ensure_ascii=False).encode(),
            notes=notes_of(item),
        )


@dataclass(slots=True)
class _FileReading:
    """What one file holds, as its process hands it on."""

    path: Path
    items: list[tuple[PlacedHead, _Sound | None]] = field(default_factory=list)
    faults: list[DocumentFault] = field(default_factory=list)


@dataclass(slots=True)
class _Collected:
    """Files as they come in: documents go to the spool, heads and notes stay."""

    spool: Spool = field(default_factory=Spool)
    heads: list[PlacedHead] = field(default_factory=list)
    items: list[ReadItem] = field(default_factory=list)
    faults: list[DocumentFault] = field(default_factory=list)
    notes: list[ReviewNotes] = field(default_factory=list)

    def add(self, read: _FileReading) -> None:
        self.faults += read.faults
        for placed, sound in read.items:
            self.heads.append(placed)
            if sound is not None:
                self.notes.append(sound.notes)
                document = self.spool.put(sound.document)
                self.items.append(ReadItem(placed.head, sound.basis, sound.content_hash, document))

    def reading(self, sources: tuple[Path, ...]) -> Reading:
        faults = (*self.faults, *_same_keys(self.heads))
        return Reading(
            heads=tuple(self.heads),
            items=tuple(self.items),
            documents=self.spool,
            own_faults=faults,
            # what is faulty is not worth a doubt yet: its parts need not fit each other
            own_doubts=() if faults else tuple(_doubts(self.heads, self.notes)),
            sources=sources,
            are_folders=all(path.is_dir() for path in sources),
        )


def _read_one(seeds: int, path: Path) -> _FileReading:
    read = read_file(path, seeds=seeds)
    reading = _FileReading(path, faults=list(read.faults))
    for one in read.items:
        placed = PlacedHead(ItemHead.of(one.item), path, one.line)
        sound = _Sound.of(one.item, one.authored) if one.is_sound else None
        reading.items.append((placed, sound))
    return reading


def _same_keys(found: Sequence[PlacedHead]) -> Iterator[DocumentFault]:
    first: dict[tuple[str, str], PlacedHead] = {}
    for read in found:
        earlier = first.setdefault((read.head.framework, read.head.key), read)
        if earlier is not read:
            message = f"{read.head.key}: also at {earlier.path}:{earlier.line}"
            yield DocumentFault(read.path, read.line, "/key", message)


def _doubts(found: Sequence[PlacedHead], notes: Sequence[ReviewNotes]) -> Iterator[DocumentFault]:
    places = {read.head.key: read for read in found}
    for doubt in doubts(notes):
        yield _placed(doubt, places.get(doubt.key))


def _placed(doubt: Doubt, read: PlacedHead | None) -> DocumentFault:
    if read is None:
        return DocumentFault(Path(), 0, "", doubt.message)
    return DocumentFault(read.path, read.line, doubt.pointer, f"{doubt.key}: {doubt.message}")
