"""The answer lane beside the route behind it: the same replies, whichever way an answer takes."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from pacnum_api.domains.clients.models import ClientOrigin
from pacnum_api.domains.items.service import forget_banks
from pacnum_api.domains.test_sessions.endpoints import AnswerLane, answer_lane
from pacnum_api.domains.test_sessions.schemas import AnswerAccepted
from pacnum_api.domains.test_sessions.service import answer_desk
from pacnum_api.entrypoints.api import Service
from pacnum_api.platform.schemas import rfc3339
from tests.support.callers import Caller
from tests.support.simulated_agent import Document, answer_to, begin, path_of

SITE = "https://intranet.example"


class Counted:
    """The application behind the lane; counts the answers that get as far as that."""

    def __init__(self, lane: AnswerLane) -> None:
        self._inner = lane.app
        self.answers = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.answers += scope["path"].endswith("/answers")
        await self._inner(scope, receive, send)


@pytest.fixture
def routed(app: Service, monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted(app.lane)
    monkeypatch.setattr(app.lane, "app", counted)
    return counted


@pytest.fixture
async def session(caller: Caller) -> Document:
    return await begin(caller)


def skipped(session: Document, **changes: Any) -> Document:
    return {**answer_to(session["pending_item"], None), **changes}


async def send(caller: Caller, session: Document, **options: Any) -> httpx.Response:
    """Skip the pending item."""
    options.setdefault("json", skipped(session))
    return await caller.post(path_of(session, "answers"), **options)


async def test_an_ordinary_answer_does_not_reach_the_route(
    caller: Caller, session: Document, routed: Counted
) -> None:
    page = caller.with_token(session["session_token"])
    for who in (caller, page, page):
        reply = await send(who, session)
        assert reply.status_code == 201, reply.text
        AnswerAccepted.model_validate_json(reply.content)
        session = {**session, **reply.json()}
    assert routed.answers == 0


async def test_the_last_answer_ends_the_test_without_the_route(
    caller: Caller, session: Document, *, routed: Counted, owner: asyncpg.Connection
) -> None:
    sent = [skipped(session)]
    last = await send(caller, session)
    while last.json()["pending_item"] is not None:
        sent.append(skipped(last.json()))
        last = await send(caller, session, json=sent[-1])
    assert routed.answers == 0
    reply = last.json()
    assert reply["state"] == "finished"
    again = await send(caller, session, json=sent[-1])
    assert again.content == last.content
    result = (await caller.get(path_of(session, "result"))).json()
    assert result["finished_at"] == reply["accepted_at"]
    assert sum(one["items_answered"] for one in result["competences"]) == len(sent)
    events = await owner.fetch(
        "SELECT type, occurred_at FROM outbox_events WHERE subject = $1 ORDER BY sequence",
        session["id"],
    )
    assert [one["type"] for one in events] == ["test_session.started", "test_session.finished"]
    assert rfc3339(events[-1]["occurred_at"]) == reply["accepted_at"]


async def test_both_ways_give_the_same_reply(
    caller: Caller, session: Document, routed: Counted
) -> None:
    by_lane = await send(caller, session)
    again = await send(caller, session)
    keyed = await send(caller, session, headers={"Idempotency-Key": uuid4().hex})
    assert routed.answers == 2
    assert by_lane.content == again.content == keyed.content
    first, second = dict(by_lane.headers), dict(again.headers)
    for headers in (first, second):
        assert headers.pop("x-request-id")
        assert headers.pop("ratelimit")
    assert first == second


async def test_pages_of_the_client_may_read_it_and_others_not(
    caller: Caller, session: Document, routed: Counted
) -> None:
    async with caller.app.state.database.unit_of_work(caller.tenant_id) as uow:
        uow.session.add(
            ClientOrigin(tenant_id=caller.tenant_id, client_id=caller.client_id, origin=SITE)
        )
    caller.app.state.gate.clients.drop("")
    open_to = await send(caller, session, headers={"Origin": SITE})
    session = {**session, **open_to.json()}
    closed_to = await send(caller, session, headers={"Origin": "https://other.example"})
    assert routed.answers == 0
    assert open_to.headers["access-control-allow-origin"] == SITE
    assert "RateLimit" in open_to.headers["access-control-expose-headers"]
    assert closed_to.status_code == 201
    assert "access-control-allow-origin" not in closed_to.headers


async def test_the_callers_own_request_id_is_kept(caller: Caller, session: Document) -> None:
    reply = await send(caller, session, headers={"X-Request-Id": "page-0001"})
    assert reply.headers["x-request-id"] == "page-0001"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"headers": {"Idempotency-Key": "k-1"}}, 201),
        ({"headers": {"Content-Type": "text/plain"}}, 415),
        ({"headers": {"Content-Type": "application/jsonl"}}, 415),
        ({"headers": {"Content-Type": "application/merge-patch+json"}}, 201),
        ({"headers": {"Authorization": "Basic eDp5"}}, 401),
        ({"headers": {"Authorization": "Bearer nobody"}}, 401),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"", "headers": {"Content-Type": "application/json"}}, 422),
        ({"json": {"position": 1}}, 422),
    ],
)
async def test_what_is_out_of_the_ordinary_is_left_to_the_route(
    caller: Caller, session: Document, routed: Counted, options: Any, status: int
) -> None:
    content = options.get("content", json.dumps(options.get("json", skipped(session))).encode())
    headers = {"Content-Type": "application/json", **options.get("headers", {})}
    reply = await caller.post(path_of(session, "answers"), content=content, headers=headers)
    assert (reply.status_code, routed.answers) == (status, 1), reply.text


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"position": 2}, "position_not_pending"),
        ({"item_id": str(uuid4())}, "item_not_pending"),
        ({"response": {"type": "single_choice", "choice": "none"}}, "response_rejected"),
        ({"response": {"type": "short_text", "text": "\ud800"}}, "invalid_input"),
    ],
)
async def test_a_wrong_answer_is_refused_by_the_route(
    caller: Caller, session: Document, routed: Counted, change: Document, code: str
) -> None:
    body = json.dumps(skipped(session, **change)).encode()
    headers = {"Content-Type": "application/json"}
    reply = await caller.post(path_of(session, "answers"), content=body, headers=headers)
    assert (reply.json()["code"], routed.answers) == (code, 1)
    assert (await send(caller, session)).status_code == 201


async def test_a_token_opens_its_own_session_alone(
    caller: Caller, session: Document, routed: Counted
) -> None:
    other = await begin(caller)
    page = caller.with_token(session["session_token"])
    refused = await send(page, other)
    assert (refused.status_code, routed.answers) == (404, 1)
    reader = await caller.with_scopes("results:read")
    assert (await send(reader, other)).status_code == 403
    assert (await send(caller, other)).status_code == 201


async def test_anothers_session_is_not_found(
    caller: Caller, stranger: Caller, session: Document
) -> None:
    for _ in range(2):
        assert (await send(stranger, session)).status_code == 404
    assert (await send(caller, session)).status_code == 201
    assert (await send(stranger, session)).status_code == 404


async def test_a_session_that_moves_between_processes_stays_in_the_lane(
    caller: Caller, beside: Caller, session: Document, routed: Counted
) -> None:
    reply = await send(beside, session)
    assert reply.status_code == 201
    for who in (caller, beside, caller, caller, beside):
        session = {**session, **reply.json()}
        reply = await send(who, session)
        assert reply.status_code == 201, reply.text
    assert routed.answers == 0


async def test_what_a_process_remembers_is_never_believed(
    caller: Caller, beside: Caller, session: Document, routed: Counted
) -> None:
    """It holds the session as pending; another process has ended it, or taken this very answer."""
    session = {**session, **(await send(caller, session)).json()}
    taken = await send(beside, session)
    again = await send(caller, session)
    assert again.content == taken.content
    other = await send(caller, session, json={**skipped(session), "item_id": str(uuid4())})
    assert other.json()["code"] == "answer_already_accepted"
    session = {**session, **taken.json()}
    assert (await send(caller, session)).status_code == 201
    ended = await begin(caller)
    ended = {**ended, **(await send(caller, ended)).json()}
    assert (await beside.post(path_of(ended, "abandon"))).status_code == 200
    refused = await send(caller, ended)
    assert refused.json()["code"] == "session_not_in_progress"
    assert routed.answers == 3


async def test_a_test_that_is_over_is_not_remembered(caller: Caller, session: Document) -> None:
    remembered = caller.app.state.answers._live
    key = caller.tenant_id.bytes + UUID(session["id"]).bytes
    was_remembered = False
    while session["pending_item"] is not None:
        reply = await send(caller, session)
        assert reply.status_code == 201, reply.text
        was_remembered |= key in remembered
        session = {**session, **reply.json()}
    assert was_remembered
    assert key not in remembered


async def test_a_test_that_stands_idle_is_dropped_and_read_again(
    caller: Caller, session: Document, routed: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_desk, "IDLE_SECONDS", 0.0)
    other = await begin(caller)
    session = {**session, **(await send(caller, session)).json()}
    key = caller.tenant_id.bytes + UUID(session["id"]).bytes
    assert key in caller.app.state.answers._live
    assert (await send(caller, other)).status_code == 201
    assert key not in caller.app.state.answers._live
    assert (await send(caller, session)).status_code == 201
    assert routed.answers == 0


async def test_time_ends_a_remembered_session_too(
    caller: Caller, session: Document, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "UPDATE test_sessions SET expires_at = now() WHERE id = $1", UUID(session["id"])
    )
    refused = await send(caller, session)
    assert refused.json()["code"] == "session_not_in_progress"


async def test_a_process_without_the_bank_loads_it_by_the_route(
    caller: Caller, session: Document, routed: Counted
) -> None:
    forget_banks()
    reply = await send(caller, session)
    assert (reply.status_code, routed.answers) == (201, 1)
    session = {**session, **reply.json()}
    assert (await send(caller, session)).status_code == 201
    assert routed.answers == 1


async def test_a_cut_connection_costs_nobody_an_answer(
    caller: Caller, session: Document, owner: asyncpg.Connection
) -> None:
    """Every connection of the service is cut; the route finds out what became of the answer."""
    session = {**session, **(await send(caller, session)).json()}
    await owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND application_name = 'pacnum'"
    )
    reply = await send(caller, session)
    assert reply.status_code in {201, 503}, reply.text
    if reply.status_code == 503:
        assert reply.headers["retry-after"]
        reply = await send(caller, session)
    assert reply.status_code == 201
    count = await owner.fetchval(
        "SELECT count(*) FROM answers WHERE session_id = $1", UUID(session["id"])
    )
    assert count == 2


class Wire:
    """One request below httpx: its body comes in the parts given, and then not at all."""

    def __init__(self, session: Document, *parts: bytes) -> None:
        token = f"Bearer {session['session_token']}".encode()
        self.scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": path_of(session, "answers"),
            "raw_path": path_of(session, "answers").encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "http_version": "1.1",
            "client": ("127.0.0.1", 1),
            "server": ("pacnum.test", 80),
            "headers": [(b"authorization", token), (b"content-type", b"application/json")],
        }
        self.sent: list[Message] = []
        self._parts: Iterator[bytes] = iter(parts)
        self._left = len(parts)

    async def receive(self) -> Message:
        self._left -= 1
        return {"type": "http.request", "body": next(self._parts), "more_body": self._left > 0}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status


@pytest.mark.parametrize("cuts", [[10], [0], [40, 90]])
async def test_a_body_may_come_in_parts(
    app: Service, session: Document, routed: Counted, cuts: list[int]
) -> None:
    body = json.dumps(skipped(session)).encode()
    bounds = [0, *cuts, len(body)]
    parts = [body[first:last] for first, last in pairwise(bounds)]
    wire = Wire(session, *parts)
    await app(wire.scope, wire.receive, wire.send)
    assert (wire.status, routed.answers) == (201, 0)


async def test_a_long_body_is_left_to_the_route(
    app: Service, session: Document, routed: Counted
) -> None:
    wire = Wire(session, json.dumps(skipped(session)).encode() + b" " * answer_lane.LARGEST_BODY)
    await app(wire.scope, wire.receive, wire.send)
    assert (wire.status, routed.answers) == (201, 1)


async def test_a_slow_body_is_waited_for_by_the_route(
    app: Service, session: Document, routed: Counted
) -> None:
    body = json.dumps(skipped(session)).encode()
    wire = Wire(session, body[:20], body[20:])

    async def late() -> Message:
        await asyncio.sleep(0.05)
        return await wire.receive()

    lane = AnswerLane(routed, state=app.state, body_timeout_seconds=0.07)
    await lane({**wire.scope, "app": app}, late, wire.send)
    assert (wire.status, routed.answers) == (201, 1)


async def test_whoever_hangs_up_before_the_body_stores_nothing(
    app: Service, session: Document, owner: asyncpg.Connection
) -> None:
    wire = Wire(session)

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    await app(wire.scope, gone, wire.send)
    count = await owner.fetchval(
        "SELECT count(*) FROM answers WHERE session_id = $1", UUID(session["id"])
    )
    assert count == 0


class SlowDesk:
    """A desk whose database says nothing."""

    async def accept(self, *_: object, **__: object) -> bytes:
        await asyncio.sleep(60)
        raise AssertionError


@pytest.mark.parametrize("is_stopped", [False, True], ids=["too long", "stopped"])
async def test_what_takes_too_long_is_answered_by_a_refusal(
    app: Service,
    session: Document,
    routed: Counted,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_stopped: bool,
) -> None:
    seconds = 60 if is_stopped else 0.05
    hurried = app.state.settings.model_copy(update={"request_timeout_seconds": seconds})
    monkeypatch.setitem(app.state._state, "settings", hurried)
    monkeypatch.setitem(app.state._state, "answers", SlowDesk())
    wire = Wire(session, json.dumps(skipped(session)).encode())
    serving = asyncio.create_task(app(wire.scope, wire.receive, wire.send))
    if is_stopped:
        await asyncio.sleep(0.1)
        serving.cancel()
    await serving
    headers = dict(wire.sent[0]["headers"])
    assert (wire.status, routed.answers) == (503, 1)
    assert headers[b"retry-after"]
    assert headers[b"ratelimit"]
    assert json.loads(wire.sent[1]["body"])["code"] == "service_unavailable"
    assert app.state.load.in_flight == 0


async def test_a_silent_database_is_waited_for_once(
    app: Service, session: Document, routed: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent:
        async def accept(self, *_: object, **__: object) -> bytes:
            raise TimeoutError

    monkeypatch.setitem(app.state._state, "answers", Silent())
    wire = Wire(session, json.dumps(skipped(session)).encode())
    await app(wire.scope, wire.receive, wire.send)
    assert (wire.status, routed.answers) == (503, 1)


async def requests_of(scope: Scope) -> AsyncIterator[Scope]:
    """The same request with another method, and at addresses that only look alike."""
    path = scope["path"]
    for changed in (
        {"method": "GET"},
        {"path": path + "/"},
        {"path": path.replace("-", "x")},
        {"path": path[:-1] + "S"},
        {"type": "lifespan"},
    ):
        yield {**scope, **changed}


async def test_other_requests_pass_by(session: Document) -> None:
    seen: list[Scope] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        del receive, send
        seen.append(scope)

    wire = Wire(session)
    lane = AnswerLane(inner, state=None)  # type: ignore[arg-type]  # not looked at
    asked = [scope async for scope in requests_of(wire.scope)]
    for scope in asked:
        await lane(scope, wire.receive, wire.send)
    assert seen == asked
