"""Routes behind the gate: challenges, scopes, sessions, quota headers, origins."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import Depends, FastAPI, Request, Response, Security

from pacnum_api.kernel.errors import DomainError
from pacnum_api.platform.auth.access import authenticate, authorise, authorise_session
from pacnum_api.platform.auth.clients import ClientState
from pacnum_api.platform.auth.errors import InvalidToken
from pacnum_api.platform.auth.gate import SESSION_QUOTA, Admission
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.scopes import SESSION_SCOPE, Scope
from pacnum_api.platform.cors import ClientCors
from pacnum_api.platform.problems import render_error
from pacnum_api.platform.rate_limits import Quota, RateDecision, RateLimitHeaders

SITE = "https://test.example"
OTHER_SITE = "https://other.example"
# written out: parameters of tests are the same in every worker
TENANT, CLIENT, SESSION, ELSEWHERE = (
    UUID(f"0197a2f0-58d0-7c65-b3a4-5d0d5a4f0c1{n}") for n in range(4)
)
READER = Principal(TENANT, CLIENT, str(CLIENT), frozenset({Scope.ITEMS_READ}))
RUNNER = Principal(TENANT, CLIENT, str(CLIENT), frozenset({Scope.TEST_SESSIONS_RUN}))
TAKER = Principal(TENANT, CLIENT, f"test_session:{SESSION}", frozenset({SESSION_SCOPE}), SESSION)
BEARERS = {"reader": READER, "runner": RUNNER, "taker": TAKER, "spent": READER}


class KnownOrigins:
    async def is_known_origin(self, origin: str) -> bool:
        return origin in {SITE, OTHER_SITE}


class FakeGate:
    """Lets in the tokens of BEARERS; "spent" has used up its quota."""

    def __init__(self) -> None:
        self.clients = KnownOrigins()
        self.admitted = 0

    async def admit(self, token: str) -> Admission:
        self.admitted += 1
        if token not in BEARERS:
            raise InvalidToken
        is_allowed = token != "spent"
        principal = BEARERS[token]
        quota = SESSION_QUOTA if principal.is_session else Quota("client", requests=600)
        return Admission(
            principal=principal,
            client=ClientState(600, frozenset({SITE})),
            rate=RateDecision(is_allowed, quota, 421 if is_allowed else 0, 33),
        )


def make_app() -> FastAPI:
    app = FastAPI()
    app.state.gate = FakeGate()

    @app.exception_handler(DomainError)
    async def render(request: Request, error: DomainError) -> Response:
        return render_error(error, request.scope)

    @app.get("/items")
    async def items(
        caller: Annotated[Principal, Security(authorise, scopes=[Scope.ITEMS_READ])],
        again: Annotated[Principal, Depends(authenticate)],
    ) -> str:
        assert again is caller
        return caller.subject

    @app.get("/test-sessions/{session_id}")
    async def session(
        session_id: UUID,
        caller: Annotated[Principal, Security(authorise_session, scopes=[Scope.TEST_SESSIONS_RUN])],
    ) -> str:
        return caller.subject

    @app.get("/open")
    async def open_to_all() -> str:
        return "open"

    @app.post("/oauth/token")
    async def token() -> str:
        return "token"

    app.add_middleware(RateLimitHeaders)
    app.add_middleware(ClientCors)
    return app


@pytest.fixture
def app() -> FastAPI:
    return make_app()


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://pacnum.test") as client:
        yield client


def bearer(token: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **headers}


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Token reader"])
async def test_without_a_token_a_bare_challenge(http: httpx.AsyncClient, value: str | None) -> None:
    headers = {} if value is None else {"Authorization": value}
    answer = await http.get("/items", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "missing_token"
    assert answer.headers["www-authenticate"] == 'Bearer realm="pacnum"'
    assert answer.headers["content-type"] == "application/problem+json"


async def test_with_a_bad_token_the_error_is_named(http: httpx.AsyncClient) -> None:
    answer = await http.get("/items", headers=bearer("forged"))
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_token"
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "ratelimit" not in answer.headers


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_has_no_case(http: httpx.AsyncClient, scheme: str) -> None:
    answer = await http.get("/items", headers={"Authorization": f"{scheme} reader"})
    assert answer.status_code == 200


async def test_with_another_scope_the_needed_one_is_named(http: httpx.AsyncClient) -> None:
    answer = await http.get("/items", headers=bearer("runner"))
    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"
    assert answer.json()["required_scopes"] == ["items:read"]
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope", scope="items:read"' in challenge


async def test_a_request_is_counted_once_however_many_dependencies_ask(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    assert (await http.get("/items", headers=bearer("reader"))).status_code == 200
    assert app.state.gate.admitted == 1


@pytest.mark.parametrize(
    ("token", "path", "status"),
    [
        ("taker", f"/test-sessions/{SESSION}", 200),
        ("taker", f"/test-sessions/{str(SESSION).upper()}", 200),
        ("taker", f"/test-sessions/{ELSEWHERE}", 404),
        ("taker", "/test-sessions/anything", 404),
        ("taker", "/items", 403),
        ("runner", f"/test-sessions/{SESSION}", 200),
        ("runner", f"/test-sessions/{ELSEWHERE}", 200),
        ("reader", f"/test-sessions/{SESSION}", 403),
    ],
)
async def test_a_session_token_reaches_its_own_session_alone(
    http: httpx.AsyncClient, token: str, path: str, status: int
) -> None:
    answer = await http.get(path, headers=bearer(token))
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("token", "path", "status", "expected"),
    [
        ("reader", "/items", 200, ('"client";q=600;w=60', '"client";r=421;t=33')),
        ("runner", "/items", 403, ('"client";q=600;w=60', '"client";r=421;t=33')),
        ("reader", "/nowhere", 404, None),
        ("spent", "/items", 429, ('"client";q=600;w=60', '"client";r=0;t=33')),
        (
            "taker",
            f"/test-sessions/{SESSION}",
            200,
            (f'"session";q={SESSION_QUOTA.requests};w=60', '"session";r=421;t=33'),
        ),
    ],
)
async def test_quota_headers_stand_on_every_authenticated_answer(
    http: httpx.AsyncClient, token: str, path: str, *, status: int, expected: Any
) -> None:
    answer = await http.get(path, headers=bearer(token))
    assert answer.status_code == status
    shown = (answer.headers.get("ratelimit-policy"), answer.headers.get("ratelimit"))
    assert shown == (expected or (None, None))


async def test_a_used_up_quota_says_when_to_come_back(http: httpx.AsyncClient) -> None:
    answer = await http.get("/items", headers=bearer("spent"))
    assert answer.json()["code"] == "rate_limit_exceeded"
    assert answer.headers["retry-after"] == "33"


@pytest.mark.parametrize(
    ("path", "token", "origin", "is_open"),
    [
        ("/items", "reader", SITE, True),
        ("/items", "runner", SITE, True),
        ("/items", "spent", SITE, True),
        ("/items", "reader", OTHER_SITE, False),
        ("/items", "forged", SITE, True),
        ("/items", "forged", OTHER_SITE, True),
        ("/items", "forged", "https://unknown.example", False),
        ("/items", "reader", "null", False),
        ("/open", None, SITE, True),
        ("/open", None, "https://unknown.example", False),
    ],
)
async def test_an_answer_is_open_to_the_origins_of_its_client(
    http: httpx.AsyncClient, path: str, token: str | None, *, origin: str, is_open: bool
) -> None:
    headers = {"Origin": origin} | (bearer(token) if token else {})
    answer = await http.get(path, headers=headers)
    assert answer.headers.get("access-control-allow-origin") == (origin if is_open else None)
    assert "Origin" in answer.headers["vary"]
    exposed = answer.headers.get("access-control-expose-headers", "")
    assert ("ETag" in exposed and "Retry-After" in exposed) is is_open
    assert "access-control-allow-credentials" not in answer.headers


async def test_the_token_endpoint_is_open_to_no_page(http: httpx.AsyncClient) -> None:
    answer = await http.post("/oauth/token", headers={"Origin": SITE})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    asked = await preflight(http, "/oauth/token", SITE)
    assert "access-control-allow-origin" not in asked.headers


async def preflight(http: httpx.AsyncClient, path: str, origin: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    return await http.options(path, headers=headers)


async def test_a_preflight_is_answered_for_origins_that_some_client_lists(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    answer = await preflight(http, f"/test-sessions/{SESSION}/answers", SITE)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == SITE
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert answer.headers["vary"] == "Origin"
    assert app.state.gate.admitted == 0


@pytest.mark.parametrize("origin", ["https://unknown.example", "null", "https://a b", "*"])
async def test_a_preflight_of_another_origin_opens_nothing(
    http: httpx.AsyncClient, origin: str
) -> None:
    answer = await preflight(http, "/items", origin)
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.headers["vary"] == "Origin"


async def test_an_answer_without_origin_still_varies_by_it(http: httpx.AsyncClient) -> None:
    answer = await http.get("/open")
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in answer.headers


def test_openapi_names_the_schemes_and_the_scopes(app: FastAPI) -> None:
    document = app.openapi()
    schemes = document["components"]["securitySchemes"]
    flow = schemes["client"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "/oauth/token"
    assert set(flow["scopes"]) == set(Scope)
    assert schemes["session"]["scheme"] == "bearer"
    assert document["paths"]["/items"]["get"]["security"] == [{"client": ["items:read"]}]
    either = document["paths"]["/test-sessions/{session_id}"]["get"]["security"]
    assert {"client": ["test_sessions:run"]} in either
    assert any("session" in way for way in either)
