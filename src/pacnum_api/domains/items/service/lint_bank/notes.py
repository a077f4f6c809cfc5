"""What one item's lint finds, and what is kept of it to hold against the others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from statistics import fmean
from typing import Final

from pacnum_api.domains.items.policy.alternatives import untold_drawings
from pacnum_api.domains.items.policy.clues import AbsoluteWords, absolute_words, gives_away
from pacnum_api.domains.items.policy.files import file_kind
from pacnum_api.domains.items.policy.guessing import Guesser, guesses
from pacnum_api.domains.items.policy.likeness import fingerprint
from pacnum_api.domains.items.policy.outcomes import OUTCOMES
from pacnum_api.domains.items.policy.readability import Readability, reading_faults, reading_of
from pacnum_api.domains.items.policy.review import ReviewNotes, notes_of
from pacnum_api.domains.items.policy.to_read import foretold
from pacnum_api.domains.items.policy.variants import Variants, variants_of
from pacnum_api.domains.items.service.lint_bank.proofs import Proofs, proof_faults
from pacnum_api.domains.items.service.read_file import PlacedItem
from pacnum_api.domains.items.types import (
    LOCALES,
    Item,
    ItemType,
    SingleChoiceTask,
)

_LOOKED_AT: Final = 12
"""Variants that the guessers see in each language, for orders differ from one to the next, and in
which feedback is looked for that is shown too early."""
_SOON: Final = timedelta(days=90)


class ProofState(StrEnum):
    """How the key of an item with files stands to code that does not know it."""

    PROVED = "proved"
    JUDGED = "judged"
    REFUTED = "refuted"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about an item, with a JSON pointer into it."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class GuesserScore:
    """Mean score and chance of one guesser on one item, over variants and languages."""

    score: float
    chance: float


@dataclass(slots=True)
class ItemNotes:
    """One item; ``authored_place`` is that of a single choice's key among its options."""

    key: str
    path: Path
    line: int
    competence: str
    level: int
    type: ItemType
    themes: tuple[str, ...]
    enemies: tuple[str, ...]
    file_kinds: tuple[str, ...]
    reading: Readability
    words: Mapping[str, int]
    absolutes: AbsoluteWords
    guesses: Mapping[Guesser, GuesserScore]
    authored_place: tuple[int, int] | None
    variants: Variants | None
    review: ReviewNotes
    proof: ProofState | None = None
    faults: list[Finding] = field(default_factory=list)
    doubts: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LintRules:
    """What an item is held against: the day, the seeds, the proofs (None: keys are not proved)."""

    today: date
    seeds: int
    proofs_folder: Path | None


def note_item(placed: PlacedItem, path: Path, *, rules: LintRules, proofs: Proofs) -> ItemNotes:
    """Everything about a sound item."""
    item = placed.item
    notes = ItemNotes(
        key=item.key,
        path=path,
        line=placed.line,
        competence=item.competence,
        level=item.level,
        type=item.type,
        themes=item.themes,
        enemies=item.enemies,
        file_kinds=tuple(sorted({file_kind(file) for file in item.content.files})),
        reading=reading_of(item, locale="fr"),
        words=fingerprint(item),
        absolutes=absolute_words(item),
        guesses=_guessed(item),
        authored_place=_authored_place(item),
        variants=None if item.template is None else variants_of(item, seeds=rules.seeds),
        review=notes_of(item),
    )
    notes.faults += _faults(item, notes)
    notes.doubts += _doubts(item)
    notes.faults += _aged(item, rules.today, doubts=notes.doubts)
    if rules.proofs_folder is not None and item.content.files:
        notes.proof = _proved(item, proofs, faults=notes.faults)
    return notes


def _guessed(item: Item) -> dict[Guesser, GuesserScore]:
    found: dict[Guesser, list[tuple[float, float]]] = {}
    for locale in LOCALES:
        for seed in range(_LOOKED_AT):
            for guess in guesses(item, seed=seed, locale=locale):
                found.setdefault(guess.guesser, []).append((guess.score, guess.chance))
    return {
        guesser: GuesserScore(fmean(score for score, _ in pairs), fmean(c for _, c in pairs))
        for guesser, pairs in found.items()
    }


def _authored_place(item: Item) -> tuple[int, int] | None:
    if not isinstance(item.task, SingleChoiceTask):
        return None
    ids = [option.id for option in item.task.interaction.options]
    return ids.index(item.task.key.choice), len(ids)


def _faults(item: Item, notes: ItemNotes) -> Iterator[Finding]:
    for locale in LOCALES:
        for message in reading_faults(item, locale=locale):
            yield Finding("/content/stem", message)
        for place, untold in untold_drawings(item, locale=locale):
            listed = ", ".join(sorted(untold)[:8])
            yield Finding(f"/content/files/{place}/alt", f"{locale}: says nothing of {listed}")
    yield from dict.fromkeys(_foretold(item))
    if notes.variants is not None:
        for message in notes.variants.faults():
            yield Finding("/template", message)
    for place, outcome in enumerate(item.outcomes):
        if outcome not in OUTCOMES:
            yield Finding(f"/outcomes/{place}", f"{outcome} is no learning outcome of DigComp 3.0")


def _foretold(item: Item) -> Iterator[Finding]:
    for locale in LOCALES:
        for seed in range(1 if item.template is None else _LOOKED_AT):
            for one in foretold(item, seed=seed, locale=locale):
                yield Finding(one.pointer, f"{locale}: “{one.piece}” is shown before the answer")


def _doubts(item: Item) -> Iterator[Finding]:
    if gives_away(item):
        yield Finding("/content/interaction/options", "only wrong options have absolute words")
    if not item.outcomes:
        yield Finding("/outcomes", "no learning outcome is named")


def _aged(item: Item, today: date, *, doubts: list[Finding]) -> Iterator[Finding]:
    for place, fact in enumerate(item.facts):
        pointer = f"/facts/{place}/review_by"
        if fact.review_by < today:
            yield Finding(pointer, f"was to be looked at again by {fact.review_by}")
        elif fact.review_by < today + _SOON:
            doubts.append(Finding(pointer, f"is to be looked at again by {fact.review_by}"))


def _proved(item: Item, proofs: Proofs, *, faults: list[Finding]) -> ProofState:
    if item.key in proofs.functions:
        found = [
            Finding("/answer", message)
            for message in proof_faults(item, proofs.functions[item.key])
        ]
        faults += found
        return ProofState.REFUTED if found else ProofState.PROVED
    if item.key in proofs.judged:
        return ProofState.JUDGED
    faults.append(Finding("/content/files", "has files, and no proof finds its key in them"))
    return ProofState.MISSING
