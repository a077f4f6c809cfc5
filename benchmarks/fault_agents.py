"""Agents that take tests while something breaks, the way good clients do.

What was not acknowledged is sent again, unchanged: after a 503 or a 408 when ``Retry-After`` says
so, after a connection that was cut soon, a little later each time. A begin carries an
``Idempotency-Key``. A 409 ``answer_already_accepted`` is good when what it shows is what was sent.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx

from benchmarks.answer_stage import COMPETENCES, FRAMEWORK, Tenant

PATIENCE_SECONDS = 15
LONGEST_PAUSE_SECONDS = 1.0
AGAIN = frozenset({408, 429, 503})
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What an agent sent and the service said it has taken."""

    position: int
    item_id: str
    response: Any
    accepted_at: str


@dataclass(slots=True)
class Taking:
    """One session as its agent knows it."""

    session_id: str
    token: str
    pending: Document | None
    acknowledged: list[Acknowledged] = field(default_factory=list)


class Manner(StrEnum):
    """``TWICE``: each answer over two connections at once. ``RUDE``: hangs up on each one first."""

    PLAIN = "plain"
    TWICE = "twice"
    RUDE = "rude"


@dataclass(slots=True)
class Watch:
    """What all agents saw. Times are ``time.monotonic()``."""

    answered_at: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    slowest: float = 0.0
    """Of all requests, refused ones and those that were cut included."""
    refused: Counter[int] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    """Whatever a good client cannot mend: neither 408, 429, 503 nor a cut connection."""


@dataclass(slots=True)
class Crowd:
    """The agents of one fault, and until when they go on."""

    url: str
    tenant: Tenant
    name: str
    think_seconds: float = 0.2
    manner: Manner = Manner.PLAIN
    watch: Watch = field(default_factory=Watch)
    takings: list[Taking] = field(default_factory=list)
    unheard: int = 0
    """Begins that were sent and not answered when time was up."""
    is_over: bool = False
    token: str = "none"  # noqa: S105 - not one: the first request is refused, and fetches one


