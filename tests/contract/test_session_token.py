"""A session token opens its own session, and nothing else, on every route there is."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.belongings import Belongings, give_belongings
from tests.support.callers import Caller
from tests.support.operations import Operation, each, operations
from tests.support.problems import check_problem

PUBLIC = {
    "clients_issue_token",
    "clients_read_keys",
    "clients_read_metadata",
    "operations_read_health",
    "operations_read_readiness",
    "operations_read_metrics",
}
"""Operations without a bearer token: what they say is the same for everybody."""

OWN_ROUTES = {
    "test_sessions_read_session",
    "test_sessions_submit_answer",
    "test_sessions_finish_session",
    "test_sessions_abandon_session",
    "test_sessions_read_file",
    "test_sessions_read_result",
}
"""The session, its pending item with its files, its answers, its result."""


@pytest.fixture
async def belongings(caller: Caller, tmp_path: Path) -> Belongings:
    return await give_belongings(caller, tmp_path)


@pytest.fixture
def taker(caller: Caller, belongings: Belongings) -> Caller:
    """The agent's browser, in the session of ``belongings``."""
    return caller.with_token(belongings.session["session_token"])


async def send(taker: Caller, operation: Operation, belongings: Belongings, **ids: str) -> Any:
    values = {**belongings.path_values(operation), **ids}
    address = operation.address(values, query=belongings.query_values(operation))
    return await taker.request(operation.method, address, **belongings.sending(operation))


def test_every_operation_is_one_of_three_sorts() -> None:
    assert {one.id for one in operations() if not one.is_guarded} == PUBLIC
    assert {one.id for one in operations() if one.takes_session_tokens} == OWN_ROUTES


@each(lambda one: one.id in OWN_ROUTES)
async def test_its_own_session_is_open(
    operation: Operation, taker: Caller, belongings: Belongings
) -> None:
    if operation.id == "test_sessions_read_result":
        check_problem(await send(taker, operation, belongings), 409, code="result_not_available")
        finish = f"/v1/test-sessions/{belongings.session['id']}/finish"
        assert (await taker.post(finish)).status_code == 200
    assert (await send(taker, operation, belongings)).is_success


@each(lambda one: one.id in OWN_ROUTES)
@pytest.mark.parametrize("whose", ["a colleague", "another tenant", "nobody"])
async def test_another_session_is_not_there(
    operation: Operation,
    taker: Caller,
    *,
    belongings: Belongings,
    stranger: Caller,
    whose: str,
    tmp_path: Path,
) -> None:
    session_id = "0197a2f0-58d0-7c65-b3a4-5d0d5a4f0c11"
    if whose == "a colleague":
        session_id = belongings.ended_id
    elif whose == "another tenant":
        session_id = (await give_belongings(stranger, tmp_path)).session["id"]
    answer = await send(taker, operation, belongings, session_id=session_id)
    check_problem(answer, 404, code="test_session_not_found", of=operation)


@each(lambda one: one.is_guarded and one.id not in OWN_ROUTES)
async def test_every_other_operation_is_closed(
    operation: Operation, taker: Caller, *, caller: Caller, belongings: Belongings
) -> None:
    # everything named is of its own tenant, its own agent, its own session
    answer = await send(taker, operation, belongings)
    check_problem(answer, 403, code="insufficient_scope", of=operation)
    allowed = await send(caller, operation, belongings)
    assert allowed.is_success or allowed.status_code == 428, allowed.text


async def test_it_gets_no_other_token(taker: Caller) -> None:
    form = {"grant_type": "client_credentials"}
    answer = await taker.post("/oauth/token", data=form)
    check_problem(answer, 401, code="invalid_client")


async def test_it_is_good_for_its_session_in_whatever_state(
    taker: Caller, belongings: Belongings
) -> None:
    path = f"/v1/test-sessions/{belongings.session['id']}"
    assert (await taker.post(f"{path}/abandon")).json()["state"] == "abandoned"
    assert (await taker.get(path)).json()["pending_item"] is None
    check_problem(await taker.get(f"{path}/result"), 409, code="result_not_available")
    check_problem(await taker.get(f"{path}/explanation"), 403, code="insufficient_scope")
