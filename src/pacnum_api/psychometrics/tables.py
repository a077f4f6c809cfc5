"""What a step looks up: the bank worked out on the grid, once, when a bank version is published.

Two forms of the same probabilities:

- on the grid (201 points), exact, for the likelihood of answers;
- on the nodes (41 points) as whole numbers, for the value of all items of a competence at once.
  Probabilities there count in units of 2**-24 and posterior weights in units of 2**-25 / 5, so that
  every sum of their products is a whole number below 2**53 and therefore exact in double
  precision, in whatever order the linear algebra library adds, with however many threads. Values
  of items so do not depend on the machine; the rounding (6e-8) is far below what distinguishes
  items.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.bank import NO_FAMILY, ItemParameters, alike, item_curves
from pacnum_api.psychometrics.scale import (
    DEFAULT_SCALE,
    NODE_STRIDE,
    NODES,
    THETA,
    LevelScale,
)

_AT_ONCE = 32
"""Items whose curves are worked out together: what is made on the way then stays in the processor's
cache, which halves the time; the results are the same, item by item.
"""

PROBABILITY_UNITS = 2.0**24
WEIGHT_UNITS = 2.0**25


def _node_shares() -> FloatArray:
    grid, nodes = np.arange(len(THETA)), NODE_STRIDE * np.arange(len(NODES))
    distance = np.abs(grid[:, None] - nodes[None, :]).astype(np.float64)
    shares: FloatArray = np.maximum(0.0, NODE_STRIDE - distance)
    shares.flags.writeable = False
    return shares


NODE_SHARES: FloatArray = _node_shares()
"""Fifths of the weight of each grid point that go to each node, (201, 41), whole numbers 0 to 5: to
the two nearest nodes by nearness. Sums over the nodes so take curves as straight between them.
"""


@dataclass(frozen=True, eq=False)
class CompetenceTable:
    """The items ``first`` .. ``stop - 1`` of one competence.

    ``scored`` (C - 1, 41, stop - first): probability at each node of category 1, 2, ... of each
    item, in whole units of 2**-24; 0 for categories that an item does not have. Category 0 is what
    is missing to one.
    """

    first: int
    stop: int
    scored: FloatArray


@dataclass(frozen=True, eq=False)
class BankTables:
    """A published bank version with the level scale of its framework. Immutable; share it.

    ``likelihood`` (sum of categories, 201): P(category) at each grid point; the row of a response
    is ``row_of[item] + category``; ``node_likelihood`` (sum of categories, 41): the same at the
    nodes. ``excludes[item]``: the items, itself among them, that may no
    longer be asked once ``item`` was.
    """

    parameters: ItemParameters
    scale: LevelScale
    competence_count: int
    likelihood: FloatArray
    node_likelihood: FloatArray
    row_of: tuple[int, ...]
    competence_of: tuple[int, ...]
    excludes: tuple[IntArray, ...]
    competences: tuple[CompetenceTable, ...]

    @property
    def item_count(self) -> int:
        return len(self.competence_of)

    @cached_property
    def filled(self) -> tuple[tuple[int, ...], IntArray]:
        """The competences that have items, and the first item of each, for ``reduceat``."""
        having = [index for index, one in enumerate(self.competences) if one.first < one.stop]
        starts = np.array([self.competences[index].first for index in having], dtype=np.int64)
        return tuple(having), starts

    @cached_property
    def row_bounds(self) -> IntArray:
        """First row of ``likelihood`` of each competence and the one after its last, (K, 2)."""
        ends = np.concatenate(
            (np.zeros(1, np.int64), np.add.accumulate(self.parameters.categories))
        )
        return np.array([(ends[one.first], ends[one.stop]) for one in self.competences])

    @cached_property
    def others_excluded(self) -> tuple[IntArray | None, ...]:
        """``excludes`` of the items that exclude more than themselves; None for the others."""
        return tuple(items if len(items) > 1 else None for items in self.excludes)

    @cached_property
    def category_counts(self) -> tuple[int, ...]:
        """The number of response categories of each item."""
        return tuple(self.parameters.categories.tolist())

    @cached_property
    def _rows(self) -> IntArray:
        return np.array(self.row_of, dtype=np.int64)

    def likelihood_rows(self, items: IntArray, categories: IntArray) -> IntArray:
        """Return the rows of ``likelihood`` for several answers, (n,) each; ``ValueError`` if one
        of them does not exist.
        """
        if len(items) and not 0 <= int(items.min()) <= int(items.max()) < self.item_count:
            raise ValueError("an item is not in the bank")
        if np.any((categories < 0) | (categories >= self.parameters.categories[items])):
            raise ValueError("an item does not have the category of its answer")
        rows: IntArray = self._rows[items] + categories
        return rows

    @classmethod
    def build(
        cls,
        parameters: ItemParameters,
        *,
        competence_count: int,
        scale: LevelScale = DEFAULT_SCALE,
    ) -> "BankTables":
        """Work out the tables (about 0.2 s and 20 MB for 5,000 right/wrong items).

        ``ValueError`` if an item belongs to a competence at or beyond ``competence_count``.
        """
        if len(parameters) and int(parameters.competence[-1]) >= competence_count:
            raise ValueError("an item belongs to a competence that is not counted")
        ends = np.add.accumulate(parameters.categories)
        row_of = tuple((ends - parameters.categories).tolist())
        likelihood = _likelihood(parameters, row_of)
        bounds = np.searchsorted(parameters.competence, np.arange(competence_count + 1)).tolist()
        competences = tuple(
            CompetenceTable(
                first=first,
                stop=stop,
                scored=_scored(likelihood, row_of[first:stop], ends=ends[first:stop]),
            )
            for first, stop in pairwise(bounds)
        )
        return cls(
            parameters=parameters,
            scale=scale,
            competence_count=competence_count,
            likelihood=likelihood,
            node_likelihood=_at_nodes(likelihood),
            row_of=row_of,
            competence_of=tuple(parameters.competence.tolist()),
            excludes=_excludes(parameters),
            competences=competences,
        )

    def likelihood_row(self, item: int, category: int) -> int:
        """Return the row of ``likelihood`` for an answer; ``ValueError`` if there is none."""
        if not 0 <= item < self.item_count:
            raise ValueError(f"item {item} is not in the bank")
        if not 0 <= category < self.category_counts[item]:
            raise ValueError(f"item {item} has no category {category}")
        return self.row_of[item] + category


def _likelihood(parameters: ItemParameters, row_of: tuple[int, ...]) -> FloatArray:
    rows = np.array(row_of, dtype=np.int64)
    table = np.zeros((int(parameters.categories.sum()), len(THETA)))
    for items in alike(parameters, at_most=_AT_ONCE):
        probability = item_curves(parameters, items, theta=THETA).probability
        for category in range(probability.shape[1]):
            table[rows[items] + category] = probability[:, category]
    table.flags.writeable = False
    return table


def _at_nodes(likelihood: FloatArray) -> FloatArray:
    table = np.ascontiguousarray(likelihood[:, ::NODE_STRIDE])
    table.flags.writeable = False
    return table


def _scored(likelihood: FloatArray, rows: tuple[int, ...], *, ends: IntArray) -> FloatArray:
    widest = max((int(end) - row for row, end in zip(rows, ends, strict=True)), default=2)
    table = np.zeros((widest - 1, len(NODES), len(rows)))
    first = np.array(rows, dtype=np.int64)
    for category in range(1, widest):
        has_category = first + category < ends
        probability = likelihood[first[has_category] + category, ::NODE_STRIDE]
        table[category - 1][:, has_category] = _whole_units(probability, widest=widest).T
    table.flags.writeable = False
    return table


def _whole_units(probability: FloatArray, *, widest: int) -> FloatArray:
    # Never 0, and never so much that category 0 would have nothing left: both are divided by.
    return np.clip(np.rint(probability * PROBABILITY_UNITS), 1.0, PROBABILITY_UNITS - widest)


def _excludes(parameters: ItemParameters) -> tuple[IntArray, ...]:
    banned: list[set[int]] = [{index} for index in range(len(parameters))]
    families: dict[int, list[int]] = {}
    for index, family in enumerate(parameters.family.tolist()):
        if family != NO_FAMILY:
            families.setdefault(family, []).append(index)
    for members in families.values():
        for index in members:
            banned[index].update(members)
    for index, enemies in enumerate(parameters.enemies):
        banned[index].update(enemies)
        for enemy in enemies:
            banned[enemy].add(index)
    return tuple(np.array(sorted(items), dtype=np.int64) for items in banned)
