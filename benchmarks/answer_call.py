"""The answer call beside floors and peers, in the same run.

    python -m benchmarks.answer_call [--mix 1|5|21|all] [--connections 1 8 32] [--answers N]
        [--rounds N] [--seconds S] [--processes N] [--peers all|none] [--tests N] [--json]

Measured by turns, round after round, on one embedded PostgreSQL that flushes each commit to disk:

* *service*, the real one (``pacnum serve``, one worker, uvloop and httptools, log on, tokens of
  sessions), answered by agents over HTTP; *unbatched*, the same with batching off
  (``benchmarks.unbatched_app``);
* *g0*, the floor: ``benchmarks.floor``, a bare ASGI application that stores the answer in one
  statement and knows nothing else;
* *database*, the transaction for one answer alone (begin, read the session, save, commit), from
  this process, on a pool as large as the service's;
* *FastAPI* and *FastAPI + ORM*, peers with the service's own logic (``benchmarks.peer_logic``), the
  usual frame and the usual ways to a database. They are measured where the goals are set.

The goals are set on tests of one competence on a bank of 500 items (``--mix 1``); tests of 5 and 21
competences run on the shipped bank. Medians over rounds are printed; a ratio is the median of the
rounds' ratios. CPU is the scheduler's account of the server's process, of all of PostgreSQL's, and
of this one. Then whole tests are played (``benchmarks.whole_tests``).

On two cores client, server and PostgreSQL share the processors, so that answers per second flatter
whoever is slow: the client costs all of them the same. CPU per answer does not: ``per core`` is the
answers per second of CPU that server and PostgreSQL used.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import uvloop

from benchmarks import answer_stage as stage
from benchmarks.answer_report import (
    DATABASE,
    FASTAPI,
    FLOOR,
    ORM,
    SERVICE,
    UNBATCHED,
    Ratio,
    Report,
    Row,
    goals_of,
    print_report,
)
from benchmarks.answer_rounds import (
    Sample,
    Turns,
    answers_of,
    median_of,
    ratios_of,
    samples_by_turns,
)
from benchmarks.answer_seats import Copies, DatabaseSeat, FloorSeat, Seat, ServiceSeat
from benchmarks.answer_servers import Servers
from benchmarks.answer_stage import MIXES, ONE, Mix, Play, Tenant
from benchmarks.goals import print_goals, record
from benchmarks.http_client import Connection
from benchmarks.statements import Statements, counted_statements
from benchmarks.whole_tests import Address, Load, Requests, whole_tests
from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import EmbeddedServer, embedded_postgres

ROLE = "pacnum_app"
PEERS = {FASTAPI: "benchmarks.peer_fastapi:app", ORM: "benchmarks.peer_orm:app"}
WARM_UP = 400
COUNTED = 320
FEWEST = 160
MODELS = 8
MANY = 32
"""Connections that the rates are told of."""


@dataclass(frozen=True, slots=True)
class Asked:
    mixes: Sequence[Mix]
    connections: Sequence[int]
    turns: Turns
    processes: int
    has_peers: bool
    tests: int

    def turns_of(self, connections: int) -> Turns:
        """Fewer answers on fewer connections, which take longer for them."""
        answers = self.turns.answers * min(connections, 8) // 8
        return replace(self.turns, answers=max(FEWEST, answers))

    def sessions(self, mix: Mix) -> int:
        """Enough for every answer of one target: each seat may leave its last one unfinished."""
        answers = 2 * WARM_UP + 2 * COUNTED
        answers += sum(self.turns_of(one).answers for one in self.connections) * self.turns.rounds
        return answers // mix.leaves_after + sum(self.connections) + 2 * MANY + 8


class Bench:
    """The running servers, and the sessions of one kind that are played on them."""

    def __init__(
        self, servers: Servers, database: Database, *, tenant: Tenant, asked: Asked
    ) -> None:
        self._servers = servers
        self._database = database
        self._tenant = tenant
        self._asked = asked

    def served(self, mix: Mix) -> list[str]:
        """Targets over HTTP that answer in earnest."""
        names = [SERVICE]
        if mix is ONE:
            names += [UNBATCHED, *PEERS] if self._asked.has_peers else [UNBATCHED]
        return names

    async def begin(self, mix: Mix) -> int:
        """Begin some sessions over HTTP, copy them for as many as will be played, and warm up.

        Returns the mean length of the service's replies in bytes, which is that of the floor's.
        """
        port = self._servers.ports(SERVICE)[0]
        begun = stage.begin_sessions(port, self._tenant, count=MODELS, mix=mix)
        models = await stage.make_plays(self._database, self._tenant, begun=begun, mix=mix)
        count = self._asked.sessions(mix)
        served = self.served(mix)
        plays = await stage.copied_plays(
            self._database, self._tenant, models=models, count=count * len(served)
        )
        ids = await stage.copied(self._database, self._tenant, play=models[0], count=2 * count)
        await stage.settle(self._database.url)
        self._plays: Iterator[Play] = iter(plays)
        self._copies = Copies(ids=iter(ids), play=models[0])
        agents = self.agents(self._servers.ports(SERVICE), 8, mix=mix)
        await answers_of(agents, WARM_UP)
        length = sum(one.reply_bytes for one in agents) // sum(one.replies for one in agents)
        self._servers.start_floor(
            _server(FLOOR, mix), tenant_id=self._tenant.id, reply_bytes=length
        )
        for target in (FLOOR, DATABASE, *served[1:]):
            await answers_of(self.seats(target, 8, mix=mix), WARM_UP)
        return length

    def seats(self, target: str, count: int, *, mix: Mix) -> list[Seat]:
        leaves_after = mix.leaves_after
        if target == DATABASE:
            return [
                DatabaseSeat(
                    self._database,
                    self._tenant.id,
                    copies=self._copies,
                    leaves_after=leaves_after,
                )
                for _ in range(count)
            ]
        ports = self._servers.ports(_server(target, mix))
        if target == FLOOR:
            return [
                FloorSeat(Connection(ports[0]), self._copies, leaves_after=leaves_after)
                for _ in range(count)
            ]
        return [*self.agents(ports, count, mix=mix)]

    def agents(self, ports: Sequence[int], count: int, *, mix: Mix) -> list[ServiceSeat]:
        return [
            ServiceSeat(
                [Connection(port) for port in ports], self._plays, leaves_after=mix.leaves_after
            )
            for _ in range(count)
        ]

    async def samples(self, mix: Mix, connections: int) -> dict[str, list[Sample]]:
        targets = [FLOOR, *self.served(mix), DATABASE]
        seats = {target: self.seats(target, connections, mix=mix) for target in targets}
        return await samples_by_turns(
            seats,
            turns=self._asked.turns_of(connections),
            cpu=lambda target: self._servers.cpu(_server(target, mix)),
        )

    async def statements(self, mix: Mix, postgres: EmbeddedServer) -> dict[str, Statements]:
        """What one answer asks of PostgreSQL, alone and among many."""
        found = {}
        for target in (FLOOR, SERVICE):
            for count in (1, MANY):
                answering = answers_of(self.seats(target, count, mix=mix), COUNTED)
                name = f"{target}, {count} at once"
                found[name] = await counted_statements(postgres, answering, answers=COUNTED)
        return found

    async def whole_tests(self, mix: Mix) -> list[Requests]:
        addresses = [Address("127.0.0.1", port) for port in self._servers.ports(SERVICE)]
        load = Load(self._asked.tests, 8, addresses, lambda: self._servers.cpu(SERVICE))
        return await whole_tests(self._database, self._tenant, mix=mix, load=load)

    async def commits_are_flushed(self) -> bool:
        async with self._database.raw_transaction(self._tenant.id) as connection:
            return bool(await connection.fetchval("SHOW fsync") == "on")


def _server(target: str, mix: Mix) -> str:
    """The server of a target: the floor has one for each kind of test, for the replies' length."""
    return f"{FLOOR} beside {mix}" if target == FLOOR else target


