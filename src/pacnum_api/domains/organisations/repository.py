"""Every query about agents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import tuple_
from sqlalchemy.dialects.postgresql import insert

from pacnum_api.domains.organisations.errors import AgentNotFound
from pacnum_api.domains.organisations.models import AgentRow
from pacnum_api.domains.organisations.types import Agent, ExternalId
from pacnum_api.kernel.ids import new_id
from pacnum_api.kernel.page import Page, decode_cursor, encode_cursor, read_id, read_moment
from pacnum_api.platform.db import owned
from pacnum_api.platform.uow import UnitOfWork


async def get_agent(uow: UnitOfWork, agent_id: UUID) -> AgentRow:
    """Raises AgentNotFound, also for another tenant's agent."""
    row = (
        await uow.session.scalars(owned(AgentRow, uow.tenant_id).where(AgentRow.id == agent_id))
    ).one_or_none()
    if row is None:
        raise AgentNotFound
    return row


async def find_by_external_id(uow: UnitOfWork, external_id: ExternalId) -> AgentRow | None:
    """The agent an outside system names so, or None."""
    query = owned(AgentRow, uow.tenant_id).where(
        AgentRow.issuer == external_id.issuer, AgentRow.value == external_id.value
    )
    return (await uow.session.scalars(query)).one_or_none()


# Of two who add the same agent at once the second finds nobody, neither before nor as its own, and
# asks again: what the first has added is there by then.
PROVISION = """
WITH known AS (
    SELECT id, issuer, value, locale, version, created_at, updated_at
      FROM agents
     WHERE tenant_id = $1 AND issuer = $2 AND value = $3),
added AS (
    INSERT INTO agents (tenant_id, issuer, value, id, locale, version, created_at, updated_at)
    SELECT $1, $2, $3, $4, $5, 1, $6, $6
     WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (tenant_id, issuer, value) DO NOTHING
 RETURNING id, issuer, value, locale, version, created_at, updated_at)
SELECT * FROM known UNION ALL SELECT * FROM added
"""


async def find_or_add(uow: UnitOfWork, external_id: ExternalId, *, locale: str) -> Agent | None:
    """The agent, added if there was none; None if another transaction adds it at this moment.

    For who begins a test: one round trip, past the ORM.
    """
    connection = await uow.driver()
    row = await connection.fetchrow(
        PROVISION,
        uow.tenant_id,
        external_id.issuer,
        external_id.value,
        new_id(),
        locale,
        uow.now,
    )
    if row is None:
        return None
    return Agent(
        id=row["id"],
        external_id=external_id,
        locale=row["locale"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


async def lock_by_external_id(uow: UnitOfWork, external_id: ExternalId) -> AgentRow | None:
    """Like ``find_by_external_id``, held until the transaction ends."""
    query = (
        owned(AgentRow, uow.tenant_id)
        .where(AgentRow.issuer == external_id.issuer, AgentRow.value == external_id.value)
        .with_for_update()
    )
    return (await uow.session.scalars(query)).one_or_none()


async def add_if_new(uow: UnitOfWork, external_id: ExternalId, *, locale: str) -> bool:
    """Insert the agent unless the external id is taken, even by a transaction of this moment."""
    statement = (
        insert(AgentRow)
        .values(
            id=new_id(),
            tenant_id=uow.tenant_id,
            issuer=external_id.issuer,
            value=external_id.value,
            locale=locale,
            version=1,
            created_at=uow.now,
            updated_at=uow.now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "issuer", "value"])
        .returning(AgentRow.id)
    )
    return (await uow.session.execute(statement)).scalar_one_or_none() is not None


async def list_agents(
    uow: UnitOfWork, *, updated_since: datetime | None, limit: int, cursor: str | None
) -> Page[AgentRow]:
    """Agents by time of last change, so that a partner can follow with ``updated_since``."""
    query = owned(AgentRow, uow.tenant_id)
    if updated_since is not None:
        query = query.where(AgentRow.updated_at >= updated_since)
    if cursor is not None:
        query = query.where(tuple_(AgentRow.updated_at, AgentRow.id) > _after(cursor))
    query = query.order_by(AgentRow.updated_at, AgentRow.id).limit(limit + 1)
    rows = (await uow.session.scalars(query)).all()
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], encode_cursor(last.updated_at.isoformat(), str(last.id)))


def _after(cursor: str) -> tuple[datetime, UUID]:
    moment, agent_id = decode_cursor(cursor, parts=2)
    return read_moment(moment), read_id(agent_id)


# --- import: agents come by COPY into a table of the transaction's own ----------------------------

_PATIENCE = timedelta(minutes=30)
"""What one statement of an import may take: a million agents need more than a request may."""

_SETTINGS = f"""
SELECT set_config('statement_timeout', '{int(_PATIENCE.total_seconds())}s', true),
       set_config('lock_timeout', '{int(_PATIENCE.total_seconds())}s', true),
       set_config('work_mem', '32MB', true),
       set_config('jit', 'off', true)
"""

_TAKE_TURNS = """
SELECT pg_advisory_xact_lock(hashtextextended('agents:import:' || $1::uuid::text, 0))
"""

_INCOMING = """
CREATE TEMPORARY TABLE incoming_agents (
    source integer, line bigint, issuer text, value text, locale text
) ON COMMIT DROP
"""

