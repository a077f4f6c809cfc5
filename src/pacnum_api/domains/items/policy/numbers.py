"""Numbers as people type them, and when one is near enough to the key.

``1 234,5``, ``1,234.5``, ``1.234,5``, ``1'234.5``, ``−3``, ``12 %``, ``12,50 €``: each is read in
every way that makes sense. ``1,234`` is a thousand and some to an English reader, one and some to
a French one: both readings are kept, and the answer is right when one of them is.
"""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Final

from pacnum_api.domains.items.policy.text_matching import normalised
from pacnum_api.domains.items.types import Difference

_LONGEST: Final = 40
_GREATEST: Final = Decimal(10) ** 15
_NOISE: Final = Decimal("1e-9")
"""Relative; what binary floating point adds to a key that was computed."""

_MINUS: Final = str.maketrans(
    {"−": "-", "‒": "-", "–": "-", "—": "-", "\u2010": "-", "\u2011": "-"}
)
_SPACES: Final = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u205f\u3000'’]+")
_GROUPED: Final = re.compile(r"\d{1,3}( \d{3})+([.,]\d*)?")
_PLAIN: Final = re.compile(r"\d+([.,]\d*)?|[.,]\d+")
_MIXED: Final = re.compile(r"(\d{1,3}(?:,\d{3})+\.\d*)|(\d{1,3}(?:\.\d{3})+,\d*)")
_REPEATED: Final = re.compile(r"\d{1,3}((?:,\d{3}){2,}|(?:\.\d{3}){2,})")
_AMBIGUOUS: Final = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_SAME: Final = frozenset({Difference.CASE, Difference.ACCENTS, Difference.SPACES})


def readings(text: str, units: Iterable[str] = ()) -> tuple[Decimal, ...]:
    """Every number the text can mean; none when it is not a number.

    ``units`` may follow or precede it (``12 km``, ``€12``). A per cent sign divides by a hundred,
    unless per cent is the unit asked for.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return ()
    body, is_share = _without_unit(text.translate(_MINUS), units)
    sign = -1 if body.startswith("-") else 1
    body = _SPACES.sub(" ", body.removeprefix("-").removeprefix("+")).strip()
    scale = Decimal(sign) / (100 if is_share else 1)
    return tuple(scale * number for number in _numbers(body) if number < _GREATEST)


def from_json(value: float) -> Decimal | None:
    """A JSON number as typed (0.1 is a tenth); None when it is no finite number below 10^15."""
    # an int of thousands of digits cannot even be printed: judged by its size first
    if isinstance(value, int) and value.bit_length() > 64:
        return None
    number = Decimal(repr(value))
    return number if number.is_finite() and abs(number) < _GREATEST else None


def is_near(given: Decimal, key: float, *, within: float, decimals: int | None) -> bool:
    """Whether the number is the key, ``within`` a distance; 0 asks for the key itself.

    With ``decimals``, the key itself is the key rounded to them: half up, or half to even, for
    both are taught and both are what spreadsheets and statistics packages give.
    """
    exact = Decimal(repr(key))
    slack = max(abs(exact), Decimal(1)) * _NOISE
    if within > 0 or decimals is None:
        return abs(given - exact) <= Decimal(repr(within)) + slack
    step = Decimal(1).scaleb(-decimals)
    clean = exact.quantize(Decimal("1e-9"))  # 12.344999999999999 was 12.345 before it was binary
    rounded = {clean.quantize(step, mode) for mode in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    return any(abs(given - number) <= slack for number in rounded)


def _without_unit(text: str, units: Iterable[str]) -> tuple[str, bool]:
    """The text less a unit at either end, and whether it was a per cent sign nobody asked for."""
    for unit in units:
        bare = normalised(unit, _SAME)
        for start in _unit_ends(text):
            if bare and normalised(text[start:], _SAME) == bare:
                return text[:start], False
            if bare and normalised(text[:start], _SAME) == bare:
                return text[start:], False
    if text.endswith("%"):
        return text[:-1], True
    return text, False


def _unit_ends(text: str) -> list[int]:
    """Where a number can end or begin: just after the last digit, just before the first."""
    places = [place for place, character in enumerate(text) if character.isdigit()]
    if not places:
        return []
    first = places[0]
    if text[:first].endswith(("-", "+")):
        first -= 1
    return [places[-1] + 1, first]


def _numbers(body: str) -> list[Decimal]:
    if _AMBIGUOUS.fullmatch(body):
        return [Decimal(body.replace(",", ".")), Decimal(re.sub("[.,]", "", body))]
    if _PLAIN.fullmatch(body):
        return [Decimal(body.replace(",", "."))]
    if _GROUPED.fullmatch(body):
        return [Decimal(body.replace(" ", "").replace(",", "."))]
    if mixed := _MIXED.fullmatch(body):
        bare = body.replace("." if mixed[1] is None else ",", "")
        return [Decimal(bare.replace(",", "."))]
    if _REPEATED.fullmatch(body):
        return [Decimal(re.sub("[.,]", "", body))]
    return []
