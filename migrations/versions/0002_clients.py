"""Tenants, API clients, signing keys and rate-limit windows.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.support import enable_tenant_isolation

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "tenants",
    "api_clients",
    "client_origins",
    "client_assertions",
    "signing_keys",
    "rate_limit_windows",
)


def upgrade() -> None:
    _create_tenants_and_clients()
    _create_client_details()
    _create_signing_keys()
    op.create_table(
        "rate_limit_windows",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "subject", name="pk_rate_limit_windows"),
    )
    # rewritten many times a minute, and no index covers what changes: room for HOT updates
    op.execute("ALTER TABLE rate_limit_windows SET (fillfactor = 50)")
    for table in TABLES:
        enable_tenant_isolation(table)
    _open_doors()


def _create_tenants_and_clients() -> None:
    op.create_table(
        "tenants",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenants"),
        sa.UniqueConstraint("name", name="uq_tenants_name"),
        sa.CheckConstraint("name NOT IN ('', '*')", name=op.f("ck_tenants_name")),
    )
    op.create_table(
        "api_clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("rate_limit_per_minute", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=True),
        sa.Column("previous_secret_hash", sa.String(), nullable=True),
        sa.Column("previous_secret_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("jwks", JSONB(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_clients"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_api_clients_tenant_id"
        ),
    )
    op.create_index("ix_api_clients_tenant_id", "api_clients", ["tenant_id"])


def _create_client_details() -> None:
    op.create_table(
        "client_origins",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "origin", name="pk_client_origins"),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["api_clients.id"],
            name="fk_client_origins_client_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_client_origins_origin", "client_origins", ["origin"])
    op.create_table(
        "client_assertions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("jti", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jti", name="pk_client_assertions"),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["api_clients.id"],
            name="fk_client_assertions_client_id",
            ondelete="CASCADE",
        ),
    )


def _create_signing_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("algorithm", sa.String(), nullable=False),
        sa.Column("public_jwk", JSONB(), nullable=False),
        sa.Column("private_jwk", JSONB(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activates_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_keys"),
    )


def _open_doors() -> None:
    """Narrow doors for what is asked before a tenant is known.

    Each shows the rows that bear exactly the value the transaction has named. `*` is no tenant's
    name (see the check): it opens the list of tenants to background work, which serves them all.
    """
    op.execute(
        "CREATE POLICY look_up_by_id ON api_clients FOR SELECT "
        "USING (id::text = current_setting('app.client_lookup', true))"
    )
    op.execute(
        "CREATE POLICY look_up_by_origin ON client_origins FOR SELECT "
        "USING (origin = current_setting('app.origin_lookup', true))"
    )
    op.execute(
        "CREATE POLICY look_up_by_name ON tenants FOR SELECT "
        "USING (current_setting('app.tenant_lookup', true) IN (name, '*'))"
    )
    op.execute(
        "CREATE POLICY make_by_name ON tenants FOR INSERT "
        "WITH CHECK (name = current_setting('app.tenant_lookup', true))"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
