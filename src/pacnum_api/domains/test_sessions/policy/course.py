"""One step of a test: the posterior of the answers so far, and the decision that follows.

A session's state is nothing but its setup and its answers, so a step is computed anew from them
each time: that *is* replay, and it costs some hundred microseconds (``docs/benchmarks.md``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pacnum_api.domains.test_sessions.types import SessionSetup
from pacnum_api.psychometrics.algorithm import Algorithm, Purpose, algorithm_for
from pacnum_api.psychometrics.estimation import Prior, Response, SessionPosterior
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.selection import Decision
from pacnum_api.psychometrics.session import SessionPlan, replayed
from pacnum_api.psychometrics.session import SessionState as Course
from pacnum_api.psychometrics.tables import BankTables


@dataclass(frozen=True, slots=True)
class Step:
    """Where a test stands after some answers, and what comes next."""

    posterior: SessionPosterior
    decision: Decision
    course: Course
    rules: Rules


def step_after(
    tables: BankTables, setup: SessionSetup, *, items: Sequence[int], categories: Sequence[int]
) -> Step:
    """Estimate and decide after the answers ``categories`` to the first items of ``items``.

    Raises ``UnknownAlgorithm`` when this process no longer keeps the session's algorithm.
    """
    algorithm: Algorithm = algorithm_for(setup.algorithm_version)
    rules = algorithm.rules_for(Purpose(setup.purpose.value))
    answered = tuple(items[: len(categories)])
    course = replayed(tables, _plan(setup), items=answered)
    responses = [
        Response(item=item, category=category)
        for item, category in zip(answered, categories, strict=True)
    ]
    posterior = algorithm.estimate(tables, responses, prior=Prior.standard(tables.competence_count))
    decision = algorithm.select(tables, posterior, state=course, rules=rules)
    return Step(posterior=posterior, decision=decision, course=course, rules=rules)


def _plan(setup: SessionSetup) -> SessionPlan:
    return SessionPlan(competences=setup.competences, seed=setup.seed, targets=setup.targets)