async def run(postgres: EmbeddedServer, asked: Asked) -> list[Report]:
    database = Database(postgres.url(), role=ROLE)
    tenant = await stage.make_tenant(database, has_large_bank=True)
    with ExitStack() as stack:
        servers = Servers(postgres, stack)
        bench = Bench(servers, database, tenant=tenant, asked=asked)
        servers.start_service(SERVICE, processes=asked.processes)
        if ONE in asked.mixes:
            servers.start_application(
                UNBATCHED,
                "benchmarks.unbatched_app:unbatched",
                environment=servers.service_environment,
                is_factory=True,
            )
        for name, application in PEERS.items() if ONE in asked.mixes and asked.has_peers else ():
            servers.start_peer(name, application)
        reports = [
            await report_of(mix, bench, asked=asked, postgres=postgres) for mix in asked.mixes
        ]
    await database.close()
    return reports


async def report_of(mix: Mix, bench: Bench, *, asked: Asked, postgres: EmbeddedServer) -> Report:
    load = os.getloadavg()[0]
    reply_bytes = await bench.begin(mix)
    statements = await bench.statements(mix, postgres)
    samples = {count: await bench.samples(mix, count) for count in asked.connections}
    rows, ratios = [], []
    for count, found in samples.items():
        rows += [Row(target, count, median_of(taken)) for target, taken in found.items()]
        ratios += [
            Ratio(SERVICE, under, count, ratios_of(found[SERVICE], found[under]))
            for under in found
            if under != SERVICE
        ]
        if UNBATCHED in found:
            ratios.append(Ratio(UNBATCHED, FLOOR, count, ratios_of(found[UNBATCHED], found[FLOOR])))
    return Report(
        mix=str(mix),
        is_where_goals_are_set=mix is ONE,
        rows=rows,
        ratios=ratios,
        rounds={count: len(found[SERVICE]) for count, found in samples.items()},
        statements=statements,
        whole_tests=await bench.whole_tests(mix) if asked.tests else [],
        reply_bytes=reply_bytes,
        load_before=load,
        commits_are_flushed=await bench.commits_are_flushed(),
    )


