"""The demonstration: one simulated agent goes through everything, over HTTP, step by step.

Data flow: embedded PostgreSQL → migrations → shipped content → the real server in this process →
an HTTP client that gets a token, begins a test, answers what is pending, reads result and
recommendations. The agent is simulated: true abilities are drawn first, then each answer is right
with the probability that the item's model gives to that ability. The explanation, which an agent's
browser cannot reach, is read after each answer to show the estimate move.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import uvicorn

from pacnum_api.domains.clients import service as clients
from pacnum_api.domains.clients.types import ClientDefinition, NewSecret
from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.referential import service as referential
from pacnum_api.entrypoints.api import create_app
from pacnum_api.entrypoints.demo_output import Printer
from pacnum_api.entrypoints.shipped_content import publish_shipped_content
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.database import Database
from pacnum_api.platform.settings import Settings
from pacnum_api.psychometrics.bank import category_probabilities
from pacnum_api.psychometrics.simulation import draw_abilities, draw_category

FRAMEWORK = "digcomp-2.2"
COMPETENCES = ("1.1", "1.3", "2.4", "4.1", "5.1")
SCOPES = frozenset(
    {
        Scope.FRAMEWORKS_READ,
        Scope.TEST_SESSIONS_RUN,
        Scope.RESULTS_READ,
        Scope.TRAININGS_READ,
        Scope.ORGANISATION_READ,
    }
)
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class SimulatedAgent:
    """Somebody of known true abilities (theta by competence code), who answers by the models."""

    abilities: Mapping[str, float]
    bank: ItemBank
    rng: np.random.Generator
    locale: str = "fr"

    def respond(self, pending: Mapping[str, Any], *, seed: int) -> Any:
        """A response to what is pending, as right as the model draws, in this session's labels."""
        index = self.bank.index_of(UUID(pending["item_id"]))
        assert index is not None  # noqa: S101 - the bank is the session's own
        theta = self.abilities[pending["competence"]]
        chances = category_probabilities(self.bank.tables.parameters, index, theta=theta)[:, 0]
        category = draw_category(chances, float(self.rng.random()))
        return self.bank.response_worth(index, category, seed=seed, locale=self.locale)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller wants: ``started`` is the instant to count from (``time.perf_counter``)."""

    port: int
    seed: int
    keeps_serving: bool
    started: float


def run_demo(settings: Settings, url: str, *, wishes: Wishes) -> None:
    """Play the agent on a migrated database, then serve on or stop. Raises on any step that fails.

    ``settings`` are those of the process; ``url`` is the database that they, or nobody, named.
    """
    printer = Printer()
    printer.heading("Starting")
    where = "embedded" if settings.database_url is None else "external"
    printer.line(f"PostgreSQL ({where}) is up and migrated")
    chosen = _free_port(wishes.port)
    if chosen != wishes.port:
        printer.line(f"port {wishes.port} is taken: using {chosen}")
    local = settings.model_copy(
        update={"database_url": url, "port": chosen, "public_url": f"http://{HOST}:{chosen}"}
    )
    with suppress(KeyboardInterrupt):  # Ctrl-C is how serving is meant to end
        asyncio.run(_run(local, printer, wishes=wishes))


def _free_port(wished: int) -> int:
    for port in (*range(wished, wished + 50), 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise OSError("no free port")


async def _run(settings: Settings, printer: Printer, *, wishes: Wishes) -> None:
    assert settings.database_url is not None  # noqa: S101 - set by run_demo
    database = Database(settings.database_url, role=settings.database_role, pool_size=2)
    try:
        await publish_shipped_content(database, only_if_empty=True)
        secret = await _make_client(database)
        agent = await _make_agent(database, seed=wishes.seed)
        async with _serving(settings) as serving:
            base = settings.public_url
            printer.line(f"service at {base}  (documentation: {base}/docs)")
            async with httpx.AsyncClient(base_url=base, timeout=30) as http:
                await _play(http, printer, secret=secret, agent=agent)
            printer.line(f"\nTook {time.perf_counter() - wishes.started:.1f} s.")
            if wishes.keeps_serving:
                printer.serving(base, secret)
                await asyncio.wait({serving})  # until a signal ends it
    finally:
        await database.close()


@asynccontextmanager
async def _serving(settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    config = uvicorn.Config(
        create_app(settings), host=HOST, port=settings.port, log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
            raise RuntimeError("the server stopped before it had started")
        await asyncio.sleep(0.02)
    try:
        yield task
    finally:
        server.should_exit = True
        await task


async def _make_client(database: Database) -> NewSecret:
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        tenant_id = await clients.find_tenant(uow, "demo", is_made_when_new=True)
    async with database.unit_of_work(tenant_id) as uow:
        definition = ClientDefinition(name="demo", scopes=SCOPES)
        return await clients.create_client(uow, definition)


async def _make_agent(database: Database, *, seed: int) -> SimulatedAgent:
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        framework = await referential.get_framework(uow, FRAMEWORK)
        handle = await items.current_bank(uow, FRAMEWORK)
        bank = await items.get_bank(uow, handle.id)
    rng = np.random.default_rng(seed)
    drawn = draw_abilities(rng, referential.get_correlation_matrix(framework))[0]
    abilities = {
        competence.code: float(drawn[competence.position]) for competence in framework.competences
    }
    return SimulatedAgent(abilities=abilities, bank=bank, rng=rng)


async def _play(
    http: httpx.AsyncClient, printer: Printer, *, secret: NewSecret, agent: SimulatedAgent
) -> None:
    printer.heading("1. Token")
    await _authenticate(http, printer, secret=secret)
    printer.heading("2. Referential")
    await _read_framework(http, printer)
    printer.heading("3. Adaptive test")
    session = await _take_test(http, printer, agent=agent)
    printer.heading("4. Result")
    result = await _get(http, f"/v1/test-sessions/{session['id']}/result")
    printer.result(result, agent.abilities, cuts=agent.bank.framework.cuts)
    replay = _checked(await http.post(f"/v1/test-sessions/{session['id']}/replay"))
    printer.line(
        f"replayed from the log: {'identical' if replay['is_identical'] else 'DIFFERENT'}, "
        f"{replay['answers_replayed']} answers, bit for bit"
    )
    printer.heading("5. Recommendations")
    path = f"/v1/agents/{session['agent_id']}/recommendations"
    advice = await _get(http, path, framework=FRAMEWORK, budget_hours=30, limit=6)
    printer.recommendations(advice)


async def _authenticate(http: httpx.AsyncClient, printer: Printer, *, secret: NewSecret) -> None:
    assert secret.client_secret is not None  # noqa: S101 - the demo's client has no keys
    token = _checked(
        await http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(str(secret.client_id), secret.client_secret),
        )
    )
    http.headers["Authorization"] = f"Bearer {token['access_token']}"
    printer.line(f"POST /oauth/token → {token['token_type']}, {token['expires_in']} s")
    printer.line(f"scopes: {token['scope']}")


async def _read_framework(http: httpx.AsyncClient, printer: Printer) -> None:
    framework = await _get(http, f"/v1/frameworks/{FRAMEWORK}")
    printer.line(
        f"GET /v1/frameworks/{FRAMEWORK} → {framework['title']} v{framework['version']}: "
        f"{len(framework['areas'])} areas, {len(framework['competences'])} competences, "
        f"{len(framework['levels'])} levels"
    )


async def _take_test(
    http: httpx.AsyncClient, printer: Printer, *, agent: SimulatedAgent
) -> dict[str, Any]:
    body = {
        "agent": {"external_id": {"issuer": "demo", "value": "agent-1"}},
        "framework": FRAMEWORK,
        "competences": list(COMPETENCES),
    }
    session = _checked(await http.post("/v1/test-sessions", json=body))
    path = f"/v1/test-sessions/{session['id']}"
    printer.line(f"POST /v1/test-sessions → {session['id']}")
    printer.abilities(agent.abilities, COMPETENCES, cuts=agent.bank.framework.cuts)
    seed = int((await _get(http, f"{path}/explanation"))["seed"])
    pending = session["pending_item"]
    reply: dict[str, Any] = session
    explanation: dict[str, Any] = {}
    while pending is not None:
        response = agent.respond(pending, seed=seed)
        answer = {
            "position": pending["position"],
            "item_id": pending["item_id"],
            "response": response,
        }
        reply = _checked(await http.post(f"{path}/answers", json=answer))
        explanation = await _get(http, f"{path}/explanation")
        index = agent.bank.index_of(UUID(pending["item_id"]))
        level = agent.bank.items[index].level if index is not None else 0
        printer.step(pending, explanation["steps"][-1], item_level=level, response=response)
        pending = reply["pending_item"]
    printer.line(f"the test is {reply['state']}: {explanation['stop_reason']}")
    return session


async def _get(http: httpx.AsyncClient, path: str, **query: str | int) -> dict[str, Any]:
    return _checked(await http.get(path, params=query))


def _checked(response: httpx.Response) -> dict[str, Any]:
    """The JSON body of a success; raises with the problem document otherwise."""
    if response.is_error:
        raise RuntimeError(f"{response.request.method} {response.url}: {response.text}")
    document: dict[str, Any] = response.json()
    return document
