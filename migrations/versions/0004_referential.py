"""Frameworks, crosswalks and learning outcomes.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.support import enable_tenant_isolation

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "framework_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_framework_versions"),
        sa.UniqueConstraint(
            "tenant_id", "code", "version", name="uq_framework_versions_tenant_id_code_version"
        ),
    )
    op.create_table(
        "crosswalk_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crosswalk_versions"),
        sa.UniqueConstraint(
            "tenant_id",
            "source",
            "target",
            "version",
            name="uq_crosswalk_versions_tenant_id_source_target_version",
        ),
    )
    op.create_table(
        "learning_outcomes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("framework", sa.String(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("competence", sa.String(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ai_label", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "framework", "identifier", name="pk_learning_outcomes"
        ),
        sa.CheckConstraint(
            "kind IN ('knowledge', 'skill', 'attitude')", name=op.f("ck_learning_outcomes_kind")
        ),
    )
    for table in ("framework_versions", "crosswalk_versions", "learning_outcomes"):
        enable_tenant_isolation(table, shared=True)


def downgrade() -> None:
    op.drop_table("learning_outcomes")
    op.drop_table("crosswalk_versions")
    op.drop_table("framework_versions")
