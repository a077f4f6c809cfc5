"""Imports of agents and items beside COPY of the same rows, and the memory that they take.

    python -m benchmarks.imports [--agents N] [--items N] [--rounds N] [--json FILE]

Floor, in the same run, round after round: COPY, by the tables' owner and with its text ready in
memory, of the very rows that an import writes, into the same tables with all their indexes. An
import of new agents writes two rows for each, the agent and its event, so both floors are given.

*set-based*: rows that are validated already, through the temporary table, as the service writes
them. *validated*: the whole import, from a CSV file. Items: *read* (YAML, schema, checks), *tried
out* (a sample, by one process and by two), *written*. Memory: of the importing process, its rise
above what it had before it began.
"""

# ruff: noqa: S608 - the queries are put together from this file's own constants

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import yaml

from benchmarks.goals import Goal, ServiceGoal, at_least, at_most, print_goals
from pacnum_api.domains.items import service as items
from pacnum_api.domains.organisations import repository as agents_repository
from pacnum_api.domains.organisations import service as organisations
from pacnum_api.domains.organisations.types import LineFormat
from pacnum_api.domains.referential import service as referential
from pacnum_api.entrypoints.shipped_content import SHIPPED
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID, new_id, new_ids
from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database
from pacnum_api.platform.documents import load_yaml
from pacnum_api.platform.embedded_postgres import embedded_postgres
from pacnum_api.platform.line_files import PIECE_BYTES, pieces_of

ROOT = Path(__file__).resolve().parents[1]
TRIED_OUT = 210
AGENT_COLUMNS = "id, tenant_id, issuer, value, locale, version, created_at, updated_at"
EVENT_COLUMNS = "id, tenant_id, type, subject, data, occurred_at"
ITEM_COLUMNS = (
    "id, tenant_id, framework, key, competence, level, type, status, is_tryout, version, "
    "created_at, updated_at"
)
NEXT_ID = "($3 || to_hex($4::bigint + row_number() OVER (ORDER BY id)))::uuid"
"""Ids that count up, as the import's do: random ones would slow the floor down."""
VERSION_COLUMNS = "id, tenant_id, item_id, version, document, content_hash, created_at"


@dataclass(frozen=True)
class Stage:
    """Where it all happens: a server of its own, as its owner and as the service."""

    folder: Path
    url: str
    owner: asyncpg.Connection
    database: Database


@dataclass(frozen=True)
class Memory:
    """Of one import, in bytes: the rise of PSS, and RSS at its highest."""

    rows: int
    seconds: float
    rise: int
    rss: int


# --- time -----------------------------------------------------------------------------------------


async def timed(work: Awaitable[Any]) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


async def copied_out(stage: Stage, query: str, *, tenants: tuple[UUID, UUID], count: int) -> bytes:
    """What COPY needs to write the first tenant's rows anew, as the second one's."""
    parts: list[bytes] = []

    async def keep(part: bytes) -> None:
        parts.append(part)

    first = new_ids(count + 1)
    ids = first.hex[:16], (first.int & (2**64 - 1)) - 2**64
    await stage.owner.copy_from_query(query, *tenants, *ids, output=keep)
    return b"".join(parts)


async def copy_in(stage: Stage, table: str, columns: str, *, text: bytes) -> float:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(text), PIECE_BYTES):
            yield text[start : start + PIECE_BYTES]

    names = columns.split(", ")
    return await timed(stage.owner.copy_to_table(table, source=pieces(), columns=names))


# --- agents ---------------------------------------------------------------------------------------


def agents_file(folder: Path, count: int) -> Path:
    path = folder / f"agents-{count}.csv"
    with path.open("w") as file:
        file.write("issuer;value;locale\n")
        for number in range(count):
            file.write(f"sirhius;a-{number:08d};{'en' if number % 3 == 0 else 'fr'}\n")
    return path


async def import_file(stage: Stage, tenant_id: UUID, *, path: Path, dry_run: bool = False) -> None:
    async with stage.database.unit_of_work(tenant_id) as uow:
        source = organisations.LineSource(0, LineFormat.CSV, pieces_of(path))
        await organisations.import_agents(uow, [source], dry_run=dry_run)


async def write_rows(stage: Stage, tenant_id: UUID, rows: Sequence[tuple[Any, ...]]) -> None:
    """The service's own writing, of rows that nobody has to read or validate any more."""
    async with stage.database.unit_of_work(tenant_id) as uow:
        await agents_repository.open_incoming(uow)
        for start in range(0, len(rows), 10_000):
            await agents_repository.add_incoming(uow, rows[start : start + 10_000])
        await agents_repository.find_repeats(uow, limit=1)
        created, updated = await agents_repository.compare_incoming(uow)
        if created or updated:
            await agents_repository.merge_incoming(uow, first_id=new_ids(2 * len(rows)))


