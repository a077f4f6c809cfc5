"""Files of agents that wait for a worker, and what became of them.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from migrations.support import enable_tenant_isolation

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_imports()
    op.create_table(
        "import_pieces",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "position", name="pk_import_pieces"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name="fk_import_pieces_import_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "import_faults",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "number", name="pk_import_faults"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name="fk_import_faults_import_id", ondelete="CASCADE"
        ),
    )
    for table in ("imports", "import_pieces", "import_faults"):
        enable_tenant_isolation(table)


def _create_imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("bytes_read", sa.BigInteger(), nullable=False),
        sa.Column("lines_read", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=True),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("unchanged", sa.BigInteger(), nullable=True),
        sa.Column("failed", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'completed', 'refused', 'failed')",
            name=op.f("ck_imports_state"),
        ),
        sa.CheckConstraint("format IN ('csv', 'jsonl')", name=op.f("ck_imports_format")),
    )
    op.create_index("ix_imports_tenant_id_id", "imports", ["tenant_id", "id"])
    op.create_index(
        "uq_imports_waiting",
        "imports",
        ["tenant_id", "content_hash", "format", "is_dry_run"],
        unique=True,
        postgresql_where=sa.text("state = 'queued'"),
    )


def downgrade() -> None:
    op.drop_table("import_faults")
    op.drop_table("import_pieces")
    op.drop_table("imports")
