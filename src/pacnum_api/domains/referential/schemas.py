"""Frameworks on the wire and in files."""

from typing import Annotated, Literal, Self

from pydantic import Field

from pacnum_api.domains.referential.types import (
    Area,
    Band,
    Competence,
    Correlation,
    Crosswalk,
    CrosswalkLink,
    Framework,
    LearningOutcome,
    LocalisedText,
    MappingRelation,
    OutcomeKind,
    Points,
    ProficiencyLevel,
    Provenance,
)
from pacnum_api.platform.schemas import CompetenceCode, FrameworkCode, In, Level, Out

# --- documents: what a framework or crosswalk file says ------------------------------------------

Language = Literal["fr", "en"]
Words = Annotated[str, Field(min_length=1, max_length=2000)]


class TextDocument(In):
    """One text in both languages."""

    fr: Words
    en: Words

    def read(self) -> LocalisedText:
        """The text as the domain holds it."""
        return LocalisedText(self.fr, self.en)


class BandDocument(In):
    code: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    title: TextDocument
    levels: list[Level] = Field(min_length=1)


class LevelDocument(In):
    level: Level
    starts_at: Annotated[float, Field(ge=-6, le=6)]
    descriptors: dict[str, TextDocument]


class AreaDocument(In):
    code: CompetenceCode
    title: TextDocument
    unofficial_titles: tuple[Language, ...] = ()


class CompetenceDocument(In):
    code: CompetenceCode
    area: CompetenceCode
    title: TextDocument
    unofficial_titles: tuple[Language, ...] = ()
    title_variants: tuple[dict[Language, Words], ...] = ()
    summary: TextDocument | None = None


class CorrelationOverride(In):
    between: Annotated[list[CompetenceCode], Field(min_length=2, max_length=2)]
    value: Annotated[float, Field(gt=-1, lt=1)]


class CorrelationDocument(In):
    within_area: Annotated[float, Field(gt=-1, lt=1)]
    across_areas: Annotated[float, Field(gt=-1, lt=1)]
    overrides: tuple[CorrelationOverride, ...] = ()


class PointsDocument(In):
    per_level: Annotated[int, Field(ge=1, le=1000)]
    maximum_level: Annotated[int, Field(ge=1, le=8)]


class FrameworkDocument(In):
    """A framework file: codes, titles, levels, cut scores, correlations."""

    code: FrameworkCode
    version: Annotated[int, Field(ge=1)]
    title: TextDocument
    publisher: Words
    published: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}){0,2}$")]
    licence: Words
    sources: list[Words] = Field(min_length=1)
    bands: list[BandDocument] = Field(min_length=1)
    levels: list[LevelDocument] = Field(min_length=1, max_length=8)
    areas: list[AreaDocument] = Field(min_length=1)
    competences: list[CompetenceDocument] = Field(min_length=1)
    correlation: CorrelationDocument
    points: PointsDocument

    def read(self) -> Framework:
        """The framework as the domain holds it; levels not named in a band get none ("")."""
        band_of = {level: band.code for band in self.bands for level in band.levels}
        return Framework(
            code=self.code,
            version=self.version,
            title=self.title.read(),
            provenance=Provenance(
                self.publisher, self.published, self.licence, tuple(self.sources)
            ),
            bands=tuple(
                Band(band.code, band.title.read(), tuple(band.levels)) for band in self.bands
            ),
            levels=tuple(
                ProficiencyLevel(
                    level=one.level,
                    band=band_of.get(one.level, ""),
                    starts_at=one.starts_at,
                    descriptors={name: text.read() for name, text in one.descriptors.items()},
                )
                for one in self.levels
            ),
            areas=tuple(
                Area(area.code, area.title.read(), tuple(area.unofficial_titles))
                for area in self.areas
            ),
            competences=tuple(
                _competence(one, position) for position, one in enumerate(self.competences)
            ),
            correlation=Correlation(
                self.correlation.within_area,
                self.correlation.across_areas,
                {
                    (override.between[0], override.between[1]): override.value
                    for override in self.correlation.overrides
                },
            ),
            points=Points(self.points.per_level, self.points.maximum_level),
        )


def _competence(document: CompetenceDocument, position: int) -> Competence:
    return Competence(
        code=document.code,
        area=document.area,
        position=position,
        title=document.title.read(),
        unofficial_titles=tuple(document.unofficial_titles),
        title_variants=tuple(
            {str(locale): title for locale, title in variant.items()}
            for variant in document.title_variants
        ),
        summary=document.summary.read() if document.summary else None,
    )


class LinkDocument(In):
    source: CompetenceCode
    target: CompetenceCode
    relation: MappingRelation


class CrosswalkDocument(In):
    """A crosswalk file."""

    source: FrameworkCode
    target: FrameworkCode
    version: Annotated[int, Field(ge=1)]
    status: Literal["official", "unofficial"]
    note: TextDocument
    links: list[LinkDocument] = Field(min_length=1)

    def read(self) -> Crosswalk:
        """The crosswalk as the domain holds it."""
        return Crosswalk(
            source=self.source,
            target=self.target,
            version=self.version,
            status=self.status,
            note=self.note.read(),
            links=tuple(CrosswalkLink(one.source, one.target, one.relation) for one in self.links),
        )


# --- responses -----------------------------------------------------------------------------------

