"""What the answer benchmarks play on: a database, a client, banks, and sessions that have begun."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection
from urllib.parse import urlencode
from uuid import UUID
from zlib import crc32

import asyncpg

from benchmarks import large_bank
from pacnum_api.domains.clients import service as clients
from pacnum_api.domains.clients.types import ClientDefinition, NewSecret
from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.entrypoints.shipped_content import publish_shipped_content
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID, new_id
from pacnum_api.platform.auth.key_store import KeyStore
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.auth.tokens import issue_session_token
from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.database import Database

FRAMEWORK = "digcomp-2.2"
COMPETENCES = ("1.1", "1.3", "2.4", "4.1", "5.1")
ISSUER = "http://pacnum.benchmark"
"""PACNUM_PUBLIC_URL of every server that is started here: one token opens them all."""

CHANCE_OF_RIGHT = 0.6
SEED = 2026
JSON = {"Content-Type": "application/json"}

COPY_SESSION = """
INSERT INTO test_sessions
SELECT copy.*
  FROM test_sessions AS known
 CROSS JOIN unnest($2::uuid[]) AS made(id)
 CROSS JOIN LATERAL jsonb_populate_record(known, jsonb_build_object('id', made.id)) AS copy
 WHERE known.id = $1
"""


@dataclass(frozen=True, slots=True)
class Mix:
    """A kind of test. ``leaves_after``: answers that hardly any such test ends before."""

    asks: int
    framework: str
    competences: tuple[str, ...] | None
    leaves_after: int

    def __str__(self) -> str:
        return f"{self.asks} competence{'s' if self.asks > 1 else ''}"


ONE = Mix(1, large_bank.FRAMEWORK, (large_bank.COMPETENCE,), 10)
FIVE = Mix(5, FRAMEWORK, COMPETENCES, 19)
ALL = Mix(21, FRAMEWORK, None, 20)
MIXES: Mapping[str, tuple[Mix, ...]] = {
    "1": (ONE,),
    "5": (FIVE,),
    "21": (ALL,),
    "all": (ONE, FIVE, ALL),
}
"""One competence is asked on the bank of 500 items, several on the shipped one."""


class Choices(Mapping[str, str]):
    """What an agent says to each item, as JSON: right with CHANCE_OF_RIGHT, by ``agent``.

    Worked out when it is first asked for, since a session meets few of the items; agents of one
    test (``of``) share what was worked out.
    """

    def __init__(self, bank: ItemBank, *, seed: int, agent: int) -> None:
        self._bank = bank
        self._seed = seed
        self._agent = agent
        self._known: dict[tuple[str, bool], str] = {}

    def of(self, agent: int) -> "Choices":
        """The same test, another agent."""
        other = Choices(self._bank, seed=self._seed, agent=agent)
        other._known = self._known
        return other

    def __getitem__(self, item_id: str) -> str:
        drawn = crc32(f"{SEED}:{self._agent}:{item_id}".encode()) / 2**32
        is_right = drawn < CHANCE_OF_RIGHT
        known = self._known.get((item_id, is_right))
        if known is None:
            known = self._known[item_id, is_right] = self._response(item_id, is_right=is_right)
        return known

    def __iter__(self) -> Iterator[str]:
        return (str(item_id) for item_id in self._bank.item_ids)

    def __len__(self) -> int:
        return len(self._bank.item_ids)

    def _response(self, item_id: str, *, is_right: bool) -> str:
        index = self._bank.index_of(UUID(item_id))
        if index is None:
            raise KeyError(item_id)
        answer = self._bank.right_response if is_right else self._bank.wrong_response
        return json.dumps(answer(index, seed=self._seed, locale="fr"))


@dataclass(frozen=True, slots=True)
class Play:
    """A session that has begun, its agent's token, and what the agent says to each item."""

    session_id: UUID
    token: str
    first_item: str
    responses: Mapping[str, str]

    def body(self, item_id: str, *, position: int) -> bytes:
        head = f'{{"position":{position},"item_id":"{item_id}","response":'
        return f"{head}{self.responses[item_id]}}}".encode()


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose sessions these are, and the client that begins them.

    ``bank``: what ships; ``large_bank``: the tenant's own of 500 items, if it was made.
    """

    id: UUID
    client: NewSecret
    bank: ItemBank
    large_bank: ItemBank | None = None

    def bank_of(self, mix: Mix) -> ItemBank:
        if mix.framework == self.bank.framework.code:
            return self.bank
        assert self.large_bank is not None
        return self.large_bank


async def make_tenant(database: Database, *, has_large_bank: bool = False) -> Tenant:
    """Load the shipped content and make a client without a limit that could matter."""
    await publish_shipped_content(database, only_if_empty=True)
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        tenant_id = await clients.find_tenant(uow, "benchmark", is_made_when_new=True)
        handle = await items.current_bank(uow, FRAMEWORK)
        bank = await items.get_bank(uow, handle.id)
    definition = ClientDefinition(
        name="benchmark",
        scopes=frozenset({Scope.TEST_SESSIONS_RUN}),
        rate_limit_per_minute=1_000_000,
    )
    async with database.unit_of_work(tenant_id) as uow:
        client = await clients.create_client(uow, definition)
    own = await large_bank.publish_large_bank(database, tenant_id) if has_large_bank else None
    return Tenant(tenant_id, client, bank, own)


def begin_sessions(
    port: int, tenant: Tenant, *, count: int, mix: Mix = FIVE
) -> list[Mapping[str, object]]:
    """Begin sessions over HTTP, as a partner does."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as http:
        headers = {**JSON, "Authorization": f"Bearer {client_token(http, tenant)}"}
        return [
            _post(http, "/v1/test-sessions", body=beginning(mix, number), headers=headers)
            for number in range(count)
        ]


