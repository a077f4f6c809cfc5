"""One step of a test: the posterior of the answers so far, and the decision that follows.

A session's state is nothing but its setup and its answers, so a step is computed anew from them
each time: that *is* replay, and it costs some hundred microseconds (``docs/benchmarks.md``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pacnum_api.domains.test_sessions.types import SessionSetup
from pacnum_api.psychometrics.algorithm import Measurement, Purpose, algorithm_for
from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.exposure import ExposureGroups, availability_of_items
from pacnum_api.psychometrics.population import JointPrior
from pacnum_api.psychometrics.session import SessionPlan, SessionState, begin
from pacnum_api.psychometrics.tables import BankTables


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What every step of a session stands on, besides its setup and answers; nothing of it changes.

    ``groups``: the bank's exposure groups; ``measures`` (n,): items that measure, all but those on
    tryout; ``prior``: of all abilities of the framework, as the session found it when it began.
    """

    tables: BankTables
    groups: ExposureGroups
    measures: BoolArray
    prior: JointPrior


@dataclass(frozen=True, eq=False)
class Course:
    """The steps of one session, with what they have in common worked out once."""

    ground: Ground
    setup: SessionSetup

    def step(self, items: Sequence[int], categories: Sequence[int]) -> Measurement:
        """Estimate and decide after the answers ``categories`` to the first items of ``items``.

        Raises ``ValueError`` for more answers than items or answers that cannot be, and
        ``UnknownAlgorithm`` when this process no longer keeps the session's algorithm.
        """
        algorithm = algorithm_for(self.setup.algorithm_version)
        return algorithm.measure(
            self.ground.tables,
            self._start,
            responses=[
                Response(item, category)
                for item, category in zip(items[: len(categories)], categories, strict=True)
            ],
            prior=self.ground.prior,
            rules=algorithm.rules_for(Purpose(self.setup.purpose.value)),
        )

    @cached_property
    def _start(self) -> SessionState:
        return begin(self.ground.tables, _plan(self.ground, self.setup))


def step_after(
    ground: Ground, setup: SessionSetup, *, items: Sequence[int], categories: Sequence[int]
) -> Measurement:
    """One step of a session by itself: see ``Course.step``."""
    return Course(ground, setup).step(items, categories)


def may_be_put(ground: Ground, setup: SessionSetup) -> BoolArray:
    """Which items of the bank may measure in this session, (n,), whatever it asks about."""
    return _allowed(ground, _availability(ground, setup))


def _allowed(ground: Ground, factor: FloatArray | None) -> BoolArray:
    if factor is None:
        return ground.measures
    allowed: BoolArray = factor > 0.0
    return allowed


def _availability(ground: Ground, setup: SessionSetup) -> FloatArray | None:
    """How freely each item may be used, (n,), from 0 to 1; None where all may be, freely."""
    if setup.availability is None:
        return None
    return availability_of_items(ground.groups, np.frombuffer(setup.availability, np.uint8))


def _item_budget(setup: SessionSetup) -> int | None:
    """How many items the session may put, those tried out included; None for no limit."""
    algorithm = algorithm_for(setup.algorithm_version)
    budget = algorithm.item_budget(Purpose(setup.purpose.value), len(setup.competences))
    return None if budget is None else budget + len(setup.tryouts)


def _plan(ground: Ground, setup: SessionSetup) -> SessionPlan:
    factor = _availability(ground, setup)
    return SessionPlan(
        competences=setup.competences,
        seed=setup.seed,
        targets=setup.targets,
        eligible=_allowed(ground, factor),
        item_budget=_item_budget(setup),
        tryouts=setup.tryouts,
        availability=factor,
        featured=setup.featured,
    )
