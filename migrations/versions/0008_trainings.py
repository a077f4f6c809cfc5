"""The catalogue: trainings, what they develop, and their sessions.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.support import enable_tenant_isolation

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_trainings()
    _create_training_competences()
    _create_training_sessions()
    for table in ("trainings", "training_competences", "training_sessions"):
        enable_tenant_isolation(table, shared=True)


def _create_trainings() -> None:
    op.create_table(
        "trainings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("provider_kind", sa.String(), nullable=False),
        sa.Column("provider_name", JSONB(), nullable=False),
        sa.Column("texts", JSONB(), nullable=False),
        sa.Column("search_text", sa.String(), nullable=False),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("accessibility", ARRAY(sa.String()), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("prerequisites", JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trainings"),
        sa.UniqueConstraint(
            "tenant_id", "issuer", "value", name="uq_trainings_tenant_id_issuer_value"
        ),
        sa.CheckConstraint(
            "provider_kind IN ('ministry_institute', 'interministerial_campus', 'lms', 'partner')",
            name=op.f("ck_trainings_provider_kind"),
        ),
        sa.CheckConstraint(
            "modality IN ('online', 'onsite', 'blended')", name=op.f("ck_trainings_modality")
        ),
        sa.CheckConstraint("state IN ('published', 'withdrawn')", name=op.f("ck_trainings_state")),
        sa.CheckConstraint("duration_minutes > 0", name=op.f("ck_trainings_duration_minutes")),
    )
    op.create_index(
        "ix_trainings_tenant_id_updated_at_id", "trainings", ["tenant_id", "updated_at", "id"]
    )


def _create_training_competences() -> None:
    op.create_table(
        "training_competences",
        sa.Column("training_id", sa.Uuid(), nullable=False),
        sa.Column("framework", sa.String(), nullable=False),
        sa.Column("competence", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("entry_level", sa.Integer(), nullable=False),
        sa.Column("exit_level", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "training_id", "framework", "competence", name="pk_training_competences"
        ),
        sa.ForeignKeyConstraint(
            ["training_id"],
            ["trainings.id"],
            name="fk_training_competences_training_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "entry_level >= 0 AND exit_level > entry_level",
            name=op.f("ck_training_competences_levels"),
        ),
    )
    op.create_index(
        "ix_training_competences_tenant_id_framework_competence",
        "training_competences",
        ["tenant_id", "framework", "competence"],
    )


def _create_training_sessions() -> None:
    op.create_table(
        "training_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("training_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", JSONB(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training_sessions"),
        sa.ForeignKeyConstraint(
            ["training_id"],
            ["trainings.id"],
            name="fk_training_sessions_training_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "tenant_id", "issuer", "value", name="uq_training_sessions_tenant_id_issuer_value"
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'open', 'full', 'cancelled')",
            name=op.f("ck_training_sessions_state"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_training_sessions_ends_at")),
        sa.CheckConstraint("seats >= 0", name=op.f("ck_training_sessions_seats")),
    )
    op.create_index(
        "ix_training_sessions_tenant_id_updated_at_id",
        "training_sessions",
        ["tenant_id", "updated_at", "id"],
    )
    op.create_index(
        "ix_training_sessions_training_id_starts_at",
        "training_sessions",
        ["training_id", "starts_at"],
    )


def downgrade() -> None:
    op.drop_table("training_sessions")
    op.drop_table("training_competences")
    op.drop_table("trainings")
