"""Small blueprints, all their tests by enumeration, and a solver that enumerates."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from pacnum_api.psychometrics.arithmetic import BoolArray, IntArray
from pacnum_api.psychometrics.blueprint import Blueprint, Requirement, requirements_by_code
from pacnum_api.psychometrics.shadow import Effort, Solution, SolutionStatus, ZeroOneProgram


def alone(item_count: int) -> list[IntArray]:
    """Items that exclude nothing but themselves."""
    return [np.array([item]) for item in range(item_count)]


def excluding(item_count: int, groups: Sequence[Sequence[int]]) -> list[IntArray]:
    """Items that exclude those they share a group with."""
    banned = [{item} for item in range(item_count)]
    for group in groups:
        for item in group:
            banned[item].update(group)
    return [np.array(sorted(one)) for one in banned]


def mask(item_count: int, items: Sequence[int]) -> BoolArray:
    found = np.zeros(item_count, dtype=np.bool_)
    found[list(items)] = True
    return found


def everything(blueprint: Blueprint) -> BoolArray:
    return np.ones(blueprint.item_count, dtype=np.bool_)


def all_tests(
    blueprint: Blueprint, *, length: int, candidates: BoolArray
) -> Iterator[frozenset[int]]:
    """Yield every test of this length, of candidates, that breaks nothing."""
    for items in combinations(np.flatnonzero(candidates).tolist(), length):
        if not blueprint.violations(items):
            yield frozenset(items)


class ExhaustiveSolver:
    """Tries every choice; remembers the programs it was given."""

    def __init__(self) -> None:
        self.programs: list[ZeroOneProgram] = []

    def __call__(self, program: ZeroOneProgram, effort: Effort) -> Solution:
        self.programs.append(program)
        best = max(feasible_choices(program), key=lambda found: found[0], default=None)
        if best is None:
            return Solution(SolutionStatus.INFEASIBLE, np.zeros(0, dtype=np.int64), -np.inf)
        return Solution(SolutionStatus.OPTIMAL, best[1], best[0])


def feasible_choices(program: ZeroOneProgram) -> Iterator[tuple[float, IntArray]]:
    free = np.flatnonzero(program.free).tolist()
    for length in range(int(program.lower[0]), min(int(program.upper[0]), len(free)) + 1):
        for items in combinations(free, length):
            chosen = np.array(items, dtype=np.int64)
            if program.is_feasible(chosen):
                yield float(program.values[chosen].sum()), chosen


def _ranges(codes: int, greatest: int) -> st.SearchStrategy[dict[int, tuple[int, int | None]]]:
    pair = st.tuples(st.integers(0, 1), st.integers(1, greatest))
    return st.lists(pair, min_size=codes, max_size=codes).map(
        lambda pairs: {code: (least, max(least, most)) for code, (least, most) in enumerate(pairs)}
    )


def _families(codes: Sequence[int]) -> st.SearchStrategy[list[list[int]]]:
    """Families of items of one code: nested in it."""
    marks = st.lists(st.integers(0, 2), min_size=len(codes), max_size=len(codes))
    return marks.map(
        lambda drawn: [
            [item for item, code in enumerate(codes) if (code, drawn[item]) == (kind, 0)]
            for kind in set(codes)
        ]
    )


@st.composite
def nested_blueprints(draw: st.DrawFn, *, longest: int = 4) -> Blueprint:
    """Up to 9 items in competences, competences in areas, families in competences."""
    size = draw(st.integers(5, 9))
    codes = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    competence = np.array(codes)
    areas = draw(_ranges(2, 3))
    return _built(
        [
            *requirements_by_code("competence", competence, counts=draw(_ranges(4, 2))),
            *requirements_by_code("area", competence // 2, counts=areas),
        ],
        excludes=excluding(size, draw(_families(codes))),
        length=draw(st.integers(1, longest)),
        spare=draw(st.integers(0, 2)),
    )


@st.composite
def overlapping_blueprints(draw: st.DrawFn, *, longest: int = 4) -> Blueprint:
    """Up to 9 items in competences and, independently, in types, with enemies anywhere."""
    size = draw(st.integers(5, 9))
    codes = st.lists(st.integers(0, 2), min_size=size, max_size=size).map(np.array)
    pairs = st.lists(st.lists(st.integers(0, size - 1), min_size=2, max_size=3, unique=True))
    return _built(
        [
            *requirements_by_code("competence", draw(codes), counts=draw(_ranges(3, 2))),
            *requirements_by_code("type", draw(codes), counts=draw(_ranges(3, 3))),
        ],
        excludes=excluding(size, draw(pairs.map(lambda groups: groups[:3]))),
        length=draw(st.integers(1, longest)),
        spare=draw(st.integers(0, 2)),
    )


def _built(
    requirements: Sequence[Requirement], *, excludes: Sequence[IntArray], length: int, spare: int
) -> Blueprint:
    """Minima that the bank cannot meet by themselves are lowered: what is of interest is whether
    they can be met together.
    """
    possible = [
        Requirement(
            one.name,
            one.items,
            minimum=min(one.minimum, int(one.items.sum())),
            maximum=one.maximum,
        )
        for one in requirements
    ]
    return Blueprint.build(
        possible, excludes=excludes, minimum_length=length, maximum_length=length + spare
    )
