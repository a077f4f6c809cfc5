"""Test sessions and their answers.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB

from migrations.support import enable_tenant_isolation

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "test_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("framework", sa.String(), nullable=False),
        sa.Column("framework_version", sa.Integer(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("algorithm_version", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("accommodations", JSONB(), nullable=False),
        sa.Column("competences", ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("targets", JSONB(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("items", ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("categories", ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("pending_issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_test_sessions"),
        sa.CheckConstraint(
            "state IN ('in_progress', 'finished', 'abandoned', 'expired')",
            name=op.f("ck_test_sessions_state"),
        ),
        sa.CheckConstraint(
            "purpose IN ('positioning', 'target', 'certification')",
            name=op.f("ck_test_sessions_purpose"),
        ),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_test_sessions_tenant_id_agent_id", "test_sessions", ["tenant_id", "agent_id"]
    )
    op.create_index(
        "ix_test_sessions_open_expires_at",
        "test_sessions",
        ["tenant_id", "expires_at"],
        postgresql_where=sa.text("state = 'in_progress'"),
    )
    op.create_table(
        "answers",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("item_index", sa.SmallInteger(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("response", JSONB(), nullable=True),
        sa.Column("response_hash", BYTEA(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("category", sa.SmallInteger(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_duration_seconds", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("session_id", "position", name="pk_answers"),
    )
    enable_tenant_isolation("test_sessions")
    enable_tenant_isolation("answers")


def downgrade() -> None:
    op.drop_table("answers")
    op.drop_table("test_sessions")