_HAS_REPEATS = """
SELECT EXISTS (SELECT FROM incoming_agents GROUP BY issuer, value HAVING count(*) > 1)
"""

_REPEATS = """
SELECT source, line, first_source, first_line, count(*) OVER () AS count
  FROM (SELECT source, line,
               row_number() OVER same AS number,
               first_value(source) OVER same AS first_source,
               first_value(line) OVER same AS first_line
          FROM incoming_agents
        WINDOW same AS (PARTITION BY issuer, value ORDER BY source, line)) AS found
 WHERE number > 1
 ORDER BY source, line
 LIMIT $1
"""

_COMPARE = """
SELECT count(*) FILTER (WHERE known.id IS NULL) AS created,
       count(*) FILTER (WHERE known.locale <> incoming.locale) AS updated
  FROM incoming_agents AS incoming
  LEFT JOIN agents AS known
    ON known.tenant_id = $1 AND known.issuer = incoming.issuer AND known.value = incoming.value
"""

# The ids of new rows count up from $3 and $4, halves of a UUIDv7 made by kernel.ids.new_ids. Who
# provisions one of the new agents at this very moment is first: ON CONFLICT then compares again.
_MERGE = """
WITH changed AS (
    UPDATE agents AS known
       SET locale = incoming.locale, version = known.version + 1, updated_at = $2
      FROM incoming_agents AS incoming
     WHERE known.tenant_id = $1 AND known.issuer = incoming.issuer
       AND known.value = incoming.value AND known.locale <> incoming.locale
    RETURNING known.id
), written AS (
    INSERT INTO agents (id, tenant_id, issuer, value, locale, version, created_at, updated_at)
    SELECT ($3 || to_hex($4::bigint + row_number() OVER () - 1))::uuid,
           $1, incoming.issuer, incoming.value, incoming.locale, 1, $2, $2
      FROM incoming_agents AS incoming
     WHERE NOT EXISTS (SELECT FROM agents AS known
                        WHERE known.tenant_id = $1 AND known.issuer = incoming.issuer
                          AND known.value = incoming.value)
    ON CONFLICT (tenant_id, issuer, value) DO UPDATE
       SET locale = excluded.locale, version = agents.version + 1, updated_at = $2
     WHERE agents.locale <> excluded.locale
    RETURNING id, version
), told AS (
    INSERT INTO outbox_events (id, tenant_id, type, subject, data, occurred_at)
    SELECT ($3 || to_hex($4::bigint + (SELECT count(*) FROM incoming_agents)
                         + row_number() OVER () - 1))::uuid,
           $1, 'agent.provisioned', id::text, jsonb_build_object('agent_id', id), $2
      FROM written
     WHERE version = 1
    RETURNING 1
)
SELECT (SELECT count(*) FROM told) AS created,
       (SELECT count(*) FROM changed)
       + (SELECT count(*) FROM written WHERE version > 1) AS updated
"""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A line whose external id stood in an earlier line."""

    source: int
    line: int
    first_source: int
    first_line: int


async def open_incoming(uow: UnitOfWork) -> None:
    """Wait for the tenant's import under way, then make the table that takes this one's lines."""
    connection = await uow.driver()
    await connection.execute(_SETTINGS)
    await connection.execute(_TAKE_TURNS, uow.tenant_id, timeout=_PATIENCE.total_seconds())
    await connection.execute(_INCOMING)


async def add_incoming(uow: UnitOfWork, rows: Sequence[tuple[int, int, str, str, str]]) -> None:
    """Copy lines (source, line, issuer, value, locale) into the table."""
    connection = await uow.driver()
    await connection.copy_records_to_table("incoming_agents", records=rows)


async def find_repeats(uow: UnitOfWork, *, limit: int) -> tuple[int, list[Repeat]]:
    """How many lines repeat an external id, and the first of them."""
    connection = await uow.driver()
    patience = _PATIENCE.total_seconds()
    await connection.execute("ANALYZE incoming_agents", timeout=patience)
    if not await connection.fetchval(_HAS_REPEATS, timeout=patience):
        return 0, []
    rows = await connection.fetch(_REPEATS, limit, timeout=patience)
    repeats = [
        Repeat(row["source"], row["line"], row["first_source"], row["first_line"]) for row in rows
    ]
    return rows[0]["count"], repeats


async def compare_incoming(uow: UnitOfWork) -> tuple[int, int]:
    """How many lines name new agents, and how many name known ones that differ."""
    connection = await uow.driver()
    row = await connection.fetchrow(_COMPARE, uow.tenant_id, timeout=_PATIENCE.total_seconds())
    return row["created"], row["updated"]


async def merge_incoming(uow: UnitOfWork, *, first_id: UUID) -> tuple[int, int]:
    """Write what is new or differs, with an event for each new agent; how many of both.

    ``first_id``: the first of twice as many ids as there are lines.
    """
    connection = await uow.driver()
    head, tail = first_id.hex[:16], first_id.int & (2**64 - 1)
    row = await connection.fetchrow(
        _MERGE,
        uow.tenant_id,
        uow.now,
        head,
        tail - 2**64,  # the same 64 bits, as PostgreSQL's signed bigint has them
        timeout=_PATIENCE.total_seconds(),
    )
    return row["created"], row["updated"]
