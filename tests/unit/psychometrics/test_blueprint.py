import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.psychometrics.arithmetic import BoolArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.blueprint import Blueprint, Requirement, requirements_by_code
from tests.unit.psychometrics.banks import tables_of
from tests.unit.psychometrics.blueprints import alone, excluding, mask

COMPETENCE = np.array([0, 0, 0, 1, 1, 1])
KIND = np.array([0, 1, 0, 1, 0, 1])


def blueprint(*requirements: Requirement, groups: Sequence[Sequence[int]] = ()) -> Blueprint:
    return Blueprint.build(
        requirements, excludes=excluding(6, groups), minimum_length=2, maximum_length=4
    )


def test_cells_hold_the_items_of_the_same_requirements() -> None:
    built = blueprint(
        Requirement("first", COMPETENCE == 0, maximum=2), Requirement("text", KIND == 1, minimum=1)
    )
    assert built.cells[built.cell_of].tolist() == built.members.T.tolist()
    assert len(built.cells) == 4
    assert built.minimum.tolist() == [0, 1]
    assert built.maximum.tolist() == [2, 4]
    assert built.counts([0, 1, 5]).tolist() == [2, 2]
    assert built.counts([]).tolist() == [0, 0]


def test_rows_are_the_length_the_requirements_and_the_cliques() -> None:
    built = blueprint(Requirement("first", COMPETENCE == 0, minimum=1), groups=[[1, 3]])
    lower, upper = built.row_bounds()
    assert (lower.tolist(), upper.tolist()) == ([2, 1, 0], [4, 4, 1])
    counts = built.columns.row_counts(np.array([1, 3, 4]), row_count=3)
    assert counts.tolist() == [3, 1, 2]
    assert len(built.columns) == 6
    assert built.columns.weighed(np.array([1.0, 10.0, 100.0])).tolist() == [11, 111, 11, 101, 1, 1]
    assert built.columns.tightest(upper).tolist() == [4, 1, 4, 1, 4, 4]
    taken = built.columns.taken(np.array([3, 0]))
    assert (taken.starts.tolist(), taken.rows.tolist()) == ([0, 2, 4], [0, 2, 0, 1])
    # Those of the same rows, and no others, are twins.
    alike = {tuple(np.flatnonzero(built.twins == twin)) for twin in built.twins}
    assert alike == {(0, 2), (1,), (3,), (4, 5)}


def test_a_blueprint_without_requirements_is_a_length() -> None:
    built = blueprint()
    assert built.cells.shape == (1, 0)
    assert built.violations([0, 1]) == ()
    assert built.is_nested()


def test_every_kind_of_violation_is_named() -> None:
    built = blueprint(
        Requirement("first", COMPETENCE == 0, maximum=1),
        Requirement("text", KIND == 1, minimum=1),
        groups=[[0, 2, 4]],
    )
    assert built.violations([0, 2, 4, 4, 4]) == (
        "length: 5",
        "an item stands in it twice",
        "first: 2",
        "text: 0",
        "items 0 and 2 and 4 may not meet",
    )
    assert built.violations([0, 3]) == ()
    assert built.violations([3]) == ("length: 1",)


def test_a_share_caps_the_shortest_test() -> None:
    capped = Requirement.at_most_share("text", KIND == 1, share=0.45, minimum_length=40)
    assert (capped.minimum, capped.maximum) == (0, 18)
    exact = Requirement.at_most_share("text", KIND == 1, share=0.29, minimum_length=100)
    assert exact.maximum == 29  # although 0.29 * 100 is 28.999999999999996


def test_an_attribute_gives_a_requirement_for_each_code() -> None:
    first, second = requirements_by_code("competence", COMPETENCE, counts={0: (1, 2), 1: (0, None)})
    assert (first.name, first.minimum, first.maximum) == ("competence 0", 1, 2)
    assert (second.name, second.minimum, second.maximum) == ("competence 1", 0, None)
    assert second.items.tolist() == [False, False, False, True, True, True]


