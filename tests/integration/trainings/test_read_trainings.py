"""Reading the catalogue."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.callers import Caller

Body = dict[str, Any]
BY_ID = "/v1/trainings/by-external-id"


async def titles(caller: Caller, **params: Any) -> set[str]:
    answer = await caller.get("/v1/trainings", params={"limit": 200, **params})
    assert answer.status_code == 200, answer.text
    return {training["external_id"]["value"] for training in answer.json()["data"]}


async def test_the_shipped_catalogue_is_read_page_by_page(caller: Caller) -> None:
    seen: list[str] = []
    path: str | None = "/v1/trainings?limit=20"
    while path is not None:
        answer = await caller.get(path)
        assert answer.status_code == 200
        page = answer.json()
        assert len(page["data"]) <= 20
        seen += [training["id"] for training in page["data"]]
        link = answer.headers.get("link")
        assert (link is None) == (page["next_cursor"] is None)
        path = link.split(">")[0].removeprefix("<") if link else None
    assert len(seen) == len(set(seen)) == 72


async def test_a_training_is_told_in_the_callers_language(caller: Caller) -> None:
    french = await caller.get(f"{BY_ID}/pacnum-sample/lms-phishing")
    assert french.status_code == 200
    assert french.headers["content-language"] == "fr"
    training = french.json()
    assert training["title"] == "Déjouer l’hameçonnage"
    assert training["is_shared"] is True
    assert training["provider"]["kind"] == "lms"
    assert training["competences"] == [
        {"framework": "digcomp-2.2", "competence": "4.1", "entry_level": 2, "exit_level": 4}
    ]
    assert training["prerequisites"] == {
        "trainings": [{"issuer": "pacnum-sample", "value": "lms-passwords-and-devices"}],
        "competences": [],
    }
    assert training["state"] == "published"
    english = await caller.get(f"/v1/trainings/{training['id']}", headers={"Accept-Language": "en"})
    assert english.headers["content-language"] == "en"
    assert english.json()["title"] == "Seeing through phishing"
    assert english.json()["id"] == training["id"]


async def test_an_etag_stands_for_one_language(caller: Caller) -> None:
    path = f"{BY_ID}/pacnum-sample/lms-phishing"
    etag = (await caller.get(path)).headers["etag"]
    same = await caller.get(path, headers={"If-None-Match": etag})
    assert same.status_code == 304
    assert same.content == b""
    other = await caller.get(path, headers={"If-None-Match": etag, "Accept-Language": "en"})
    assert other.status_code == 200
    assert other.headers["etag"] != etag


@pytest.mark.parametrize(
    ("params", "found", "missed"),
    [
        ({"provider_kind": "partner"}, "partner-no-code", "lms-phishing"),
        ({"modality": "blended"}, "campus-first-python", "lms-phishing"),
        ({"language": "en"}, "campus-data-science", "campus-first-python"),
        ({"max_duration_minutes": 20}, "lms-trust-a-source", "lms-search-basics"),
        ({"framework": "digcomp-2.2", "competence": "4.1"}, "lms-phishing", "lms-my-traces"),
        ({"competence": "4.1", "level": 2}, "lms-phishing", "lms-passwords-and-devices"),
        # phishing serves 4.1 from 2 to 4: at level 4 there is nothing left to learn in it
        ({"competence": "4.1", "level": 4}, "partner-incident-exercise", "lms-phishing"),
        ({"q": "TABLEUR donnees"}, "lms-spreadsheet-data", "lms-phishing"),
        ({"q": "phishing"}, "lms-phishing", "lms-spreadsheet-data"),
        ({"q": "«  "}, "lms-copyright-first-steps", "lms-phishing"),
    ],
)
async def test_filters(caller: Caller, params: Body, found: str, missed: str) -> None:
    values = await titles(caller, **params)
    assert found in values
    assert missed not in values


@pytest.mark.parametrize("word", ["100%", "a_b", "\\"])
async def test_search_takes_wildcards_for_letters(caller: Caller, word: str) -> None:
    assert await titles(caller, q=word) == set()


async def test_another_framework_has_nothing_on_offer(caller: Caller) -> None:
    assert await titles(caller, framework="crcn") == set()
    # one step has to meet framework, competence and level together
    assert await titles(caller, competence="1.1", level=8) == set()


@pytest.mark.parametrize(
    "params",
    [
        {"level": 9},
        {"modality": "by_post"},
        {"max_duration_minutes": 10**12},
        {"q": "a" * 201},
        {"updated_since": "yesterday"},
        {"limit": 201},
    ],
)
async def test_senseless_filters_are_refused(caller: Caller, params: Body) -> None:
    answer = await caller.get("/v1/trainings", params=params)
    assert answer.status_code == 422


async def test_own_trainings_are_listed_beside_the_shipped_ones_and_hidden_from_others(
    caller: Caller, stranger: Caller, training_body: Callable[..., Body], issuer: str
) -> None:
    created = await caller.put(f"{BY_ID}/{issuer}/own", json=training_body())
    assert created.status_code == 201
    training = created.json()
    assert {"own", "lms-phishing"} <= await titles(caller)
    assert "own" not in await titles(stranger)
    for path in (f"/v1/trainings/{training['id']}", f"{BY_ID}/{issuer}/own"):
        assert (await caller.get(path)).json() == training
        foreign = await stranger.get(path)
        assert foreign.status_code == 404
        assert foreign.json()["code"] == "training_not_found"


async def test_a_shipped_training_is_listed_once_and_can_be_withdrawn(
    caller: Caller, stranger: Caller, training_body: Callable[..., Body]
) -> None:
    path, word = f"{BY_ID}/pacnum-sample/lms-phishing", "hameconnage"
    shipped = (await caller.get(path)).json()
    assert shipped["is_shared"] is True
    own = await caller.put(path, json=training_body(title=shipped_title()))
    assert own.status_code == 201
    found = (await caller.get("/v1/trainings", params={"limit": 200})).json()["data"]
    listed = [one["id"] for one in found if one["external_id"] == shipped["external_id"]]
    assert listed == [own.json()["id"]]
    # the shipped one serves 4.1, the tenant's own does not
    assert "lms-phishing" not in await titles(caller, competence="4.1")
    assert "lms-phishing" in await titles(stranger, competence="4.1")
    gone = await caller.put(
        path,
        json=training_body(title=shipped_title(), state="withdrawn"),
        headers={"If-Match": own.headers["etag"]},
    )
    assert gone.status_code == 200
    assert "lms-phishing" not in await titles(caller)
    assert "lms-phishing" not in await titles(caller, q=word)
    assert "lms-phishing" in await titles(stranger, q=word)
    since = {"updated_since": "2020-01-01T00:00:00Z", "q": word, "limit": 200}
    followed = (await caller.get("/v1/trainings", params=since)).json()["data"]
    states = [
        (one["id"], one["state"])
        for one in followed
        if one["external_id"] == shipped["external_id"]
    ]
    assert states == [(gone.json()["id"], "withdrawn")]


def shipped_title() -> Body:
    return {"fr": "Notre hameçonnage", "en": "Our phishing"}


async def test_followers_learn_of_changes_and_withdrawals(
    caller: Caller, training_body: Callable[..., Body], issuer: str
) -> None:
    kept = (await caller.put(f"{BY_ID}/{issuer}/kept", json=training_body())).json()
    await caller.put(
        f"{BY_ID}/{issuer}/gone", json=training_body(state="withdrawn", title=kept_title())
    )
    assert "gone" not in await titles(caller)
    since = await titles(caller, updated_since=kept["updated_at"])
    assert {"kept", "gone"} <= since
    gone = (await caller.get(f"{BY_ID}/{issuer}/gone")).json()
    assert gone["state"] == "withdrawn"
    assert "kept" not in await titles(caller, updated_since=gone["updated_at"])


def kept_title() -> Body:
    return {"fr": "Retirée", "en": "Withdrawn"}
