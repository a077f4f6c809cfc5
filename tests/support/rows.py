"""A made-up row for any table, of any tenant, from the tables' own metadata.

Data flow: a value per column from its type, its list of allowed values and the tenant's own number,
so that rows of two tenants never meet in a unique key and children find their tenant's parents.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pacnum_api.entrypoints.tables import metadata

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
_ALLOWED = re.compile(r"(?P<column>\w+) IN \('(?P<value>[^']*)'")

CHOSEN: Mapping[tuple[str, str], object] = {
    ("training_competences", "entry_level"): 2,
    ("training_competences", "exit_level"): 3,
    ("training_sessions", "ends_at"): NOW + timedelta(hours=3),
}
"""Values that a check on several columns asks for."""


def tenant_tables() -> list[sa.Table]:
    """Every table with a tenant, parents before children."""
    return [table for table in metadata.sorted_tables if "tenant_id" in table.columns]


def made_up_row(table: sa.Table, tenant_id: UUID) -> dict[str, object]:
    """A row that the table's constraints let in."""
    allowed = _allowed_values(table)
    row: dict[str, object] = {}
    for column in table.columns:
        if column.identity is not None or column.computed is not None:
            continue
        usual = allowed.get(column.name, _value(column, tenant_id))
        row[column.name] = CHOSEN.get((table.name, column.name), usual)
    return row


def _allowed_values(table: sa.Table) -> dict[str, str]:
    checks = (one for one in table.constraints if isinstance(one, sa.CheckConstraint))
    found = (_ALLOWED.search(str(check.sqltext)) for check in checks)
    return {match["column"]: match["value"] for match in found if match}


def _value(column: sa.Column[Any], tenant_id: UUID) -> object:
    if column.name == "tenant_id":
        return tenant_id
    if isinstance(column.type, sa.ARRAY):
        return [_of_type(column.type.item_type, tenant_id)]
    return _of_type(column.type, tenant_id)


def _of_type(kind: sa.types.TypeEngine[Any], tenant_id: UUID) -> object:
    values: tuple[tuple[type, object], ...] = (
        # every id of a tenant is the same one; not the tenant's own, which might hide a mix-up
        (sa.Uuid, UUID(int=tenant_id.int ^ 1)),
        (sa.Boolean, True),
        (sa.Integer, 1),
        (sa.Float, 0.5),
        (sa.DateTime, NOW),
        (sa.JSON, {"made": "up"}),
        (sa.LargeBinary, b"made up"),
        (sa.String, f"made-up-{tenant_id}"),
    )
    for known, value in values:
        if isinstance(kind, known):
            return value
    raise TypeError(f"say in this file which value stands for {kind!r}")
