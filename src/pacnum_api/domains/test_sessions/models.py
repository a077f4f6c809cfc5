"""Tables of test sessions.

A session's state is a compact row, rewritten at each answer (fillfactor 70 keeps that in its page);
answers are append-only. No foreign key leads from answers: it would cost more than half of the
rate at which answers can be stored, and the statement that inserts an answer proves its session.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Double, Index, SmallInteger
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pacnum_api.domains.test_sessions.types import SessionPurpose, SessionState
from pacnum_api.platform.db import Base, TenantOwned, one_of


class TestSessionRow(TenantOwned, Base):
    """One session: what was agreed, and where it stands."""

    __test__ = False  # not a test class, whatever pytest thinks of its name
    __tablename__ = "test_sessions"
    __table_args__ = (
        CheckConstraint(f"state IN ({one_of(list(SessionState))})", name="state"),
        CheckConstraint(f"purpose IN ({one_of(list(SessionPurpose))})", name="purpose"),
        Index("ix_test_sessions_tenant_id_agent_id", "tenant_id", "agent_id"),
        Index(
            "ix_test_sessions_open_expires_at",
            "tenant_id",
            "expires_at",
            postgresql_where="state = 'in_progress'",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agent_id: Mapped[UUID]
    client_id: Mapped[UUID]
    framework: Mapped[str]
    framework_version: Mapped[int]
    bank_id: Mapped[UUID]
    algorithm_version: Mapped[str]
    purpose: Mapped[str]
    locale: Mapped[str]
    accommodations: Mapped[dict[str, Any]] = mapped_column(JSONB)
    competences: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    targets: Mapped[dict[str, int]] = mapped_column(JSONB)
    seed: Mapped[int] = mapped_column(BigInteger)
    earlier_session_id: Mapped[UUID | None]
    earlier_age_seconds: Mapped[float | None] = mapped_column(Double)
    availability: Mapped[bytes | None] = mapped_column(BYTEA)
    featured: Mapped[int | None] = mapped_column(SmallInteger)
    tryouts: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    state: Mapped[str]
    version: Mapped[int]
    items: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    categories: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    pending_issued_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    stop_reason: Mapped[str | None]


class AnswerRow(TenantOwned, Base):
    """One accepted answer; the primary key is what makes it the only one of its position."""

    __tablename__ = "answers"

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    item_index: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[UUID]
    response: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    response_hash: Mapped[bytes] = mapped_column(BYTEA)
    score: Mapped[float] = mapped_column(Double)
    category: Mapped[int] = mapped_column(SmallInteger)
    is_late: Mapped[bool] = mapped_column(Boolean)
    issued_at: Mapped[datetime]
    accepted_at: Mapped[datetime]
    client_duration_seconds: Mapped[float | None] = mapped_column(Double)
