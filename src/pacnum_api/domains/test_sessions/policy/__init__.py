"""The pure part of a test session: from (setup, answers, bank) to what happens next."""

from pacnum_api.domains.test_sessions.policy.course import (
    Course,
    Ground,
    may_be_put,
    step_after,
)
from pacnum_api.domains.test_sessions.policy.outcome import conclude
from pacnum_api.domains.test_sessions.policy.progress import progress_of
from pacnum_api.domains.test_sessions.policy.repeats import answered_groups, has_enough_new
from pacnum_api.domains.test_sessions.policy.submission import (
    answer_hash,
    time_limit_seconds,
    was_late,
)
from pacnum_api.domains.test_sessions.policy.tryouts import (
    TryoutCandidate,
    choose_tryouts,
    expected_items,
    takes_tryouts,
)
from pacnum_api.domains.test_sessions.policy.wording import CourseFacts, summary_of

__all__ = [
    "Course",
    "CourseFacts",
    "Ground",
    "TryoutCandidate",
    "answer_hash",
    "answered_groups",
    "choose_tryouts",
    "conclude",
    "expected_items",
    "has_enough_new",
    "may_be_put",
    "progress_of",
    "step_after",
    "summary_of",
    "takes_tryouts",
    "time_limit_seconds",
    "was_late",
]
