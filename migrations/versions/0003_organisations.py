"""Agents and the identifiers by which their employers know them.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from migrations.support import enable_tenant_isolation

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agents"),
        sa.UniqueConstraint(
            "tenant_id", "issuer", "value", name="uq_agents_tenant_id_issuer_value"
        ),
        sa.CheckConstraint("locale IN ('fr', 'en')", name=op.f("ck_agents_locale")),
    )
    op.create_index(
        "ix_agents_tenant_id_updated_at_id", "agents", ["tenant_id", "updated_at", "id"]
    )
    enable_tenant_isolation("agents")


def downgrade() -> None:
    op.drop_table("agents")
