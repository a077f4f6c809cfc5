"""Many stored tests, made in SQL from a few that were really taken.

Data flow: sessions that agents have played over HTTP are the models → a list of sessions to make,
each with its model, its agent and its instant → one ``INSERT … SELECT`` for each table, in the
order of time, so that the rows lie on disk as years of use would have left them. Everything is the
model's but the identifiers, which are UUIDv7 of the instant, and the times. Columns are read from
the tables' own metadata: a migration that adds one is followed.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from pacnum_api.entrypoints.tables import metadata

SESSIONS_AT_ONCE = 20_000
TESTS_OF_AN_AGENT = 3
GROWING = {
    "test_sessions": "id",
    "answers": "session_id",
    "results": "session_id",
    "ability_states": "session_id",
    "outbox_events": "subject",
}
"""Tables that every test adds rows to, and the column that says which test they are of."""

# A UUIDv7 that follows from what it is of: rows of one session find each other without a look-up.
MAKE_ID = """
CREATE FUNCTION pg_temp.made_id(name text, moment timestamptz) RETURNS uuid IMMUTABLE LANGUAGE sql
RETURN (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '7'
        || substr(md5(name), 1, 3) || '8' || substr(md5(name), 4, 15))::uuid
"""

LIST_SESSIONS = """
CREATE TEMPORARY TABLE made_sessions AS
WITH numbered AS (
    SELECT n, n % $1::bigint AS agent,
           (n + 1) * $2::bigint / $4::bigint > n * $2::bigint / $4::bigint AS is_open,
           now() - make_interval(days => $3::int) * (1 - n::float8 / $4::bigint) AS began_at
      FROM generate_series(0, $4::bigint - 1) AS n)
SELECT n, is_open, began_at,
       pg_temp.made_id($5::text || '-session-' || n, began_at) AS id,
       pg_temp.made_id($5::text || '-agent-' || agent,
                       now() - make_interval(days => $3::int + 1)) AS agent_id,
       $5::text || '-' || agent AS agent_name,
       ($6::uuid[])[1 + agent % cardinality($6::uuid[])] AS tenant_id,
       CASE WHEN is_open THEN ($8::uuid[])[1 + n % cardinality($8::uuid[])]
            ELSE ($7::uuid[])[1 + n % cardinality($7::uuid[])] END AS model_id
  FROM numbered
"""


@dataclass(frozen=True, slots=True)
class Models:
    """Tests to copy: ``ended`` with their results, ``begun`` whose next answer is awaited."""

    ended: Sequence[UUID]
    begun: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Volume:
    """How many tests to make, and how many of them, evenly spread, still await an answer.

    ``days``: how far back the first of them lies; ``name``: what tells them and their agents from
    all that are made otherwise.
    """

    sessions: int
    is_open: int
    days: int = 730
    name: str = "a"

    @classmethod
    def of_answers(cls, answers: int, *, ended: float, begun: float, is_open: int) -> "Volume":
        """As many sessions as hold that many answers.

        ``ended``, ``begun``: answers of a test of either sort at the mean; ``is_open``: how many
        of the tests are to be of the latter.
        """
        return cls(round((answers - is_open * begun) / ended) + is_open, is_open)


@dataclass(frozen=True, slots=True)
class Made:
    """Rows of each table, and the seconds that making them took."""

    rows: Mapping[str, int]
    seconds: float


async def make_tests(
    owner: asyncpg.Connection,
    volume: Volume,
    *,
    models: Models,
    tenants: Sequence[UUID],
    tell: Callable[[str], None] = lambda _: None,
) -> Made:
    """Fill a database, past row-level security; statistics and visibility are brought up to date.

    Agents are the tenants' in turn, and take ``TESTS_OF_AN_AGENT`` tests each.
    """
    started = time.perf_counter()
    await _list_sessions(owner, volume, models=models, tenants=tenants)
    await _copy_models(owner, models)
    rows = {"agents": await _copy_agents(owner)}
    rows |= dict.fromkeys(GROWING, 0)
    for first in range(0, volume.sessions, SESSIONS_AT_ONCE):
        for table in GROWING:
            rows[table] += await _copy(owner, table, first=first)
        tell(f"{rows['answers']:,} answers")
    await owner.execute("DROP TABLE made_sessions")
    await owner.execute("CHECKPOINT")
    await owner.execute("VACUUM ANALYZE")
    return Made(rows, time.perf_counter() - started)


async def add_sessions(
    owner: asyncpg.Connection, count: int, *, models: Models, tenant_id: UUID, name: str
) -> list[UUID]:
    """Tests that have begun this moment, with the answers of their models; their ids.

    ``name``: what tells them from all others that were ever added.
    """
    volume = Volume(count, is_open=count, days=0, name=name)
    await _list_sessions(owner, volume, models=models, tenants=[tenant_id])
    await _copy_models(owner, models)
    await _copy_agents(owner)
    for table in ("test_sessions", "answers"):
        await _copy(owner, table, first=0)
    ids = [row["id"] for row in await owner.fetch("SELECT id FROM made_sessions ORDER BY n")]
    await owner.execute("DROP TABLE made_sessions")
    return ids


async def _list_sessions(
    owner: asyncpg.Connection,
    volume: Volume,
    *,
    models: Models,
    tenants: Sequence[UUID],
) -> None:
    await owner.execute("SET work_mem = '256MB'")
    await owner.execute("DROP FUNCTION IF EXISTS pg_temp.made_id")
    await owner.execute(MAKE_ID)
    agents = max(1, volume.sessions // TESTS_OF_AN_AGENT)
    numbers = (agents, volume.is_open, volume.days, volume.sessions, volume.name)
    await owner.execute(LIST_SESSIONS, *numbers, tenants, models.ended, models.begun)
    await owner.execute("CREATE INDEX ON made_sessions (n)")
    await owner.execute("ANALYZE made_sessions")


async def _copy_models(owner: asyncpg.Connection, models: Models) -> None:
    """Set the models' rows aside: the tables that they come from are about to grow."""
    for table, key in GROWING.items():
        ids = [*models.ended, *models.begun]
        wanted = [str(one) for one in ids] if key == "subject" else ids
        await owner.execute(f"DROP TABLE IF EXISTS model_{table}")
        await owner.execute(
            f"CREATE TEMPORARY TABLE model_{table} AS SELECT * FROM {table} LIMIT 0"  # noqa: S608 - the same
        )
        await owner.execute(
            f"INSERT INTO model_{table} SELECT * FROM {table} WHERE {key} = ANY($1)",  # noqa: S608 - names of our own tables
            wanted,
        )
        await owner.execute(f"ANALYZE model_{table}")


