"""What an agent has answered before, and whether that can be left out of a new test.

The posterior of the earlier test is the prior of the new one. Whoever is put an item again and
remembers it answers the same again: the same evidence would count twice, and after some repetitions
an interval that promises 90 % holds 60 %. So a test either starts from what the agent showed and
leaves out what they have answered, or starts from the population, as if there had been no test.
"""

from collections.abc import Iterable

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray
from pacnum_api.psychometrics.exposure import ExposureGroups


def answered_groups(groups: ExposureGroups, items: Iterable[int]) -> BoolArray:
    """The exposure groups, (g,), of the items answered: a variant of a template is no new item."""
    return groups.shown(list(items)).astype(np.bool_)


def has_enough_new(
    groups: ExposureGroups, answered: BoolArray, *, competences: Iterable[int], least: int
) -> bool:
    """Whether every competence asked about has at least ``least`` groups not answered before.

    A competence that has fewer in all is enough if none of them was answered.
    """
    for competence in competences:
        members = groups.competence_of == competence
        needed = min(least, int(np.count_nonzero(members)))
        if int(np.count_nonzero(members & ~answered)) < needed:
            return False
    return True
