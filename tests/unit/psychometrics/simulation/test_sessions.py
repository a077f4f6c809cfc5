import numpy as np
import pytest

from pacnum_api.psychometrics.algorithm import Purpose, algorithm_for
from pacnum_api.psychometrics.estimation import Prior
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.records import REASONS
from pacnum_api.psychometrics.simulation.sessions import Engine, collect, play
from tests.unit.psychometrics.banks import random_bank

BANK = random_bank(90, competence_count=3)
ALGORITHM = algorithm_for("1.0.0")
ENGINE = Engine(ALGORITHM, ALGORITHM.rules_for(Purpose.POSITIONING), Prior.standard(3))


def test_a_session_over_several_competences_is_played_to_its_end() -> None:
    truth = np.array([[0.4, -0.2, 1.0], [-1.5, 0.0, 0.3]])
    answers = AnswerModel(BANK.parameters, truth, seed=1)
    played = [
        play(
            BANK,
            SessionPlan(competences=(2, 0), seed=seed),
            engine=ENGINE,
            answer=lambda item, seed=seed: answers.category(seed, item),  # type: ignore[misc] # mypy cannot infer a lambda with a default
        )
        for seed in range(2)
    ]
    tests = collect(played, truth[:, [2, 0]], competences=(2, 0))
    for row, one in enumerate(played):
        assert tests.items[row, : tests.lengths[row]].tolist() == list(one.state.items)
        assert tests.theta[row, 0] == one.posterior.competences[2].theta
        assert REASONS[tests.reasons[row]] is one.reason
        assert one.posterior.competences[1].answered == 0
    assert tests.mean_theta == pytest.approx(tests.theta.mean(axis=1))
    assert tests.mean_standard_error == pytest.approx(
        np.sqrt((tests.standard_error**2).sum(axis=1)) / 2
    )
