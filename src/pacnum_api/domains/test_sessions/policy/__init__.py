"""The pure part of a test session: from (setup, answers, bank) to what happens next."""

from pacnum_api.domains.test_sessions.policy.course import Step, step_after
from pacnum_api.domains.test_sessions.policy.outcome import conclude, mean_estimate
from pacnum_api.domains.test_sessions.policy.progress import progress_of
from pacnum_api.domains.test_sessions.policy.submission import (
    answer_hash,
    time_limit_seconds,
    was_late,
)

__all__ = [
    "Step",
    "answer_hash",
    "conclude",
    "mean_estimate",
    "progress_of",
    "step_after",
    "time_limit_seconds",
    "was_late",
]
