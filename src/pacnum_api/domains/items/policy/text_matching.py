"""When a written answer is one of the accepted texts."""

import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Final

from pacnum_api.domains.items.types import Difference, TextRules

_SHORTEST_FOR_TYPOS: Final = 5

# typing variants that are never a difference: quotes, dashes and the spaces of French typography
_VARIANTS: Final = str.maketrans({
    "’": "'", "‘": "'", "ʼ": "'", "′": "'", "`": "'", "´": "'",
    "“": '"', "”": '"', "«": '"', "»": '"', "„": '"', "″": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-",
    "\u00ad": "", "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "",
})  # fmt: skip
_LIGATURES: Final = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O"})


def normalised(text: str, ignore: AbstractSet[Difference]) -> str:
    """The text less the differences that do not count.

    Always: compatibility forms (NFKC), kinds of quotes and dashes, runs of spaces, spaces at the
    ends. By ``ignore``: case, accents (and ligatures), all spaces, punctuation (Unicode P*).
    """
    text = unicodedata.normalize("NFKC", text.translate(_VARIANTS)).translate(_VARIANTS)
    if Difference.CASE in ignore:
        text = text.casefold()
    if Difference.ACCENTS in ignore:
        decomposed = unicodedata.normalize("NFD", text)
        bare = "".join(c for c in decomposed if not unicodedata.combining(c))
        text = bare.translate(_LIGATURES)
    if Difference.PUNCTUATION in ignore:
        text = "".join(" " if unicodedata.category(c)[0] == "P" else c for c in text)
    joined = ("" if Difference.SPACES in ignore else " ").join(text.split())
    return unicodedata.normalize("NFC", joined)


def matches(text: str, accepted: Iterable[str], *, rules: TextRules) -> bool:
    """Whether the text is an accepted one, or within ``rules.typos`` slips of one.

    Slips are forgiven from five characters on, and never in a digit: a wrong reference number is
    a wrong answer, not a slip.
    """
    given = normalised(text, rules.ignore)
    return any(
        _is_same(given, normalised(other, rules.ignore), typos=rules.typos) for other in accepted
    )


def _is_same(given: str, expected: str, *, typos: int) -> bool:
    if given == expected:
        return True
    if typos == 0 or len(expected) < _SHORTEST_FOR_TYPOS or _digits(given) != _digits(expected):
        return False
    return edit_distance(given, expected, limit=typos) <= typos


def _digits(text: str) -> list[str]:
    return [character for character in text if character.isdigit()]


def edit_distance(first: str, second: str, *, limit: int) -> int:
    """Damerau–Levenshtein distance (optimal string alignment), or ``limit + 1`` when it is more.

    Edits: insert, delete, replace one character, swap two neighbours (Damerau 1964).
    """
    if abs(len(first) - len(second)) > limit:
        return limit + 1
    before: list[int] = []
    previous = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        current = [i]
        for j, b in enumerate(second, start=1):
            cost = min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, previous = previous, current
    return min(previous[-1], limit + 1)
