"""The reply to an answer, as JSON (``AnswerAccepted``).

Written straight from what is presented: every answer has one, and building models first costs
several times as much. Whoever replies to the same answer, and whenever, writes the same bytes: a
reply depends on the session's first answers and on the item that came next, never on what happened
later.
"""

from datetime import datetime

from pydantic_core import to_json

from pacnum_api.domains.test_sessions.service.basis import Basis
from pacnum_api.domains.test_sessions.service.session_view import pending_item, progress_document
from pacnum_api.domains.test_sessions.types import SessionState, StoredSession
from pacnum_api.platform.schemas import rfc3339
from pacnum_api.psychometrics.algorithm import Measurement


def reply_to(
    session: StoredSession,
    basis: Basis,
    *,
    position: int,
    accepted_at: datetime,
    step: Measurement | None = None,
) -> bytes:
    """The reply to the answer of a position. ``step`` saves computing it for whoever has it."""
    bank = basis.bank
    has_next = len(session.items) > position
    pending: dict[str, object] | None = None
    if has_next:
        pending = pending_item(session, bank, position=position + 1, issued_at=accepted_at)
    if step is None:
        step = basis.step_at(session, session.categories[:position])
    state = SessionState.IN_PROGRESS if has_next else SessionState.FINISHED
    return to_json(
        {
            "position": position,
            "accepted_at": rfc3339(accepted_at),
            "state": state.value,
            "progress": progress_document(step, bank),
            "pending_item": pending,
        }
    )
