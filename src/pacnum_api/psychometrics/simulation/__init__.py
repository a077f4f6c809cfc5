"""Tests of agents that do not exist, and what they say about a bank and its rules.

Who takes them (``population``), what they answer (``answers``), how the tests run: one at a time
by the service's own engine (``sessions``), or many at once (``batch``), with the ways to choose
items (``criteria``, ``peers``) and a ceiling on exposure (``waves``); what they leave (``records``)
and how good it was (``measures``).
"""

from pacnum_api.psychometrics.simulation.answers import draw_category
from pacnum_api.psychometrics.simulation.population import (
    ACROSS_AREAS,
    WITHIN_AREA,
    draw_abilities,
    framework_correlation,
)

__all__ = [
    "ACROSS_AREAS",
    "WITHIN_AREA",
    "draw_abilities",
    "draw_category",
    "framework_correlation",
]
