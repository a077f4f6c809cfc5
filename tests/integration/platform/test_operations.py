"""Health, metrics and the documentation page."""

import re
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from pacnum_api.entrypoints.api import create_app
from pacnum_api.platform.migrations import head_revision
from pacnum_api.platform.settings import Settings
from tests.support.callers import Caller
from tests.support.problems import check_problem

LOCAL = re.compile(r"http://pacnum\.test|http://www\.w3\.org")


async def test_health_asks_nobody(http: httpx.AsyncClient) -> None:
    answer = await http.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("revision", "status"), [("0000", 503), ("9999", 200), (head_revision(), 200)]
)
async def test_ready_once_the_migrations_are_there(
    http: httpx.AsyncClient, owner: asyncpg.Connection, *, revision: str, status: int
) -> None:
    await owner.execute("UPDATE alembic_version SET version_num = $1", revision)
    try:
        answer = await http.get("/readyz")
    finally:
        await owner.execute("UPDATE alembic_version SET version_num = $1", head_revision())
    if status == 200:
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "migration": revision})
    else:
        problem = check_problem(answer, 503, code="service_unavailable")
        assert head_revision() in str(problem["detail"])


# --- metrics --------------------------------------------------------------------------------------


def client_from(app: FastAPI, host: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(host, 1234), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://pacnum.test")


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1", 200), ("::1", 200), ("10.0.0.7", 403), ("testclient", 403), ("", 403)],
)
async def test_metrics_are_read_from_loopback(app: FastAPI, host: str, status: int) -> None:
    async with client_from(app, host) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == status
    if status == 403:
        check_problem(answer, 403, code="metrics_refused")


@pytest.fixture
async def tokened(settings: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(settings.model_copy(update={"metrics_token": "open sesame"}))
    async with app.router.lifespan_context(app):
        yield app


async def test_a_token_replaces_the_address(tokened: FastAPI) -> None:
    async with client_from(tokened, "10.0.0.7") as client:
        good = await client.get("/metrics", headers={"Authorization": "Bearer open sesame"})
        assert good.status_code == 200
    async with client_from(tokened, "127.0.0.1") as client:
        for given in ("", "Bearer", "Bearer open", "open sesame", "Bearer open sesame!", "\xe9"):
            headers = {b"Authorization": given.encode("latin-1")}
            check_problem(await client.get("/metrics", headers=headers), 403)


async def test_metrics_count_by_route_and_name_nobody(
    caller: Caller, http: httpx.AsyncClient
) -> None:
    agent = (await caller.put("/v1/agents/by-external-id/hr/jane", json={})).json()
    await caller.get(f"/v1/agents/{agent['id']}")
    await caller.get("/nowhere/at/all")
    answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.text
    assert (
        'pacnum_http_requests_total{method="GET",route="/v1/agents/{agent_id}",status="200"}'
        in text
    )
    assert 'route="unmatched",status="404"' in text
    assert "pacnum_http_request_duration_seconds_bucket" in text
    for private in (agent["id"], "jane", "nowhere", str(caller.tenant_id), str(caller.client_id)):
        assert private not in text


# --- documentation --------------------------------------------------------------------------------


async def test_the_page_needs_no_other_host(http: httpx.AsyncClient) -> None:
    page = await http.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "//" not in re.sub(r"/\*.*?\*/|<!--.*?-->", "", page.text, flags=re.DOTALL)
    assets = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert len(assets) >= 3
    for asset in assets:
        assert asset.startswith("/docs/assets/")
        found = await http.get(asset)
        assert found.status_code == 200
        assert found.content
    assert "url: '/openapi.json'" in page.text


async def test_its_style_sheet_loads_nothing_either(http: httpx.AsyncClient) -> None:
    style = (await http.get("/docs/assets/swagger-ui.css")).text
    loaded = re.findall(r"url\(([^)]*)\)|@import ([^;]*)", style)
    assert all(
        "//" not in LOCAL.sub("", one) or one.startswith(("data:", '"data:')) for one, _ in loaded
    )
    assert not any(imported for _, imported in loaded)


async def test_unknown_assets_are_not_found(http: httpx.AsyncClient) -> None:
    for path in ("/docs/assets/none.js", "/docs/assets/..%2f__init__.py", "/docs/none"):
        check_problem(await http.get(path), 404, code="not_found")
    check_problem(await http.post("/docs/assets/swagger-ui.css"), 405)


async def test_the_document_is_served_as_it_is_built(app: FastAPI, http: httpx.AsyncClient) -> None:
    answer = await http.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == app.openapi()
