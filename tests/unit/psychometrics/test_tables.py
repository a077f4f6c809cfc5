from dataclasses import replace

import numpy as np
import pytest

from pacnum_api.psychometrics import tables
from pacnum_api.psychometrics.bank import Item, ItemModel, category_probabilities
from pacnum_api.psychometrics.scale import NODES, THETA
from pacnum_api.psychometrics.tables import NODE_SHARES, PROBABILITY_UNITS, BankTables
from tests.unit.psychometrics.banks import random_bank, tables_of, two_pl

STEPPED = Item(ItemModel.PARTIAL_CREDIT, competence=1, level=3, steps=(-0.8, 0.0, 0.9))


@pytest.fixture
def mixed() -> BankTables:
    """Built within the test: what is built on import has seen no mutant."""
    return tables_of(
        [
            two_pl(1.0, -1.0),
            two_pl(1.5, 1.0, competence=1),
            STEPPED,
            two_pl(1.0, 0.0, competence=3),
        ],
        competence_count=5,
    )


def test_likelihood_rows_are_category_probabilities_on_the_grid(mixed: BankTables) -> None:
    for item, categories in enumerate([2, 2, 4, 2]):
        rows = [mixed.likelihood_row(item, category) for category in range(categories)]
        expected = category_probabilities(mixed.parameters, item, theta=THETA)
        assert np.array_equal(mixed.likelihood[rows], expected)


def test_each_competence_has_its_slice_even_an_empty_one(mixed: BankTables) -> None:
    assert [(table.first, table.stop) for table in mixed.competences] == [
        (0, 1),
        (1, 3),
        (3, 3),
        (3, 4),
        (4, 4),
    ]
    assert [table.scored.shape for table in mixed.competences] == [
        (1, 41, 1),
        (3, 41, 2),
        (1, 41, 0),
        (1, 41, 1),
        (1, 41, 0),
    ]


def test_node_probabilities_are_the_likelihood_in_whole_units(mixed: BankTables) -> None:
    table = mixed.competences[1]
    expected = category_probabilities(mixed.parameters, 2, theta=THETA[::5])[1:]
    assert table.scored[:, :, 1] / PROBABILITY_UNITS == pytest.approx(expected, abs=2.0**-24)
    assert not table.scored[1:, :, 0].any()


def test_node_probabilities_are_whole_and_leave_something_to_every_category() -> None:
    sure = tables_of([two_pl(8.0, -4.0), two_pl(8.0, 4.0)]).competences[0].scored
    assert np.array_equal(sure, np.rint(sure))
    assert sure.min() == 1.0
    assert sure.max() == PROBABILITY_UNITS - 2.0


@pytest.mark.parametrize(("item", "category"), [(-1, 0), (4, 0), (0, 2), (0, -1), (2, 4)])
def test_answers_that_cannot_be_are_refused(item: int, category: int, *, mixed: BankTables) -> None:
    with pytest.raises(ValueError, match=r"is not in the bank|has no category"):
        mixed.likelihood_row(item, category)


def test_answers_given_together_have_the_rows_of_each(mixed: BankTables) -> None:
    items, categories = np.array([0, 2, 2, 3]), np.array([1, 0, 3, 1])
    expected = [mixed.likelihood_row(*one) for one in zip((0, 2, 2, 3), (1, 0, 3, 1), strict=True)]
    assert mixed.likelihood_rows(items, categories).tolist() == expected
    for item, category, fault in (
        (4, 0, "bank"),
        (-1, 0, "bank"),
        (2, 4, "categ"),
        (0, -1, "categ"),
    ):
        with pytest.raises(ValueError, match=fault):
            mixed.likelihood_rows(np.array([1, item]), np.array([0, category]))


def test_families_and_enemies_exclude_each_other() -> None:
    plain = two_pl(1.0, 0.0)
    family = replace(plain, family=3)
    other = replace(plain, family=5)
    items = [family, plain, family, replace(plain, enemies=(1, 4)), plain, other, other]
    assert [excluded.tolist() for excluded in tables_of(items).excludes] == [
        [0, 2],
        [1, 3],
        [0, 2],
        [1, 3, 4],
        [3, 4],
        [5, 6],
        [5, 6],
    ]


def test_the_weight_of_a_grid_point_goes_to_its_two_nearest_nodes() -> None:
    shares = tables._node_shares()
    assert np.array_equal(shares, NODE_SHARES)
    assert shares.shape == (201, 41)
    assert shares.sum(axis=1).tolist() == [5.0] * 201
    assert shares @ NODES == pytest.approx(5.0 * THETA, abs=1e-12)
    assert np.count_nonzero(shares, axis=1).max() == 2
    assert not shares.flags.writeable


def test_competences_beyond_the_framework_are_refused() -> None:
    with pytest.raises(ValueError, match="not counted"):
        tables_of([two_pl(1.0, 0.0, competence=2)], competence_count=2)


def test_a_bank_may_be_empty() -> None:
    empty = tables_of([], competence_count=2)
    assert empty.item_count == 0
    assert [table.stop for table in empty.competences] == [0, 0]


def test_tables_cannot_be_written_to() -> None:
    bank = random_bank(3)
    for array in (bank.likelihood, bank.competences[0].scored):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0
