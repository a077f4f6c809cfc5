"""Tables of imports."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pacnum_api.domains.imports.types import ImportFormat, ImportState
from pacnum_api.platform.db import Base, TenantOwned, one_of


class ImportRow(TenantOwned, Base):
    """One file and what has become of it.

    The unique index holds for files that wait: the same one sent again is the one that waits.
    ``claim`` and ``lease_until`` are the worker's that carries it out.
    """

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint(f"state IN ({one_of(list(ImportState))})", name="state"),
        CheckConstraint(f"format IN ({one_of(list(ImportFormat))})", name="format"),
        Index("ix_imports_tenant_id_id", "tenant_id", "id"),
        Index(
            "uq_imports_waiting",
            "tenant_id",
            "content_hash",
            "format",
            "is_dry_run",
            unique=True,
            postgresql_where=text("state = 'queued'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    format: Mapped[str]
    is_dry_run: Mapped[bool]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    bytes_read: Mapped[int] = mapped_column(BigInteger)
    lines_read: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[int | None] = mapped_column(BigInteger)
    updated: Mapped[int | None] = mapped_column(BigInteger)
    unchanged: Mapped[int | None] = mapped_column(BigInteger)
    failed: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    claim: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    received_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class ImportPieceRow(TenantOwned, Base):
    """A piece of a file that waits, in order of ``position`` from 0."""

    __tablename__ = "import_pieces"

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportFaultRow(TenantOwned, Base):
    """A fault of a refused file, in order of ``number`` from 1. Never what stood in the line."""

    __tablename__ = "import_faults"

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(BigInteger)
    field: Mapped[str]
    message: Mapped[str]
