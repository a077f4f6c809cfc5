"""Whole sessions, one agent at a time, by the very functions that serve real ones.

Slower than ``batch`` and good for every version of the algorithm and any number of competences in
one test.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.algorithm import Algorithm, Measurement
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.population import JointPrior
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.simulation.records import (
    NO_ITEM,
    REASONS,
    SimulatedTests,
    share_below,
)
from pacnum_api.psychometrics.stopping import StopReason
from pacnum_api.psychometrics.tables import BankTables

Answer = Callable[[int], int]
"""From an item to the category of the agent's answer."""


@dataclass(frozen=True, eq=False)
class Engine:
    """A version of the algorithm, the rules it works by, and the prior of all K abilities."""

    algorithm: Algorithm
    rules: Rules
    prior: JointPrior

    def measure(
        self, tables: BankTables, plan: SessionPlan, *, responses: Sequence[Response]
    ) -> Measurement:
        """Return where a test stands after some answers, and what comes next."""
        return self.algorithm.measure(
            tables, plan, responses=responses, prior=self.prior, rules=self.rules
        )


def play(tables: BankTables, plan: SessionPlan, *, engine: Engine, answer: Answer) -> Measurement:
    """Return where the test of one agent ends: its decision has a reason, and no item."""
    responses: list[Response] = []
    found = engine.measure(tables, plan, responses=responses)
    while found.decision.selection is not None:
        item = found.decision.selection.item
        responses.append(Response(item, answer(item)))
        found = engine.measure(tables, plan, responses=responses)
    return found


def collect(
    ended: Sequence[Measurement], truth: FloatArray, *, competences: Sequence[int]
) -> SimulatedTests:
    """Return the records of tests about ``competences``; ``truth`` (N, those competences).

    ``ValueError`` if a test has not ended.
    """
    found = [[one.posterior.marginal(index) for index in competences] for one in ended]
    means = [one.posterior.mean_of(competences) for one in ended]
    weights = np.array([[one.weights for one in row] for row in found])
    below = [share_below(weights[:, place], truth[:, place]) for place in range(len(competences))]
    longest = max(len(one.state.items) for one in ended)
    items = np.full((len(ended), longest), NO_ITEM, np.int32)
    for row, one in zip(items, ended, strict=True):
        row[: len(one.state.items)] = one.state.items
    return SimulatedTests(
        truth=truth,
        theta=np.array([[one.theta for one in row] for row in found]),
        standard_error=np.array([[one.standard_error for one in row] for row in found]),
        share_below=np.stack(below, axis=1),
        level=np.array([[one.level for one in row] for row in found]),
        level_interval=np.array([[one.level_interval() for one in row] for row in found]),
        items=items,
        reasons=np.array([_code(one.decision.reason) for one in ended]),
        mean_theta=np.array([mean.theta for mean in means if mean is not None]),
        mean_standard_error=np.array([mean.standard_error for mean in means if mean is not None]),
    )


def _code(reason: StopReason | None) -> int:
    if reason is None:
        raise ValueError("the test has not ended")
    return REASONS.index(reason)