async def agents_round(
    stage: Stage, path: Path, rows: Sequence[tuple[Any, ...]]
) -> dict[str, float]:
    first, second = new_id(), new_id()
    found = {
        "validated, new": await timed(import_file(stage, first, path=path)),
        "validated, again": await timed(import_file(stage, first, path=path)),
        "validated, dry run": await timed(import_file(stage, new_id(), path=path, dry_run=True)),
        "set-based, new": await timed(write_rows(stage, second, rows)),
        "set-based, again": await timed(write_rows(stage, second, rows)),
    }
    agents = await copied_out(
        stage,
        f"SELECT {NEXT_ID}, $2::uuid, issuer, value, locale, version, created_at, updated_at"
        " FROM agents WHERE tenant_id = $1 ORDER BY id",
        tenants=(first, copy := new_id()),
        count=len(rows),
    )
    events = await copied_out(
        stage,
        f"SELECT {NEXT_ID}, $2::uuid, type, subject, data, occurred_at"
        " FROM outbox_events WHERE tenant_id = $1 ORDER BY sequence",
        tenants=(first, copy),
        count=len(rows),
    )
    found["COPY agents"] = await copy_in(stage, "agents", AGENT_COLUMNS, text=agents)
    copied_events = await copy_in(stage, "outbox_events", EVENT_COLUMNS, text=events)
    found["COPY agents and events"] = found["COPY agents"] + copied_events
    await stage.owner.execute("VACUUM ANALYZE agents, outbox_events")
    return found


# --- items ----------------------------------------------------------------------------------------


def items_folder(folder: Path, count: int) -> Path:
    """The shipped items again and again, under other keys and with other words."""
    target = folder / f"items-{count}"
    target.mkdir()
    made, turn = 0, 0
    shipped: list[Any] = [load_yaml(path)[0] for path in sorted(SHIPPED.items[0].rglob("*.yaml"))]
    while made < count:
        turn += 1
        for document in shipped:
            kept = [renamed(one, turn) for one in document["items"]][: count - made]
            made += len(kept)
            if kept:
                text = yaml.dump(
                    {**document, "items": kept},
                    Dumper=yaml.CSafeDumper,
                    allow_unicode=True,
                    sort_keys=False,
                )
                (target / f"{document['competence']}-{turn:04d}.yaml").write_text(text, "utf-8")
    return target


def renamed(item: dict[str, Any], turn: int) -> dict[str, Any]:
    stem = {name: f"{words} ({turn})" for name, words in item["content"]["stem"].items()}
    return {
        **item,
        "key": f"{item['key']}-{turn}",
        "enemies": [],  # some are in files that the count cuts off
        "content": {**item["content"], "stem": stem},
    }


