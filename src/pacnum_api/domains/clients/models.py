"""Tables of tenants and their clients."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pacnum_api.platform.db import Base, TenantOwned


class Tenant(TenantOwned, Base):
    """An organisation whose data no other sees."""

    __tablename__ = "tenants"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("name NOT IN ('', '*')", name="name"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime]


class ApiClient(TenantOwned, Base):
    """A program of a tenant. ``id`` is its OAuth ``client_id``.

    ``previous_secret_hash`` stays good until ``previous_secret_expires_at``, so that a secret can
    be renewed without an interruption. ``jwks`` holds public keys only.
    """

    __tablename__ = "api_clients"
    __table_args__ = (Index("ix_api_clients_tenant_id", "tenant_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.tenant_id"))
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String))
    rate_limit_per_minute: Mapped[int]
    secret_hash: Mapped[str | None]
    previous_secret_hash: Mapped[str | None]
    previous_secret_expires_at: Mapped[datetime | None]
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    origins: Mapped[list["ClientOrigin"]] = relationship(lazy="raise")


class ClientOrigin(TenantOwned, Base):
    """A web site whose pages may call with session tokens of the client.

    A table of its own, so that a preflight, which knows neither tenant nor client, can ask for an
    origin without coming near the clients' secrets.
    """

    __tablename__ = "client_origins"
    __table_args__ = (Index("ix_client_origins_origin", "origin"),)

    client_id: Mapped[UUID] = mapped_column(
        ForeignKey("api_clients.id", ondelete="CASCADE"), primary_key=True
    )
    origin: Mapped[str] = mapped_column(primary_key=True)


class ClientAssertion(TenantOwned, Base):
    """An assertion that has served; its row goes once it could no longer be replayed."""

    __tablename__ = "client_assertions"

    client_id: Mapped[UUID] = mapped_column(
        ForeignKey("api_clients.id", ondelete="CASCADE"), primary_key=True
    )
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
