"""When a competence, and the whole session, is done, and why."""

from collections.abc import Iterable
from enum import StrEnum

from pacnum_api.psychometrics.estimation import CompetencePosterior
from pacnum_api.psychometrics.rules import StoppingRules
from pacnum_api.psychometrics.session import Quota, SessionState


class StopReason(StrEnum):
    """Why no further item is put. The last three come from the session, not the measurement."""

    PRECISION_REACHED = "precision_reached"
    LEVEL_CERTAIN = "level_certain"
    TARGET_DECIDED = "target_decided"
    NO_MORE_TO_GAIN = "no_more_to_gain"
    NO_ITEM_LEFT = "no_item_left"
    ITEM_BUDGET = "item_budget"
    TIME_BUDGET = "time_budget"
    FINISHED_EARLY = "finished_early"
    ABANDONED = "abandoned"
    EXPIRED = "expired"


_BY_STRENGTH = tuple(StopReason)


def quota_of(state: SessionState, competence: int, *, rules: StoppingRules) -> Quota:
    """Return the numbers of items that bind this competence: the plan's, else the rules'."""
    quota = state.plan.quotas.get(competence)
    return quota or Quota(minimum=rules.minimum_items, maximum=rules.maximum_items)


def session_budget_spent(state: SessionState) -> StopReason | None:
    """Return the budget of the whole session that is used up, time before items; None if none."""
    plan = state.plan
    if plan.time_budget_seconds is not None and state.elapsed_seconds >= plan.time_budget_seconds:
        return StopReason.TIME_BUDGET
    if plan.item_budget is not None and len(state.items) >= plan.item_budget:
        return StopReason.ITEM_BUDGET
    return None


def goal_reached(
    posterior: CompetencePosterior, *, target: int | None, rules: StoppingRules
) -> StopReason | None:
    """Return what the measurement has reached on a competence, leaving numbers of items aside.

    With a target only its decision counts: precision elsewhere on the scale does not answer the
    question that was put.
    """
    if target is not None:
        chance = posterior.probability_at_least(target)
        decided = max(chance, 1.0 - chance) >= rules.target_probability
        return StopReason.TARGET_DECIDED if decided else None
    if posterior.standard_error <= rules.standard_error:
        return StopReason.PRECISION_REACHED
    if posterior.level_certainty >= rules.level_certainty:
        return StopReason.LEVEL_CERTAIN
    return None


def competence_closed(
    posterior: CompetencePosterior, *, state: SessionState, competence: int, rules: StoppingRules
) -> StopReason | None:
    """Return why no further item of the competence is wanted; None while one is."""
    quota = quota_of(state, competence, rules=rules)
    count = state.counts[competence]
    if count >= quota.minimum:
        reason = goal_reached(posterior, target=state.plan.targets.get(competence), rules=rules)
        if reason is not None:
            return reason
    return StopReason.ITEM_BUDGET if count >= quota.maximum else None


def weakest(reasons: Iterable[StopReason]) -> StopReason:
    """Return the reason that claims least: a session says it reached its precision only when every
    competence did. Order: as the members of ``StopReason`` are written, the first claiming most.
    """
    return max(reasons, key=_BY_STRENGTH.index)