@pytest.mark.parametrize(
    ("requirement", "fault"),
    [
        (Requirement("r", mask(5, [0])), "one truth value for each item"),
        (Requirement("r", np.ones(6)), "one truth value for each item"),  # type: ignore[arg-type]  # the fault itself
        (Requirement("r", COMPETENCE == 0, minimum=-1), "0 <= minimum <= maximum"),
        (Requirement("r", COMPETENCE == 0, minimum=2, maximum=1), "0 <= minimum <= maximum"),
        (Requirement("r", COMPETENCE == 0, minimum=3), "more than the shortest test holds"),
        (Requirement("r", COMPETENCE == 7, minimum=1), "more than the bank holds"),
    ],
)
def test_impossible_requirements_are_refused_in_words(requirement: Requirement, fault: str) -> None:
    with pytest.raises(ValueError, match=f"r: .*{re.escape(fault)}"):
        blueprint(requirement)


def test_names_are_unique() -> None:
    one = Requirement("r", COMPETENCE == 0)
    with pytest.raises(ValueError, match="two requirements have one name"):
        blueprint(one, one)


@pytest.mark.parametrize(
    ("lengths", "fault"),
    [((0, 2), "1 <= minimum"), ((3, 2), "1 <= minimum"), ((7, 8), "longer than the bank")],
)
def test_lengths_are_checked(lengths: tuple[int, int], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Blueprint.build([], excludes=alone(6), minimum_length=lengths[0], maximum_length=lengths[1])


@pytest.mark.parametrize(
    ("first", "fault"),
    [([1], "include itself"), ([0, 9], "not in the bank"), ([0, 1], "both ways")],
)
def test_exclusions_are_checked(first: list[int], fault: str) -> None:
    with pytest.raises(ValueError, match=f"item 0: .*{fault}"):
        Blueprint.build(
            [], excludes=[np.array(first), *alone(6)[1:]], minimum_length=1, maximum_length=1
        )


def test_faults_are_told_together() -> None:
    with pytest.raises(ValueError, match=r"minimum length.*; r: .*holds"):
        Blueprint.build(
            [Requirement("r", mask(6, []), minimum=1)],
            excludes=alone(6),
            minimum_length=2,
            maximum_length=1,
        )


def test_families_and_enemies_of_a_bank_become_cliques() -> None:
    items = [
        Item(ItemModel.ONE_PL, competence=0, level=1, family=family, enemies=enemies)
        for family, enemies in ((7, ()), (7, (3,)), (7, ()), (None, ()))
    ]
    built = Blueprint.build(
        [], excludes=tables_of(items).excludes, minimum_length=1, maximum_length=4
    )
    assert [clique.tolist() for clique in built.cliques] == [[0, 1, 2], [1, 3]]


GROUPS = st.lists(st.lists(st.integers(0, 5), min_size=2, max_size=4, unique=True), max_size=4)


@given(GROUPS)
def test_cliques_cover_just_the_excluding_pairs(groups: list[list[int]]) -> None:
    excludes = excluding(6, groups)
    built = Blueprint.build([], excludes=excludes, minimum_length=1, maximum_length=6)
    expected = {(i, int(j)) for i, banned in enumerate(excludes) for j in banned if j != i}
    cliques = [clique.tolist() for clique in built.cliques]
    assert {(i, j) for clique in cliques for i in clique for j in clique if i != j} == expected


@pytest.mark.parametrize(
    ("other", "groups"),
    [
        (COMPETENCE == 1, []),
        (mask(6, [0, 1]), [[0, 1], [4, 5]]),
        (np.ones(6, dtype=np.bool_), [[0, 2]]),
    ],
)
def test_disjoint_and_contained_sets_are_nested(other: BoolArray, groups: list[list[int]]) -> None:
    requirements = Requirement("first", COMPETENCE == 0), Requirement("other", other)
    assert blueprint(*requirements, groups=groups).is_nested()


@pytest.mark.parametrize(("other", "groups"), [(KIND == 0, []), (COMPETENCE == 1, [[2, 3]])])
def test_sets_that_overlap_are_not_nested(other: BoolArray, groups: list[list[int]]) -> None:
    requirements = Requirement("first", COMPETENCE == 0), Requirement("other", other)
    assert not blueprint(*requirements, groups=groups).is_nested()
