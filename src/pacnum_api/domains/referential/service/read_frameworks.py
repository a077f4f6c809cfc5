"""Reads: newest visible row → document → typed framework.

A published version never changes, so a process keeps what it has parsed, by the row's id.
"""

from collections import OrderedDict
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pacnum_api.domains.referential import policy, repository
from pacnum_api.domains.referential.errors import CompetenceNotFound
from pacnum_api.domains.referential.models import FrameworkVersion
from pacnum_api.domains.referential.schemas import CrosswalkDocument, FrameworkDocument
from pacnum_api.domains.referential.types import (
    Area,
    Competence,
    Crosswalk,
    Framework,
    LearningOutcome,
    OutcomeKind,
    ProficiencyLevel,
)
from pacnum_api.kernel.page import Page, page_of
from pacnum_api.platform.uow import UnitOfWork

_PARSED_AT_MOST = 64
_parsed: OrderedDict[UUID, Framework] = OrderedDict()


def _parse(row: FrameworkVersion) -> Framework:
    framework = _parsed.get(row.id)
    if framework is None:
        framework = FrameworkDocument.model_validate(row.document).read()
        _parsed[row.id] = framework
        while len(_parsed) > _PARSED_AT_MOST:
            _parsed.popitem(last=False)
    return framework


async def get_framework(
    uow: UnitOfWork, code: str, *, version: int | None = None, owner: UUID | None = None
) -> Framework:
    """One published version, the newest by default; ``owner``: only that tenant's.

    Raises FrameworkNotFound.
    """
    return _parse(await repository.get_framework(uow, code, version=version, owner=owner))


async def list_frameworks(uow: UnitOfWork, *, limit: int, cursor: str | None) -> Page[Framework]:
    """The newest version of each framework. Raises InvalidCursor."""
    page = await repository.list_frameworks(uow, limit=limit, cursor=cursor)
    return Page([_parse(row) for row in page.items], page.next_cursor)


async def list_areas(
    uow: UnitOfWork, framework_code: str, *, limit: int, cursor: str | None
) -> tuple[Framework, Page[Area]]:
    """Areas in the framework's order. Raises FrameworkNotFound, InvalidCursor."""
    framework = await get_framework(uow, framework_code)
    return framework, page_of(
        framework.areas, key=lambda area: area.code, limit=limit, cursor=cursor
    )


async def list_competences(
    uow: UnitOfWork, framework_code: str, *, limit: int, cursor: str | None
) -> tuple[Framework, Page[Competence]]:
    """Competences in the framework's order. Raises FrameworkNotFound, InvalidCursor."""
    framework = await get_framework(uow, framework_code)
    return framework, page_of(
        framework.competences, key=lambda one: one.code, limit=limit, cursor=cursor
    )


async def list_levels(
    uow: UnitOfWork, framework_code: str, *, limit: int, cursor: str | None
) -> tuple[Framework, Page[ProficiencyLevel]]:
    """Levels from 1 up. Raises FrameworkNotFound, InvalidCursor."""
    framework = await get_framework(uow, framework_code)
    return framework, page_of(
        framework.levels, key=lambda level: str(level.level), limit=limit, cursor=cursor
    )


async def get_competence(
    uow: UnitOfWork, framework_code: str, *, code: str
) -> tuple[Framework, Competence]:
    """A competence and its framework. Raises FrameworkNotFound, CompetenceNotFound."""
    framework = await get_framework(uow, framework_code)
    competence = framework.find_competence(code)
    if competence is None:
        raise CompetenceNotFound
    return framework, competence


async def get_crosswalk(uow: UnitOfWork, source: str, *, target: str) -> Crosswalk:
    """The newest crosswalk from one framework to another. Raises CrosswalkNotFound."""
    row = await repository.get_crosswalk(uow, source, target=target)
    return CrosswalkDocument.model_validate(row.document).read()


def get_correlation_matrix(framework: Framework) -> NDArray[np.float64]:
    """Prior correlation between the framework's competences, in its order: shape (K, K)."""
    return policy.correlation_matrix(framework)


async def list_learning_outcomes(
    uow: UnitOfWork, framework_code: str, *, competence: str | None, limit: int, cursor: str | None
) -> Page[LearningOutcome]:
    """Loaded learning outcomes. Raises FrameworkNotFound, CompetenceNotFound, InvalidCursor."""
    framework = await get_framework(uow, framework_code)
    if competence is not None and framework.find_competence(competence) is None:
        raise CompetenceNotFound
    page = await repository.list_learning_outcomes(
        uow, framework_code, competence=competence, limit=limit, cursor=cursor
    )
    outcomes = [
        LearningOutcome(
            framework=row.framework,
            identifier=row.identifier,
            competence=row.competence,
            band=row.band,
            kind=OutcomeKind(row.kind),
            ai_label=row.ai_label,
            description=row.description,
        )
        for row in page.items
    ]
    return Page(outcomes, page.next_cursor)
