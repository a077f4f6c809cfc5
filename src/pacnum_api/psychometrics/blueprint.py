"""What a test must hold: its length, how many items of each kind, which items never meet.

A blueprint is laid over one bank version and worked out once: everything a step needs is an array.

Vocabulary
----------
requirement : a set of items (a competence, a theme, a type, items with files, a band of levels)
    with the least and the greatest number of them in a test.
cell : the items that belong to exactly the same requirements; for the blueprint they are alike.
clique : items of which a test holds at most one (a family; items that are all enemies).
nested : any two of the sets (requirements and cliques) are disjoint, or one contains the other.
    Nested blueprints are easy in theory and here (see ``feasibility``); competences within areas
    are nested, competences and item types are not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray

_ROUNDING = 1e-9


class BlueprintUnfulfillable(ValueError):
    """No test of this bank was found that fulfils the blueprint and holds the items given."""


@dataclass(frozen=True, eq=False)
class Requirement:
    """Between ``minimum`` and ``maximum`` (None: no limit) of the ``items`` (n,), a mask."""

    name: str
    items: BoolArray
    minimum: int = 0
    maximum: int | None = None

    @classmethod
    def at_most_share(
        cls, name: str, items: BoolArray, *, share: float, minimum_length: int
    ) -> "Requirement":
        """Return a cap at a share (0 to 1) of the test.

        The share of the shortest test allowed: it then holds at every greater length, too.
        """
        return cls(name, items, maximum=int(share * minimum_length + _ROUNDING))

    def faults(self, item_count: int, *, minimum_length: int) -> Iterator[str]:
        """Yield, in words, what makes the requirement unusable or impossible by itself."""
        if self.items.shape != (item_count,) or self.items.dtype != np.bool_:
            yield f"{self.name}: one truth value for each item of the bank is needed"
            return
        if self.minimum < 0 or (self.maximum is not None and self.maximum < self.minimum):
            yield f"{self.name}: 0 <= minimum <= maximum must hold"
        if self.minimum > minimum_length:
            yield f"{self.name}: the minimum is more than the shortest test holds"
        if self.minimum > np.count_nonzero(self.items):
            yield f"{self.name}: the minimum is more than the bank holds"


def requirements_by_code(
    name: str, codes: IntArray, *, counts: Mapping[int, tuple[int, int | None]]
) -> list[Requirement]:
    """Return one requirement for each code of an attribute (n,): code to (minimum, maximum)."""
    return [
        Requirement(f"{name} {code}", codes == code, minimum=minimum, maximum=maximum)
        for code, (minimum, maximum) in counts.items()
    ]


@dataclass(frozen=True, eq=False)
class Columns:
    """A 0/1 matrix by columns: column j has ones in rows ``rows[starts[j]:starts[j + 1]]``.

    Every column has at least one: the first row counts all items.
    """

    starts: IntArray
    rows: IntArray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def weighed(self, row_weights: FloatArray) -> FloatArray:
        """Return the sum, for each column, of the weights of its rows: (columns,)."""
        sums: FloatArray = np.add.reduceat(row_weights[self.rows], self.starts[:-1])
        return sums

    def tightest(self, upper: IntArray) -> IntArray:
        """Return the least bound of the rows of each column: (columns,)."""
        least: IntArray = np.minimum.reduceat(upper[self.rows], self.starts[:-1])
        return least

    def row_counts(self, columns: IntArray, *, row_count: int) -> IntArray:
        """Return how many of the ``columns`` have a one in each row: (row_count,)."""
        taken = self.taken(columns)
        return np.bincount(taken.rows, minlength=row_count).astype(np.int64)

    def taken(self, columns: IntArray) -> "Columns":
        """Return these columns alone, in the order given."""
        first, count = self.starts[columns], self.starts[columns + 1] - self.starts[columns]
        starts = np.concatenate([[0], np.cumsum(count)])
        offsets = np.arange(starts[-1]) - np.repeat(starts[:-1], count)
        return Columns(starts, self.rows[np.repeat(first, count) + offsets])


@dataclass(frozen=True, eq=False)
class Blueprint:
    """A blueprint over n items with r requirements. Made by ``build``; immutable, share it.

    ``members`` (r, n), ``minimum`` and ``maximum`` (r,): the requirements; ``excludes[i]``: the
    items, itself among them, that may not meet item i (``BankTables.excludes``); ``cliques``: sets
    of at most one that cover all those pairs; ``cell_of`` (n,) and ``cells`` (q, r), zeros and
    ones: the cell of each item and the requirements of each cell; ``columns``: rows are the length,
    the requirements, the cliques, in this order; ``twins`` (n,): a number that items have in common
    if they stand in the same rows (the same cell, and the same cliques).
    """

    names: tuple[str, ...]
    minimum_length: int
    maximum_length: int
    members: BoolArray
    minimum: IntArray
    maximum: IntArray
    excludes: tuple[IntArray, ...]
    cliques: tuple[IntArray, ...]
    cell_of: IntArray
    cells: FloatArray
    columns: Columns
    twins: IntArray

    @classmethod
    def build(
        cls,
        requirements: Sequence[Requirement],
        *,
        excludes: Sequence[IntArray],
        minimum_length: int,
        maximum_length: int,
    ) -> "Blueprint":
        """Check the requirements and lay them over the bank (0.2 s for 5,000 items).

        A fixed length is a minimum equal to the maximum. ``ValueError`` says all that is wrong with
        single requirements; that they cannot be met together is found by ``feasibility.plan``.
        """
        faults = [
            *_length_faults(minimum_length, maximum_length, item_count=len(excludes)),
            *_requirement_faults(requirements, len(excludes), minimum_length=minimum_length),
            *_exclusion_faults(excludes),
        ]
        if faults:
            raise ValueError("; ".join(faults))
        shape = (len(requirements), len(excludes))
        members = np.array([one.items for one in requirements], dtype=np.bool_).reshape(shape)
        limits = (maximum_length if one.maximum is None else one.maximum for one in requirements)
        patterns, cell_of = np.unique(members, axis=1, return_inverse=True)
        cliques = tuple(_cliques(excludes))
        columns = _columns(members, cliques)
        return cls(
            names=tuple(one.name for one in requirements),
            minimum_length=minimum_length,
            maximum_length=maximum_length,
            members=members,
            minimum=np.array([one.minimum for one in requirements], dtype=np.int64),
            maximum=np.array(list(limits), dtype=np.int64),
            excludes=tuple(excludes),
            cliques=cliques,
            cell_of=cell_of.reshape(-1).astype(np.int64),
            cells=patterns.T.astype(np.float64),
            columns=columns,
            twins=_twins(columns),
        )

    @property
    def item_count(self) -> int:
        return len(self.excludes)

    def counts(self, items: Sequence[int]) -> IntArray:
        """Return how many of the ``items`` count for each requirement: (r,)."""
        counts: IntArray = self.members[:, list(items)].sum(axis=1, dtype=np.int64)
        return counts

    def violations(self, items: Sequence[int]) -> tuple[str, ...]:
        """Return, in words, what a finished test of these items breaks; empty if nothing."""
        found = []
        if not self.minimum_length <= len(items) <= self.maximum_length:
            found.append(f"length: {len(items)}")
        if len(set(items)) != len(items):
            found.append("an item stands in it twice")
        rows = zip(self.names, self.counts(items), self.minimum, self.maximum, strict=True)
        found += [
            f"{name}: {count}" for name, count, least, most in rows if not least <= count <= most
        ]
        present = np.zeros(self.item_count, dtype=np.bool_)
        present[list(items)] = True
        found += [
            f"items {' and '.join(map(str, clique[present[clique]]))} may not meet"
            for clique in self.cliques
            if np.count_nonzero(present[clique]) > 1
        ]
        return tuple(found)

    def row_bounds(self) -> tuple[IntArray, IntArray]:
        """Return the lower and upper bounds of the rows of ``columns``, of a test of any length."""
        none, one = np.zeros(len(self.cliques), np.int64), np.ones(len(self.cliques), np.int64)
        return (
            np.concatenate([[self.minimum_length], self.minimum, none]),
            np.concatenate([[self.maximum_length], self.maximum, one]),
        )

    def is_nested(self) -> bool:
        """Tell whether requirements and cliques are nested; then ``admissible`` is exact."""
        width = len(self.names) + len(self.cliques) + 1
        # filled in by hand: a service must not load a library of sparse matrices for this one
        matrix = np.zeros((width, self.item_count))
        item_of = np.repeat(np.arange(self.item_count), np.diff(self.columns.starts))
        matrix[self.columns.rows, item_of] = 1.0
        overlap = matrix @ matrix.T
        size = np.diag(overlap)
        smaller = np.minimum(size[:, None], size[None, :])
        return bool(np.all((overlap == 0) | (overlap == smaller)))


def _length_faults(minimum: int, maximum: int, *, item_count: int) -> Iterator[str]:
    if not 1 <= minimum <= maximum:
        yield "1 <= minimum length <= maximum length must hold"
    if minimum > item_count:
        yield "the shortest test is longer than the bank"


def _requirement_faults(
    requirements: Sequence[Requirement], item_count: int, *, minimum_length: int
) -> Iterator[str]:
    for requirement in requirements:
        yield from requirement.faults(item_count, minimum_length=minimum_length)
    if len({requirement.name for requirement in requirements}) != len(requirements):
        yield "two requirements have one name"


def _exclusion_faults(excludes: Sequence[IntArray]) -> Iterator[str]:
    for item, banned in enumerate(excludes):
        if item not in banned:
            yield f"item {item}: the items excluded by an item include itself"
        elif any(not 0 <= other < len(excludes) for other in banned):
            yield f"item {item}: an item excluded is not in the bank"
        elif any(item not in excludes[other] for other in banned):
            yield f"item {item}: exclusion must go both ways"


def _cliques(excludes: Sequence[IntArray]) -> Iterator[IntArray]:
    """Yield sets whose members all exclude each other, so that each excluding pair is in one.

    Grown greedily in the order of the bank: a family is one clique, and bounds a linear relaxation
    more tightly than its pairs would.
    """
    linked = {item: set(banned.tolist()) for item, banned in enumerate(excludes) if len(banned) > 1}
    covered: set[tuple[int, int]] = set()
    for item, banned in linked.items():
        for other in sorted(banned):
            if other <= item or (item, other) in covered:
                continue
            clique = [item, other]
            for third in sorted(banned & linked[other]):
                if third not in clique and all(third in linked[member] for member in clique):
                    clique.append(third)
            clique.sort()
            covered.update((one, two) for one in clique for two in clique if one < two)
            yield np.array(clique, dtype=np.int64)


def _columns(members: BoolArray, cliques: Sequence[IntArray]) -> Columns:
    item_count = members.shape[1]
    items, rows = np.nonzero(members.T)
    all_items = [np.arange(item_count), items, *cliques]
    all_rows = [np.zeros(item_count, dtype=np.int64), rows + 1]
    all_rows += [
        np.full(len(clique), 1 + len(members) + place) for place, clique in enumerate(cliques)
    ]
    of_item, of_row = np.concatenate(all_items), np.concatenate(all_rows)
    order = np.argsort(of_item, kind="stable")
    counts = np.bincount(of_item, minlength=item_count)
    return Columns(np.concatenate([[0], np.cumsum(counts)]), of_row[order])


def _twins(columns: Columns) -> IntArray:
    numbers: dict[bytes, int] = {}
    keys = (columns.rows[first:stop].tobytes() for first, stop in pairwise(columns.starts.tolist()))
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
