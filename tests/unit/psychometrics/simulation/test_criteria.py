"""What an item is worth to many agents against what ``selection`` says of one: the same bits."""

from collections.abc import Sequence

import numpy as np
import pytest

from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.estimation import CompetencePosterior
from pacnum_api.psychometrics.scale import DEFAULT_SCALE, THETA
from pacnum_api.psychometrics.selection import item_values
from pacnum_api.psychometrics.simulation.criteria import Posteriors, Step, VarianceFall
from pacnum_api.psychometrics.simulation.draws import seed_words
from tests.unit.psychometrics.banks import random_bank

TABLES = random_bank(80)


def masses(centres: Sequence[float], spread: float) -> FloatArray:
    distance = (THETA - np.array(centres)[:, None]) / spread
    mass: FloatArray = np.exp(-0.5 * distance * distance)
    return mass


def step_of(posteriors: Posteriors) -> Step:
    count, everything = len(posteriors), np.ones((len(posteriors), TABLES.item_count))
    return Step(np.arange(count), seed_words(range(count)), posteriors, everything, everything, 1)


@pytest.mark.parametrize("target", [None, 4])
@pytest.mark.parametrize("spread", [0.02, 0.11, 0.4, 2.0])
@pytest.mark.parametrize("centres", [[-4.97], [0.03], [4.98], [-1.12, -1.04], [-3.0, 0.0, 2.21]])
def test_values_are_those_of_each_agent_alone(
    centres: list[float], spread: float, target: int | None
) -> None:
    table, mass = TABLES.competences[0], masses(centres, spread)
    found = VarianceFall(table, DEFAULT_SCALE, target)(step_of(Posteriors.from_mass(mass)))
    for row, one in zip(found, mass, strict=True):
        posterior = CompetencePosterior.from_mass(one, DEFAULT_SCALE, answered=0)
        assert row.tolist() == item_values(table, posterior, target=target).tolist()
