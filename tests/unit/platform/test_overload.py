"""What a full, a late and a stopping process say, and whom they let wait."""

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pacnum_api.platform.overload import ALWAYS_LET_IN, ALWAYS_SERVED, Load, Overload, Patience

PATIENCE = Patience(body_seconds=0.1, request_seconds=0.1, kept_bytes=10)
LONG = Patience(body_seconds=20, request_seconds=20, kept_bytes=10)


@dataclass
class Caller:
    """One request, as the server sees it: what comes in, what went out."""

    path: str = "/v1/agents"
    pieces: Iterable[bytes] | None = None
    is_cut: bool = False
    sent: list[Message] = field(default_factory=list)

    async def ask(self, app: ASGIApp) -> None:
        headers = [] if self.pieces is None else [(b"transfer-encoding", b"chunked")]
        scope = {"type": "http", "path": self.path, "method": "POST", "headers": headers}
        waiting = list(self.pieces or [])

        async def receive() -> Message:
            if waiting:
                piece, more = waiting.pop(0), bool(waiting) or self.is_cut
                return {"type": "http.request", "body": piece, "more_body": more}
            if self.is_cut:
                return {"type": "http.disconnect"}
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Message) -> None:
            self.sent.append(message)

        await app({**scope, "state": {}}, receive, send)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def problem(self) -> Any:
        return json.loads(self.sent[1]["body"])


class Site:
    """An application that reads its body and answers when it may."""

    def __init__(self, limit: int = 2, patience: Patience = LONG) -> None:
        self.load = Load(limit)
        self.open = asyncio.Event()
        self.bodies: list[bytes] = []
        self.app = Overload(self.answer, load=self.load, patience=patience)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", any(name == b"transfer-encoding" for name, _ in scope["headers"])
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        self.bodies.append(body)
        await self.open.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - whatever the condition is
            await asyncio.sleep(0.001)


class Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def serve(load: Load, clock: Clock, *, rate: float, wanting: int) -> None:
    """For ten seconds one after the other ends, ``rate`` a second; the others want to enter."""
    for _ in range(int(10 * rate)):
        for _ in range(wanting - load.in_flight):
            load.try_enter()
        clock.seconds += 1 / rate
        load.leave()


def test_where_requests_take_too_long_fewer_are_let_in() -> None:
    """80 a second, 200 at once: each would wait for 2.5 seconds."""
    clock = Clock()
    load = Load(256, wanted_seconds=1.0, clock=clock)
    serve(load, clock, rate=80, wanting=200)
    assert 70 <= load.in_flight <= 160  # twice as many as can be afforded, for a moment
    assert load.refused > 0


def test_where_the_machine_is_fast_enough_all_are_let_in() -> None:
    clock = Clock()
    load = Load(256, wanted_seconds=1.0, clock=clock)
    serve(load, clock, rate=400, wanting=200)
    assert (load.refused, load.allowed) == (0, 256)


def test_where_they_are_quick_again_more_are_let_in() -> None:
    clock = Clock()
    load = Load(256, wanted_seconds=1.0, clock=clock)
    serve(load, clock, rate=20, wanting=200)
    assert load.in_flight < 60
    serve(load, clock, rate=400, wanting=200)
    assert load.allowed == 256


def test_where_nothing_ends_a_few_are_let_in_all_the_same() -> None:
    clock = Clock()
    load = Load(256, wanted_seconds=1.0, clock=clock)
    for _ in range(40):
        assert load.try_enter()
    clock.seconds += 3
    assert not load.try_enter()
    assert load.allowed == ALWAYS_LET_IN


def test_a_slow_request_among_quick_ones_changes_nothing() -> None:
    clock = Clock()
    load = Load(256, wanted_seconds=1.0, clock=clock)
    assert load.try_enter()  # a report, say
    serve(load, clock, rate=40, wanting=20)
    assert load.allowed == 256


