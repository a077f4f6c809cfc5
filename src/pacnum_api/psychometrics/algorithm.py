"""Versions of the whole procedure, so that a session finishes on the one it began with.

Whatever would change an estimate, an item or a stop for the same answers is a new version beside
the old ones; the old ones stay as long as a session, or the replay of one, may need them.

1.0.0  each competence by itself: grid EAP, the competence with the strongest claim, then its item.
2.0.0  all competences together: joint posterior under a correlated prior that carries its own
       error, items valued by what they tell about all competences still open, chance in the
       ranking of the first items. The first test begins with the population, a later one with what
       the agent showed before.
2.1.0  as 2.0.0, with a budget of items for the whole test: by goals and maxima of each competence
       alone, a test of all of them grows with the bank, to hours where the bank is deep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import ceil
from types import MappingProxyType
from typing import Protocol

from pacnum_api.psychometrics import estimation, joint_estimation, joint_selection, selection
from pacnum_api.psychometrics.estimation import (
    AbilityEstimate,
    CompetencePosterior,
    Prior,
    Response,
)
from pacnum_api.psychometrics.population import AbilityState, JointPrior
from pacnum_api.psychometrics.rules import Rules, SelectionRules, StoppingRules
from pacnum_api.psychometrics.selection import Decision
from pacnum_api.psychometrics.session import SessionPlan, SessionState, replayed
from pacnum_api.psychometrics.tables import BankTables

ALGORITHM_VERSION = "2.1.0"
"""The version new sessions begin with."""


class UnknownAlgorithm(ValueError):
    """No algorithm of this version is kept."""


class Purpose(StrEnum):
    POSITIONING = "positioning"
    TARGET = "target"
    CERTIFICATION = "certification"


class Posterior(Protocol):
    """What every version can say of the abilities after some answers."""

    def marginal(self, competence: int) -> CompetencePosterior:
        """Return the posterior of one ability that was asked about."""
        ...

    def mean_of(self, competences: Sequence[int]) -> AbilityEstimate | None:
        """Return the mean ability over some of them, with its standard error; None for none."""
        ...


@dataclass(frozen=True, slots=True)
class Measurement:
    """Where a test stands after some answers, and what comes next.

    ``state``: the plan with the items put; ``ability_state``: what the next test would start from
    if this one ended here, None in versions that do not pass it on.
    """

    posterior: Posterior
    decision: Decision
    state: SessionState
    rules: Rules
    prior: JointPrior

    def ability_state(self) -> AbilityState | None:
        """Return what the next test starts from; None where the version passes nothing on."""
        if isinstance(self.posterior, joint_estimation.Posterior):
            return self.posterior.state(self.prior)
        return None


class Measure(Protocol):
    """From a plan and the answers so far to estimate and decision; nothing else enters.

    ``plan``: or its ``session.begin``, for whoever measures the same test often. ``prior``: of all
    abilities of the framework. ``ValueError`` for answers that cannot be.
    """

    def __call__(
        self,
        tables: BankTables,
        plan: SessionPlan | SessionState,
        *,
        responses: Sequence[Response],
        prior: JointPrior,
        rules: Rules,
    ) -> Measurement: ...


def _each_by_itself(
    tables: BankTables,
    plan: SessionPlan | SessionState,
    *,
    responses: Sequence[Response],
    prior: JointPrior,
    rules: Rules,
) -> Measurement:
    state = replayed(tables, plan, items=[response.item for response in responses])
    population = Prior.standard(tables.competence_count)
    posterior = estimation.estimate(tables, responses, prior=population)
    decision = selection.select(tables, posterior, state=state, rules=rules)
    return Measurement(posterior, decision, state, rules, prior)


def _all_together(
    tables: BankTables,
    plan: SessionPlan | SessionState,
    *,
    responses: Sequence[Response],
    prior: JointPrior,
    rules: Rules,
) -> Measurement:
    state = replayed(tables, plan, items=[response.item for response in responses])
    agreed = state.plan
    scored = responses
    if agreed.tryouts:
        scored = [
            response
            for position, response in enumerate(responses, start=1)
            if not agreed.is_tryout(position, response.item)
        ]
    posterior = joint_estimation.estimate(
        tables, scored, prior=prior.only(agreed.competences), competences=agreed.competences
    )
    decision = joint_selection.select(tables, posterior, state=state, rules=rules)
    return Measurement(posterior, decision, state, rules, prior)


@dataclass(frozen=True, slots=True)
class ItemBudget:
    """How many items a whole test may have, so that it is not given up on the way.

    ``per_competence``: items for each competence asked about, to be spent on whichever of them it
    tells most; ``least``: items that any test may have: no fewer than the rules' maximum of one
    competence, so that a test of one alone is bound by that maximum, as without a budget.
    """

    per_competence: int
    least: int

    def items(self, competences: int) -> int:
        """Return the greatest number of items of a test about so many competences."""
        return max(self.least, self.per_competence * competences)

    def items_of_each(self, competences: int) -> int:
        """Return how many items of one competence such a test may well take.

        Half as many again as its even share: the budget goes where it tells most.
        """
        return ceil(_UNEVEN * self.items(competences) / competences)


_UNEVEN = 1.5
_NO_BUDGETS: Mapping[Purpose, ItemBudget] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One version: how to measure, by which rules for which purpose.

    ``controls_exposure``: whether a test begins with the items that ``exposure`` lets it use;
    ``uses_history``: whether it begins with what earlier tests left; ``budgets``: of the purposes
    whose tests have one.
    """

    version: str
    rules: Mapping[Purpose, Rules]
    measure: Measure
    controls_exposure: bool
    uses_history: bool
    budgets: Mapping[Purpose, ItemBudget] = field(default_factory=lambda: _NO_BUDGETS)

    def rules_for(self, purpose: Purpose) -> Rules:
        return self.rules[purpose]

    def item_budget(self, purpose: Purpose, competences: int) -> int | None:
        """Return how many items a test about so many competences may have; None for no limit.

        Items on trial come on top: their answers count for nothing.
        """
        budget = self.budgets.get(purpose)
        return None if budget is None else budget.items(competences)

    def items_of_each(self, purpose: Purpose, competences: int) -> int:
        """Return how many items of a competence such a test must find, however often they are used.

        That many of a bank's items raise the ceiling of exposure where it has few.
        """
        most = self.rules[purpose].stopping.maximum_items
        budget = self.budgets.get(purpose)
        return most if budget is None else min(most, budget.items_of_each(competences))


