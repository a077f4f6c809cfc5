"""Recommendations on the wire."""

from collections.abc import Iterable
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from pacnum_api.domains.recommendations.types import (
    Ability,
    Constraints,
    Gain,
    PrerequisiteFit,
    Standing,
    Wish,
)
from pacnum_api.domains.trainings.types import (
    AccessibilityFeature,
    Modality,
    ProviderKind,
    Training,
    TrainingSession,
)
from pacnum_api.platform.schemas import (
    CompetenceCode,
    FrameworkCode,
    In,
    Level,
    Out,
    UtcDatetime,
)

COVERAGE = 0.9

TargetLevel = Annotated[int, Field(ge=1, le=8, examples=[5], description="Level wished for.")]
BudgetHours = Annotated[
    float,
    Field(gt=0, le=2000, examples=[12], description="Hours of training there is time for, in all."),
]
Limit = Annotated[int, Field(ge=1, le=50, examples=[10], description="Recommendations, at most.")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", examples=["fr"])]
TargetText = Annotated[
    str,
    Field(
        pattern=r"^([0-9A-Za-z]+(\.[0-9A-Za-z]+)*:)?[1-8]$",
        max_length=30,
        examples=["5", "1.3:6"],
        description="A level for all competences (`5`) or for one (`1.3:6`).",
    ),
]

# --- what callers send ----------------------------------------------------------------------------


class AbilityIn(In):
    """An ability as measured elsewhere, on the scale of the framework's cut scores."""

    theta: Annotated[float, Field(ge=-6, le=6, examples=[0.4])]
    standard_error: Annotated[float, Field(ge=0.05, le=3, examples=[0.35])]

    def read(self) -> Ability:
        """The ability as the domain holds it."""
        return Ability(self.theta, self.standard_error)


class ConstraintsIn(In):
    """What is possible for the agent; what is left out does not matter."""

    budget_hours: BudgetHours | None = None
    modalities: Annotated[tuple[Modality, ...], Field(max_length=3)] = ()
    languages: Annotated[tuple[Language, ...], Field(max_length=10)] = ()
    accessibility: Annotated[
        tuple[AccessibilityFeature, ...],
        Field(max_length=8, description="Every one of them is needed."),
    ] = ()
    completed_trainings: Annotated[
        tuple[UUID, ...], Field(max_length=500, description="Ids of trainings already taken.")
    ] = ()

    def read(self) -> Constraints:
        """The constraints as the domain holds them."""
        return Constraints(
            budget_minutes=minutes_of(self.budget_hours),
            modalities=frozenset(self.modalities),
            languages=frozenset(self.languages),
            accessibility=frozenset(self.accessibility),
            completed=frozenset(self.completed_trainings),
        )


class RecommendationRequest(In):
    """Levels or abilities of somebody, no matter whom; competences left out are not assessed.

    With `targets` only the competences named there are in view; without, all of them are, each with
    a target two levels up.
    """

    framework: FrameworkCode
    levels: Annotated[
        dict[CompetenceCode, Level],
        Field(max_length=200, examples=[{"1.3": 3, "4.1": 2}], description="Known as a level."),
    ] = {}  # noqa: RUF012 - pydantic copies defaults
    thetas: Annotated[
        dict[CompetenceCode, AbilityIn],
        Field(max_length=200, description="Known as an ability with its standard error."),
    ] = {}  # noqa: RUF012 - pydantic copies defaults
    targets: Annotated[
        dict[CompetenceCode, TargetLevel], Field(max_length=200, examples=[{"1.3": 5}])
    ] = {}  # noqa: RUF012 - pydantic copies defaults
    weights: Annotated[
        dict[CompetenceCode, Annotated[float, Field(gt=0, le=100)]],
        Field(max_length=200, description="How much one level counts; 1 unless named."),
    ] = {}  # noqa: RUF012 - pydantic copies defaults
    constraints: ConstraintsIn = ConstraintsIn()
    limit: Limit = 10

    def read(self) -> Wish:
        """What is asked for; who asks is another matter."""
        return Wish(
            framework=self.framework,
            targets=dict(self.targets),
            weights=dict(self.weights),
            constraints=self.constraints.read(),
            limit=self.limit,
        )


def minutes_of(hours: float | None) -> int | None:
    """Whole minutes, rounded to the nearest."""
    return None if hours is None else round(hours * 60)


def read_targets(texts: Iterable[str]) -> tuple[dict[str, int], int | None]:
    """Targets by competence and the one for all, from texts like ``1.3:6`` and ``5``.

    Of several for the same competence the last counts.
    """
    named: dict[str, int] = {}
    overall: int | None = None
    for text in texts:
        code, _, level = text.rpartition(":")
        if code:
            named[code] = int(level)
        else:
            overall = int(level)
    return named, overall


# --- responses ------------------------------------------------------------------------------------


class LevelRange(Out):
    """The levels that hold at least ``coverage`` of the probability."""

    low: Level
    high: Level
    coverage: float = Field(examples=[COVERAGE])


class StandingRead(Out):
    """Where the agent stands in a competence in view, before and after what is recommended."""

    competence: CompetenceCode
    title: str = Field(examples=["Gérer des données, des informations et des contenus"])
    level: Level
    level_interval: LevelRange
    target: TargetLevel
    expected_gap: float = Field(examples=[1.5], description="Levels missing to the target.")
    expected_gap_after: float = Field(
        examples=[0.4], description="The same once all recommended trainings are taken."
    )

    @classmethod
    def of(cls, code: str, *, title: str, before: Standing, after: Standing) -> Self:
        return cls(
            competence=code,
            title=title,
            level=before.level,
            level_interval=LevelRange(low=before.low, high=before.high, coverage=COVERAGE),
            target=before.target,
            expected_gap=round(before.gap, 3),
            expected_gap_after=round(after.gap, 3),
        )


class GainInterval(Out):
    """The central interval of the gain, in levels."""

    low: float = Field(examples=[0.0])
    high: float = Field(examples=[2.0])
    coverage: float = Field(examples=[COVERAGE])


class GainRead(Out):
    """Levels expected to be won, on top of the recommendations ranked before."""

    levels: float = Field(examples=[1.2])
    standard_deviation: float = Field(examples=[0.8])
    interval: GainInterval

    @classmethod
    def of(cls, gain: Gain) -> Self:
        return cls(
            levels=round(gain.levels, 3),
            standard_deviation=round(gain.standard_deviation, 3),
            interval=GainInterval(
                low=round(gain.low, 3), high=round(gain.high, 3), coverage=COVERAGE
            ),
        )


class PrerequisiteFitRead(Out):
    """How sure it is that the agent has what the training asks for."""

    probability: float | None = Field(
        examples=[0.86],
        description="Of the least certain prerequisite; null when none of them was assessed.",
    )
    not_assessed: list[CompetenceCode] = Field(description="Prerequisites without evidence.")

    @classmethod
    def of(cls, fit: PrerequisiteFit) -> Self:
        probability = None if fit.probability is None else round(fit.probability, 3)
        return cls(probability=probability, not_assessed=list(fit.not_assessed))


class RecommendedTraining(Out):
    """The training in short; the catalogue has the rest."""

    id: UUID
    title: str = Field(examples=["Des données propres dans un tableur"])
    provider: str = Field(examples=["Bibliothèque de modules en ligne"])
    provider_kind: ProviderKind
    modality: Modality
    language: Language
    link: str = Field(examples=["https://modules.example/donnees-propres"])

    @classmethod
    def of(cls, training: Training, *, locale: str) -> Self:
        content = training.content
        return cls(
            id=training.id,
            title=content.texts.title.in_(locale),
            provider=content.provider.name.in_(locale),
            provider_kind=content.provider.kind,
            modality=content.modality,
            language=content.language,
            link=content.link,
        )


class ServedCompetence(Out):
    """What the training does for one competence in view."""

    competence: CompetenceCode
    title: str = Field(examples=["Gérer des données, des informations et des contenus"])
    entry_level: Level
    exit_level: Level
    target: TargetLevel
    expected_gain_levels: float = Field(examples=[1.2])


class NextSessionRead(Out):
    """A session that can still be joined."""

    id: UUID
    starts_at: UtcDatetime
    ends_at: UtcDatetime
    place: str = Field(examples=["Lyon, site de l’institut"])
    seats: int = Field(examples=[16])

    @classmethod
    def of(cls, session: TrainingSession, *, locale: str) -> Self:
        content = session.content
        return cls(
            id=session.id,
            starts_at=content.starts_at,
            ends_at=content.ends_at,
            place=content.place.in_(locale),
            seats=content.seats,
        )


class RecommendationRead(Out):
    """A training, what it is expected to bring, and why it is recommended."""

    rank: int = Field(examples=[1], description="Order in which to take them, from 1.")
    training: RecommendedTraining
    competences: list[ServedCompetence]
    expected_gain: GainRead
    prerequisite_fit: PrerequisiteFitRead
    duration_minutes: int = Field(examples=[120])
    next_sessions: list[NextSessionRead]
    reasons: list[str] = Field(
        examples=[["Gain attendu : 1,2 niveau (à 90 % entre 0 et 2)."]],
        description="Sentences in the caller's language.",
    )
    score: float = Field(
        examples=[0.65], description="Weighted gain, in levels, per hour invested."
    )


class NotAssessedRead(Out):
    """A competence in view of which nothing is known: that is not level 0, and earns no gain."""

    competence: CompetenceCode
    title: str = Field(examples=["Gérer des données, des informations et des contenus"])
    target: TargetLevel | None = Field(description="Null where none was asked for.")
    trainings: int = Field(examples=[6], description="Trainings on offer that serve it.")
    hint: str = Field(examples=["Non évaluée : passez d’abord un test."])


class RecommendationsRead(Out):
    """A plan: recommendations in the order in which to take them."""

    framework: FrameworkCode
    framework_version: int = Field(examples=[1])
    agent_id: UUID | None = Field(description="Null when no stored agent was asked about.")
    competences: list[StandingRead]
    budget_minutes: int | None = Field(examples=[720])
    total_duration_minutes: int = Field(examples=[545])
    recommendations: list[RecommendationRead]
    not_assessed: list[NotAssessedRead]
