"""A plan as it is told: names for codes, sessions for dates, sentences for reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from pacnum_api.domains.recommendations.policy.reasons import Delivery, NextSession, give_reasons
from pacnum_api.domains.recommendations.policy.wording import Names, assess_first, sentence
from pacnum_api.domains.recommendations.schemas import (
    GainRead,
    NextSessionRead,
    NotAssessedRead,
    PrerequisiteFitRead,
    RecommendationRead,
    RecommendationsRead,
    RecommendedTraining,
    ServedCompetence,
    StandingRead,
)
from pacnum_api.domains.recommendations.service.catalogue import Catalogue
from pacnum_api.domains.recommendations.types import CompetenceCode, Plan, Recommended
from pacnum_api.domains.referential.types import Framework
from pacnum_api.domains.trainings.types import Modality, SessionOutlook, Training

SESSIONS_SHOWN = 3


@dataclass(frozen=True)
class Findings:
    """Everything that is told. ``unknown``: competences in view without evidence, and targets."""

    framework: Framework
    catalogue: Catalogue
    plan: Plan
    outlooks: Mapping[UUID, SessionOutlook]
    unknown: Mapping[CompetenceCode, int | None]
    budget_minutes: int | None


def present(findings: Findings, *, locale: str, agent_id: UUID | None) -> RecommendationsRead:
    """The answer in ``fr`` or ``en``."""
    plan, framework = findings.plan, findings.framework
    names = Names(
        competences={one.code: one.title.in_(locale) for one in framework.competences},
        trainings={
            key: training.content.texts.title.in_(locale)
            for key, training in findings.catalogue.trainings.items()
        },
    )
    return RecommendationsRead(
        framework=framework.code,
        framework_version=framework.version,
        agent_id=agent_id,
        competences=[
            StandingRead.of(
                one.code,
                title=names.competences[one.code],
                before=plan.before[one.code],
                after=plan.after[one.code],
            )
            for one in framework.competences
            if one.code in plan.before
        ],
        budget_minutes=findings.budget_minutes,
        total_duration_minutes=sum(step.course.duration_minutes for step in plan.steps),
        recommendations=[
            _recommendation(findings, rank, names=names, locale=locale)
            for rank in range(1, len(plan.steps) + 1)
        ],
        not_assessed=_not_assessed(findings, names, locale=locale),
    )


def _recommendation(
    findings: Findings, rank: int, *, names: Names, locale: str
) -> RecommendationRead:
    step = findings.plan.steps[rank - 1]
    training = findings.catalogue.trainings[step.course.key]
    outlook = findings.outlooks[training.id]
    reasons = give_reasons(
        step,
        before=findings.plan.before,
        delivery=_delivery(training, outlook, locale=locale),
    )
    return RecommendationRead(
        rank=rank,
        training=RecommendedTraining.of(training, locale=locale),
        competences=_served(findings, step, names=names),
        expected_gain=GainRead.of(step.gain),
        prerequisite_fit=PrerequisiteFitRead.of(step.fit),
        duration_minutes=training.content.duration_minutes,
        next_sessions=[
            NextSessionRead.of(one, locale=locale) for one in outlook.coming[:SESSIONS_SHOWN]
        ],
        reasons=[sentence(one, names=names, locale=locale) for one in reasons],
        score=round(step.score, 4),
    )


def _served(findings: Findings, step: Recommended, *, names: Names) -> list[ServedCompetence]:
    return [
        ServedCompetence(
            competence=one.leap.competence,
            title=names.competences[one.leap.competence],
            entry_level=one.leap.entry_level,
            exit_level=one.leap.exit_level,
            target=findings.plan.before[one.leap.competence].target,
            expected_gain_levels=round(one.levels, 3),
        )
        for one in step.leaps
    ]


def _delivery(training: Training, outlook: SessionOutlook, *, locale: str) -> Delivery:
    coming = outlook.coming[0].content if outlook.coming else None
    return Delivery(
        modality=training.content.modality,
        duration_minutes=training.content.duration_minutes,
        is_self_paced=training.content.modality is Modality.ONLINE and not outlook.is_dated,
        next_session=NextSession(coming.starts_at, coming.place.in_(locale), coming.seats)
        if coming
        else None,
    )


def _not_assessed(findings: Findings, names: Names, *, locale: str) -> list[NotAssessedRead]:
    told = []
    for code, target in findings.unknown.items():
        serving = findings.catalogue.serving(code)
        told.append(
            NotAssessedRead(
                competence=code,
                title=names.competences[code],
                target=target,
                trainings=serving,
                hint=assess_first(trainings=serving, locale=locale),
            )
        )
    return told
