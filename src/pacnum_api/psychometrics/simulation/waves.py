"""A ceiling on exposure, when tests run at the same time.

Counters stand between the tests: how many have begun, and how often each group of items (a family,
or an item that has none) was given. A wave of tests begins together, as they do when several
processes serve agents: none of them sees what the others will use. A group may be given to a wave
as often as there is room under the ceiling,

    room = max(1, floor(ceiling (tests + size of the wave))) - administered

and if that is less than the size of the wave, it is open to as many of its tests as there is room
for, drawn by lot. So no group is ever above the ceiling, whatever the tests of the wave do; with
waves of one test it is the rule ``administered + 1 <= max(1, floor(ceiling (tests + 1)))``.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, IntArray
from pacnum_api.psychometrics.bank import NO_FAMILY, ItemParameters
from pacnum_api.psychometrics.simulation.answers import answer_draws
from pacnum_api.psychometrics.simulation.records import SimulatedTests


def exposure_groups(parameters: ItemParameters) -> IntArray:
    """Return the group of each item, (n,), counted from 0: one for each family, one for each item
    without family.
    """
    family = parameters.family
    alone = -2 - np.arange(len(family))
    _, groups = np.unique(np.where(family == NO_FAMILY, alone, family), return_inverse=True)
    result: IntArray = groups.astype(np.int64)
    return result


@dataclass(eq=False)
class ExposureCounters:
    """The counters, and who may be asked what under the ``ceiling`` (a share of all tests).

    ``groups`` (n,): see ``exposure_groups``. ``ValueError`` unless the ceiling is above 0, and at
    most 1.
    """

    groups: IntArray
    ceiling: float
    seed: int
    tests: int = 0
    administered: IntArray = field(init=False)

    def __post_init__(self) -> None:
        if not 0.0 < self.ceiling <= 1.0:
            raise ValueError("a ceiling on exposure is a share above 0, at most 1")
        self.administered = np.zeros(int(self.groups.max(initial=-1)) + 1, dtype=np.int64)

    def open_to(self, agents: IntArray) -> BoolArray:
        """Return which items each test of a wave may use, (W, n)."""
        wave = len(agents)
        room = max(1, math.floor(self.ceiling * (self.tests + wave))) - self.administered
        is_open = np.repeat(room[None, :] > 0, wave, axis=0)
        scarce = np.flatnonzero((room > 0) & (room < wave))
        if len(scarce):
            draws = answer_draws(self.seed, agents[:, None], items=scarce[None, :])
            turn = np.argsort(np.argsort(draws, axis=0), axis=0)
            is_open[:, scarce] = turn < room[scarce]
        result: BoolArray = is_open[:, self.groups]
        return result

    def close(self, tests: SimulatedTests) -> None:
        """Count a wave that has ended. A family counts as given to a test once, however many of
        its items the test had (items of one family never meet in a test).
        """
        given = tests.items[tests.items >= 0]
        self.administered += np.bincount(self.groups[given], minlength=len(self.administered))
        self.tests += len(tests)
