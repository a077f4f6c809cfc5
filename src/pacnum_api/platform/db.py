"""The declarative base of every table, and the tenant scoping of every query."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Select, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.clock import utc_now

naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of the service; times are always aware."""

    metadata = MetaData(naming_convention=naming_convention)
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy reads it from the class


class TenantOwned:
    """A row belongs to one tenant; ``PUBLIC_TENANT_ID`` owns what ships with the product."""

    tenant_id: Mapped[UUID]


class Timestamped:
    """When a row came and when it last changed, from the unit of work's clock."""

    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)


TenantModel = TypeVar("TenantModel", bound=TenantOwned)


def owned(model: type[TenantModel], tenant_id: UUID) -> Select[TenantModel]:
    """Rows of this tenant alone."""
    return select(model).where(model.tenant_id == tenant_id)


def visible(model: type[TenantModel], tenant_id: UUID) -> Select[TenantModel]:
    """Rows this tenant may read: its own and what ships with the product."""
    return select(model).where(model.tenant_id.in_((tenant_id, PUBLIC_TENANT_ID)))


def one_of(values: Sequence[str]) -> str:
    """A CHECK clause's list of literals for an enumeration kept as text."""
    return ", ".join(f"'{value}'" for value in values)
