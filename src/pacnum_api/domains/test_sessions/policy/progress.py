"""How far a test has come, without a hint at how well it goes."""

from collections.abc import Sequence

import numpy as np

from pacnum_api.domains.test_sessions.policy.course import Step
from pacnum_api.domains.test_sessions.types import CompetenceProgress, Progress
from pacnum_api.psychometrics.stopping import StopReason, quota_of
from pacnum_api.psychometrics.tables import BankTables


def progress_of(tables: BankTables, step: Step, *, codes: Sequence[str]) -> Progress:
    """The progress after a step; ``codes`` are the framework's competence codes by position.

    A closed competence counts with the items it had, an open one with those it had and may still
    have: at most the rules' maximum, at most what the bank has left. Never goes back: a test that
    seemed shorter does not grow again.
    """
    course = step.course
    # whole-bank mask once, not per competence
    left = np.bincount(
        np.asarray(tables.competence_of)[~course.blocked], minlength=tables.competence_count
    )
    at_most = 0
    parts = []
    for index in course.plan.competences:
        count = course.counts[index]
        is_closed = _is_closed(step, index, left=int(left[index]))
        maximum = quota_of(course, index, rules=step.rules.stopping).maximum
        at_most += count if is_closed else min(max(maximum, count), count + int(left[index]))
        parts.append(CompetenceProgress(codes[index], count, is_closed))
    answered = len(course.items)
    return Progress(
        answered=answered,
        at_most=max(at_most, answered),
        fraction=1.0 if at_most <= answered else answered / at_most,
        competences=tuple(parts),
    )


def _is_closed(step: Step, index: int, *, left: int) -> bool:
    """Whether no further item of a competence will come, as far as that is sure to stay so.

    That nothing more is to be gained is found only when the choice looks at the competence, and
    the next choice may not look at it: while the test goes on it does not count.
    """
    if step.decision.selection is None or left == 0:
        return True
    return step.decision.closed.get(index, StopReason.NO_MORE_TO_GAIN) is not (
        StopReason.NO_MORE_TO_GAIN
    )
