"""What the answer benchmark plays on: a database, a client and test sessions that have begun."""

import json
import random
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode
from uuid import UUID

from pacnum_api.domains.clients import service as clients
from pacnum_api.domains.clients.types import ClientDefinition, NewSecret
from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.entrypoints.shipped_content import publish_shipped_content
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID, new_id
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.database import Database

FRAMEWORK = "digcomp-2.2"
COMPETENCES = ("1.1", "1.3", "2.4", "4.1", "5.1")
"""What a test asks about; with the shipped items it takes 22 to 24 answers."""

CHANCE_OF_RIGHT = 0.6
SEED = 2026
JSON = {"Content-Type": "application/json"}

COPY_SESSION = """
INSERT INTO test_sessions
SELECT (jsonb_populate_record(NULL::test_sessions,
                              to_jsonb(known) || jsonb_build_object('id', $2::uuid))).*
  FROM test_sessions AS known
 WHERE id = $1
"""


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
    """Whose sessions these are, and the client that begins them."""

    id: UUID
    client: NewSecret
    bank: ItemBank


async def make_tenant(database: Database) -> Tenant:
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
    return Tenant(tenant_id, client, bank)


def begin_sessions(port: int, tenant: Tenant, *, count: int) -> list[Mapping[str, object]]:
    """Begin sessions over HTTP, as a partner does."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as http:
        credentials = {
            "grant_type": "client_credentials",
            "client_id": str(tenant.client.client_id),
            "client_secret": str(tenant.client.client_secret),
        }
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        granted = _post(http, "/oauth/token", body=urlencode(credentials), headers=form)
        headers = {**JSON, "Authorization": f"Bearer {granted['access_token']}"}
        return [
            _post(http, "/v1/test-sessions", body=_beginning(number), headers=headers)
            for number in range(count)
        ]


def _beginning(number: int) -> str:
    agent = {"external_id": {"issuer": "benchmark", "value": f"a-{number}"}}
    return json.dumps({"agent": agent, "framework": FRAMEWORK, "competences": COMPETENCES})


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
    database: Database, tenant: Tenant, *, begun: list[Mapping[str, object]]
) -> list[Play]:
    """Work out beforehand what each agent will say, so that playing costs next to nothing."""
    async with database.raw_transaction(tenant.id) as connection:
        rows = await connection.fetch("SELECT id, seed FROM test_sessions")
    seeds = {str(row["id"]): int(row["seed"]) for row in rows}
    return [_play(session, tenant.bank, seed=seeds[str(session["id"])]) for session in begun]


def _play(session: Mapping[str, object], bank: ItemBank, *, seed: int) -> Play:
    rng = random.Random(seed ^ SEED)  # noqa: S311 - a simulated agent
    responses = {}
    for index, item_id in enumerate(bank.item_ids):
        is_right = rng.random() < CHANCE_OF_RIGHT
        answer = bank.right_response if is_right else bank.wrong_response
        responses[str(item_id)] = json.dumps(answer(index, seed=seed, locale="fr"))
    pending = session["pending_item"]
    assert isinstance(pending, dict)
    return Play(
        session_id=UUID(str(session["id"])),
        token=str(session["session_token"]),
        first_item=pending["item_id"],
        responses=responses,
    )


async def copied(database: Database, tenant: Tenant, *, play: Play, count: int) -> list[UUID]:
    """Untouched copies of a session's row, for those who store answers without the service."""
    ids = [new_id() for _ in range(count)]
    async with database.raw_transaction(tenant.id) as connection:
        await connection.executemany(COPY_SESSION, [(play.session_id, made) for made in ids])
    return ids
