"""A lint in words: what is wrong, what deserves a look, and the figures behind."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from pacnum_api.domains.items.policy.readability import LIMITS
from pacnum_api.domains.items.service.lint_bank.lint import BankLint
from pacnum_api.domains.items.service.lint_bank.notes import ItemNotes, ProofState
from pacnum_api.domains.items.service.lint_bank.rules import (
    GREATEST_GAIN,
    SAME,
    TOO_ALIKE,
    absolutes_of,
    authored_places,
    guesser_rows,
)


def lint_text(lint: BankLint, *, with_doubts: bool = True) -> str:
    """Findings first, then the tables, then one line with the counts."""
    parts = [
        *([list(_findings(lint, with_doubts=with_doubts))] if lint.faults or lint.doubts else []),
        list(_bank_faults(lint)),
        list(_guessers(lint)),
        list(_options(lint.items)),
        list(_reading(lint.items)),
        list(_likeness(lint)),
        list(_variants(lint)),
        list(_proofs(lint.items)),
        [_summary(lint)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _findings(lint: BankLint, *, with_doubts: bool) -> Iterator[str]:
    for fault in lint.faults:
        yield f"fault  {fault}"
    for doubt in lint.doubts if with_doubts else ():
        yield f"doubt  {doubt}"


def _bank_faults(lint: BankLint) -> Iterator[str]:
    for fault in lint.bank_faults:
        yield f"fault  the bank: {fault}"


def _guessers(lint: BankLint) -> Iterator[str]:
    yield "Answering by the look of an item alone, against chance (both languages):"
    yield f"{'':<16}{'':<18}{'items':>6}{'score':>8}{'chance':>8}{'gain':>8}"
    for row in guesser_rows(lint.items):
        name = row.guesser.value if row.type is None else ""
        of_type = "all" if row.type is None else row.type.value
        verdict = f"  above +{GREATEST_GAIN:.2f}" if row.is_fault else ""
        yield (
            f"{name:<16}{of_type:<18}{row.items:>6}{row.score:>8.3f}{row.chance:>8.3f}"
            f"{row.gain:>+8.3f}{verdict}"
        )


def _options(items: Sequence[ItemNotes]) -> Iterator[str]:
    places = sorted(authored_places(items).items())
    total = sum(count for _, count in places)
    listed = ", ".join(f"{place}: {count}" for place, count in places)
    absolutes = absolutes_of(items)
    yield f"key of single choices as written, by place ({total}): {listed}"
    yield (
        f"absolute words: in {absolutes.right_absolute} of {absolutes.right} right options"
        f" ({absolutes.right_rate:.1%}), {absolutes.wrong_absolute} of {absolutes.wrong} wrong"
        f" ones ({absolutes.wrong_rate:.1%})"
    )


def _reading(items: Sequence[ItemNotes]) -> Iterator[str]:
    yield "Reading scenario and stem in French: median and most, with the limit"
    yield f"levels{'items':>8}{'words':>16}{'longest sentence':>20}{'LIX':>16}"
    for band, limits in enumerate(LIMITS):
        found = [item.reading for item in items if (item.level - 1) // 2 == band]
        if not found:
            continue
        cells = (
            ([one.words for one in found], limits.words, 16),
            ([one.longest_sentence for one in found], limits.longest_sentence, 20),
            ([one.lix for one in found], limits.lix, 16),
        )
        yield f"{2 * band + 1}, {2 * band + 2}  {len(found):>8}" + "".join(
            f"{f'{median(values):.0f} {max(values):.0f} ({limit:.0f})':>{width}}"
            for values, limit, width in cells
        )


def _likeness(lint: BankLint) -> Iterator[str]:
    same = sum(pair.cosine >= SAME for pair in lint.alike)
    enough = sum(pair.cosine >= TOO_ALIKE for pair in lint.alike)
    nearest = ", ".join(f"{p.first} and {p.second} {p.cosine:.2f}" for p in lint.alike[:3])
    yield (
        f"likeness (cosine of weighed words): {same} pairs from {SAME:.2f} on, {enough} from"
        f" {TOO_ALIKE:.2f} on (enemies); nearest: {nearest or 'none'}"
    )


def _variants(lint: BankLint) -> Iterator[str]:
    found = [item.variants for item in lint.items if item.variants is not None]
    if found:
        yield (
            f"templates: {len(found)}, {lint.rules.seeds} seeds each, in both languages; fewest"
            f" answers {min(one.answers for one in found)}, commonest answer at most"
            f" {max(one.commonest for one in found):.0%}, longest variant at most"
            f" {max(one.growth for one in found):.2f} times the shortest"
        )


def _proofs(items: Sequence[ItemNotes]) -> Iterator[str]:
    with_files = [item for item in items if item.file_kinds]
    kinds = Counter(kind for item in with_files for kind in item.file_kinds)
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    if with_files:
        yield f"items with files: {len(with_files)} ({listed})"
    states = Counter(item.proof for item in items if item.proof is not None)
    if states:
        yield "keys found again from the files by other code: " + ", ".join(
            f"{states[state]} {state.value}" for state in ProofState
        )


def _summary(lint: BankLint) -> str:
    faults = len(lint.faults) + len(lint.bank_faults)
    return f"{len(lint.items)} items, {faults} faults, {len(lint.doubts)} doubts"