async def items_times(stage: Stage, folder: Path, *, sample: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    with clocked(found, "read"):
        reading = items.read_documents([folder], tries_out=False)
    for processes in (1, 2):
        with clocked(found, f"tried out, sample, {processes} process(es)"):
            items.read_documents([sample], processes=processes)
    tenant_id = new_id()

    async def write() -> None:
        async with stage.database.unit_of_work(tenant_id) as uow:
            await items.load_items(uow, reading)

    found["written and published, new"] = await timed(write())
    found["written and published, again"] = await timed(write())
    count = len(reading.items)
    text = await copied_out(
        stage,
        f"SELECT {NEXT_ID}, $2::uuid, {ITEM_COLUMNS.split(', ', 2)[2]}"
        " FROM items WHERE tenant_id = $1 ORDER BY id",
        tenants=(tenant_id, new_id()),
        count=count,
    )
    found["COPY items"] = await copy_in(stage, "items", ITEM_COLUMNS, text=text)
    text = await copied_out(
        stage,
        # one more version of each item: the foreign key is looked at as it is in the import
        f"SELECT {NEXT_ID}, $2::uuid, item_id, version + 1, document, content_hash, created_at"
        " FROM item_versions WHERE tenant_id = $1 ORDER BY id",
        tenants=(tenant_id, tenant_id),
        count=count,
    )
    copied = await copy_in(stage, "item_versions", VERSION_COLUMNS, text=text)
    found["COPY items and versions"] = found["COPY items"] + copied
    return found


@contextmanager
def clocked(found: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    found[name] = time.perf_counter() - started


# --- memory ---------------------------------------------------------------------------------------


def memory_of(stage: Stage, kind: str, path: Path, *, rows: int) -> Memory:
    command = [sys.executable, "-m", "benchmarks.import_child", kind, stage.url, str(new_id())]
    ran = subprocess.run(
        [*command, str(path)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    found = json.loads(ran.stdout)
    rise = found["pss_peak"] - found["pss_before"]
    return Memory(rows, found["seconds"], rise, found["rss_peak"])


# --- all of it ------------------------------------------------------------------------------------


async def on_stage(
    work: Callable[[Stage], Awaitable[dict[str, Any]]], *, folder: Path, url: str
) -> dict[str, Any]:
    owner = await asyncpg.connect(url)
    database = Database(url, role="pacnum_app", pool_size=2)
    try:
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            await referential.load_documents(uow, SHIPPED.frameworks)
        return await work(Stage(folder, url, owner, database))
    finally:
        await database.close()
        await owner.close()


async def measure(stage: Stage, asked: argparse.Namespace) -> dict[str, Any]:
    path = agents_file(stage.folder, asked.agents)
    lines = path.read_text().splitlines()[1:]
    rows = [(0, number, *line.split(";")) for number, line in enumerate(lines, 2)]
    rounds = [await agents_round(stage, path, rows) for _ in range(asked.rounds)]
    small, large = asked.items // 10, asked.items
    folder, tenth = items_folder(stage.folder, large), items_folder(stage.folder, small)
    sample = items_folder(stage.folder, TRIED_OUT)
    item_times = await items_times(stage, folder, sample=sample)
    agent_sizes = (asked.agents // 10, asked.agents, asked.agents * 5)
    return {
        "agents": rounds,
        "items": item_times,
        "agents_memory": [
            memory_of(stage, "agents", agents_file(stage.folder, size), rows=size)
            for size in agent_sizes
        ],
        "items_memory": [
            memory_of(stage, "items", place, rows=size)
            for place, size in ((tenth, small), (folder, large))
        ],
    }


def report(found: dict[str, Any], asked: argparse.Namespace) -> list[Goal]:
    rounds: list[dict[str, float]] = found["agents"]
    title = f"{asked.agents:,} agents"
    print(f"{title:34} seconds   of COPY agents   of COPY agents and events")
    ratios: dict[str, tuple[float, float]] = {}
    for name in rounds[0]:
        seconds = statistics.median(one[name] for one in rounds)
        ratios[name] = (
            statistics.median(one["COPY agents"] / one[name] for one in rounds),
            statistics.median(one["COPY agents and events"] / one[name] for one in rounds),
        )
        print(f"  {name:32} {seconds:9.3f} {ratios[name][0]:16.2f} {ratios[name][1]:18.2f}")
    times: dict[str, float] = found["items"]
    title = f"{asked.items:,} items"
    print(f"\n{title:38} seconds   of COPY items and versions")
    for name, seconds in times.items():
        print(f"  {name:36} {seconds:9.3f} {times['COPY items and versions'] / seconds:12.3f}")
    each = times["tried out, sample, 1 process(es)"] / TRIED_OUT * 1000
    print(f"  tried out: {each:.1f} ms an item, in one process")
    for kind in ("agents", "items"):
        print(f"\nmemory: {kind:>12}   seconds   rise MB   RSS at most MB")
        for one in found[f"{kind}_memory"]:
            rise, rss = one.rise / 1e6, one.rss / 1e6
            print(f"{one.rows:20,} {one.seconds:9.2f} {rise:9.1f} {rss:16.1f}")
    return goals_of(found, ratios)


def goals_of(found: dict[str, Any], ratios: dict[str, tuple[float, float]]) -> list[Goal]:
    """Of new agents, COPY writes both tables' rows, too; the agents alone stand beside."""
    few, many, most = found["agents_memory"]
    tenth, whole = found["items_memory"]
    times: dict[str, float] = found["items"]
    written = times["COPY items and versions"] / times["written and published, new"]
    each = (whole.rise - tenth.rise) / 1e3 / (whole.rows - tenth.rows)
    goals = [
        at_least(f"agents, {name}, of COPY of {rows}", ratios[name][place], limit=limit, of=of)
        for name, place, rows, limit, of in (
            ("set-based, again", 0, "agents", 0.5, ServiceGoal.IMPORT_IDEMPOTENT),
            ("set-based, new", 1, "both tables", 0.5, ServiceGoal.IMPORT_IDEMPOTENT),
            ("set-based, new", 0, "agents alone", 0.5, None),
            ("validated, again", 0, "agents", 0.25, ServiceGoal.IMPORT_VALIDATED),
            ("validated, new", 1, "both tables", 0.25, ServiceGoal.IMPORT_VALIDATED),
            ("validated, new", 0, "agents alone", 0.25, None),
        )
    ]
    goals.append(at_least("items, written and published, of COPY", written, limit=0.25))
    for more in (many, most):
        name = f"agents, MB: {more.rows:,} rather than {few.rows:,}"
        goals.append(at_most(name, (more.rise - few.rise) / 1e6, limit=8, form=".1f"))
    name = f"items, kB for each from {tenth.rows:,} to {whole.rows:,}"
    return [*goals, at_most(name, each, limit=8, form=".2f")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="pacnum-bench-") as home,
        embedded_postgres(Path(home) / "pg") as postgres,
    ):
        migrations.upgrade(postgres.url())
        found = asyncio.run(
            on_stage(lambda stage: measure(stage, asked), folder=Path(home), url=postgres.url())
        )
    print_goals(report(found, asked))
    if asked.json:
        asked.json.write_text(json.dumps(found, default=vars, indent=2))


if __name__ == "__main__":
    main()
