"""What the answer path tells the metrics, once an answer is stored."""

from typing import Final

from pacnum_api.domains.test_sessions.types import Answer
from pacnum_api.platform.metrics import ANSWERS_ACCEPTED, ANSWERS_RESENT, ITEMS_GRADED

_RIGHT: Final = ITEMS_GRADED.labels("right")
_PARTLY: Final = ITEMS_GRADED.labels("partly")
_WRONG: Final = ITEMS_GRADED.labels("wrong")
_SKIPPED: Final = ITEMS_GRADED.labels("skipped")
_LATE: Final = ITEMS_GRADED.labels("late")


def count_accepted(answer: Answer) -> None:
    """To be called after the commit: an answer counts when it is stored."""
    ANSWERS_ACCEPTED.inc()
    if answer.is_late:
        _LATE.inc()
    elif answer.response is None:
        _SKIPPED.inc()
    elif answer.score >= 1:
        _RIGHT.inc()
    else:
        (_PARTLY if answer.score > 0 else _WRONG).inc()


def count_resent() -> None:
    """The same answer came again, and got the same reply."""
    ANSWERS_RESENT.inc()
