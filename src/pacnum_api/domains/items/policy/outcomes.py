"""Identifiers of DigComp 3.0 learning outcomes: how many each competence has.

Source: data supplement of 24 November 2025 (JRC144705), where those of a competence are numbered
from 01 without a gap. Their texts are not kept here.
"""

from typing import Final

_COUNTS: Final = {
    1: (21, 31, 35),
    2: (31, 20, 34, 22, 21, 29),
    3: (25, 26, 27, 39),
    4: (19, 26, 33, 19),
    5: (15, 17, 16, 17),
}
"""By area: those of its competences, in their order."""

OUTCOMES: Final = frozenset(
    f"LO{area}.{place}.{number:02d}"
    for area, counts in _COUNTS.items()
    for place, count in enumerate(counts, start=1)
    for number in range(1, count + 1)
)
"""All 523."""
