"""Every query of the referential."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from pacnum_api.domains.referential.errors import CrosswalkNotFound, FrameworkNotFound
from pacnum_api.domains.referential.models import (
    CrosswalkVersion,
    FrameworkVersion,
    LearningOutcomeRow,
)
from pacnum_api.kernel.page import Page, decode_cursor, encode_cursor
from pacnum_api.platform.db import owned, visible
from pacnum_api.platform.uow import UnitOfWork


async def get_framework(
    uow: UnitOfWork, code: str, *, version: int | None = None, owner: UUID | None = None
) -> FrameworkVersion:
    """That version, or the newest. A tenant's own framework hides a public one of the same code.

    ``owner`` asks for one owner's alone: what is shared by all tenants must not depend on who asks.
    """
    query = visible(FrameworkVersion, uow.tenant_id).where(FrameworkVersion.code == code)
    if owner is not None:
        query = query.where(FrameworkVersion.tenant_id == owner)
    if version is not None:
        query = query.where(FrameworkVersion.version == version)
    query = query.order_by(
        (FrameworkVersion.tenant_id == uow.tenant_id).desc(), FrameworkVersion.version.desc()
    )
    row = (await uow.session.scalars(query.limit(1))).one_or_none()
    if row is None:
        raise FrameworkNotFound
    return row


async def list_frameworks(
    uow: UnitOfWork, *, limit: int, cursor: str | None
) -> Page[FrameworkVersion]:
    """The newest version of every framework, by code."""
    newest = _newest(uow)
    if cursor is not None:
        (after,) = decode_cursor(cursor, parts=1)
        newest = newest.where(FrameworkVersion.code > after)
    rows = (await uow.session.scalars(newest.limit(limit + 1))).all()
    following = encode_cursor(rows[limit - 1].code) if len(rows) > limit else None
    return Page(rows[:limit], following)


def _newest(uow: UnitOfWork) -> Select[FrameworkVersion]:
    return (
        visible(FrameworkVersion, uow.tenant_id)
        .ext(distinct_on(FrameworkVersion.code))
        .order_by(
            FrameworkVersion.code,
            (FrameworkVersion.tenant_id == uow.tenant_id).desc(),
            FrameworkVersion.version.desc(),
        )
    )


async def find_own_framework(
    uow: UnitOfWork, code: str, *, version: int
) -> FrameworkVersion | None:
    """The version that this tenant itself has published."""
    query = owned(FrameworkVersion, uow.tenant_id).where(
        FrameworkVersion.code == code, FrameworkVersion.version == version
    )
    return (await uow.session.scalars(query)).one_or_none()


async def find_own_crosswalk(
    uow: UnitOfWork, source: str, *, target: str, version: int
) -> CrosswalkVersion | None:
    """The version of a crosswalk that this tenant itself has published."""
    query = owned(CrosswalkVersion, uow.tenant_id).where(
        CrosswalkVersion.source == source,
        CrosswalkVersion.target == target,
        CrosswalkVersion.version == version,
    )
    return (await uow.session.scalars(query)).one_or_none()


async def get_crosswalk(uow: UnitOfWork, source: str, *, target: str) -> CrosswalkVersion:
    """The newest crosswalk from ``source`` to ``target``."""
    query = (
        visible(CrosswalkVersion, uow.tenant_id)
        .where(CrosswalkVersion.source == source, CrosswalkVersion.target == target)
        .order_by(
            (CrosswalkVersion.tenant_id == uow.tenant_id).desc(), CrosswalkVersion.version.desc()
        )
    )
    row = (await uow.session.scalars(query.limit(1))).one_or_none()
    if row is None:
        raise CrosswalkNotFound
    return row


async def list_learning_outcomes(
    uow: UnitOfWork,
    framework: str,
    *,
    competence: str | None,
    limit: int,
    cursor: str | None,
) -> Page[LearningOutcomeRow]:
    """Learning outcomes by identifier, all or those of one competence."""
    query = visible(LearningOutcomeRow, uow.tenant_id).where(
        LearningOutcomeRow.framework == framework
    )
    if competence is not None:
        query = query.where(LearningOutcomeRow.competence == competence)
    if cursor is not None:
        (after,) = decode_cursor(cursor, parts=1)
        query = query.where(LearningOutcomeRow.identifier > after)
    query = query.order_by(LearningOutcomeRow.identifier).limit(limit + 1)
    rows = (await uow.session.scalars(query)).all()
    following = encode_cursor(rows[limit - 1].identifier) if len(rows) > limit else None
    return Page(rows[:limit], following)


def add(uow: UnitOfWork, row: FrameworkVersion | CrosswalkVersion) -> None:
    """Publish a version; the unique key decides between two who publish the same at once."""
    uow.session.add(row)


async def save_learning_outcomes(uow: UnitOfWork, rows: Sequence[dict[str, object]]) -> int:
    """Insert or correct outcomes by identifier; returns how many rows are new or changed."""
    if not rows:
        return 0
    statement = insert(LearningOutcomeRow)
    new = statement.excluded
    changing = {
        column: new[column] for column in ("competence", "band", "kind", "ai_label", "description")
    }
    differs = or_(
        *(
            getattr(LearningOutcomeRow, column).is_distinct_from(value)
            for column, value in changing.items()
        )
    )
    saved = statement.on_conflict_do_update(
        index_elements=["tenant_id", "framework", "identifier"], set_=changing, where=differs
    ).returning(LearningOutcomeRow.identifier)
    changed = 0
    for start in range(0, len(rows), 500):
        result = await uow.session.execute(saved.values(list(rows[start : start + 500])))
        changed += len(result.all())
    return changed


async def count_learning_outcomes(uow: UnitOfWork, framework: str) -> int:
    """How many outcomes of a framework are loaded."""
    query = select(func.count()).select_from(
        visible(LearningOutcomeRow, uow.tenant_id)
        .where(LearningOutcomeRow.framework == framework)
        .subquery()
    )
    return (await uow.session.scalar(query)) or 0
