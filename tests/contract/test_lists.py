"""Every list of the API comes in pages: all of it, once, in one order, whoever writes meanwhile."""

import base64
import json
from typing import Any

import httpx
import pytest

from tests.support.belongings import Belongings
from tests.support.callers import Caller
from tests.support.operations import Operation, each
from tests.support.problems import check_problem, pointers

paged = each(lambda one: "cursor" in one.query_parameters)


@pytest.fixture(scope="module", autouse=True)
async def more_rows(sender: Caller) -> None:
    """Enough for lists of more than one row."""
    for number in range(4):
        answer = await sender.put(f"/v1/agents/by-external-id/hr/a-{number}", json={})
        assert answer.status_code == 201


def address(operation: Operation, belongings: Belongings) -> str:
    values = belongings.path_values(operation)
    if operation.id.startswith("referential_"):
        values = dict.fromkeys(values, "digcomp-2.2")
    return operation.address(values, query=belongings.query_values(operation))


async def walk(caller: Caller, path: str, limit: int) -> list[list[dict[str, Any]]]:
    """The pages, by following the Link header."""
    pages = []
    target: str | None = str(httpx.URL(path, params={"limit": limit}))
    while target is not None:
        answer = await caller.get(target)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert set(page) == {"data", "next_cursor"}
        pages.append(page["data"])
        link = answer.headers.get("link")
        assert (link is None) == (page["next_cursor"] is None)
        target = None
        if link is not None:
            target, _, relation = link.removeprefix("<").partition(">; ")
            assert relation == 'rel="next"'
            assert httpx.URL(target).params["cursor"] == page["next_cursor"]
            assert httpx.URL(target).params["limit"] == str(limit)
    return pages


@paged
async def test_pages_add_up_to_the_whole(
    operation: Operation, sender: Caller, belongings: Belongings
) -> None:
    path = address(operation, belongings)
    whole = [row for page in await walk(sender, path, 200) for row in page]
    pages = await walk(sender, path, 2)
    assert [row for page in pages for row in page] == whole
    assert all(len(page) == 2 for page in pages[:-1])
    assert len(pages) == max(1, (len(whole) + 1) // 2)
    assert await walk(sender, path, 1) == [[row] for row in whole] or [[]]


def forged(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


SOME_ID = "0197a2f0-58d0-7c65-b3a4-5d0d5a4f0c11"
FORGED = [
    "nonsense",
    "é",
    "====",
    "A",
    forged(),
    forged(None),
    forged("a", "b", "c", "d"),
    forged(["nested"]),
    forged("a\x00b"),
    forged("\ud800"),
    forged("2026-03-02T08:30:00", SOME_ID),
    forged("2026-03-02T08:30:00\x00+00:00", SOME_ID),
    forged("0001-01-01T00:00:00+14:00", "no id"),
    forged("2026-03-02T08:30:00+00:00", "no id", "1.1"),
    base64.urlsafe_b64encode(b'{"a": 1}').decode(),
    base64.urlsafe_b64encode(b"[" * 300).decode(),
    "x" * 501,
]


@paged
async def test_forged_cursors_are_refused(
    operation: Operation, sender: Caller, belongings: Belongings
) -> None:
    path = address(operation, belongings)
    for cursor in FORGED:
        answer = await sender.get(str(httpx.URL(path).copy_merge_params({"cursor": cursor})))
        problem = check_problem(answer, 422, of=operation)
        assert pointers(problem)[0].endswith("/cursor"), (cursor, problem)


@paged
async def test_instants_at_the_ends_of_time_break_nothing(
    operation: Operation, sender: Caller, belongings: Belongings
) -> None:
    path = address(operation, belongings)
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00"):
        for cursor in (forged(moment, SOME_ID), forged(moment, SOME_ID, "1.1")):
            answer = await sender.get(str(httpx.URL(path).copy_merge_params({"cursor": cursor})))
            assert answer.status_code in {200, 422}, answer.text


async def test_a_list_that_grows_is_walked_without_repeats_or_gaps(caller: Caller) -> None:
    async def add(number: int) -> str:
        answer = await caller.put(f"/v1/agents/by-external-id/hr/a-{number}", json={})
        agent_id: str = answer.json()["id"]
        return agent_id

    added = [await add(number) for number in range(3)]
    met: list[str] = []
    cursor = ""
    for number in range(3, 6):
        asked = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        page = (await caller.get("/v1/agents", params=asked)).json()
        met += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
        added.append(await add(number))
    rest = (await caller.get("/v1/agents", params={"cursor": cursor})).json()
    assert [*met, *(row["id"] for row in rest["data"])] == added


@paged
async def test_a_page_has_fifty_rows_unless_asked_otherwise(
    operation: Operation, sender: Caller, belongings: Belongings
) -> None:
    answer = await sender.get(address(operation, belongings))
    assert len(answer.json()["data"]) <= 50
    items = await sender.get("/v1/items")
    assert len(items.json()["data"]) == 50
