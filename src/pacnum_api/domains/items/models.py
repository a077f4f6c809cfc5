"""Tables of items. Versions and banks are written once and never changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
    false,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pacnum_api.domains.items.types import ItemStatus, ItemType, ReportReason
from pacnum_api.platform.db import Base, TenantOwned, Timestamped, one_of


class ItemRow(TenantOwned, Timestamped, Base):
    """An item under its author's key; what it says is in its newest version."""

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("tenant_id", "framework", "key"),
        CheckConstraint("level BETWEEN 1 AND 8", name="level"),
        CheckConstraint(f"type IN ({one_of(list(ItemType))})", name="type"),
        CheckConstraint(f"status IN ({one_of(list(ItemStatus))})", name="status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    framework: Mapped[str]
    key: Mapped[str]
    competence: Mapped[str]
    level: Mapped[int]
    type: Mapped[str]
    status: Mapped[str]
    is_tryout: Mapped[bool] = mapped_column(server_default=false())
    version: Mapped[int]


class ItemVersionRow(TenantOwned, Base):
    """One wording of an item; ``content_hash`` is the SHA-256 of its canonical document."""

    __tablename__ = "item_versions"
    __table_args__ = (UniqueConstraint("item_id", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    version: Mapped[int]
    # not JSONB: the order in which a template draws and derives its values is part of it
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class ItemBankRow(TenantOwned, Base):
    """One published bank version: ``entries`` are its item versions with their parameters.

    ``population``: how the competences hang together, as calibration found it; None: as the
    framework says.
    """

    __tablename__ = "item_banks"
    __table_args__ = (UniqueConstraint("tenant_id", "framework", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    framework: Mapped[str]
    framework_version: Mapped[int]
    version: Mapped[int]
    entries: Mapped[list[Mapping[str, Any]]] = mapped_column(JSONB)
    population: Mapped[Mapping[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    item_count: Mapped[int]
    published_at: Mapped[datetime]


class ItemExposureRow(TenantOwned, Base):
    """How often one tenant's tests have used the items of a bank, by exposure group.

    The only table of items that changes with every test: its row is what decides, for all
    processes at once, which items the next test may use.
    """

    __tablename__ = "item_exposures"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    bank_id: Mapped[UUID] = mapped_column(primary_key=True)
    tests: Mapped[int] = mapped_column(BigInteger)
    administered: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    reserved: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class ItemReportRow(TenantOwned, Base):
    """Somebody contests an item."""

    __tablename__ = "item_reports"
    __table_args__ = (
        CheckConstraint(f"reason IN ({one_of(list(ReportReason))})", name="reason"),
        Index("ix_item_reports_item_id", "item_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    item_version: Mapped[int]
    reason: Mapped[str]
    comment: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime]
