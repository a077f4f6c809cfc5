"""What a session that ends has measured."""

from collections.abc import Sequence

from pacnum_api.domains.results.types import CompetenceResult
from pacnum_api.domains.test_sessions.types import SessionSetup
from pacnum_api.psychometrics.algorithm import Measurement
from pacnum_api.psychometrics.stopping import StopReason


def conclude(
    measured: Measurement, setup: SessionSetup, *, codes: Sequence[str], reason: StopReason
) -> tuple[CompetenceResult, ...]:
    """The result of each competence that was answered to, in the order asked.

    A competence without an answer has no result, even if the answers to others say something about
    it: it is not assessed, which is not level 0. ``reason`` holds for the competences that were
    still open.
    """
    results = []
    for index in setup.competences:
        posterior = measured.posterior.marginal(index)
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
                stop_reason=measured.decision.closed.get(index, reason).value,
                target_level=setup.targets.get(index),
            )
        )
    return tuple(results)
