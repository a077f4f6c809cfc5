"""What a call asks of PostgreSQL, counted in the server's own log."""

from collections.abc import Coroutine
from dataclasses import dataclass

import asyncpg

from pacnum_api.platform.embedded_postgres import EmbeddedServer


@dataclass(frozen=True, slots=True)
class Statements:
    """Per answer. Statements sent together, like BEGIN with what follows, are one round trip."""

    round_trips: float
    statements: float


async def counted_statements(
    postgres: EmbeddedServer, answering: Coroutine[object, object, object], *, answers: int
) -> Statements:
    """Log every statement while ``answering`` is awaited; nobody else may use the server."""
    log = postgres.data_dir.parent / "server.log"
    owner = await asyncpg.connect(postgres.url())
    try:
        await _log_statements(owner, "all")
        before = log.stat().st_size
        await answering
        text = log.read_bytes()[before:].decode("utf-8", "replace")
        await _log_statements(owner, "none")
    finally:
        await owner.close()
    # "statement:" for what was sent as text, "execute" for what had been prepared
    sent = [line for line in text.splitlines() if "  statement: " in line or "  execute " in line]
    return Statements(
        round_trips=len(sent) / answers,
        statements=sum(line.rstrip(";").count(";") + 1 for line in sent) / answers,
    )


async def _log_statements(owner: asyncpg.Connection, which: str) -> None:
    await owner.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
    await owner.execute("SELECT pg_reload_conf()")
    # the server tells its processes; each heeds it before its next statement
    await owner.execute("SELECT pg_sleep(0.2)")
