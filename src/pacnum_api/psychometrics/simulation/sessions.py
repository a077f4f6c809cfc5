"""Whole sessions, one agent at a time, by the very functions that serve real ones.

Slower than ``batch`` and good for every version of the algorithm and any number of competences in
one test.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.algorithm import Algorithm
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.estimation import Prior, Response, SessionPosterior
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.session import SessionPlan, SessionState, after, begin
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
    """A version of the algorithm with the rules and the prior that it works by."""

    algorithm: Algorithm
    rules: Rules
    prior: Prior


@dataclass(frozen=True, eq=False)
class Played:
    """A test that has ended: what was asked, what is known, why it ended."""

    state: SessionState
    posterior: SessionPosterior
    reason: StopReason


def play(tables: BankTables, plan: SessionPlan, *, engine: Engine, answer: Answer) -> Played:
    """Return the test of one agent, from the first item to the reason to stop."""
    algorithm, rules = engine.algorithm, engine.rules
    state = begin(tables, plan)
    posterior = algorithm.estimate(tables, (), prior=engine.prior)
    decision = algorithm.select(tables, posterior, state=state, rules=rules)
    while decision.selection is not None:
        item = decision.selection.item
        state = after(tables, state, item=item)
        posterior = algorithm.update(tables, posterior, response=Response(item, answer(item)))
        decision = algorithm.select(tables, posterior, state=state, rules=rules)
    assert decision.reason is not None  # noqa: S101 - a decision without an item has a reason
    return Played(state, posterior, decision.reason)


def collect(
    played: Sequence[Played], truth: FloatArray, *, competences: Sequence[int]
) -> SimulatedTests:
    """Return the records of tests about ``competences``; ``truth`` (N, those competences)."""
    found = [[one.posterior.competences[index] for index in competences] for one in played]
    theta = np.array([[one.theta for one in row] for row in found])
    error = np.array([[one.standard_error for one in row] for row in found])
    weights = np.array([[one.weights for one in row] for row in found])
    below = [share_below(weights[:, place], truth[:, place]) for place in range(len(competences))]
    longest = max(len(one.state.items) for one in played)
    items = np.full((len(played), longest), NO_ITEM, np.int32)
    for row, one in zip(items, played, strict=True):
        row[: len(one.state.items)] = one.state.items
    return SimulatedTests(
        truth=truth,
        theta=theta,
        standard_error=error,
        share_below=np.stack(below, axis=1),
        level=np.array([[one.level for one in row] for row in found]),
        level_interval=np.array([[one.level_interval() for one in row] for row in found]),
        items=items,
        reasons=np.array([REASONS.index(one.reason) for one in played]),
        mean_theta=theta.mean(axis=1),
        mean_standard_error=np.sqrt((error**2).sum(axis=1)) / len(competences),
    )
