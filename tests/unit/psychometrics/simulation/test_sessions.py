import numpy as np
import pytest

from pacnum_api.psychometrics.algorithm import Purpose, algorithm_for
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.population import framework_correlation
from pacnum_api.psychometrics.simulation.records import REASONS
from pacnum_api.psychometrics.simulation.sessions import Engine, collect, play
from tests.unit.psychometrics.banks import random_bank

BANK = random_bank(90, competence_count=3)
PRIOR = Population(framework_correlation([1, 1, 2])).prior
TRUTH = np.array([[0.4, -0.2, 1.0], [-1.5, 0.0, 0.3]])


def engine(version: str) -> Engine:
    algorithm = algorithm_for(version)
    return Engine(algorithm, algorithm.rules_for(Purpose.POSITIONING), PRIOR)


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_a_session_over_several_competences_is_played_to_its_end(version: str) -> None:
    answers = AnswerModel(BANK.parameters, TRUTH, seed=1)
    ended = [
        play(
            BANK,
            SessionPlan(competences=(2, 0), seed=seed),
            engine=engine(version),
            answer=lambda item, seed=seed: answers.category(seed, item),  # type: ignore[misc] # mypy cannot infer a lambda with a default
        )
        for seed in range(2)
    ]
    tests = collect(ended, TRUTH[:, [2, 0]], competences=(2, 0))
    for row, one in enumerate(ended):
        assert tests.items[row, : tests.lengths[row]].tolist() == list(one.state.items)
        assert tests.theta[row, 0] == one.posterior.marginal(2).theta
        assert REASONS[tests.reasons[row]] is one.decision.reason
        mean = one.posterior.mean_of((2, 0))
        assert mean is not None
        assert tests.mean_theta[row] == mean.theta
        assert tests.mean_standard_error[row] == mean.standard_error
    assert tests.competence_count == 2


def test_a_test_that_goes_on_has_no_record() -> None:
    begun = engine("2.0.0").measure(BANK, SessionPlan(competences=(1,), seed=1), responses=())
    with pytest.raises(ValueError, match="not ended"):
        collect([begun], TRUTH[:1, [1]], competences=(1,))
