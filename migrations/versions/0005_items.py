"""Items, their versions, published banks and reports.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON, JSONB

from migrations.support import enable_tenant_isolation

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("framework", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("competence", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.UniqueConstraint(
            "tenant_id", "framework", "key", name="uq_items_tenant_id_framework_key"
        ),
        sa.CheckConstraint("level BETWEEN 1 AND 8", name=op.f("ck_items_level")),
        sa.CheckConstraint(
            "type IN ('single_choice', 'multiple_choice', 'short_text', 'numeric', 'cloze', "
            "'ordering', 'matching', 'categorisation', 'hotspot')",
            name=op.f("ck_items_type"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'active', 'retired')", name=op.f("ck_items_status")
        ),
    )
    op.create_table(
        "item_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", JSON(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_item_versions"),
        sa.UniqueConstraint("item_id", "version", name="uq_item_versions_item_id_version"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_item_versions_item_id"),
    )
    op.create_table(
        "item_banks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("framework", sa.String(), nullable=False),
        sa.Column("framework_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entries", JSONB(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_item_banks"),
        sa.UniqueConstraint(
            "tenant_id", "framework", "version", name="uq_item_banks_tenant_id_framework_version"
        ),
    )
    op.create_table(
        "item_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("item_version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_item_reports"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_item_reports_item_id"),
        sa.CheckConstraint(
            "reason IN ('wrong_key', 'ambiguous', 'outdated', 'unfair', 'broken', 'language', "
            "'other')",
            name=op.f("ck_item_reports_reason"),
        ),
    )
    op.create_index("ix_item_reports_item_id", "item_reports", ["item_id"])
    for table in ("items", "item_versions", "item_banks"):
        enable_tenant_isolation(table, shared=True)
    enable_tenant_isolation("item_reports")


def downgrade() -> None:
    op.drop_table("item_reports")
    op.drop_table("item_banks")
    op.drop_table("item_versions")
    op.drop_table("items")
