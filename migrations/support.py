"""What migrations share: the second lock of tenancy, under one name."""

from alembic import op

SERVICE_ROLE = "pacnum_app"
_CURRENT_TENANT = "NULLIF(current_setting('app.tenant_id', true), '')::uuid"
_PUBLIC_TENANT = "'00000000-0000-0000-0000-000000000000'::uuid"


def enable_tenant_isolation(table: str, *, shared: bool = False) -> None:
    """Let the service's role see and write the current tenant's rows of ``table`` and no others.

    ``shared``: what the public tenant owns may be read by all, and changed by none but itself.
    FORCE makes the policy hold for the owner too; without ``app.tenant_id`` nothing is visible.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant_isolation ON {table} "
        f"USING (tenant_id = {_CURRENT_TENANT}) WITH CHECK (tenant_id = {_CURRENT_TENANT})"
    )
    if shared:
        op.execute(
            f"CREATE POLICY public_content ON {table} FOR SELECT "
            f"USING (tenant_id = {_PUBLIC_TENANT} AND {_CURRENT_TENANT} IS NOT NULL)"
        )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE_ROLE}")
