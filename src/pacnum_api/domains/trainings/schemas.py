"""Trainings on the wire and in files."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from pacnum_api.domains.referential.types import LocalisedText
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
from pacnum_api.platform.schemas import (
    CompetenceCode,
    FrameworkCode,
    In,
    Level,
    Out,
    UtcDatetime,
)

Words = Annotated[str, Field(min_length=1, max_length=2000)]
TrainingIssuer = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
        examples=["lms-intranet"],
        description="The system that publishes it.",
    ),
]
TrainingKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9._:@+-]+$",
        examples=["course-4711"],
        description="That system's own key.",
    ),
]
Language = Annotated[
    str,
    Field(
        pattern=r"^[a-z]{2,3}$",
        examples=["fr"],
        description="ISO 639 code of the language it is given in.",
    ),
]
Minutes = Annotated[int, Field(ge=1, le=60_000, examples=[45])]
Seats = Annotated[int, Field(ge=0, le=100_000, examples=[16], description="Capacity.")]
ReachedLevel = Annotated[
    int, Field(ge=1, le=8, examples=[4], description="Level that is led to or asked for.")
]
Link = Annotated[
    str,
    Field(
        pattern=r"^https://[^\s/]+(/\S*)?$",
        max_length=2000,
        examples=["https://lms.example/courses/4711"],
        description="Where to read more or enrol.",
    ),
]

# --- what publishers send, over HTTP or in files --------------------------------------------------


class TrainingText(In):
    """One text in both languages."""

    fr: Annotated[Words, Field(examples=["Des données propres dans un tableur"])]
    en: Annotated[Words, Field(examples=["Clean data in a spreadsheet"])]

    def read(self) -> LocalisedText:
        """The text as the domain holds it."""
        return LocalisedText(self.fr, self.en)


class ProviderIn(In):
    kind: ProviderKind
    name: TrainingText

    def read(self) -> Provider:
        """The provider as the domain holds it."""
        return Provider(self.kind, self.name.read())


class CompetenceStepIn(In):
    framework: FrameworkCode
    competence: CompetenceCode
    entry_level: Level
    exit_level: ReachedLevel


class RequiredLevelIn(In):
    framework: FrameworkCode
    competence: CompetenceCode
    level: ReachedLevel


class PrerequisitesIn(In):
    """``trainings``: keys of trainings of the same issuer."""

    trainings: Annotated[tuple[TrainingKey, ...], Field(max_length=20)] = ()
    competences: Annotated[tuple[RequiredLevelIn, ...], Field(max_length=20)] = ()


class TrainingFacts(In):
    """All that is said of a training besides who gives it."""

    title: TrainingText
    summary: TrainingText
    objectives: Annotated[list[TrainingText], Field(min_length=1, max_length=10)]
    competences: Annotated[list[CompetenceStepIn], Field(min_length=1, max_length=30)]
    modality: Modality
    duration_minutes: Minutes
    audience: TrainingText
    language: Language
    accessibility: Annotated[
        tuple[AccessibilityFeature, ...], Field(max_length=8, examples=[["captions"]])
    ] = ()
    link: Link
    prerequisites: PrerequisitesIn = PrerequisitesIn()
    state: TrainingState = TrainingState.PUBLISHED

    def content(self, provider: ProviderIn) -> TrainingContent:
        """The training as the domain holds it; accessibility features without repetition."""
        return TrainingContent(
            provider=provider.read(),
            texts=TrainingTexts(
                title=self.title.read(),
                summary=self.summary.read(),
                objectives=tuple(objective.read() for objective in self.objectives),
                audience=self.audience.read(),
            ),
            competences=tuple(CompetenceStep(**step.model_dump()) for step in self.competences),
            modality=self.modality,
            duration_minutes=self.duration_minutes,
            language=self.language,
            accessibility=tuple(sorted(set(self.accessibility))),
            link=self.link,
            prerequisites=Prerequisites(
                self.prerequisites.trainings,
                tuple(RequiredLevel(**one.model_dump()) for one in self.prerequisites.competences),
            ),
            state=self.state,
        )


class TrainingUpsert(TrainingFacts):
    """A training as its publisher wants it to be; what is left out falls back to its default."""

    provider: ProviderIn

    def read(self) -> TrainingContent:
        """The training as the domain holds it."""
        return self.content(self.provider)


class TrainingSessionFacts(In):
    """When and where a training is given, and to how many."""

    starts_at: UtcDatetime
    ends_at: UtcDatetime
    place: TrainingText
    seats: Seats
    state: TrainingSessionState = TrainingSessionState.OPEN

    def read(self) -> TrainingSessionContent:
        """The session as the domain holds it."""
        return TrainingSessionContent(
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            place=self.place.read(),
            seats=self.seats,
            state=self.state,
        )


class TrainingReference(In):
    """The training of a session, as its publisher names it."""

    issuer: TrainingIssuer
    value: TrainingKey


class TrainingSessionUpsert(TrainingSessionFacts):
    """A session as its publisher wants it to be."""

    training: TrainingReference


class TrainingSessionDocument(TrainingSessionFacts):
    """A session in a catalogue file."""

    key: TrainingKey


class TrainingDocument(TrainingFacts):
    """A training in a catalogue file, with its sessions."""

    key: TrainingKey
    sessions: tuple[TrainingSessionDocument, ...] = ()


class CatalogueDocument(In):
    """A catalogue file: the trainings of one provider."""

    issuer: TrainingIssuer
    provider: ProviderIn
    trainings: Annotated[list[TrainingDocument], Field(min_length=1)]


# --- responses ------------------------------------------------------------------------------------


class TrainingExternalIdRead(Out):
    issuer: TrainingIssuer
    value: TrainingKey

    @classmethod
    def of(cls, external_id: ExternalId) -> Self:
        return cls.model_validate(external_id)


class ProviderRead(Out):
    kind: ProviderKind
    name: str = Field(examples=["Institut de formation du ministère"])


class CompetenceStepRead(Out):
    framework: FrameworkCode
    competence: CompetenceCode
    entry_level: Level = Field(description="Level it starts from; 0: none is needed.")
    exit_level: Level = Field(description="Level it leads to.")


class RequiredLevelRead(Out):
    framework: FrameworkCode
    competence: CompetenceCode
    level: Level


class PrerequisitesRead(Out):
    trainings: list[TrainingExternalIdRead]
    competences: list[RequiredLevelRead]

    @classmethod
    def of(cls, prerequisites: Prerequisites, *, issuer: str) -> Self:
        return cls(
            trainings=[
                TrainingExternalIdRead(issuer=issuer, value=value)
                for value in prerequisites.trainings
            ],
            competences=[
                RequiredLevelRead.model_validate(one) for one in prerequisites.competences
            ],
        )


class TrainingRead(Out):
    id: UUID
    external_id: TrainingExternalIdRead
    is_shared: bool = Field(description="True for the sample catalogue that ships.")
    provider: ProviderRead
    title: str = Field(examples=["Des données propres dans un tableur"])
    summary: str = Field(examples=["Préparer un tableau que tous peuvent exploiter."])
    objectives: list[str] = Field(examples=[["Repérer les valeurs mal saisies"]])
    competences: list[CompetenceStepRead]
    modality: Modality
    duration_minutes: Minutes
    audience: str = Field(examples=["Tous les agents"])
    language: Language
    accessibility: list[AccessibilityFeature]
    link: Link
    prerequisites: PrerequisitesRead
    state: TrainingState
    created_at: UtcDatetime
    updated_at: UtcDatetime

    @classmethod
    def of(cls, training: Training, *, locale: str) -> Self:
        content = training.content
        return cls(
            id=training.id,
            external_id=TrainingExternalIdRead.of(training.external_id),
            is_shared=training.is_shared,
            provider=ProviderRead(
                kind=content.provider.kind, name=content.provider.name.in_(locale)
            ),
            title=content.texts.title.in_(locale),
            summary=content.texts.summary.in_(locale),
            objectives=[objective.in_(locale) for objective in content.texts.objectives],
            competences=[CompetenceStepRead.model_validate(step) for step in content.competences],
            modality=content.modality,
            duration_minutes=content.duration_minutes,
            audience=content.texts.audience.in_(locale),
            language=content.language,
            accessibility=list(content.accessibility),
            link=content.link,
            prerequisites=PrerequisitesRead.of(
                content.prerequisites, issuer=training.external_id.issuer
            ),
            state=content.state,
            created_at=training.created_at,
            updated_at=training.updated_at,
        )


class TrainingSessionRead(Out):
    id: UUID
    external_id: TrainingExternalIdRead
    training_id: UUID
    starts_at: UtcDatetime
    ends_at: UtcDatetime
    place: str = Field(examples=["Lyon, site de l’institut"])
    seats: Seats
    state: TrainingSessionState
    created_at: UtcDatetime
    updated_at: UtcDatetime

    @classmethod
    def of(cls, session: TrainingSession, *, locale: str) -> Self:
        content = session.content
        return cls(
            id=session.id,
            external_id=TrainingExternalIdRead.of(session.external_id),
            training_id=session.training_id,
            starts_at=content.starts_at,
            ends_at=content.ends_at,
            place=content.place.in_(locale),
            seats=content.seats,
            state=content.state,
            created_at=session.created_at,
            updated_at=session.updated_at,
        )
