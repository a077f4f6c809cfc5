"""Trainings as publishers send them."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

Body = dict[str, Any]


@pytest.fixture
def issuer() -> str:
    """A publisher that no other test has."""
    return f"lms-{uuid4().hex[:12]}"


@pytest.fixture
def training_body() -> Callable[..., Body]:
    """A sound training; named members are replaced."""

    def make(**changes: Any) -> Body:
        return {
            "provider": {"kind": "lms", "name": {"fr": "Intranet", "en": "Intranet"}},
            "title": {"fr": "Trier ses données", "en": "Sorting your data"},
            "summary": {"fr": "Un tableur bien tenu.", "en": "A tidy spreadsheet."},
            "objectives": [{"fr": "Éviter les doublons", "en": "Avoid duplicates"}],
            "competences": [
                {
                    "framework": "digcomp-2.2",
                    "competence": "1.3",
                    "entry_level": 2,
                    "exit_level": 4,
                }
            ],
            "modality": "online",
            "duration_minutes": 90,
            "audience": {"fr": "Tous", "en": "Everyone"},
            "language": "fr",
            "accessibility": ["transcript", "captions"],
            "link": "https://lms.example/courses/1",
            **changes,
        }

    return make


@pytest.fixture
def session_body(issuer: str) -> Callable[..., Body]:
    """A sound session of the training ``a`` of the issuer; named members are replaced."""

    def make(**changes: Any) -> Body:
        return {
            "training": {"issuer": issuer, "value": "a"},
            "starts_at": "2031-03-03T08:00:00Z",
            "ends_at": "2031-03-03T15:00:00Z",
            "place": {"fr": "Lyon", "en": "Lyons"},
            "seats": 12,
            **changes,
        }

    return make
