"""Test sessions over HTTP: the routes, and the lane that most answers take past them."""

from pacnum_api.domains.test_sessions.endpoints.answer_lane import AnswerLane
from pacnum_api.domains.test_sessions.endpoints.routes import api

__all__ = ["AnswerLane", "api"]
