"""How far a test has come, without a hint at how well it goes, or at what is tried out."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pacnum_api.domains.test_sessions.types import CompetenceProgress, Progress
from pacnum_api.psychometrics.algorithm import Measurement
from pacnum_api.psychometrics.stopping import StopReason, quota_of
from pacnum_api.psychometrics.tables import BankTables


def progress_of(tables: BankTables, measured: Measurement, *, codes: Sequence[str]) -> Progress:
    """The progress after a step; ``codes`` are the framework's competence codes by position.

    A closed competence counts with the items it had, an open one with those it had and may still
    have: at most the rules' maximum, at most what the bank has left; all of them together with no
    more than the budget of the whole test. Where competences are measured
    together, an answer may open one again that was closed: then ``at_most`` rises and the fraction
    falls. Items tried out count like all others.
    """
    state = measured.state
    # whole-bank mask once, not per competence
    left = np.bincount(
        tables.parameters.competence[~state.blocked], minlength=tables.competence_count
    )
    put = Counter(tables.competence_of[item] for item in state.items)
    at_most = len(state.items) + _tryouts_to_come(measured)
    parts = []
    for index in state.plan.competences:
        is_closed = _is_closed(measured, index, left=int(left[index]))
        if not is_closed:
            maximum = quota_of(state, index, rules=measured.rules.stopping).maximum
            at_most += min(max(maximum - state.counts[index], 0), int(left[index]))
        parts.append(CompetenceProgress(codes[index], put[index], is_closed))
    answered, budget = len(state.items), state.plan.item_budget
    if budget is not None:
        at_most = min(at_most, budget)
    return Progress(
        answered=answered,
        at_most=at_most,
        fraction=1.0 if at_most == answered else answered / at_most,
        competences=tuple(parts),
    )


def _tryouts_to_come(measured: Measurement) -> int:
    if measured.decision.selection is None:
        return 0
    return sum(position > len(measured.state.items) for position in measured.state.plan.tryouts)


def _is_closed(measured: Measurement, index: int, *, left: int) -> bool:
    """Whether no further item of a competence is wanted.

    That nothing more is to be gained is found, in version 1.0.0, only when the choice looks at the
    competence, and the next choice may not look at it: while the test goes on it does not count.
    """
    if measured.decision.selection is None or left == 0:
        return True
    return measured.decision.closed.get(index, StopReason.NO_MORE_TO_GAIN) is not (
        StopReason.NO_MORE_TO_GAIN
    )
