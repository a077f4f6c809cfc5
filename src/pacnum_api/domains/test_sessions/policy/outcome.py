"""What a session that ends has measured."""

import math
from collections.abc import Sequence

from pacnum_api.domains.results.types import CompetenceResult
from pacnum_api.domains.test_sessions.policy.course import Step
from pacnum_api.domains.test_sessions.types import SessionSetup
from pacnum_api.psychometrics.estimation import AbilityEstimate
from pacnum_api.psychometrics.stopping import StopReason


def conclude(
    step: Step, setup: SessionSetup, *, codes: Sequence[str], reason: StopReason
) -> tuple[CompetenceResult, ...]:
    """The result of each competence that was answered to, in the order asked.

    A competence without an answer has no result: it is not assessed, which is not level 0.
    ``reason`` holds for the competences that were still open.
    """
    results = []
    for index in setup.competences:
        posterior = step.posterior.competences[index]
        if posterior.answered == 0:
            continue
        low, high = posterior.level_interval(coverage=0.9)
        results.append(
            CompetenceResult(
                competence=codes[index],
                theta=posterior.theta,
                standard_error=posterior.standard_error,
                level=posterior.level,
                level_low=low,
                level_high=high,
                level_probabilities=tuple(posterior.level_probabilities),
                items_answered=posterior.answered,
                stop_reason=step.decision.closed.get(index, reason).value,
                target_level=setup.targets.get(index),
            )
        )
    return tuple(results)


def mean_estimate(results: Sequence[CompetenceResult]) -> AbilityEstimate | None:
    """The mean ability over competences, None when there are none.

    The engine measures one competence at a time and knows nothing of how their errors hang
    together, so the standard error is the largest there can be: that of wholly dependent errors,
    the mean of the standard errors (triangle inequality). It is never too small.
    """
    if not results:
        return None
    count = len(results)
    return AbilityEstimate(
        theta=math.fsum(result.theta for result in results) / count,
        standard_error=math.fsum(result.standard_error for result in results) / count,
    )