Title = Annotated[str, Field(examples=["Gérer des données, des informations et des contenus"])]


class AreaRead(Out):
    code: CompetenceCode
    title: Title
    is_unofficial_title: bool = Field(description="True when the title is our own translation.")
    competences: list[CompetenceCode]

    @classmethod
    def of(cls, area: Area, framework: Framework, *, locale: str) -> Self:
        return cls(
            code=area.code,
            title=area.title.in_(locale),
            is_unofficial_title=locale in area.unofficial_titles,
            competences=[one.code for one in framework.competences_of(area.code)],
        )


class CompetenceRead(Out):
    framework: FrameworkCode
    framework_version: int = Field(examples=[1])
    code: CompetenceCode
    area: CompetenceCode
    title: Title
    is_unofficial_title: bool = Field(description="True when the title is our own translation.")
    title_variants: list[str] = Field(
        examples=[["Se protéger des risques"]],
        description="Other titles in use, in the same language.",
    )
    summary: str | None = Field(
        examples=["Organiser, conserver, retrouver et traiter des données."]
    )

    @classmethod
    def of(cls, competence: Competence, framework: Framework, *, locale: str) -> Self:
        return cls(
            framework=framework.code,
            framework_version=framework.version,
            code=competence.code,
            area=competence.area,
            title=competence.title.in_(locale),
            is_unofficial_title=locale in competence.unofficial_titles,
            title_variants=[
                variant[locale] for variant in competence.title_variants if locale in variant
            ],
            summary=competence.summary.in_(locale) if competence.summary else None,
        )


class LevelRead(Out):
    level: Level
    band: str = Field(examples=["intermediate"])
    band_title: str = Field(examples=["intermédiaire"])
    starts_at: float = Field(
        examples=[-0.35], description="Ability theta at which the level begins."
    )
    descriptors: dict[str, str] = Field(
        examples=[{"autonomy": "seul"}], description="What the level asks for, by criterion."
    )

    @classmethod
    def of(cls, level: ProficiencyLevel, framework: Framework, *, locale: str) -> Self:
        titles = {band.code: band.title.in_(locale) for band in framework.bands}
        return cls(
            level=level.level,
            band=level.band,
            band_title=titles[level.band],
            starts_at=level.starts_at,
            descriptors={name: text.in_(locale) for name, text in level.descriptors.items()},
        )


class PointsRead(Out):
    per_level: int = Field(examples=[8])
    maximum_level: int = Field(examples=[8])


class FrameworkSummary(Out):
    code: FrameworkCode
    version: int = Field(examples=[1])
    title: str = Field(examples=["DigComp 2.2"])
    publisher: str = Field(examples=["European Commission, Joint Research Centre"])
    published: str = Field(examples=["2022-03"])
    licence: str = Field(examples=["CC BY 4.0"])

    @classmethod
    def of(cls, framework: Framework, *, locale: str) -> Self:
        return cls(
            code=framework.code,
            version=framework.version,
            title=framework.title.in_(locale),
            publisher=framework.provenance.publisher,
            published=framework.provenance.published,
            licence=framework.provenance.licence,
        )


class FrameworkRead(FrameworkSummary):
    """A framework whole: enough to draw its grid."""

    sources: list[str] = Field(examples=[["JRC128415, EUR 31006 EN"]])
    areas: list[AreaRead]
    competences: list[CompetenceRead]
    levels: list[LevelRead]
    points: PointsRead

    @classmethod
    def of(cls, framework: Framework, *, locale: str) -> Self:
        summary = FrameworkSummary.of(framework, locale=locale)
        return cls(
            **summary.model_dump(),
            sources=list(framework.provenance.sources),
            areas=[AreaRead.of(one, framework, locale=locale) for one in framework.areas],
            competences=[
                CompetenceRead.of(one, framework, locale=locale) for one in framework.competences
            ],
            levels=[LevelRead.of(one, framework, locale=locale) for one in framework.levels],
            points=PointsRead(
                per_level=framework.points.per_level, maximum_level=framework.points.maximum_level
            ),
        )


class CrosswalkLinkRead(Out):
    source: CompetenceCode
    target: CompetenceCode
    relation: MappingRelation = Field(description="SKOS mapping property, from source to target.")


class CrosswalkRead(Out):
    source: FrameworkCode
    target: FrameworkCode
    version: int = Field(examples=[1])
    status: str = Field(examples=["unofficial"])
    note: str = Field(examples=["Correspondance établie par nous."])
    links: list[CrosswalkLinkRead]

    @classmethod
    def of(cls, crosswalk: Crosswalk, *, locale: str) -> Self:
        return cls(
            source=crosswalk.source,
            target=crosswalk.target,
            version=crosswalk.version,
            status=crosswalk.status,
            note=crosswalk.note.in_(locale),
            links=[CrosswalkLinkRead.model_validate(link) for link in crosswalk.links],
        )


class LearningOutcomeRead(Out):
    identifier: str = Field(examples=["LO1.1.02"])
    competence: CompetenceCode
    band: str = Field(examples=["basic"])
    kind: OutcomeKind
    ai_label: str = Field(examples=["AI-Implicit"])
    description: str = Field(
        examples=["…"], description="The official text, in the language of the supplement."
    )

    @classmethod
    def of(cls, outcome: LearningOutcome) -> Self:
        return cls.model_validate(outcome)