def _rules(
    selection_rules: SelectionRules,
    *,
    minima: tuple[int, int, int],
    maxima: tuple[int, int, int],
) -> Mapping[Purpose, Rules]:
    """The rules of positioning, target and certification; numbers of items in this order."""
    usual = {"standard_error": 0.40, "level_certainty": 0.80, "target_probability": 0.90}
    strict = {"standard_error": 0.30, "level_certainty": 0.90, "target_probability": 0.95}
    falls = {"least_variance_fall": 0.002, "least_risk_fall": 0.0005}
    small_falls = {"least_variance_fall": 0.001, "least_risk_fall": 0.0002}
    goals = (usual | falls, usual | falls, strict | small_falls)
    return MappingProxyType(
        {
            purpose: Rules(
                selection=selection_rules,
                stopping=StoppingRules(minimum_items=least, maximum_items=most, **numbers),
            )
            for purpose, least, most, numbers in zip(Purpose, minima, maxima, goals, strict=True)
        }
    )


_JOINT = Algorithm(
    version="2.0.0",
    rules=_rules(
        SelectionRules(pool_size=5, sharpness=8, progressive_items=3),
        minima=(2, 2, 5),
        maxima=(12, 12, 20),
    ),
    measure=_all_together,
    controls_exposure=True,
    uses_history=True,
)
_SHORT = ItemBudget(per_competence=4, least=12)
_KEPT: Mapping[str, Algorithm] = MappingProxyType(
    {
        "1.0.0": Algorithm(
            version="1.0.0",
            rules=_rules(
                SelectionRules(pool_size=5, sharpness=8), minima=(3, 2, 5), maxima=(8, 10, 20)
            ),
            measure=_each_by_itself,
            controls_exposure=False,
            uses_history=False,
        ),
        "2.0.0": _JOINT,
        "2.1.0": replace(
            _JOINT,
            version="2.1.0",
            # An attestation stands on its precision, whatever it takes: no budget.
            budgets=MappingProxyType({Purpose.POSITIONING: _SHORT, Purpose.TARGET: _SHORT}),
        ),
    }
)


def algorithm_for(version: str) -> Algorithm:
    """Return the algorithm of a version; ``UnknownAlgorithm`` if it is not kept."""
    try:
        return _KEPT[version]
    except KeyError:
        raise UnknownAlgorithm(version) from None
