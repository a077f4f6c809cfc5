"""A full process, as callers, pages and operators see it."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from pacnum_api.platform.overload import Load
from tests.support.callers import Caller
from tests.support.problems import check_problem
from tests.support.simulated_agent import answer_to, begin, path_of


@pytest.fixture
def load(app: FastAPI) -> Iterator[Load]:
    found: Load = app.state.load
    yield found
    found.allowed = found.limit


async def test_answers_are_refused_like_all_else_and_taken_afterwards(
    caller: Caller, load: Load
) -> None:
    session = await begin(caller)
    path, body = path_of(session, "answers"), answer_to(session["pending_item"], None)
    load.allowed = 0
    for reply in (await caller.post(path, json=body), await caller.get("/v1/agents")):
        check_problem(reply, 503, code="service_unavailable")
        assert int(reply.headers["retry-after"]) > 0
        assert reply.headers["x-request-id"]
    load.allowed = load.limit
    assert (await caller.post(path, json=body)).status_code == 201
    assert load.in_flight == 0


async def test_operators_still_see_how_it_stands(http: httpx.AsyncClient, load: Load) -> None:
    load.allowed = 0
    for path in ("/healthz", "/readyz", "/metrics"):
        assert (await http.get(path)).status_code == 200


async def test_a_stopping_process_answers_and_asks_to_connect_anew(
    caller: Caller, load: Load
) -> None:
    session = await begin(caller)
    load.is_stopping = True
    try:
        reply = await caller.post(
            path_of(session, "answers"), json=answer_to(session["pending_item"], None)
        )
        check_problem(await caller.http.get("/readyz"), 503, code="service_unavailable")
    finally:
        load.is_stopping = False
    assert (reply.status_code, reply.headers["connection"]) == (201, "close")
