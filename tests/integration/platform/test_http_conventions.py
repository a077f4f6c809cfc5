"""Languages, validators, request ids and cross-origin access, on real routes."""

import re
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from pacnum_api.domains.clients.models import ClientOrigin
from tests.support.callers import Caller
from tests.support.problems import check_problem

FRAMEWORK = "/v1/frameworks/digcomp-2.2"
AGENT = "/v1/agents/by-external-id/hr/a-1"
ORIGIN = "https://front.example"


# --- languages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        (None, "fr"),
        ("", "fr"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("de, en;q=0.5", "en"),
        ("fr;q=0.3, en;q=0.8", "en"),
        ("en;q=0.3, fr;q=0.8", "fr"),
        ("en;q=0", "fr"),
        ("de", "fr"),
        ("*", "fr"),
        ("en, *;q=0.1", "en"),
        ("en;q=nonsense, fr;q=0.1", "fr"),
        ("en;q=nan", "fr"),
        ("en;level=1", "en"),
    ],
)
async def test_texts_come_in_the_language_wished_for(
    caller: Caller, wish: str | None, language: str
) -> None:
    headers = {} if wish is None else {"Accept-Language": wish}
    answer = await caller.get(f"{FRAMEWORK}/areas", headers=headers)
    assert answer.headers["content-language"] == language
    assert "accept-language" in answer.headers["vary"].lower()
    title = answer.json()["data"][2]["title"]
    assert (
        title == {"fr": "Création de contenu numérique", "en": "Digital content creation"}[language]
    )


# --- validators -----------------------------------------------------------------------------------


async def test_a_read_has_a_strong_etag_and_a_304(caller: Caller) -> None:
    first = await caller.get(FRAMEWORK)
    etag = first.headers["etag"]
    assert re.fullmatch(r'"[^"]+"', etag)
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = await caller.get(FRAMEWORK, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        for header in ("etag", "cache-control", "content-language", "vary"):
            assert again.headers[header] == first.headers[header]
    for unknown in ('"other"', etag.strip('"'), ""):
        changed = await caller.get(FRAMEWORK, headers={"If-None-Match": unknown})
        assert (changed.status_code, changed.content) == (200, first.content)


async def test_each_language_is_a_representation_of_its_own(caller: Caller) -> None:
    french = await caller.get(FRAMEWORK, headers={"Accept-Language": "fr"})
    headers = {"Accept-Language": "en", "If-None-Match": french.headers["etag"]}
    english = await caller.get(FRAMEWORK, headers=headers)
    assert english.status_code == 200
    assert english.headers["etag"] != french.headers["etag"]


async def test_published_content_may_be_kept_and_the_rest_is_asked_for_again(
    caller: Caller,
) -> None:
    assert (await caller.get(FRAMEWORK)).headers["cache-control"] == "private, max-age=3600"
    assert (await caller.get("/v1/agents")).headers["cache-control"] == "private, no-cache"
    missing = await caller.get("/v1/frameworks/none")
    assert missing.headers["cache-control"] == "no-store"


async def test_replacing_needs_the_version_last_seen(caller: Caller) -> None:
    created = await caller.put(AGENT, json={"locale": "fr"})
    etag = created.headers["etag"]
    blind = await caller.put(AGENT, json={"locale": "en"})
    check_problem(blind, 428, code="precondition_required")
    headers = {"If-Match": etag}
    changed = await caller.put(AGENT, json={"locale": "en"}, headers=headers)
    assert (changed.status_code, changed.json()["locale"]) == (200, "en")
    assert changed.headers["etag"] != etag
    stale = await caller.put(AGENT, json={"locale": "fr"}, headers=headers)
    check_problem(stale, 412, code="precondition_failed")
    partly = {"If-Match": changed.headers["etag"][:-1]}
    check_problem(await caller.put(AGENT, json={}, headers=partly), 412)
    assert (await caller.get(AGENT)).json()["locale"] == "en"


async def test_any_version_will_do_if_asked_so(caller: Caller) -> None:
    anything = {"If-Match": "*"}
    check_problem(await caller.put(AGENT, json={}, headers=anything), 412)
    await caller.put(AGENT, json={"locale": "fr"})
    replaced = await caller.put(AGENT, json={"locale": "en"}, headers=anything)
    assert (replaced.status_code, replaced.json()["locale"]) == (200, "en")


# --- request ids ----------------------------------------------------------------------------------


async def test_a_request_id_is_taken_over_or_made(http: httpx.AsyncClient) -> None:
    given = await http.get("/healthz", headers={"X-Request-Id": "trace-0123.abc_DEF"})
    assert given.headers["x-request-id"] == "trace-0123.abc_DEF"
    for unfit in ("short", "x" * 81, "with space 123", "semi;colon123", ""):
        made = await http.get("/healthz", headers={"X-Request-Id": unfit})
        assert UUID(made.headers["x-request-id"]).version == 7
    assert (await http.get("/healthz")).headers["x-content-type-options"] == "nosniff"


async def test_a_problem_names_the_request(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/agents", headers={"X-Request-Id": "trace-0123"})
    assert check_problem(answer, 401)["request_id"] == "trace-0123"


# --- other origins --------------------------------------------------------------------------------


@pytest.fixture
async def front(app: FastAPI, caller: Caller) -> Caller:
    """A client whose pages live at ORIGIN."""
    async with app.state.database.unit_of_work(caller.tenant_id) as uow:
        row = ClientOrigin(tenant_id=caller.tenant_id, client_id=caller.client_id, origin=ORIGIN)
        uow.session.add(row)
    app.state.gate.clients.drop("")
    return caller


async def test_pages_of_the_client_may_read_refusals_too(
    front: Caller, http: httpx.AsyncClient
) -> None:
    headers = {"Origin": ORIGIN}
    long = {**headers, "Content-Type": "application/json"}
    answers = {
        200: await front.get(FRAMEWORK, headers=headers),
        404: await front.get("/v1/frameworks/none", headers=headers),
        422: await front.get("/v1/agents?limit=0", headers=headers),
        405: await front.request("DELETE", "/v1/agents", headers=headers),
        401: await http.get("/v1/agents", headers=headers),
        400: await http.get("/v1/agents?q=%00", headers=headers),
        413: await front.post("/v1/test-sessions", content=b" " * 2**21, headers=long),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == ORIGIN, status
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
        assert "origin" in answer.headers["vary"].lower()


async def test_pages_of_others_may_read_nothing(front: Caller, stranger: Caller) -> None:
    for caller, origin in ((front, "https://other.example"), (stranger, ORIGIN)):
        answer = await caller.get(FRAMEWORK, headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        assert "origin" in answer.headers["vary"].lower()
