"""The tables of results."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Double, Index, SmallInteger
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from pacnum_api.platform.db import Base, TenantOwned


class ResultRow(TenantOwned, Base):
    """One competence measured by one session."""

    __tablename__ = "results"
    __table_args__ = (
        Index(
            "ix_results_profile",
            "tenant_id",
            "agent_id",
            "framework",
            "competence",
            "measured_at",
            "session_id",
        ),
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    competence: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[UUID]
    framework: Mapped[str]
    framework_version: Mapped[int]
    theta: Mapped[float] = mapped_column(Double)
    standard_error: Mapped[float] = mapped_column(Double)
    level: Mapped[int] = mapped_column(SmallInteger)
    level_low: Mapped[int] = mapped_column(SmallInteger)
    level_high: Mapped[int] = mapped_column(SmallInteger)
    level_probabilities: Mapped[list[float]] = mapped_column(ARRAY(Double))
    items_answered: Mapped[int] = mapped_column(SmallInteger)
    stop_reason: Mapped[str]
    target_level: Mapped[int | None] = mapped_column(SmallInteger)
    measured_at: Mapped[datetime]


class AbilityStateRow(TenantOwned, Base):
    """All abilities of a framework as one session left them: what the next one starts from.

    ``state``: ``psychometrics.population.AbilityState`` as bytes. Written once, never changed.
    """

    __tablename__ = "ability_states"
    __table_args__ = (
        Index(
            "ix_ability_states_latest",
            "tenant_id",
            "agent_id",
            "framework",
            "framework_version",
            "measured_at",
            "session_id",
        ),
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    agent_id: Mapped[UUID]
    framework: Mapped[str]
    framework_version: Mapped[int]
    measured_at: Mapped[datetime]
    state: Mapped[bytes] = mapped_column(BYTEA)
