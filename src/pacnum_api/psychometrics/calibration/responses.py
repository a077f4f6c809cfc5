"""The data of a calibration: who answered what, and how.

Most persons have answered few of the items, and an adaptive test has chosen which. Marginal maximum
likelihood needs nothing more than this: what decided which items a person saw are answers that
are themselves in the data, so that what is missing is missing at random and the mechanism drops
out of the likelihood (Mislevy & Wu 1996, ETS RR-96-30). It stops being true where the choice
depended on something else, say an estimate from answers that were left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item


@dataclass(frozen=True, eq=False)
class ResponseData:
    """R scored answers of N persons, as flat columns; persons and items are indices from 0.

    ``person``, ``item``, ``category`` (R,): the answer's score, 0 up to the item's greatest.
    ``person_count`` N: persons without an answer are allowed. ``group`` (N,): population of each
    person, 0 being the reference; None if there is one. ``known_mean``, ``known_sd`` (N,): what is
    known of a person's ability from elsewhere, in theta; NaN where nothing is, and the person then
    counts as drawn from the group's population.

    ``ValueError`` if columns differ in length, indices are out of range, a person answers one item
    twice (the second answer is not independent of the first), or something is known by halves.
    """

    person: IntArray
    item: IntArray
    category: IntArray
    person_count: int
    group: IntArray | None = None
    known_mean: FloatArray | None = None
    known_sd: FloatArray | None = None

    def __post_init__(self) -> None:
        if not len(self.person) == len(self.item) == len(self.category):
            raise ValueError("person, item and category must be of one length")
        if len(self.person) == 0:
            raise ValueError("there is no answer")
        if min(self.person.min(), self.item.min(), self.category.min()) < 0:
            raise ValueError("persons, items and categories are counted from 0")
        if int(self.person.max()) >= self.person_count:
            raise ValueError("a person is beyond person_count")
        pairs = np.sort(self.person * (int(self.item.max()) + 1) + self.item)
        if np.any(pairs[1:] == pairs[:-1]):
            raise ValueError("a person has answered an item twice")
        self._check_persons()

    def _check_persons(self) -> None:
        for name in ("group", "known_mean", "known_sd"):
            column = getattr(self, name)
            if column is not None and column.shape != (self.person_count,):
                raise ValueError(f"{name} must have one entry for each person")
        if self.group is not None and int(self.group.min()) < 0:
            raise ValueError("groups are counted from 0")
        if (self.known_mean is None) != (self.known_sd is None):
            raise ValueError("known_mean and known_sd go together")
        if self.known_mean is not None and self.known_sd is not None:
            spread = self.known_sd[~np.isnan(self.known_mean)]
            if not np.all(spread > 0.0):
                raise ValueError("known_sd must be positive where known_mean is given")

    @property
    def is_known(self) -> BoolArray:
        """Whether a person's ability has a prior of its own, (N,)."""
        if self.known_mean is None:
            return np.zeros(self.person_count, dtype=np.bool_)
        return ~np.isnan(self.known_mean)

    @cached_property
    def has_answered(self) -> BoolArray:
        """Whether a person has answered anything, (N,)."""
        return np.bincount(self.person, minlength=self.person_count) > 0

    @cached_property
    def is_drawn(self) -> BoolArray:
        """Whether a person tells of the population, (N,): has answered, and is not known from
        elsewhere.
        """
        return self.has_answered & ~self.is_known

    @cached_property
    def groups(self) -> IntArray:
        """The population of each person, (N,)."""
        return np.zeros(self.person_count, dtype=np.int64) if self.group is None else self.group

    @property
    def group_count(self) -> int:
        return int(self.groups.max()) + 1

    def answered(self, item_count: int) -> IntArray:
        """Return the number of answers to each item, (n,)."""
        return np.bincount(self.item, minlength=item_count)

    def check_against(self, items: Sequence[Item]) -> None:
        """``ValueError`` if an answer is to an item, or in a category, that does not exist."""
        categories = np.array([item.categories for item in items], dtype=np.int64)
        if int(self.item.max()) >= len(items):
            raise ValueError("an answer is to an item that is not there")
        if np.any(self.category >= categories[self.item]):
            raise ValueError("an answer has a score that its item cannot give")

    def only_items(self, items: IntArray) -> "ResponseData":
        """Return the answers to ``items``, which are counted anew in the order given; all persons
        stay. ``ValueError`` if nothing is left.
        """
        place = np.full(max(int(self.item.max()), int(items.max())) + 1, -1, dtype=np.int64)
        place[items] = np.arange(len(items))
        kept = place[self.item] >= 0
        return ResponseData(
            person=self.person[kept],
            item=place[self.item[kept]],
            category=self.category[kept],
            person_count=self.person_count,
            group=self.group,
            known_mean=self.known_mean,
            known_sd=self.known_sd,
        )

    def indicator(self, rows: IntArray, *, width: int) -> sparse.csr_matrix:
        """Return the (N, width) matrix with a 1 for each answer, in the column ``rows`` (R,) that
        belongs to its item and category.
        """
        ones = np.ones(len(rows))
        return sparse.csr_matrix((ones, (self.person, rows)), shape=(self.person_count, width))


def from_matrix(scores: FloatArray, *, group: IntArray | None = None) -> ResponseData:
    """Return the data of a (N, n) table of scores in which NaN stands for no answer."""
    person, item = np.nonzero(~np.isnan(scores))
    return ResponseData(
        person=person,
        item=item,
        category=scores[person, item].astype(np.int64),
        person_count=len(scores),
        group=group,
    )
