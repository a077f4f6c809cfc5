import numpy as np
import pytest

from pacnum_api.psychometrics.algorithm import Purpose, algorithm_for
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.simulation.admissions import Admissions
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.peers import Peer
from pacnum_api.psychometrics.simulation.population import framework_correlation
from pacnum_api.psychometrics.simulation.records import NO_ITEM, one_after_another
from pacnum_api.psychometrics.simulation.studies import Piece, Study, run_piece
from pacnum_api.psychometrics.stopping import StopReason
from tests.unit.psychometrics.banks import random_bank

BANK = random_bank(60, competence_count=3)
VERSIONS = ("1.0.0", "2.0.0", "2.1.0")


def study(*competences: int, target: int | None = None) -> Study:
    purpose = Purpose.POSITIONING if target is None else Purpose.TARGET
    abilities = np.random.default_rng(1).normal(size=(20, 3))
    return Study(
        tables=BANK,
        competences=competences,
        answers=AnswerModel(BANK.parameters, abilities, seed=2),
        rules={version: algorithm_for(version).rules_for(purpose) for version in VERSIONS},
        rules_of_peers=algorithm_for("1.0.0").rules_for(purpose),
        prior=Population(framework_correlation([1, 1, 2])).prior,
        seed=3,
        target=target,
        item_budgets={
            version: algorithm_for(version).item_budget(purpose, len(competences))
            for version in VERSIONS
        },
    )


@pytest.mark.parametrize("engine", [*VERSIONS, *Peer])
@pytest.mark.parametrize("competences", [(1,), (0, 2)])
def test_pieces_add_up_to_the_whole(engine: str, competences: tuple[int, ...]) -> None:
    given = study(*competences)
    whole = run_piece(given, Piece(engine, 0, 20))
    parts = one_after_another(
        [run_piece(given, Piece(engine, low, high)) for low, high in ((0, 7), (7, 8), (8, 20))]
    )
    assert np.array_equal(whole.items, parts.items)
    assert np.array_equal(whole.theta, parts.theta)
    assert np.array_equal(whole.truth, given.answers.abilities[:, list(competences)])
    asked = {BANK.competence_of[item] for item in whole.items.ravel().tolist() if item != NO_ITEM}
    assert asked == set(competences)


def test_what_runs_side_by_side() -> None:
    one, two = study(0), study(0, 1)
    assert one.is_batch("2.0.0")
    assert not two.is_batch("2.0.0")
    assert two.is_batch(Peer.TUBES)
    assert one.seed_of(1) != one.seed_of(2)


@pytest.mark.parametrize("competences", [(1,), (1, 2)])
def test_only_what_is_admitted_is_asked(competences: tuple[int, ...]) -> None:
    eligible = np.random.default_rng(4).random((5, 60)) < 0.3
    admitted = Admissions.only(eligible)
    admitted.featured[2] = int(np.flatnonzero(eligible[2, 20:40])[0]) + 20
    tests = run_piece(study(*competences), Piece("2.0.0", 10, 15, admitted))
    for row, items in enumerate(tests.items):
        assert eligible[row, items[items != NO_ITEM]].all()
    assert tests.items[2, 0] == admitted.featured[2]


def test_a_budget_ends_whole_tests_of_its_version_only() -> None:
    given = study(0, 1, 2)
    second, third = (run_piece(given, Piece(one, 0, 20)) for one in ("2.0.0", "2.1.0"))
    assert (third.lengths <= 12).all()
    assert np.array_equal(third.lengths, np.minimum(second.lengths, 12))
    assert list(StopReason).index(StopReason.ITEM_BUDGET) in third.reasons


@pytest.mark.parametrize("competences", [(1,), (0, 1, 2)])
def test_targets_are_decided(competences: tuple[int, ...]) -> None:
    tests = run_piece(study(*competences, target=4), Piece("2.0.0", 0, 20))
    assert list(StopReason).index(StopReason.TARGET_DECIDED) in tests.reasons
