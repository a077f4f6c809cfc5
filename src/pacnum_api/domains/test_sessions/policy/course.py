"""One step of a test: the posterior of the answers so far, and the decision that follows.

A session's state is nothing but its setup and its answers, so a step is computed anew from them
each time: that *is* replay, and it costs some hundred microseconds (``docs/benchmarks.md``).
"""

from collections.abc import Sequence

from pacnum_api.domains.test_sessions.types import SessionSetup
from pacnum_api.psychometrics.algorithm import Measurement, Purpose, algorithm_for
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.population import JointPrior
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.tables import BankTables


def step_after(
    tables: BankTables,
    setup: SessionSetup,
    *,
    prior: JointPrior,
    items: Sequence[int],
    categories: Sequence[int],
) -> Measurement:
    """Estimate and decide after the answers ``categories`` to the first items of ``items``.

    ``prior``: of all abilities of the framework. Raises ``UnknownAlgorithm`` when this process no
    longer keeps the session's algorithm.
    """
    algorithm = algorithm_for(setup.algorithm_version)
    responses = [
        Response(item=item, category=category)
        for item, category in zip(items, categories, strict=False)
    ]
    return algorithm.measure(
        tables,
        _plan(setup),
        responses=responses,
        prior=prior,
        rules=algorithm.rules_for(Purpose(setup.purpose.value)),
    )


def _plan(setup: SessionSetup) -> SessionPlan:
    return SessionPlan(competences=setup.competences, seed=setup.seed, targets=setup.targets)
