"""The table of agents."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pacnum_api.platform.db import Base, TenantOwned, Timestamped


class AgentRow(TenantOwned, Timestamped, Base):
    """One agent; the unique key decides when two systems provision the same one at once."""

    __tablename__ = "agents"
    __table_args__ = (
        UniqueConstraint("tenant_id", "issuer", "value"),
        CheckConstraint("locale IN ('fr', 'en')", name="locale"),
        Index("ix_agents_tenant_id_updated_at_id", "tenant_id", "updated_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    value: Mapped[str]
    locale: Mapped[str]
    version: Mapped[int]
