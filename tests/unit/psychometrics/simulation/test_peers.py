from dataclasses import replace

import numpy as np
import pytest

from pacnum_api.psychometrics.algorithm import algorithm_for
from pacnum_api.psychometrics.bank import Item, ItemModel, item_information
from pacnum_api.psychometrics.estimation import Prior, Response, estimate
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.batch import Cohort, Course, run
from pacnum_api.psychometrics.simulation.measures import accuracy
from pacnum_api.psychometrics.simulation.peers import Peer, difficulties, run_peer
from pacnum_api.psychometrics.simulation.records import NO_ITEM, REASONS, SimulatedTests
from pacnum_api.psychometrics.simulation.sessions import Engine
from pacnum_api.psychometrics.stopping import StopReason
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import random_bank, rules, tables_of, two_pl

BANK = random_bank(120, competence_count=2)
AGENTS = 200
ANSWERS = AnswerModel(BANK.parameters, np.random.default_rng(1).normal(size=(AGENTS, 2)), seed=2)
BY = rules(pool_size=1, maximum_items=10, standard_error=0.4)


def cohort(answers: AnswerModel = ANSWERS) -> Cohort:
    agents = np.arange(len(answers.abilities))
    return Cohort(agents, tuple(agents.tolist()), answers)


def played(peer: Peer, *, competence: int = 1) -> SimulatedTests:
    return run_peer(peer, BANK, competence=competence, rules=BY, cohort=cohort())


def estimate_before(tests: SimulatedTests, row: int, position: int) -> float:
    given = tests.items[row, :position].tolist()
    responses = [Response(item, ANSWERS.category(row, item)) for item in given]
    return estimate(BANK, responses, prior=Prior.standard(2)).competences[1].theta


@pytest.mark.parametrize("peer", [Peer.RANDOM, Peer.INFORMATION, Peer.NEAREST, Peer.TUBES])
def test_peers_ask_items_of_the_competence_once_each(peer: Peer) -> None:
    tests = played(peer)
    for row in tests.items.tolist():
        given = [item for item in row if item != NO_ITEM]
        assert len(set(given)) == len(given)
        assert all(BANK.competence_of[item] == 1 for item in given)
    assert tests.truth[:, 0].tolist() == ANSWERS.abilities[:, 1].tolist()


def test_information_is_taken_at_the_point_estimate() -> None:
    tests = played(Peer.INFORMATION)
    first = BANK.competences[1].first
    for row in range(10):
        for position in range(int(tests.lengths[row])):
            theta = round(estimate_before(tests, row, position) / 0.05) * 0.05
            information = item_information(BANK.parameters, theta=np.array([theta]))[:, 0]
            information[:first] = -1.0
            information[tests.items[row, :position]] = -1.0
            assert tests.items[row, position] == information.argmax()


def test_nearest_takes_the_difficulty_nearest_to_the_estimate() -> None:
    tests = played(Peer.NEAREST)
    distance = np.abs(BANK.parameters.thresholds[:, 0])
    distance[: BANK.competences[1].first] = np.inf
    assert set(tests.items[:, 0].tolist()) == {int(distance.argmin())}
    assert tests.lengths.max() == 10


def test_random_items_are_used_alike() -> None:
    uses = played(Peer.RANDOM).uses(120)[60:]
    assert uses.min() > 0
    assert uses.sum() / 60 == pytest.approx(uses.mean())
    assert uses.max() < 3 * uses.mean()


def test_peers_do_not_stop_for_want_of_gain() -> None:
    by = replace(BY, stopping=replace(BY.stopping, least_variance_fall=9.0))
    tests = run_peer(Peer.RANDOM, BANK, competence=0, rules=by, cohort=cohort())
    assert tests.lengths.min() > 1


def test_the_engine_measures_better_than_random_items() -> None:
    by = rules(pool_size=1, maximum_items=8)
    engine = Engine(algorithm_for("1.0.0"), by, Population.independent(2).prior)
    ours = run(Course.of_engine(BANK, 1, engine=engine), cohort())
    rmse = {
        peer: accuracy(
            run_peer(peer, BANK, competence=1, rules=by, cohort=cohort()), 0, scale=BANK.scale
        ).rmse.value
        for peer in (Peer.RANDOM, Peer.INFORMATION)
    }
    assert accuracy(ours, 0, scale=BANK.scale).rmse.value < rmse[Peer.RANDOM]
    assert rmse[Peer.INFORMATION] < rmse[Peer.RANDOM]


def sure_bank(size: int) -> BankTables:
    """Items so sharp that an answer says for sure on which side of the difficulty one is."""
    return tables_of([two_pl(60.0, -2.0 + 4.0 * place / (size - 1)) for place in range(size)])


def tubes(tables: BankTables, *thetas: float, longest: int = 40) -> SimulatedTests:
    answers = AnswerModel(tables.parameters, np.array(thetas)[:, None], seed=1)
    by = rules(maximum_items=longest)
    return run_peer(Peer.TUBES, tables, competence=0, rules=by, cohort=cohort(answers))


def test_a_tube_is_halved_until_it_is_settled() -> None:
    tests = tubes(sure_bank(31), 0.06, -1.0, 9.0, -9.0)
    # Difficulties lie 0.1333 apart: the estimate is the middle of the gap that the agent is in.
    assert tests.theta[:2, 0] == pytest.approx([0.0667, -1.0], abs=0.07)
    assert tests.theta[2:, 0] == pytest.approx([2.0, -2.0])
    assert set(tests.reasons.tolist()) == {REASONS.index(StopReason.NO_ITEM_LEFT)}
    assert tests.lengths.max() <= 8
    assert np.isnan(tests.standard_error).all()
    assert np.isnan(tests.share_below).all()
    assert tests.level[:, 0].tolist() == [BANK.scale.level_at(float(t)) for t in tests.theta[:, 0]]


def test_a_tube_asks_what_is_expected_to_settle_most() -> None:
    tables = random_bank(21)
    tests = tubes(tables, 0.3)
    order = np.argsort(tables.parameters.thresholds[:, 0])
    right = tables.likelihood[np.array(tables.row_of)[order] + 1, 100]  # at theta = 0
    place = np.arange(21)
    settled = right * (place + 1) + (1.0 - right) * (21 - place)
    assert tests.items[0, 0] == order[settled.argmax()]


def test_a_tube_ends_with_the_items_it_may_ask() -> None:
    tests = tubes(sure_bank(31), 0.06, longest=2)
    assert tests.lengths.tolist() == [2]
    assert tests.reasons.tolist() == [REASONS.index(StopReason.ITEM_BUDGET)]


def test_difficulty_of_items_scored_in_steps_is_the_mean_of_their_thresholds() -> None:
    steps = Item(ItemModel.GRADED, competence=0, level=1, b=0.5, steps=(-0.3, 0.1, 0.5))
    assert difficulties(tables_of([steps, two_pl(1.0, -0.2)]), 0) == pytest.approx([0.6, -0.2])
