"""Between rows and what they mean."""

from typing import Any
from uuid import UUID

from pacnum_api.domains.referential.types import LocalisedText
from pacnum_api.domains.trainings import policy
from pacnum_api.domains.trainings.models import (
    TrainingCompetenceRow,
    TrainingRow,
    TrainingSessionRow,
)
from pacnum_api.domains.trainings.types import (
    AccessibilityFeature,
    CompetenceStep,
    ExternalId,
    Modality,
    Prerequisites,
    Provider,
    ProviderKind,
    RequiredLevel,
    Training,
    TrainingContent,
    TrainingSession,
    TrainingSessionContent,
    TrainingSessionState,
    TrainingState,
    TrainingTexts,
)
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID


def training_of(row: TrainingRow) -> Training:
    """The training of a row whose steps are loaded."""
    return Training(
        id=row.id,
        external_id=ExternalId(row.issuer, row.value),
        is_shared=row.tenant_id == PUBLIC_TENANT_ID,
        content=TrainingContent(
            provider=Provider(ProviderKind(row.provider_kind), _text(row.provider_name)),
            texts=TrainingTexts(
                title=_text(row.texts["title"]),
                summary=_text(row.texts["summary"]),
                objectives=tuple(_text(one) for one in row.texts["objectives"]),
                audience=_text(row.texts["audience"]),
            ),
            competences=tuple(
                CompetenceStep(
                    framework=step.framework,
                    competence=step.competence,
                    entry_level=step.entry_level,
                    exit_level=step.exit_level,
                )
                for step in row.steps
            ),
            modality=Modality(row.modality),
            duration_minutes=row.duration_minutes,
            language=row.language,
            accessibility=tuple(AccessibilityFeature(one) for one in row.accessibility),
            link=row.link,
            prerequisites=Prerequisites(
                tuple(row.prerequisites["trainings"]),
                tuple(RequiredLevel(**one) for one in row.prerequisites["competences"]),
            ),
            state=TrainingState(row.state),
        ),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def session_of(row: TrainingSessionRow) -> TrainingSession:
    """The session of a row."""
    return TrainingSession(
        id=row.id,
        external_id=ExternalId(row.issuer, row.value),
        training_id=row.training_id,
        content=TrainingSessionContent(
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            place=_text(row.place),
            seats=row.seats,
            state=TrainingSessionState(row.state),
        ),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def training_columns(content: TrainingContent) -> dict[str, Any]:
    """What a training's content is in columns, its steps aside."""
    texts = content.texts
    return {
        "provider_kind": content.provider.kind,
        "provider_name": _json(content.provider.name),
        "texts": {
            "title": _json(texts.title),
            "summary": _json(texts.summary),
            "objectives": [_json(one) for one in texts.objectives],
            "audience": _json(texts.audience),
        },
        "search_text": policy.search_text(texts),
        "modality": content.modality,
        "duration_minutes": content.duration_minutes,
        "language": content.language,
        "accessibility": [feature.value for feature in content.accessibility],
        "link": content.link,
        "prerequisites": {
            "trainings": list(content.prerequisites.trainings),
            "competences": [
                {"framework": one.framework, "competence": one.competence, "level": one.level}
                for one in content.prerequisites.competences
            ],
        },
        "state": content.state,
    }


def step_rows(
    content: TrainingContent, *, training_id: UUID, tenant_id: UUID
) -> list[TrainingCompetenceRow]:
    """The rows of a training's steps, in its order."""
    return [
        TrainingCompetenceRow(
            training_id=training_id,
            tenant_id=tenant_id,
            framework=step.framework,
            competence=step.competence,
            position=position,
            entry_level=step.entry_level,
            exit_level=step.exit_level,
        )
        for position, step in enumerate(content.competences)
    ]


def session_columns(content: TrainingSessionContent) -> dict[str, Any]:
    """What a session's content is in columns."""
    return {
        "starts_at": content.starts_at,
        "ends_at": content.ends_at,
        "place": _json(content.place),
        "seats": content.seats,
        "state": content.state,
    }


def _text(value: dict[str, str]) -> LocalisedText:
    return LocalisedText(value["fr"], value["en"])


def _json(text: LocalisedText) -> dict[str, str]:
    return {"fr": text.fr, "en": text.en}