def client_token(http: HTTPConnection, tenant: Tenant) -> str:
    """An access token of the tenant's client."""
    credentials = {
        "grant_type": "client_credentials",
        "client_id": str(tenant.client.client_id),
        "client_secret": str(tenant.client.client_secret),
    }
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return str(
        _post(http, "/oauth/token", body=urlencode(credentials), headers=form)["access_token"]
    )


def beginning(mix: Mix, agent: int | str) -> str:
    """The body that begins a test for an agent of that name."""
    body: dict[str, object] = {
        "agent": {"external_id": {"issuer": "benchmark", "value": f"a-{agent}"}},
        "framework": mix.framework,
    }
    if mix.competences is not None:
        body["competences"] = mix.competences
    return json.dumps(body)


def _post(
    http: HTTPConnection, path: str, *, body: str, headers: Mapping[str, str]
) -> Mapping[str, object]:
    http.request("POST", path, body, dict(headers))
    reply = http.getresponse()
    text = reply.read()
    if reply.status not in {200, 201}:
        raise RuntimeError(f"{path}: {reply.status} {text.decode()}")
    document: Mapping[str, object] = json.loads(text)
    return document


async def make_plays(
    database: Database,
    tenant: Tenant,
    *,
    begun: Sequence[Mapping[str, object]],
    mix: Mix = FIVE,
) -> list[Play]:
    """What each agent will say, from the seed of its session."""
    ids = [UUID(str(session["id"])) for session in begun]
    async with database.raw_transaction(tenant.id) as connection:
        rows = await connection.fetch(
            "SELECT id, seed FROM test_sessions WHERE tenant_id = $1 AND id = ANY($2)",
            tenant.id,
            ids,
        )
    seeds = {str(row["id"]): int(row["seed"]) for row in rows}
    bank = tenant.bank_of(mix)
    return [_play(session, bank, seed=seeds[str(session["id"])]) for session in begun]


def _play(session: Mapping[str, object], bank: ItemBank, *, seed: int) -> Play:
    pending = session["pending_item"]
    assert isinstance(pending, dict)
    return Play(
        session_id=UUID(str(session["id"])),
        token=str(session["session_token"]),
        first_item=pending["item_id"],
        responses=Choices(bank, seed=seed, agent=seed),
    )


async def copied(database: Database, tenant: Tenant, *, play: Play, count: int) -> list[UUID]:
    """Untouched copies of a session's row, for those who store answers without the service."""
    ids = [new_id() for _ in range(count)]
    async with database.raw_transaction(tenant.id) as connection:
        await connection.execute(COPY_SESSION, play.session_id, ids)
    return ids


async def copied_plays(
    database: Database, tenant: Tenant, *, models: Sequence[Play], count: int
) -> list[Play]:
    """Plays of copies of sessions: each has its own token and its own right and wrong answers.

    A copy begins where its model stands, so models must not have been played.
    """
    tokens = await _tokens(database, tenant)
    share = -(-count // len(models))
    made = []
    for model in models:
        assert isinstance(model.responses, Choices)
        for session_id in await copied(database, tenant, play=model, count=share):
            responses = model.responses.of(session_id.int & 0xFFFFFFFF)
            made.append(Play(session_id, tokens(session_id), model.first_item, responses))
    # by turns, so that whoever takes a few meets every model
    return [made[first + turn * share] for first in range(share) for turn in range(len(models))]


async def settle(owner_url: str) -> None:
    """Let PostgreSQL tidy up after sessions were copied, as it would have by the next day."""
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute("VACUUM (ANALYZE) test_sessions, answers")
    finally:
        await owner.close()


async def _tokens(database: Database, tenant: Tenant) -> Callable[[UUID], str]:
    keys = await KeyStore(database, issuer=ISSUER, audience=f"{ISSUER}/v1").ring()
    expires_at = utc_now() + timedelta(hours=1)

    def token(session_id: UUID) -> str:
        return issue_session_token(
            keys,
            tenant_id=tenant.id,
            client_id=tenant.client.client_id,
            session_id=session_id,
            expires_at=expires_at,
        )

    return token
