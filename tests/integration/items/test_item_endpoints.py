"""Items over HTTP: who may see what, and each problem that a route declares."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.callers import Caller

Row = dict[str, Any]


async def items(caller: Caller, **filters: object) -> list[Row]:
    """All of them, page by page."""
    rows: list[Row] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await caller.get("/v1/items", params={"limit": 200, **filters, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["data"]
        if page["next_cursor"] is None:
            return rows
        cursor = {"cursor": page["next_cursor"]}


@pytest.fixture
async def shipped(caller: Caller) -> Row:
    """A single choice that ships, without a template."""
    rows = await items(caller, type="single_choice", framework="digcomp-2.2", status="active")
    return next(row for row in rows if not row["is_template"])


ROUTES = [
    ("GET", "/v1/items", None),
    ("GET", "/v1/items/{id}", None),
    ("GET", "/v1/items/{id}/versions", None),
    ("POST", "/v1/items/{id}/preview", {}),
    ("POST", "/v1/items/{id}/reports", {"reason": "other", "comment": "x"}),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_anonymous_and_wrong_scope(
    http: httpx.AsyncClient, caller: Caller, *, method: str, path: str, body: Row | None
) -> None:
    path = path.format(id=uuid4())
    anonymous = await http.request(method, path, json=body)
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "missing_token")
    other = await caller.with_scopes("frameworks:read", "test_sessions:run")
    refused = await other.request(method, path, json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(("method", "path", "body"), ROUTES[1:])
async def test_unknown_items(caller: Caller, *, method: str, path: str, body: Row | None) -> None:
    answer = await caller.request(method, path.format(id=uuid4()), json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "item_not_found")
    malformed = await caller.request(method, path.format(id="nonsense"), json=body)
    assert malformed.status_code == 422


async def test_the_shipped_bank_is_there_for_all(caller: Caller, stranger: Caller) -> None:
    mine, theirs = await items(caller), await items(stranger)
    assert [row["id"] for row in mine] == [row["id"] for row in theirs]
    assert len(mine) >= 504
    assert {row["is_shipped"] for row in mine} == {True}


async def test_filters(caller: Caller) -> None:
    everything = await items(caller)
    for name, value in (
        ("competence", "1.1"),
        ("level", everything[0]["level"]),
        ("type", "hotspot"),
        ("framework", "digcomp-2.2"),
        ("status", "active"),
    ):
        rows = await items(caller, **{name: value})
        assert [row["id"] for row in rows] == [
            row["id"] for row in everything if row[name] == value
        ], name
        assert rows
    assert await items(caller, framework="crcn") == []
    assert await items(caller, status="retired") == []
    assert len(await items(caller, locale="fr")) == len(everything)
    changed = everything[0]["updated_at"]
    assert len(await items(caller, updated_since=changed)) == len(everything)
    assert await items(caller, updated_since="2999-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "query",
    [
        {"level": 9},
        {"type": "essay"},
        {"status": "lost"},
        {"locale": "de"},
        {"updated_since": "2026-01-01T00:00:00"},
        {"limit": 201},
        {"framework": "x" * 50},
    ],
)
async def test_filters_of_the_wrong_form(caller: Caller, query: Row) -> None:
    answer = await caller.get("/v1/items", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("path", ["/v1/items", "/v1/items/{id}/versions"])
@pytest.mark.parametrize("cursor", ["x", "WyJub25zZW5zZSJd"])
async def test_cursors_of_others(caller: Caller, shipped: Row, *, path: str, cursor: str) -> None:
    answer = await caller.get(path.format(id=shipped["id"]), params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


async def test_pages_follow_one_another(caller: Caller) -> None:
    whole = [row["id"] for row in await items(caller)]
    seen: list[str] = []
    cursor: str | None = None
    while len(seen) < len(whole):
        params: Row = {"limit": 40} | ({"cursor": cursor} if cursor else {})
        answer = await caller.get("/v1/items", params=params)
        seen += [row["id"] for row in answer.json()["data"]]
        cursor = answer.json()["next_cursor"]
        assert (cursor is None) == ("next" not in answer.links)
    assert seen == whole
    assert cursor is None


async def test_an_item_is_read_with_its_key(caller: Caller, shipped: Row) -> None:
    answer = await caller.get(f"/v1/items/{shipped['id']}", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    item = answer.json()
    assert answer.headers["content-language"] == "en"
    assert item["stem"] == item["document"]["content"]["stem"]["en"]
    assert item["document"]["answer"]["choice"] in {
        option["id"] for option in item["document"]["content"]["interaction"]["options"]
    }
    again = await caller.get(
        f"/v1/items/{shipped['id']}",
        headers={"Accept-Language": "en", "If-None-Match": answer.headers["etag"]},
    )
    assert again.status_code == 304


async def test_versions(caller: Caller, shipped: Row) -> None:
    answer = await caller.get(f"/v1/items/{shipped['id']}/versions")
    assert answer.status_code == 200
    (version,) = answer.json()["data"]
    assert version["version"] == shipped["version"] == 1
    assert len(version["content_hash"]) == 64


async def preview(caller: Caller, item_id: str, **body: Any) -> httpx.Response:
    return await caller.post(f"/v1/items/{item_id}/preview", json=body)


async def test_previews_show_and_grade(caller: Caller, shipped: Row) -> None:
    shown = (await preview(caller, shipped["id"], seed=7)).json()
    assert shown["grade"] is None
    options = shown["content"]["interaction"]["options"]
    document = (await caller.get(f"/v1/items/{shipped['id']}")).json()["document"]
    right_id = document["answer"]["choice"]
    authored = document["content"]["interaction"]["options"]
    right_text = next(one["text"]["fr"] for one in authored if one["id"] == right_id)
    for option in options:
        response = {"type": "single_choice", "choice": option["id"]}
        graded = (await preview(caller, shipped["id"], seed=7, response=response)).json()["grade"]
        is_right = option["text"] == right_text
        assert graded["is_correct"] is is_right
        assert graded["score"] == float(is_right)
        member = "correct" if is_right else "incorrect"
        assert graded["feedback"] == document["feedback"][member]["fr"]


async def test_every_shipped_item_previews_in_both_languages(caller: Caller) -> None:
    for row in (await items(caller))[::7]:
        for locale in ("fr", "en"):
            answer = await caller.post(
                f"/v1/items/{row['id']}/preview",
                json={"seed": 3},
                headers={"Accept-Language": locale},
            )
            assert answer.status_code == 200, (row["key"], answer.text)
            assert answer.json()["content"]["interaction"]["type"] == row["type"]


async def test_previews_refuse_responses_of_the_wrong_form(caller: Caller, shipped: Row) -> None:
    response = {"type": "single_choice", "choice": "o9"}
    answer = await preview(caller, shipped["id"], response=response)
    assert (answer.status_code, answer.json()["code"]) == (422, "response_rejected")
    assert answer.json()["errors"][0]["pointer"] == "/response/choice"
    other = {"type": "numeric", "value": 1}
    answer = await preview(caller, shipped["id"], response=other)
    assert answer.json()["errors"] == [
        {"pointer": "/response/type", "message": "expected 'single_choice'"}
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"seed": -1},
        {"seed": 2**60},
        {"seed": "x"},
        {"response": {"type": "essay"}},
        {"response": {"type": "single_choice"}},
        {"response": {"type": "single_choice", "choice": "o1", "extra": 1}},
        {"response": {"type": "numeric", "value": True}},
        {"unknown": 1},
    ],
)
async def test_previews_of_the_wrong_form(caller: Caller, shipped: Row, body: Row) -> None:
    answer = await preview(caller, shipped["id"], **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_somebody_contests_an_item(caller: Caller, stranger: Caller, shipped: Row) -> None:
    path = f"/v1/items/{shipped['id']}/reports"
    body = {"reason": "ambiguous", "comment": "Deux réponses se défendent."}
    answer = await caller.post(path, json=body, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 201
    report = answer.json()
    assert report["item_id"] == shipped["id"]
    assert report["item_version"] == 1
    assert {name: report[name] for name in body} == body
    again = await caller.post(path, json=body, headers={"Idempotency-Key": "once"})
    assert again.json() == report
    wrong = await stranger.post(path, json={"reason": "ugly", "comment": ""})
    pointers = {fault["pointer"] for fault in wrong.json()["errors"]}
    assert (wrong.status_code, pointers) == (422, {"/reason", "/comment"})
