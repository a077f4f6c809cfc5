"""Which new items a test tries out, and where.

An item on tryout is put for its answer alone: it gathers what calibration needs, from agents about
whose level it is written for, and counts for nothing in the test that it is part of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pacnum_api.domains.test_sessions.types import SessionPurpose
from pacnum_api.psychometrics.arithmetic import uniform
from pacnum_api.psychometrics.rules import StoppingRules

AT_MOST: Final = 2
ITEMS_PER_TRYOUT: Final = 5
POSITIONS: Final = range(2, 7)
"""Where tryouts may stand: not first, and early enough that short tests reach them."""

_WITHOUT: Final = frozenset({SessionPurpose.CERTIFICATION})
"""An attestation asks nothing that does not count."""


@dataclass(frozen=True, slots=True)
class TryoutCandidate:
    """An item on tryout: ``tried``: tests that have put it or are to; ``distance``: how far its
    difficulty is from what is known of the agent, in theta.
    """

    item: int
    tried: int
    distance: float


def takes_tryouts(purpose: SessionPurpose) -> bool:
    """Whether tests of this purpose may try items out."""
    return purpose not in _WITHOUT


def expected_items(available: Sequence[int], *, rules: StoppingRules) -> float:
    """How many items a test is likely to take: half way between the least and the most of each
    competence, as far as there are items. ``available``: items of each competence asked about.
    """
    usual = (rules.minimum_items + rules.maximum_items) / 2
    return sum(min(count, usual) for count in available)


def choose_tryouts(
    candidates: Sequence[TryoutCandidate], *, expected: float, seed: int
) -> Mapping[int, int]:
    """Position to item: at most one for five expected items, and two in all.

    The least tried first, then the nearest to the agent; ties and positions by the seed.
    """
    count = min(AT_MOST, int(expected / ITEMS_PER_TRYOUT))
    chosen = sorted(
        candidates,
        key=lambda one: (one.tried, one.distance, uniform(seed, one.item, purpose="tryout")),
    )[:count]
    places = sorted(POSITIONS, key=lambda place: uniform(seed, place, purpose="tryout position"))
    return dict(sorted(zip(places, (one.item for one in chosen), strict=False)))
