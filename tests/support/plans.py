"""Which way PostgreSQL takes for what the service sends.

Data flow: every statement that any pool of this process prepares is noted, text as sent → the
service's role prepares it anew in a tenant's transaction, row-level security on, generic plan as in
service → ``EXPLAIN`` of that → which tables are scanned, by which index or by none.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from pacnum_api.platform.database import Database

GROWING = frozenset(
    {
        *("answers", "test_sessions", "results", "ability_states", "agents", "outbox_events"),
        *("idempotency_keys", "rate_limit_windows", "item_exposures", "item_reports"),
        *("api_clients", "client_origins", "client_assertions"),
        *("trainings", "training_competences", "training_sessions"),
        *("items", "item_versions", "item_banks"),
    }
)
"""Tables that grow with tests, with agents or with tenants."""

_LOOKED_AT = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
_PARAMETER = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Scan:
    """A table that a plan reads; ``index`` None: all of it, row by row."""

    table: str
    index: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """``scans`` in the order of the plan; ``arbiters`` decide what ``ON CONFLICT`` means."""

    scans: tuple[Scan, ...]
    arbiters: tuple[str, ...]
    text: str

    @property
    def read_whole(self) -> set[str]:
        """The growing tables that it reads from end to end."""
        return {one.table for one in self.scans if one.index is None and one.table in GROWING}

    @property
    def ways(self) -> set[tuple[str, str | None]]:
        """Growing tables, each with the index by which it is reached."""
        return {(one.table, one.index) for one in self.scans if one.table in GROWING}


@dataclass
class Sent:
    """Statements in the order in which they were first sent, with who sent them.

    What nobody has put his name to, a test's own doings, is not noted.
    """

    by: dict[str, str] = field(default_factory=dict)
    sender: str | None = None

    @contextmanager
    def named(self, sender: str) -> Iterator[None]:
        """What is first sent in here is this one's."""
        self.sender = sender
        yield
        self.sender = None

    def note(self, sql: str) -> None:
        if self.sender is not None and sql.lstrip().upper().startswith(_LOOKED_AT):
            self.by.setdefault(sql, self.sender)

    def with_all(self, *parts: str) -> list[str]:
        """The statements that contain every one of these parts, white space aside."""
        wanted = [" ".join(part.split()) for part in parts]
        return [sql for sql in self.by if all(part in " ".join(sql.split()) for part in wanted)]


@contextmanager
def noted_statements() -> Iterator[Sent]:
    """Note what is prepared, by whichever pool: the ORM's, the answer path's, those to come."""
    sent = Sent()
    prepare = asyncpg.Connection._get_statement

    async def noting(self: asyncpg.Connection, query: str, *rest: Any, **options: Any) -> Any:
        sent.note(query)
        return await prepare(self, query, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncpg.Connection, "_get_statement", noting)
        yield sent


async def plan_of(connection: asyncpg.Connection, sql: str) -> Plan:
    """The generic plan, which does not depend on any value: what the service runs."""
    numbers = [int(number) for number in _PARAMETER.findall(sql)]
    values = ", ".join(["NULL"] * max(numbers, default=0))
    execute = f"EXECUTE looked_at({values})" if values else "EXECUTE looked_at"
    await connection.execute(f"PREPARE looked_at AS {sql}")
    try:
        document = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {execute}")
        lines = await connection.fetch(f"EXPLAIN (COSTS OFF) {execute}")
    finally:
        await connection.execute("DEALLOCATE looked_at")
    top = json.loads(document)[0]["Plan"]
    arbiters = {name for node in _nodes(top) for name in node.get("Conflict Arbiter Indexes", ())}
    return Plan(tuple(_scans(top)), tuple(sorted(arbiters)), "\n".join(line[0] for line in lines))


async def plans_of(
    database: Database,
    tenant_id: UUID,
    *,
    statements: Sequence[str],
    planner: Mapping[str, str] | None = None,
) -> dict[str, Plan]:
    """The plans as the service itself gets them, acting for a tenant.

    ``planner``: settings of a connection that does not have those of the pools.
    """
    async with database.raw_transaction(tenant_id) as connection:
        for name, value in (planner or {}).items():
            await connection.execute(f"SET LOCAL {name} = '{value}'")
        assert await connection.fetchval("SHOW plan_cache_mode") == "force_generic_plan"
        assert await connection.fetchval("SELECT current_user") == "pacnum_app"
        return {sql: await plan_of(connection, sql) for sql in statements}


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _scans(top: Mapping[str, Any]) -> Iterator[Scan]:
    for node in _nodes(top):
        kind, table = node["Node Type"], node.get("Relation Name")
        if table is None:
            continue
        if kind == "Bitmap Heap Scan":
            names = sorted(
                one["Index Name"] for one in _nodes(node) if one["Node Type"] == "Bitmap Index Scan"
            )
            yield Scan(table, " + ".join(dict.fromkeys(names)))
        elif kind.endswith("Scan"):
            yield Scan(table, node.get("Index Name"))
