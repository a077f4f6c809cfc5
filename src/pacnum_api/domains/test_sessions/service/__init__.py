"""Verbs of test sessions, one file each."""

from pacnum_api.domains.test_sessions.service.answer_desk import AnswerDesk
from pacnum_api.domains.test_sessions.service.begin_session import begin_session
from pacnum_api.domains.test_sessions.service.end_session import (
    abandon_session,
    expire_sessions,
    finish_session,
    overdue_seconds,
)
from pacnum_api.domains.test_sessions.service.explain_session import explain_session
from pacnum_api.domains.test_sessions.service.read_result import read_result
from pacnum_api.domains.test_sessions.service.read_session import read_file, read_session
from pacnum_api.domains.test_sessions.service.replay_session import replay_session
from pacnum_api.domains.test_sessions.service.submit_answer import submit_answer

__all__ = [
    "AnswerDesk",
    "abandon_session",
    "begin_session",
    "expire_sessions",
    "explain_session",
    "finish_session",
    "overdue_seconds",
    "read_file",
    "read_result",
    "read_session",
    "replay_session",
    "submit_answer",
]
