"""A training as the rest of the product sees it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pacnum_api.domains.referential.types import LocalisedText


class ProviderKind(StrEnum):
    """Who offers trainings to public staff."""

    MINISTRY_INSTITUTE = "ministry_institute"
    INTERMINISTERIAL_CAMPUS = "interministerial_campus"
    LMS = "lms"
    PARTNER = "partner"


class Modality(StrEnum):
    """Where a training takes place."""

    ONLINE = "online"
    ONSITE = "onsite"
    BLENDED = "blended"


class AccessibilityFeature(StrEnum):
    """What a training has been checked to offer."""

    CAPTIONS = "captions"
    TRANSCRIPT = "transcript"
    SIGN_LANGUAGE = "sign_language"
    SCREEN_READER_TESTED = "screen_reader_tested"
    KEYBOARD_ONLY = "keyboard_only"
    EASY_READ = "easy_read"
    WHEELCHAIR_ACCESS = "wheelchair_access"
    HEARING_LOOP = "hearing_loop"


class TrainingState(StrEnum):
    """A withdrawn training is kept as a tombstone and never recommended."""

    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class TrainingSessionState(StrEnum):
    """Only an ``open`` session can be joined."""

    PLANNED = "planned"
    OPEN = "open"
    FULL = "full"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ExternalId:
    """How the publishing system names a training or a session."""

    issuer: str
    value: str


@dataclass(frozen=True, slots=True)
class Provider:
    """Who gives the training."""

    kind: ProviderKind
    name: LocalisedText


@dataclass(frozen=True, slots=True)
class CompetenceStep:
    """What a training does for a competence: from ``entry_level`` (0: none needed) upwards."""

    framework: str
    competence: str
    entry_level: int
    exit_level: int


@dataclass(frozen=True, slots=True)
class RequiredLevel:
    """A level that a training presupposes."""

    framework: str
    competence: str
    level: int


@dataclass(frozen=True, slots=True)
class Prerequisites:
    """``trainings`` are external values under the training's own issuer."""

    trainings: tuple[str, ...]
    competences: tuple[RequiredLevel, ...]


@dataclass(frozen=True, slots=True)
class TrainingTexts:
    """What a reader sees."""

    title: LocalisedText
    summary: LocalisedText
    objectives: tuple[LocalisedText, ...]
    audience: LocalisedText


@dataclass(frozen=True, slots=True)
class TrainingContent:
    """Everything that its publisher says about a training; ``language`` is an ISO 639 code."""

    provider: Provider
    texts: TrainingTexts
    competences: tuple[CompetenceStep, ...]
    modality: Modality
    duration_minutes: int
    language: str
    accessibility: tuple[AccessibilityFeature, ...]
    link: str
    prerequisites: Prerequisites
    state: TrainingState


@dataclass(frozen=True, slots=True)
class Training:
    """A training of the catalogue. ``is_shared``: it ships with the product."""

    id: UUID
    external_id: ExternalId
    is_shared: bool
    content: TrainingContent
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TrainingSessionContent:
    """Everything that its publisher says about a session; ``seats`` is its capacity."""

    starts_at: datetime
    ends_at: datetime
    place: LocalisedText
    seats: int
    state: TrainingSessionState


@dataclass(frozen=True, slots=True)
class TrainingSession:
    """One occasion of a training."""

    id: UUID
    external_id: ExternalId
    training_id: UUID
    content: TrainingSessionContent
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SessionOutlook:
    """How a training can be joined: ``coming`` are the open sessions ahead, the earliest first.

    ``is_dated``: some session of it is or was known.
    """

    is_dated: bool
    coming: tuple[TrainingSession, ...]


@dataclass(frozen=True, kw_only=True)
class CatalogueFilter:
    """Which trainings are wanted; None means any.

    ``level`` is where a learner stands: the training starts at or below it and leads above it, in
    the competence asked for if there is one. With ``updated_since`` withdrawn trainings are listed
    too. ``q`` holds words that must all be found, whatever their case and accents.
    """

    framework: str | None = None
    competence: str | None = None
    level: int | None = None
    modality: Modality | None = None
    provider_kind: ProviderKind | None = None
    language: str | None = None
    max_duration_minutes: int | None = None
    updated_since: datetime | None = None
    q: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingSessionFilter:
    """Which sessions are wanted; None means any."""

    training_id: UUID | None = None
    state: TrainingSessionState | None = None
    starts_after: datetime | None = None
    updated_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class CatalogueLoadReport:
    """What a load did, or would do, counted over trainings and sessions."""

    added: int
    updated: int
    unchanged: int
    dry_run: bool
    tenant_id: UUID
