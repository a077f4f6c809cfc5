"""A framework as the rest of the product sees it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class MappingRelation(StrEnum):
    """SKOS mapping properties (W3C, SKOS Reference, section 10), read from source to target."""

    EXACT_MATCH = "exactMatch"
    CLOSE_MATCH = "closeMatch"
    BROAD_MATCH = "broadMatch"
    NARROW_MATCH = "narrowMatch"
    RELATED_MATCH = "relatedMatch"


class OutcomeKind(StrEnum):
    """What a learning outcome is about (DigComp 3.0)."""

    KNOWLEDGE = "knowledge"
    SKILL = "skill"
    ATTITUDE = "attitude"


@dataclass(frozen=True, slots=True)
class LocalisedText:
    """One text in the two languages of the product."""

    fr: str
    en: str

    def in_(self, locale: str) -> str:
        """The text in ``fr`` or ``en``."""
        return self.en if locale == "en" else self.fr


@dataclass(frozen=True, slots=True)
class Band:
    """Levels that carry a common name (DigComp: foundation, intermediate…)."""

    code: str
    title: LocalisedText
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProficiencyLevel:
    """A level begins at ability ``starts_at`` on the theta scale (mean 0, standard deviation 1)."""

    level: int
    band: str
    starts_at: float
    descriptors: dict[str, LocalisedText]


@dataclass(frozen=True, slots=True)
class Area:
    """A group of competences. ``unofficial_titles`` lists the languages we translated ourselves."""

    code: str
    title: LocalisedText
    unofficial_titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Competence:
    """What is measured and trained. ``position`` is its index in the framework's order."""

    code: str
    area: str
    position: int
    title: LocalisedText
    unofficial_titles: tuple[str, ...]
    title_variants: tuple[dict[str, str], ...]
    summary: LocalisedText | None


@dataclass(frozen=True, slots=True)
class Correlation:
    """Prior correlation between competences of one area and of two areas; overrides by pair."""

    within_area: float
    across_areas: float
    overrides: dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Points:
    """Points for display: ``per_level`` for each level reached, counted up to ``maximum_level``."""

    per_level: int
    maximum_level: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who published a framework, when, under which licence, and where its facts come from."""

    publisher: str
    published: str
    licence: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Framework:
    """One published, immutable version of a framework."""

    code: str
    version: int
    title: LocalisedText
    provenance: Provenance
    bands: tuple[Band, ...]
    levels: tuple[ProficiencyLevel, ...]
    areas: tuple[Area, ...]
    competences: tuple[Competence, ...]
    correlation: Correlation
    points: Points

    @property
    def cuts(self) -> tuple[float, ...]:
        """Abilities at which levels 1, 2, … begin, increasing."""
        return tuple(level.starts_at for level in self.levels)

    def find_competence(self, code: str) -> Competence | None:
        """The competence of that code, or None."""
        return next((one for one in self.competences if one.code == code), None)

    def competences_of(self, area: str) -> tuple[Competence, ...]:
        """The competences of one area, in order."""
        return tuple(one for one in self.competences if one.area == area)


@dataclass(frozen=True, slots=True)
class CrosswalkLink:
    """A competence of one framework and how it relates to one of another."""

    source: str
    target: str
    relation: MappingRelation


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """All links from one framework to another, in one published version."""

    source: str
    target: str
    version: int
    status: str
    note: LocalisedText
    links: tuple[CrosswalkLink, ...]


@dataclass(frozen=True, slots=True)
class LearningOutcome:
    """What somebody at a band of levels knows, can do or holds, under a published identifier."""

    framework: str
    identifier: str
    competence: str
    band: str
    kind: OutcomeKind
    ai_label: str
    description: str


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did, or would do: codes by outcome."""

    added: tuple[str, ...]
    unchanged: tuple[str, ...]
    dry_run: bool
    tenant_id: UUID