class Agent:
    """Takes one test after the other."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self._crowd = crowd
        self._name = f"{crowd.name}-{number}"
        self._rng = random.Random(number)  # noqa: S311 - a simulated agent
        self._http = httpx.AsyncClient(base_url=crowd.url, timeout=PATIENCE_SECONDS)
        self.last_at = 0.0
        """When an answer was last acknowledged that was sent after the one before."""

    async def take_tests(self) -> None:
        """Until the crowd is over; a test that is under way then stays where it is."""
        async with self._http:
            while not self._crowd.is_over:
                taking = await self._begin()
                if taking is not None:
                    self._crowd.takings.append(taking)
                    await self._take(taking)

    async def _take(self, taking: Taking) -> None:
        while taking.pending is not None and not self._crowd.is_over:
            body = self._answer_to(taking.pending)
            sent_at = time.monotonic()
            reply = await self._acknowledged(taking, body)
            if reply is None:
                return
            now = time.monotonic()
            self.last_at = sent_at
            self._crowd.watch.answered_at.append(now)
            self._crowd.watch.seconds.append(now - sent_at)
            await asyncio.sleep(self._rng.uniform(0.5, 1.5) * self._crowd.think_seconds)

    def _answer_to(self, pending: Mapping[str, Any]) -> Document:
        bank = self._crowd.tenant.bank
        index = bank.index_of(UUID(pending["item_id"]))
        assert index is not None
        answer = bank.right_response if self._rng.random() < 0.6 else bank.wrong_response
        return {
            "position": pending["position"],
            "item_id": pending["item_id"],
            "response": answer(index, seed=0, locale="fr"),
        }

    async def _acknowledged(self, taking: Taking, body: Document) -> Document | None:
        path = f"/v1/test-sessions/{taking.session_id}/answers"
        if self._crowd.manner is Manner.RUDE:
            await self._hang_up(path, body, token=taking.token)
        send = self._sent_twice if self._crowd.manner is Manner.TWICE else self._sent
        reply = await send(path, body, token=taking.token)
        if reply is None:
            return None
        document: Document = reply.json()
        if reply.status_code == 409:
            known = document["accepted"]
            accepted_at = known["accepted_at"]
            if (known["item_id"], known["response"]) != (body["item_id"], body["response"]):
                self._crowd.watch.errors["409 for another answer"] += 1
                return None
            taking.pending = (await self._read(taking))["pending_item"]
        else:
            accepted_at = document["accepted_at"]
            taking.pending = document["pending_item"]
        taking.acknowledged.append(
            Acknowledged(body["position"], body["item_id"], body["response"], accepted_at)
        )
        return document

    async def _sent_twice(self, path: str, body: Document, *, token: str) -> httpx.Response | None:
        """At the same moment, over two connections; both replies must be the same."""
        first, second = await asyncio.gather(
            self._sent(path, body, token=token), self._sent(path, body, token=token)
        )
        if first is not None and second is not None and first.json() != second.json():
            self._crowd.watch.errors["two replies differ"] += 1
        return first

    async def _hang_up(self, path: str, body: Document, *, token: str) -> None:
        """Send half of it, or all, and be gone without a word: by a reset, not an orderly end."""
        content = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: faults.test\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        ).encode()
        sent = content[: len(content) // 2] if self._rng.random() < 0.5 else content
        address = urlsplit(self._crowd.url)
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(head + sent)
        await writer.drain()
        await asyncio.sleep(self._rng.uniform(0, 0.01))
        writer.transport.abort()

    async def _begin(self) -> Taking | None:
        agent = {"external_id": {"issuer": "faults", "value": self._name}}
        body = {"agent": agent, "framework": FRAMEWORK, "competences": COMPETENCES}
        reply = await self._sent("/v1/test-sessions", body, key=str(uuid4()))
        if reply is None:
            self._crowd.unheard += 1
            return None
        document = reply.json()
        return Taking(document["id"], document["session_token"], document["pending_item"])

    async def _read(self, taking: Taking) -> Document:
        headers = {"Authorization": f"Bearer {taking.token}"}
        path = f"/v1/test-sessions/{taking.session_id}"
        while True:
            reply = await self._attempt("GET", path, headers=headers, content=b"")
            if reply is not None and reply.status_code == 200:
                document: Document = reply.json()
                return document
            await asyncio.sleep(0.2)

    async def _sent(
        self, path: str, body: Document, *, token: str = "", key: str = ""
    ) -> httpx.Response | None:
        """Send until it is answered for good; None when the crowd is over, or for an error."""
        pause = 0.05
        content = json.dumps(body).encode()
        while not self._crowd.is_over:
            headers = {"Content-Type": "application/json"}
            headers["Authorization"] = f"Bearer {token or self._crowd.token}"
            if key:
                headers["Idempotency-Key"] = key
            reply = await self._attempt("POST", path, headers=headers, content=content)
            if reply is not None and reply.status_code == 401 and not token:
                await self._renew_token()
            elif reply is not None and reply.status_code not in AGAIN:
                return self._judged(reply)
            told = 0.0 if reply is None else float(reply.headers.get("retry-after", 0))
            await asyncio.sleep(max(told, pause) * self._rng.uniform(1.0, 1.25))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return None

    def _judged(self, reply: httpx.Response) -> httpx.Response | None:
        code = reply.json().get("code", "") if "json" in reply.headers["content-type"] else "?"
        if reply.status_code == 201 or code == "answer_already_accepted":
            return reply
        self._crowd.watch.errors[f"{reply.status_code} {code}"] += 1
        return None

    async def _attempt(
        self, method: str, path: str, *, headers: Mapping[str, str], content: bytes
    ) -> httpx.Response | None:
        """One request; None when no response came."""
        watch = self._crowd.watch
        started = time.monotonic()
        try:
            reply = await self._http.request(method, path, headers=headers, content=content)
        except httpx.TransportError as error:
            watch.cut[type(error).__name__] += 1
            return None
        finally:
            watch.slowest = max(watch.slowest, time.monotonic() - started)
        if reply.status_code in AGAIN:
            watch.refused[reply.status_code] += 1
        return reply

    async def _renew_token(self) -> None:
        client = self._crowd.tenant.client
        form = {
            "grant_type": "client_credentials",
            "client_id": str(client.client_id),
            "client_secret": str(client.client_secret),
        }
        try:
            granted = await self._http.post("/oauth/token", data=form)
        except httpx.TransportError as error:
            self._crowd.watch.cut[type(error).__name__] += 1
            return
        if granted.status_code == 200:
            self._crowd.token = granted.json()["access_token"]
