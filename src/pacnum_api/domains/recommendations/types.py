"""What the recommendation policy reasons about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from pacnum_api.domains.trainings.types import AccessibilityFeature, Modality

CompetenceCode: TypeAlias = str
TrainingKey: TypeAlias = str


@dataclass(frozen=True, slots=True)
class Ability:
    """Evidence on one competence: the mean and the standard deviation of theta.

    ``level_probabilities`` (level 0 first), where a test has told them, are exact; theta's normal
    approximation then only says how probability lies within a level.
    """

    theta: float
    standard_error: float
    level_probabilities: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Leap:
    """What a training does for one competence: it leads from one level to another.

    Entry level 0 asks for nothing.
    """

    competence: CompetenceCode
    entry_level: int
    exit_level: int


@dataclass(frozen=True, slots=True)
class Need:
    """A level that a training presupposes in a competence."""

    competence: CompetenceCode
    level: int


@dataclass(frozen=True, slots=True)
class Course:
    """A training as the policy sees it; ``key`` is unique and settles every tie.

    ``needs`` are the stated prerequisite levels, ``follows`` the trainings it builds on.
    """

    key: TrainingKey
    leaps: tuple[Leap, ...]
    duration_minutes: int
    needs: tuple[Need, ...] = ()
    follows: tuple[TrainingKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Aim:
    """The level wished for in a competence, and how much one level of it counts beside others."""

    target: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Assumptions:
    """The constants of the training model; see ``policy.gain`` for what each one does.

    They are expert values until completions followed by tests allow them to be estimated.
    """

    effectiveness: float = 0.75
    readiness_spread: float = 0.35
    overhead_minutes: int = 30
    minimum_gain: float = 0.25


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """How much training there may be, in all."""

    count: int
    budget_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Gain:
    """Levels expected to be won: mean, standard deviation, and the central 90 % interval."""

    levels: float
    standard_deviation: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PrerequisiteFit:
    """How sure it is that the agent has what a training asks for.

    ``probability`` is that of the least certain need among the assessed ones: 1 when nothing is
    asked, None when nothing that is asked has been assessed. ``not_assessed`` names the others.
    """

    probability: float | None
    not_assessed: tuple[CompetenceCode, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is said of one competence: the most probable level, the 90 % interval, the gap left."""

    level: int
    low: int
    high: int
    target: int
    gap: float


@dataclass(frozen=True, slots=True)
class LeapGain:
    """The share of one leap in the gain of a recommendation, in levels."""

    leap: Leap
    levels: float


@dataclass(frozen=True, slots=True)
class Recommended:
    """One step of a plan; its gain comes on top of the steps before it.

    ``score`` is the weighted gain per hour invested. ``after`` and ``advised`` are the trainings it
    builds on: those earlier in the plan, and those neither taken nor planned.
    """

    course: Course
    gain: Gain
    leaps: tuple[LeapGain, ...]
    fit: PrerequisiteFit
    score: float
    after: tuple[TrainingKey, ...]
    advised: tuple[TrainingKey, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The trainings to take, in this order, and the standings before and after all of them."""

    steps: tuple[Recommended, ...]
    before: Mapping[CompetenceCode, Standing]
    after: Mapping[CompetenceCode, Standing]


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a training must be like to be considered; empty means anything.

    Every feature in ``accessibility`` is needed. ``completed`` trainings are not recommended again.
    """

    budget_minutes: int | None = None
    modalities: frozenset[Modality] = frozenset()
    languages: frozenset[str] = frozenset()
    accessibility: frozenset[AccessibilityFeature] = frozenset()
    completed: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Wish:
    """What recommendations are asked for.

    ``targets`` are levels by competence, and only those competences are in view; ``overall_target``
    is the level wished for in all competences that ``targets`` does not name. With neither, every
    competence is in view and the target is two levels up.
    """

    framework: str
    targets: Mapping[CompetenceCode, int] = field(default_factory=dict)
    overall_target: int | None = None
    weights: Mapping[CompetenceCode, float] = field(default_factory=dict)
    constraints: Constraints = field(default_factory=Constraints)
    limit: int = 10


class ReasonCode(StrEnum):
    """What a sentence under a recommendation says."""

    GAP = "gap"
    GAP_CERTAIN = "gap_certain"
    GAIN = "gain"
    OPEN_TO_ALL = "open_to_all"
    READY = "ready"
    PROBABLY_READY = "probably_ready"
    STRETCH = "stretch"
    NEED_NOT_ASSESSED = "need_not_assessed"
    AFTER = "after"
    ADVISED = "advised"
    FORMAT = "format"
    NEXT_SESSION = "next_session"
    ANY_TIME = "any_time"
    NO_SESSION = "no_session"


@dataclass(frozen=True, slots=True)
class Reason:
    """A statement without a language: texts are put in by ``policy.wording``."""

    code: ReasonCode
    parameters: Mapping[str, "float | str | tuple[str, ...]"] = field(default_factory=dict)
