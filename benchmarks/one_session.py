"""32 clients answer one session at once while the workers that serve it are killed.

    python -m benchmarks.one_session [--clients N] [--workers N] [--seconds S] [--kill-after N]

``pacnum serve`` with several workers on one port; each time so many answers were acknowledged, one
of them is killed (SIGKILL) in the midst of the others', and its supervisor replaces it. All clients
play the same test, one test after another: each answers what it believes to be pending, rightly,
wrongly or not at all, and does what a good client does when no reply comes: it sends the same
answer again, over a new connection. Afterwards the database is compared with what they were told.

* *duplicates*: positions that are there twice, or for which two answers were acknowledged;
* *lost*: acknowledged answers that are not there, or not as they were acknowledged;
* *torn*: sessions whose row and answers do not agree.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop

from benchmarks import answer_stage as stage
from benchmarks.answer_servers import CHEAP_NUMPY, ROOT
from benchmarks.answer_stage import FIVE, ISSUER, Play, Tenant
from benchmarks.goals import Goal, ServiceGoal, print_goals, record
from benchmarks.http_client import Connection, Reply
from benchmarks.processes import children_of, free_port, running
from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import embedded_postgres

ROLE = "pacnum_app"
BREATH_SECONDS = 0.05
SKIP = "null"


@dataclass(frozen=True, slots=True)
class Asked:
    clients: int
    workers: int
    seconds: float
    kill_after: int


@dataclass(slots=True)
class Told:
    """What the clients of one session were told: by position, the acknowledged answers."""

    play: Play
    acknowledged: dict[int, set[str]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)

    def add(self, position: int, response: str) -> None:
        self.acknowledged.setdefault(position, set()).add(response)


@dataclass(frozen=True, slots=True)
class Findings:
    sessions: int
    workers_killed: int
    acknowledged: int
    stored: int
    duplicates: int
    lost: int
    torn: int
    replies: Mapping[str, int]


class Killer:
    """Kills a worker each time that so many answers were acknowledged since the last one."""

    def __init__(self, supervisor: int, *, kill_after: int) -> None:
        self._supervisor = supervisor
        self._kill_after = kill_after
        self._seen = 0
        self._rng = random.Random(kill_after)  # noqa: S311 - which one does not matter
        self.killed = 0

    def saw_an_answer(self) -> None:
        self._seen += 1
        if self._seen % self._kill_after:
            return
        family = children_of(self._supervisor)
        workers = [pid for pid in family if _is_worker(pid, self._supervisor)]
        if workers:
            with suppress(ProcessLookupError):
                os.kill(self._rng.choice(workers), signal.SIGKILL)
                self.killed += 1


def _is_worker(pid: int, supervisor: int) -> bool:
    """Python starts a process of its own beside the workers, to clean up after them."""
    try:
        return pid != supervisor and b"resource_tracker" not in _command(pid)
    except OSError:
        return False


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


class Client:
    """One of those who answer the same session."""

    def __init__(self, port: int, token: str, *, killer: Killer, number: int) -> None:
        self._connection = Connection(port)
        self._token = token
        self._killer = killer
        self._rng = random.Random(number)  # noqa: S311 - a simulated agent

    async def play(self, told: Told, path: str) -> None:
        """Answer until the test is over, as far as this client can see."""
        pending = await self._pending(told, path)
        while pending is not None:
            position, item_id = pending
            response = self._rng.choice((told.play.responses[item_id], SKIP))
            head = f'{{"position":{position},"item_id":"{item_id}","response":'
            reply = await self._sent(told, f"{path}/answers", f"{head}{response}}}".encode())
            if reply.status == 201:
                told.add(position, response)
                self._killer.saw_an_answer()
            pending = await self._pending(told, path)

    async def _pending(self, told: Told, path: str) -> tuple[int, str] | None:
        reply = await self._sent(told, path, None)
        if reply.status != 200:
            raise RuntimeError(f"{path}: {reply.status} {reply.body.decode()}")
        pending = json.loads(reply.body)["pending_item"]
        return None if pending is None else (pending["position"], pending["item_id"])

    async def _sent(self, told: Told, path: str, body: bytes | None) -> Reply:
        """The reply to a request that is sent until there is one."""
        while True:
            try:
                if not self._connection.is_open:
                    await self._connection.reopen()
                if body is None:
                    reply = await self._connection.get(path, token=self._token)
                else:
                    reply = await self._connection.post(path, body, token=self._token)
            except (OSError, TimeoutError) as error:
                told.statuses[type(error).__name__] += 1
                self._connection.close()
            else:
                told.statuses[str(reply.status)] += 1
                if reply.status not in {408, 429, 503}:
                    return reply
            await asyncio.sleep(BREATH_SECONDS)


async def play_all(
    database: Database, tenant: Tenant, *, port: int, killer: Killer, asked: Asked
) -> list[Told]:
    """Sessions one after another, each by all clients at once."""
    played = []
    deadline = None  # set after the first test, which waits until workers have started
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as http:
        token = stage.client_token(http, tenant)
    clients = [Client(port, token, killer=killer, number=number) for number in range(asked.clients)]
    while deadline is None or time.monotonic() < deadline:
        played.append(await _begun(database, tenant, port=port))
        path = f"/v1/test-sessions/{played[-1].play.session_id}"
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(client.play(played[-1], path))
        deadline = deadline or time.monotonic() + asked.seconds
    return played


async def _begun(database: Database, tenant: Tenant, *, port: int) -> Told:
    while True:
        try:
            begun = await asyncio.to_thread(stage.begin_sessions, port, tenant, count=1, mix=FIVE)
        except (OSError, RuntimeError):  # whoever was to begin it has been killed
            await asyncio.sleep(BREATH_SECONDS)
            continue
        (play,) = await stage.make_plays(database, tenant, begun=begun, mix=FIVE)
        return Told(play)


async def findings_of(owner_url: str, played: list[Told], *, killed: int) -> Findings:
    ids = [told.play.session_id for told in played]
    owner = await asyncpg.connect(owner_url)
    try:
        answers = await owner.fetch(
            "SELECT session_id, position, response::text FROM answers WHERE session_id = ANY($1)",
            ids,
        )
        sessions = await owner.fetch(
            "SELECT id, version, cardinality(categories) AS answered, state FROM test_sessions"
            " WHERE id = ANY($1)",
            ids,
        )
    finally:
        await owner.close()
    stored: dict[UUID, dict[int, list[str]]] = {session_id: {} for session_id in ids}
    for session_id, position, response in answers:
        stored[session_id].setdefault(position, []).append(response or SKIP)
    statuses: Counter[str] = sum((told.statuses for told in played), Counter())
    return Findings(
        sessions=len(played),
        workers_killed=killed,
        acknowledged=sum(len(told.acknowledged) for told in played),
        stored=len(answers),
        duplicates=sum(duplicates_of(told, stored[told.play.session_id]) for told in played),
        lost=sum(lost_of(told, stored[told.play.session_id]) for told in played),
        torn=sum(is_torn(row, stored[row["id"]]) for row in sessions),
        replies=dict(sorted(statuses.items())),
    )


def duplicates_of(told: Told, stored: Mapping[int, list[str]]) -> int:
    told_twice = sum(len(answers) > 1 for answers in told.acknowledged.values())
    return told_twice + sum(len(rows) > 1 for rows in stored.values())


def lost_of(told: Told, stored: Mapping[int, list[str]]) -> int:
    return sum(
        json.loads(response) not in [json.loads(row) for row in stored.get(position, [])]
        for position, answers in told.acknowledged.items()
        for response in answers
    )


def is_torn(session: Mapping[str, object], stored: Mapping[int, list[str]]) -> bool:
    answered = session["answered"]
    assert isinstance(answered, int)
    return (
        sorted(stored) != list(range(1, answered + 1))
        or session["version"] != answered + 1
        or session["state"] != "finished"
    )


async def run(owner_url: str, asked: Asked, *, log: Path) -> Findings:
    database = Database(owner_url, role=ROLE, pool_size=2)
    tenant = await stage.make_tenant(database)
    port = free_port()
    serve = [str(Path(sys.executable).with_name("pacnum")), "serve", "--port", str(port)]
    environment = {
        **CHEAP_NUMPY,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
        "PACNUM_DATABASE_URL": owner_url,
        "PACNUM_PUBLIC_URL": ISSUER,
        "PACNUM_LOG_LEVEL": "warning",
    }
    command = [*serve, "--workers", str(asked.workers)]
    with running(command, port=port, environment=environment, log=log) as supervisor:
        killer = Killer(supervisor, kill_after=asked.kill_after)
        played = await play_all(database, tenant, port=port, killer=killer, asked=asked)
    await database.close()
    return await findings_of(owner_url, played, killed=killer.killed)


def goals_of(found: Findings) -> list[Goal]:
    return [
        _none("one session, workers killed: duplicates", found.duplicates).about(
            ServiceGoal.NO_DUPLICATES
        ),
        _none("one session, workers killed: lost", found.lost).about(ServiceGoal.NOTHING_LOST),
        _none("one session, workers killed: torn sessions", found.torn),
        Goal("workers killed", ">= 1", str(found.workers_killed), found.workers_killed > 0),
    ]


def _none(name: str, count: int) -> Goal:
    return Goal(name, "0", str(count), count == 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--kill-after", type=int, default=25, help="acknowledgements")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    given = parser.parse_args()
    asked = Asked(given.clients, given.workers, given.seconds, given.kill_after)
    with (
        tempfile.TemporaryDirectory(prefix="pacnum-bench-") as home,
        embedded_postgres(Path(home)) as postgres,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        migrations.upgrade(postgres.url())
        log = postgres.data_dir.parent / "servers.log"
        found = runner.run(run(postgres.url(), asked, log=log))
    goals = goals_of(found)
    if given.json:
        record(goals)
        print(json.dumps(asdict(found)))
        return
    for name, value in asdict(found).items():
        print(f"{name:16s} {value}")
    print_goals(goals)


if __name__ == "__main__":
    main()
