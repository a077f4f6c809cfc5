"""Tables of the catalogue."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pacnum_api.domains.trainings.types import (
    Modality,
    ProviderKind,
    TrainingSessionState,
    TrainingState,
)
from pacnum_api.platform.db import Base, TenantOwned, Timestamped, one_of


class TrainingRow(TenantOwned, Timestamped, Base):
    """One training; the unique key decides when two systems publish the same one at once.

    ``search_text`` is derived from ``texts`` (see ``policy.search_text``).
    """

    __tablename__ = "trainings"
    __table_args__ = (
        UniqueConstraint("tenant_id", "issuer", "value"),
        CheckConstraint(f"provider_kind IN ({one_of(list(ProviderKind))})", name="provider_kind"),
        CheckConstraint(f"modality IN ({one_of(list(Modality))})", name="modality"),
        CheckConstraint(f"state IN ({one_of(list(TrainingState))})", name="state"),
        CheckConstraint("duration_minutes > 0", name="duration_minutes"),
        Index("ix_trainings_tenant_id_updated_at_id", "tenant_id", "updated_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    value: Mapped[str]
    provider_kind: Mapped[str]
    provider_name: Mapped[dict[str, str]] = mapped_column(JSONB)
    texts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    search_text: Mapped[str]
    modality: Mapped[str]
    duration_minutes: Mapped[int]
    language: Mapped[str]
    accessibility: Mapped[list[str]] = mapped_column(ARRAY(String))
    link: Mapped[str]
    prerequisites: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str]
    version: Mapped[int]

    steps: Mapped[list["TrainingCompetenceRow"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="TrainingCompetenceRow.position"
    )


class TrainingCompetenceRow(TenantOwned, Base):
    """What a training does for one competence."""

    __tablename__ = "training_competences"
    __table_args__ = (
        CheckConstraint("entry_level >= 0 AND exit_level > entry_level", name="levels"),
        Index(
            "ix_training_competences_tenant_id_framework_competence",
            "tenant_id",
            "framework",
            "competence",
        ),
    )

    training_id: Mapped[UUID] = mapped_column(
        ForeignKey("trainings.id", ondelete="CASCADE"), primary_key=True
    )
    framework: Mapped[str] = mapped_column(primary_key=True)
    competence: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    entry_level: Mapped[int]
    exit_level: Mapped[int]


class TrainingSessionRow(TenantOwned, Timestamped, Base):
    """One occasion of a training."""

    __tablename__ = "training_sessions"
    __table_args__ = (
        UniqueConstraint("tenant_id", "issuer", "value"),
        CheckConstraint(f"state IN ({one_of(list(TrainingSessionState))})", name="state"),
        CheckConstraint("ends_at > starts_at", name="ends_at"),
        CheckConstraint("seats >= 0", name="seats"),
        Index("ix_training_sessions_tenant_id_updated_at_id", "tenant_id", "updated_at", "id"),
        Index("ix_training_sessions_training_id_starts_at", "training_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    training_id: Mapped[UUID] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"))
    issuer: Mapped[str]
    value: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[dict[str, str]] = mapped_column(JSONB)
    seats: Mapped[int]
    state: Mapped[str]
    version: Mapped[int]
