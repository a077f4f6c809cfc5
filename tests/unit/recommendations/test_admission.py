"""Which trainings come into question."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from pacnum_api.domains.recommendations.policy.admission import is_admissible
from pacnum_api.domains.recommendations.types import Constraints
from pacnum_api.domains.referential.types import LocalisedText
from pacnum_api.domains.trainings.types import (
    AccessibilityFeature,
    CompetenceStep,
    ExternalId,
    Modality,
    Prerequisites,
    Provider,
    ProviderKind,
    Training,
    TrainingContent,
    TrainingState,
    TrainingTexts,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TEXT = LocalisedText("Texte", "Text")
TRAINING = Training(
    id=UUID(int=7),
    external_id=ExternalId("lms", "a"),
    is_shared=False,
    content=TrainingContent(
        provider=Provider(ProviderKind.LMS, TEXT),
        texts=TrainingTexts(TEXT, TEXT, (TEXT,), TEXT),
        competences=(CompetenceStep("digcomp-2.2", "1.1", 0, 2),),
        modality=Modality.ONLINE,
        duration_minutes=30,
        language="fr",
        accessibility=(AccessibilityFeature.CAPTIONS, AccessibilityFeature.TRANSCRIPT),
        link="https://lms.example/a",
        prerequisites=Prerequisites((), ()),
        state=TrainingState.PUBLISHED,
    ),
    version=1,
    created_at=NOW,
    updated_at=NOW,
)


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        (Constraints(), True),
        (Constraints(modalities=frozenset({Modality.ONLINE, Modality.ONSITE})), True),
        (Constraints(modalities=frozenset({Modality.ONSITE})), False),
        (Constraints(languages=frozenset({"fr", "en"})), True),
        (Constraints(languages=frozenset({"en"})), False),
        (Constraints(accessibility=frozenset({AccessibilityFeature.CAPTIONS})), True),
        (
            Constraints(
                accessibility=frozenset(
                    {AccessibilityFeature.CAPTIONS, AccessibilityFeature.SIGN_LANGUAGE}
                )
            ),
            False,
        ),
        (Constraints(completed=frozenset({UUID(int=7)})), False),
        (Constraints(completed=frozenset({UUID(int=8)})), True),
    ],
)
def test_every_constraint_must_be_met(constraints: Constraints, *, expected: bool) -> None:
    assert is_admissible(TRAINING, constraints) is expected


def test_the_language_asked_for_is_the_one_it_is_given_in() -> None:
    english = replace(TRAINING, content=replace(TRAINING.content, language="en"))
    assert is_admissible(english, Constraints(languages=frozenset({"en"})))