async def _copy_agents(owner: asyncpg.Connection) -> int:
    """An agent for each name among the sessions, in the order of their first tests."""
    table = metadata.tables["agents"]
    values = {
        "id": "s.agent_id",
        "tenant_id": "s.tenant_id",
        "value": "s.agent_name",
        "created_at": "s.began_at",
        "updated_at": "s.began_at",
    }
    names, columns = _names(table), _columns(table, values)
    done = await owner.execute(
        f"""
        INSERT INTO agents ({names})
        SELECT {columns}
          FROM (SELECT DISTINCT ON (agent_id) * FROM made_sessions ORDER BY agent_id, n) AS s,
               (SELECT * FROM agents LIMIT 1) AS m
         ORDER BY s.n
        """  # noqa: S608 - names of our own tables
    )
    return _count(done)


async def _copy(owner: asyncpg.Connection, name: str, *, first: int) -> int:
    """The rows that one table holds of ``SESSIONS_AT_ONCE`` sessions, from the first on."""
    table, key = metadata.tables[name], GROWING[name]
    values = {
        column.name: f"m.{column.name} + (s.began_at - t.created_at)"
        for column in table.columns
        if isinstance(column.type, sa.DateTime)
    }
    values |= {"tenant_id": "s.tenant_id", "agent_id": "s.agent_id", key: "s.id"}
    if name == "outbox_events":
        values["id"] = "pg_temp.made_id(m.type || s.id, s.began_at)"
        values[key] = "s.id::text"
    if name == "test_sessions":  # one that awaits an answer may be answered, however old it is
        values["expires_at"] = (
            f"CASE WHEN s.is_open THEN now() + interval '7 days' ELSE {values['expires_at']} END"
        )
    done = await owner.execute(
        f"""
        INSERT INTO {name} ({_names(table)})
        SELECT {_columns(table, values)}
          FROM made_sessions AS s
          JOIN model_test_sessions AS t ON t.id = s.model_id
          JOIN model_{name} AS m ON m.{key} = s.model_id{"::text" if key == "subject" else ""}
         WHERE s.n >= {first} AND s.n < {first + SESSIONS_AT_ONCE}
         ORDER BY s.n
        """  # noqa: S608 - names of our own tables
    )
    return _count(done)


def _written(table: sa.Table) -> list[str]:
    return [column.name for column in table.columns if column.identity is None]


def _names(table: sa.Table) -> str:
    return ", ".join(_written(table))


def _columns(table: sa.Table, values: Mapping[str, str]) -> str:
    return ", ".join(values.get(name, f"m.{name}") for name in _written(table))


def _count(done: str) -> int:
    """The number in PostgreSQL's word for what it has done: ``INSERT 0 42``."""
    return int(done.rpartition(" ")[2])
