"""What measuring all competences together keeps: populations, exposure, ability states, tryouts.

Expands only: every new column may be left out by the code before, which does not know it.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB

from migrations.support import enable_tenant_isolation

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item_banks", sa.Column("population", JSONB(), nullable=True))
    op.add_column(
        "items",
        sa.Column("is_tryout", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "item_exposures",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("tests", sa.BigInteger(), nullable=False),
        sa.Column("administered", ARRAY(sa.Integer()), nullable=False),
        sa.Column("reserved", ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "bank_id", name="pk_item_exposures"),
        # rewritten whenever a test begins or ends: room for its next version in the same page
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "ability_states",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("framework", sa.String(), nullable=False),
        sa.Column("framework_version", sa.Integer(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_ability_states"),
    )
    op.create_index(
        "ix_ability_states_latest",
        "ability_states",
        ["tenant_id", "agent_id", "framework", "framework_version", "measured_at", "session_id"],
    )
    for column in (
        sa.Column("earlier_session_id", sa.Uuid(), nullable=True),
        sa.Column("earlier_age_seconds", sa.Double(), nullable=True),
        sa.Column("availability", BYTEA(), nullable=True),
        sa.Column("featured", sa.SmallInteger(), nullable=True),
        sa.Column("tryouts", ARRAY(sa.SmallInteger()), nullable=True),
    ):
        op.add_column("test_sessions", column)
    enable_tenant_isolation("item_exposures")
    enable_tenant_isolation("ability_states")


def downgrade() -> None:
    for column in (
        *("tryouts", "featured", "availability"),
        *("earlier_age_seconds", "earlier_session_id"),
    ):
        op.drop_column("test_sessions", column)
    op.drop_table("ability_states")
    op.drop_table("item_exposures")
    op.drop_column("items", "is_tryout")
    op.drop_column("item_banks", "population")
