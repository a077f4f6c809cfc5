"""Everything that can be checked about a bank without agents.

Data flow: files → one process each reads, checks and tries the items, lets the guessers and the
proofs loose on their variants → small notes of each item come back → the bank is judged by them
together → one ``BankLint``, printed as text or JSON. No database is needed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pacnum_api.domains.items.policy.likeness import Likeness
from pacnum_api.domains.items.policy.review import doubts
from pacnum_api.domains.items.service.lint_bank.notes import ItemNotes, LintRules, note_item
from pacnum_api.domains.items.service.lint_bank.proofs import Proofs, load_proofs
from pacnum_api.domains.items.service.lint_bank.rules import (
    TOO_ALIKE,
    are_enemies,
    bank_faults,
    goal_faults,
    likeness_faults,
    likenesses,
)
from pacnum_api.domains.items.service.lint_bank.whole import WholeBank
from pacnum_api.domains.items.service.read_file import files_of, read_file
from pacnum_api.platform.documents import DocumentFault
from pacnum_api.platform.workers import Workers


def _no_notice(items: int) -> None:
    """For whoever does not want to know how many items are done."""


@dataclass(frozen=True, slots=True)
class BankLint:
    """What was found: faults first to last by file, then those of the bank itself."""

    items: tuple[ItemNotes, ...]
    faults: tuple[DocumentFault, ...]
    doubts: tuple[DocumentFault, ...]
    bank_faults: tuple[str, ...]
    alike: tuple[Likeness, ...]
    rules: LintRules
    whole: WholeBank | None

    @property
    def is_clean(self) -> bool:
        """Whether there is no fault; doubts do not count."""
        return not self.faults and not self.bank_faults


def lint_bank(
    paths: Iterable[Path],
    rules: LintRules,
    *,
    whole: WholeBank | None = None,
    processes: int = 1,
    notice: Callable[[int], None] = _no_notice,
) -> BankLint:
    """Lint files or folders of them; ``notice`` is told how many items are done.

    Raises ProofsUnreadable.
    """
    items: list[ItemNotes] = []
    faults: list[DocumentFault] = []
    with Workers(rules, processes=processes) as workers:
        for read, found in workers.run(_lint_file, files_of(paths)):
            items += read
            faults += found
            notice(len(items))
    return _judged(items, faults, rules=rules, whole=whole)


def _lint_file(rules: LintRules, path: Path) -> tuple[list[ItemNotes], list[DocumentFault]]:
    proofs = _proofs(rules.proofs_folder)
    read = read_file(path, seeds=rules.seeds)
    notes = [note_item(one, path, rules=rules, proofs=proofs) for one in read.items if one.is_sound]
    return notes, read.faults


@lru_cache(maxsize=1)
def _proofs(folder: Path | None) -> Proofs:
    """Once a process, not once a file: the folder's modules are all run to find those wanted."""
    return load_proofs(folder)


def _judged(
    items: list[ItemNotes],
    faults: list[DocumentFault],
    *,
    rules: LintRules,
    whole: WholeBank | None,
) -> BankLint:
    pairs = likenesses(items)
    return BankLint(
        items=tuple(items),
        faults=(*faults, *_faults(items, pairs)),
        doubts=tuple(_doubts(items, pairs)),
        bank_faults=(*bank_faults(items), *(goal_faults(items, whole) if whole else ())),
        alike=tuple(pairs),
        rules=rules,
        whole=whole,
    )


def _faults(items: Sequence[ItemNotes], pairs: Sequence[Likeness]) -> Iterator[DocumentFault]:
    by_key = {item.key: item for item in items}
    for item in items:
        for one in item.faults:
            yield _placed(item, one.pointer, message=one.message)
    yield from _same_keys(items)
    yield from _lost_enemies(items, by_key)
    for key, message in likeness_faults(pairs, by_key):
        yield _placed(by_key[key], "", message=message)


def _doubts(items: Sequence[ItemNotes], pairs: Sequence[Likeness]) -> Iterator[DocumentFault]:
    by_key = {item.key: item for item in items}
    for item in items:
        for one in item.doubts:
            yield _placed(item, one.pointer, message=one.message)
    for doubt in doubts([item.review for item in items]):
        if doubt.key:  # those of the whole set are told by the guessers, better
            yield _placed(by_key[doubt.key], doubt.pointer, message=doubt.message)
    for pair in pairs:
        if pair.cosine < TOO_ALIKE and not are_enemies(pair, by_key):
            message = f"is somewhat like {pair.first} ({pair.cosine:.2f})"
            yield _placed(by_key[pair.second], "", message=message)


def _placed(item: ItemNotes, pointer: str, *, message: str) -> DocumentFault:
    return DocumentFault(item.path, item.line, pointer, f"{item.key}: {message}")


def _same_keys(items: Sequence[ItemNotes]) -> list[DocumentFault]:
    counts = Counter(item.key for item in items)
    return [
        _placed(item, "/key", message="another item has this key")
        for item in items
        if counts[item.key] > 1
    ]


def _lost_enemies(items: Sequence[ItemNotes], by_key: dict[str, ItemNotes]) -> list[DocumentFault]:
    return [
        _placed(item, "/enemies", message=f"there is no item {enemy}")
        for item in items
        for enemy in item.enemies
        if enemy not in by_key
    ]
