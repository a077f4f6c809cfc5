"""Tables of the referential. What is published is kept whole: it is read whole, unchanged."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pacnum_api.domains.referential.types import OutcomeKind
from pacnum_api.platform.db import Base, TenantOwned, one_of


class FrameworkVersion(TenantOwned, Base):
    """One published version; ``document`` is the validated source, ``content_hash`` its SHA-256."""

    __tablename__ = "framework_versions"
    __table_args__ = (UniqueConstraint("tenant_id", "code", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    version: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    published_at: Mapped[datetime]


class CrosswalkVersion(TenantOwned, Base):
    """One published version of the links from one framework to another."""

    __tablename__ = "crosswalk_versions"
    __table_args__ = (UniqueConstraint("tenant_id", "source", "target", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    target: Mapped[str]
    version: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    published_at: Mapped[datetime]


class LearningOutcomeRow(TenantOwned, Base):
    """A learning outcome of an official supplement, under its published identifier."""

    __tablename__ = "learning_outcomes"
    __table_args__ = (CheckConstraint(f"kind IN ({one_of(list(OutcomeKind))})", name="kind"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    framework: Mapped[str] = mapped_column(primary_key=True)
    identifier: Mapped[str] = mapped_column(primary_key=True)
    competence: Mapped[str]
    band: Mapped[str]
    kind: Mapped[str]
    ai_label: Mapped[str]
    description: Mapped[str]