def asked_for() -> tuple[Asked, bool]:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--mix", choices=MIXES, default="1", help="competences asked about")
    parser.add_argument("--answers", type=int, default=640, help="in each round, of each target")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=7, help="of each number of connections")
    parser.add_argument(
        "--seconds", type=float, default=30, help="no further round begins after this long"
    )
    parser.add_argument("--processes", type=int, default=1, help="of the service")
    parser.add_argument("--peers", choices=("all", "none"), default="all")
    parser.add_argument("--tests", type=int, default=60, help="whole ones afterwards; 0: none")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    given = parser.parse_args()
    asked = Asked(
        mixes=MIXES[given.mix],
        connections=given.connections,
        turns=Turns(given.answers, given.rounds, given.seconds),
        processes=given.processes,
        has_peers=given.peers == "all",
        tests=given.tests,
    )
    return asked, given.json


def main() -> None:
    asked, is_json = asked_for()
    with (
        tempfile.TemporaryDirectory(prefix="pacnum-bench-") as home,
        embedded_postgres(Path(home)) as postgres,
    ):
        migrations.upgrade(postgres.url())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            reports = runner.run(run(postgres, asked))
    goals = [goal for report in reports for goal in goals_of(report)]
    if is_json:
        record(goals)
        print(json.dumps([asdict(report) for report in reports]))
        return
    for report in reports:
        print_report(report)
    print_goals(goals)


if __name__ == "__main__":
    main()