async def test_a_full_process_refuses_at_once_and_serves_again_when_there_is_room() -> None:
    site = Site(limit=2)
    inside = [Caller(), Caller()]
    tasks = [asyncio.create_task(caller.ask(site.app)) for caller in inside]
    await until(lambda: site.load.in_flight == 2)

    refused = Caller()
    await refused.ask(site.app)  # it does not wait for the two

    assert (refused.status, refused.problem["code"]) == (503, "service_unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert (site.load.in_flight, site.load.refused) == (2, 1)
    site.open.set()
    await asyncio.gather(*tasks)
    later = Caller()
    await later.ask(site.app)
    assert [caller.status for caller in (*inside, later)] == [200, 200, 200]
    assert site.load.in_flight == 0


@pytest.mark.parametrize("path", sorted(ALWAYS_SERVED))
async def test_what_operators_look_at_is_always_served(path: str) -> None:
    site = Site(limit=1)
    assert site.load.try_enter()
    site.open.set()
    looked = Caller(path)
    await looked.ask(site.app)
    assert looked.status == 200


async def test_whoever_sends_slowly_holds_no_place_and_is_told() -> None:
    site = Site(limit=1, patience=PATIENCE)
    site.open.set()
    slow, quick = Caller(pieces=[]), Caller()
    task = asyncio.create_task(slow.ask(site.app))
    await asyncio.sleep(0)
    await quick.ask(site.app)
    await task
    assert quick.status == 200
    assert (slow.status, slow.problem["code"]) == (408, "request_timeout")
    assert slow.headers["connection"] == "close"
    assert site.bodies == [b""]


@pytest.mark.parametrize(
    "pieces", [[b"whole"], [b"in ", b"two"], [b"longer than ", b"is kept, ", b"and read on"]]
)
async def test_a_body_arrives_as_it_was_sent(pieces: list[bytes]) -> None:
    site = Site()
    site.open.set()
    await Caller(pieces=pieces).ask(site.app)
    assert site.bodies == [b"".join(pieces)]


async def test_a_request_whose_sender_has_left_is_not_carried_out() -> None:
    site = Site()
    gone = Caller(pieces=[b"half"], is_cut=True)
    await gone.ask(site.app)
    assert (gone.sent, site.bodies, site.load.in_flight) == ([], [], 0)


async def test_a_body_that_is_too_large_is_left_to_its_reader_to_refuse() -> None:
    site = Site()
    headers = [(b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "path": "/", "headers": headers, "state": {}}

    async def receive() -> Message:
        raise HTTPException(413)

    with pytest.raises(HTTPException):
        await site.app(scope, receive, _ignored)
    assert site.load.in_flight == 0


async def test_a_late_request_is_ended_and_gives_its_place_back() -> None:
    site = Site(patience=PATIENCE)
    late = Caller()
    await late.ask(site.app)
    assert (late.status, late.problem["code"]) == (503, "service_unavailable")
    assert site.load.in_flight == 0


async def test_an_answer_that_has_begun_may_take_its_time() -> None:
    async def trickle(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.2)
        await send({"type": "http.response.body", "body": b"at last"})

    reader = Caller()
    await reader.ask(Overload(trickle, load=Load(1), patience=PATIENCE))
    assert [message.get("body") for message in reader.sent] == [None, b"at last"]


async def test_a_request_that_a_stopping_server_gives_up_gets_an_answer() -> None:
    site = Site()
    caller = Caller()
    task = asyncio.create_task(caller.ask(site.app))
    await until(lambda: site.load.in_flight == 1)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert (caller.status, caller.problem["code"]) == (503, "service_unavailable")
    assert site.load.in_flight == 0


async def test_an_answer_cut_by_a_stopping_server_is_not_begun_anew() -> None:
    begun = asyncio.Event()

    async def hang(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        await asyncio.Event().wait()

    caller = Caller()
    app = Overload(hang, load=Load(1), patience=LONG)
    task = asyncio.create_task(caller.ask(app))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(caller.sent) == 1


async def test_a_stopping_process_is_not_ready_and_sends_clients_elsewhere() -> None:
    site = Site()
    site.open.set()
    site.load.is_stopping = True
    looking, alive, asking = Caller("/readyz"), Caller("/healthz"), Caller()
    for caller in (looking, alive, asking):
        await caller.ask(site.app)
    assert [caller.status for caller in (looking, alive, asking)] == [503, 200, 200]
    assert asking.headers["connection"] == "close"


async def test_what_is_not_http_passes() -> None:
    seen: list[str] = []

    async def note(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope["type"])

    await Overload(note, load=Load(1), patience=LONG)({"type": "lifespan"}, _nothing, _ignored)
    assert seen == ["lifespan"]


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


async def _ignored(_: Message) -> None:
    pass
