"""On every operation that asks for a token: none, forged ones, and one for something else."""

import httpx

from pacnum_api.platform.auth.scopes import Scope
from tests.support.callers import Caller
from tests.support.forgeries import forged_headers
from tests.support.operations import JSON, Operation, each
from tests.support.problems import check_problem

SOME_ID = "0197a2f0-58d0-7c65-b3a4-5d0d5a4f0c11"
SOME_VALUES = {
    "code": "digcomp-2.2",
    "framework": "digcomp-2.2",
    "name": "a.csv",
    "position": "1",
    "issuer": "hr",
    "value": "a-1",
}


async def send(
    http: httpx.AsyncClient, operation: Operation, authorization: str | None
) -> httpx.Response:
    values = {name: SOME_VALUES.get(name, SOME_ID) for name in operation.path_parameters}
    headers = {} if authorization is None else {"Authorization": authorization}
    body: dict[str, object] | None = {} if operation.body_type == JSON else None
    address = operation.address(values)
    return await http.request(operation.method, address, headers=headers, json=body)


@each(lambda one: one.is_guarded)
async def test_nobody_comes_in_without_a_token(
    operation: Operation, http: httpx.AsyncClient
) -> None:
    for authorization in (None, "", "Bearer", "Bearer ", "Basic YTpi", "Token abc"):
        answer = await send(http, operation, authorization)
        check_problem(answer, 401, code="missing_token", of=operation)
        assert answer.headers["www-authenticate"] == 'Bearer realm="pacnum"'


@each(lambda one: one.is_guarded)
async def test_no_forged_token_is_believed(operation: Operation, caller: Caller) -> None:
    headers = await forged_headers(caller)
    sound = await send(caller.http, operation, headers.pop("sound"))
    assert sound.status_code != 401, sound.text
    for wrong, authorization in headers.items():
        answer = await send(caller.http, operation, authorization)
        assert answer.status_code == 401, wrong
        check_problem(answer, 401, code="invalid_token", of=operation)
        assert answer.headers["www-authenticate"].endswith('error="invalid_token"')


@each(lambda one: one.is_guarded)
async def test_every_other_scope_together_is_not_enough(
    operation: Operation, caller: Caller
) -> None:
    assert operation.scopes <= set(Scope)
    narrow = await caller.with_scopes(*(set(Scope) - operation.scopes))
    answer = await send(caller.http, operation, f"Bearer {narrow.token}")
    problem = check_problem(answer, 403, code="insufficient_scope", of=operation)
    assert problem["required_scopes"] == sorted(operation.scopes)
    assert f'scope="{" ".join(sorted(operation.scopes))}"' in answer.headers["www-authenticate"]
