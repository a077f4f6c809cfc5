"""Many tests that begin one after the other, admitted as ``exposure.admit`` admits each of them.

What a test may use depends on what those before it have reserved, so they are taken in turn; but
only to decide which groups are eligible. Bounds, prices and featured groups are worked out for a
block of tests at once, by the very operations of ``exposure``; where a test would be left with less
than it needs, ``exposure`` itself is asked.
"""

from dataclasses import replace

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.exposure import (
    FREELY,
    LEAST_SHARE,
    SCARCE,
    Exposure,
    ExposureGroups,
    Limits,
    admit,
    phase_of_groups,
)
from pacnum_api.psychometrics.simulation.admissions import NONE_FEATURED, Admissions

_AT_A_TIME = 64


def admit_each(
    count: int, exposure: Exposure, *, groups: ExposureGroups, limits: Limits, need: int
) -> tuple[Admissions, Exposure]:
    """Return what ``count`` tests may use, group by group, and the counters once they have begun.

    ``need`` as in ``exposure.admit``. In the result groups stand in the place of items.
    """
    found = Admissions.free(count, len(groups))
    for first in range(0, count, _AT_A_TIME):
        block = slice(first, min(first + _AT_A_TIME, count))
        tests = exposure.tests + np.arange(1, block.stop - block.start + 1)
        eligible = _eligible(tests, exposure, groups=groups, limits=limits, need=need)
        found.availability[block] = _availability(exposure, eligible, tests=tests, limits=limits)
        found.featured[block] = _featured(exposure, eligible, tests=tests, limits=limits)
        exposure = replace(
            exposure,
            tests=int(tests[-1]),
            reserved=exposure.reserved + np.add.reduce(eligible, axis=0).astype(np.int64),
        )
    return found, exposure


def _eligible(
    tests: IntArray, exposure: Exposure, *, groups: ExposureGroups, limits: Limits, need: int
) -> FloatArray:
    """Return 1 for the groups that each test may use, else 0, (T, g); ``tests`` (T,): the number of
    each, from 1.
    """
    phase = phase_of_groups(len(groups))
    bound = np.maximum(1.0, np.floor(limits.ceiling * tests[:, None] - phase))
    asked = limits.ceiling > 0.0
    competences = np.unique(groups.competence_of[asked])
    members = (groups.competence_of == competences[:, None]).astype(np.float64)
    needed = np.minimum(np.add.reduce(members, axis=1), need)
    # Whole numbers as floats: one more test must fit, and groups not asked about never do.
    with_one_more = np.where(asked, exposure.administered + exposure.reserved + 1.0, np.inf)
    eligible = np.empty((len(tests), len(groups)))
    for place, (row, most) in enumerate(zip(eligible, bound, strict=True)):
        np.less_equal(with_one_more, most, out=row)
        if np.any(members @ row < needed):
            begun = np.add.reduce(eligible[:place], axis=0).astype(np.int64)
            now = Exposure(exposure.tests + place, exposure.administered, exposure.reserved + begun)
            row[:] = admit(now, groups, limits=limits, need=need).eligible
        with_one_more += row
    return eligible


def _availability(
    exposure: Exposure, eligible: FloatArray, *, tests: IntArray, limits: Limits
) -> FloatArray:
    """Return how freely each test may use each group, (T, g), whole numbers 0 to 255."""
    before = np.zeros_like(eligible)
    np.add.accumulate(eligible[:-1], axis=0, out=before[1:])
    before += exposure.reserved
    room = limits.ceiling * tests[:, None] - (exposure.administered + limits.ceiling * before)
    room /= SCARCE
    share = np.minimum(np.maximum(room, LEAST_SHARE, out=room), 1.0, out=room)
    share[:, limits.ceiling >= 1.0] = 1.0
    share *= FREELY
    share = np.rint(share, out=share)
    share *= eligible
    return share


def _featured(
    exposure: Exposure, eligible: FloatArray, *, tests: IntArray, limits: Limits
) -> IntArray:
    """Return the group that each test shows first, (T,), ``NONE_FEATURED`` for none."""
    lags = exposure.administered < np.floor(limits.floor * tests)[:, None]
    if not lags.any():
        return np.full(len(tests), NONE_FEATURED)
    lags &= eligible > 0.0
    counts = np.count_nonzero(lags, axis=1)
    turn = tests % np.maximum(counts, 1) + 1
    place = np.argmax(np.add.accumulate(lags, axis=1, dtype=np.int64) == turn[:, None], axis=1)
    return np.where(counts > 0, place, NONE_FEATURED)
