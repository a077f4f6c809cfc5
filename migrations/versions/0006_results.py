"""What test sessions have measured.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from migrations.support import enable_tenant_isolation

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "results",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("competence", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("framework", sa.String(), nullable=False),
        sa.Column("framework_version", sa.Integer(), nullable=False),
        sa.Column("theta", sa.Double(), nullable=False),
        sa.Column("standard_error", sa.Double(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("level_low", sa.SmallInteger(), nullable=False),
        sa.Column("level_high", sa.SmallInteger(), nullable=False),
        sa.Column("level_probabilities", ARRAY(sa.Double()), nullable=False),
        sa.Column("items_answered", sa.SmallInteger(), nullable=False),
        sa.Column("stop_reason", sa.String(), nullable=False),
        sa.Column("target_level", sa.SmallInteger(), nullable=True),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "competence", name="pk_results"),
    )
    op.create_index(
        "ix_results_profile",
        "results",
        ["tenant_id", "agent_id", "framework", "competence", "measured_at", "session_id"],
    )
    enable_tenant_isolation("results")


def downgrade() -> None:
    op.drop_table("results")
