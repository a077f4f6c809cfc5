"""Agents of known ability who take tests over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import httpx
import numpy as np

from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.platform.database import Database
from pacnum_api.psychometrics.bank import category_probabilities
from pacnum_api.psychometrics.simulation import draw_category

Document = dict[str, Any]
FRAMEWORK = "digcomp-2.2"


class Client(Protocol):
    """Whoever sends requests with a token."""

    async def get(self, path: str, **options: Any) -> httpx.Response: ...

    async def post(self, path: str, **options: Any) -> httpx.Response: ...


async def bank_of(database: Database, tenant_id: UUID, *, framework: str = FRAMEWORK) -> ItemBank:
    """The bank that a session of this tenant would begin on now."""
    async with database.unit_of_work(tenant_id) as uow:
        handle = await items.current_bank(uow, framework)
        return await items.get_bank(uow, handle.id)


@dataclass
class SimulatedAgent:
    """Answers as the measurement's own model says an agent of these abilities would.

    ``abilities``: theta by competence code, ``ability`` for those not named.
    """

    bank: ItemBank
    ability: float = 0.0
    abilities: Mapping[str, float] = field(default_factory=dict)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(20260302))

    def response_to(self, pending: Document, *, seed: int, locale: str) -> Document:
        index = self.bank.index_of(UUID(pending["item_id"]))
        assert index is not None
        theta = self.abilities.get(pending["competence"], self.ability)
        chances = category_probabilities(self.bank.tables.parameters, index, theta=theta)[:, 0]
        category = draw_category(chances, self.rng.random())
        return dict(self.bank.response_worth(index, category, seed=seed, locale=locale))


@dataclass(frozen=True)
class Taken:
    """A test as its taker saw it: what was put, sent and replied, in order."""

    session: Document
    pending: list[Document]
    sent: list[Document]
    replies: list[Document]


def session_body(**options: Any) -> Document:
    body = {
        "agent": {"external_id": {"issuer": "lms", "value": "a-1"}},
        "framework": FRAMEWORK,
        "competences": ["1.1", "1.3"],
    }
    return {name: value for name, value in (body | options).items() if value is not None}


async def begin(client: Client, **options: Any) -> Document:
    """A new session; None for an option leaves that member out."""
    response = await client.post("/v1/test-sessions", json=session_body(**options))
    assert response.status_code == 201, response.text
    session: Document = response.json()
    return session


def path_of(session: Document, *rest: str) -> str:
    return "/".join(("/v1/test-sessions", session["id"], *rest))


async def seed_of(client: Client, session: Document) -> int:
    """The session's seed, which an agent never sees but a reviewer does."""
    return int((await client.get(path_of(session, "explanation"))).json()["seed"])


def answer_to(pending: Document, response: Document | None) -> Document:
    return {
        "position": pending["position"],
        "item_id": pending["item_id"],
        "response": response,
        "client_duration_seconds": 12.5,
    }


async def take(
    client: Client, agent: SimulatedAgent, session: Document, *, at_most: int = 300
) -> Taken:
    """Answer until the test is over, or ``at_most`` answers were given."""
    seed = await seed_of(client, session)
    taken = Taken(session, [], [], [])
    pending = session["pending_item"]
    while pending is not None and len(taken.sent) < at_most:
        response = agent.response_to(pending, seed=seed, locale=session["locale"])
        body = answer_to(pending, response)
        reply = await client.post(path_of(session, "answers"), json=body)
        assert reply.status_code == 201, reply.text
        taken.pending.append(pending)
        taken.sent.append(body)
        taken.replies.append(reply.json())
        pending = reply.json()["pending_item"]
    return taken
