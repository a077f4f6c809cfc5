"""Frameworks over HTTP: those that ship, and a tenant's own."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from pacnum_api.domains.referential.service import load_documents
from pacnum_api.platform.documents import DocumentsRefused
from tests.support.callers import Caller
from tests.support.frameworks import (
    crosswalk_document,
    framework_document,
    outcome_node,
    supplement_document,
    write,
)
from tests.support.operations import Operation, each, operation
from tests.support.problems import check_problem, pointers

VALUES = {"code": "house", "framework": "house"}
QUERY = {"from": "house", "to": "digcomp-2.2"}
ENGLISH = {"Accept-Language": "en"}


def address(one: Operation, **changes: str) -> str:
    values = {**VALUES, **({"code": "1.1"} if "framework" in one.path_parameters else {})}
    return one.address(
        {**values, **changes}, query={name: QUERY[name] for name in one.needed_query}
    )


def of_the_referential(one: Operation) -> bool:
    return one.id.startswith("referential_")


@pytest.fixture
async def keeper(caller: Caller, tmp_path: Path) -> Caller:
    """A tenant with a framework and a crosswalk of its own."""
    files = [
        write(tmp_path, "framework.yaml", document=framework_document()),
        write(tmp_path, "crosswalk.yaml", document=crosswalk_document()),
    ]
    await load(caller, *files)
    return caller


async def load(caller: Caller, *files: Path) -> None:
    async with caller.app.state.database.unit_of_work(caller.tenant_id) as uow:
        await load_documents(uow, list(files))


@each(of_the_referential)
async def test_who_may_read(operation: Operation, keeper: Caller, http: httpx.AsyncClient) -> None:
    path = address(operation)
    check_problem(await http.get(path), 401, code="missing_token", of=operation)
    narrow = await keeper.with_scopes("items:read")
    check_problem(await narrow.get(path), 403, code="insufficient_scope", of=operation)
    reader = await keeper.with_scopes("frameworks:read")
    assert (await reader.get(path)).status_code == 200


@each(lambda one: of_the_referential(one) and one.path != "/v1/frameworks")
async def test_a_tenants_own_framework_is_not_there_for_others(
    operation: Operation, keeper: Caller, stranger: Caller
) -> None:
    code = "crosswalk_not_found" if "crosswalk" in operation.path else "framework_not_found"
    check_problem(await stranger.get(address(operation)), 404, code=code, of=operation)


async def data(caller: Caller, path: str, **headers: str) -> Any:
    answer = await caller.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_what_ships_is_there_for_all_and_ones_own_beside_it(
    keeper: Caller, stranger: Caller
) -> None:
    shipped = ["crcn", "digcomp-2.2", "digcomp-3.0"]
    assert [one["code"] for one in await data(stranger, "/v1/frameworks")] == shipped
    assert [one["code"] for one in await data(keeper, "/v1/frameworks")] == [*shipped, "house"]


@pytest.mark.parametrize(
    ("code", "areas", "competences", "levels"),
    [("crcn", 5, 16, 8), ("digcomp-2.2", 5, 21, 8), ("digcomp-3.0", 5, 21, 8)],
)
async def test_shipped_frameworks_are_whole(
    caller: Caller, *, code: str, areas: int, competences: int, levels: int
) -> None:
    whole = (await caller.get(f"/v1/frameworks/{code}")).json()
    for part, count in (("areas", areas), ("competences", competences), ("levels", levels)):
        assert len(whole[part]) == count
        assert await data(caller, f"/v1/frameworks/{code}/{part}") == whole[part]
    named = [one for area in whole["areas"] for one in area["competences"]]
    assert named == [one["code"] for one in whole["competences"]]
    starts = [level["starts_at"] for level in whole["levels"]]
    assert starts == sorted(set(starts))
    for competence in whole["competences"]:
        path = f"/v1/competences/{code}/{competence['code']}"
        assert (await caller.get(path)).json() == competence


async def test_texts_in_both_languages(keeper: Caller) -> None:
    french = (await keeper.get("/v1/frameworks/house")).json()
    english = (await keeper.get("/v1/frameworks/house", headers=ENGLISH)).json()
    assert (french["title"], english["title"]) == ("House framework (fr)", "House framework (en)")
    assert [area["is_unofficial_title"] for area in french["areas"]] == [False, True]
    assert [area["is_unofficial_title"] for area in english["areas"]] == [False, False]
    assert french["levels"][2]["band_title"] == "expert (fr)"
    assert english["levels"][2]["descriptors"] == {"autonomy": "level 3 (en)"}
    assert french["competences"][2]["title_variants"] == ["rédiger"]
    assert english["competences"][2]["title_variants"] == []
    assert french["competences"][0]["summary"] == "searching (fr)"
    assert french["competences"][1]["summary"] is None
    assert french["points"] == {"per_level": 8, "maximum_level": 4}


async def test_the_newest_version_unless_another_is_asked_for(
    keeper: Caller, tmp_path: Path
) -> None:
    newer = framework_document(version=2, publisher="The new house")
    await load(keeper, write(tmp_path, "second.yaml", document=newer))
    path = "/v1/frameworks/house"
    assert (await keeper.get(path)).json()["version"] == 2
    first = (await keeper.get(path, params={"version": 1})).json()
    assert (first["version"], first["publisher"]) == (1, "The house")
    missing = await keeper.get(path, params={"version": 3})
    check_problem(missing, 404, code="framework_not_found")
    listed = [one for one in await data(keeper, "/v1/frameworks") if one["code"] == "house"]
    assert [one["version"] for one in listed] == [2]
    for wrong in ("0", "-1", "1000001", "two"):
        problem = check_problem(await keeper.get(path, params={"version": wrong}), 422)
        assert pointers(problem) == ["/query/version"]


async def test_a_framework_of_ones_own_has_a_code_of_its_own(
    caller: Caller, stranger: Caller, tmp_path: Path
) -> None:
    with pytest.raises(DocumentsRefused) as refused:
        await load(caller, write(tmp_path, "own.yaml", document=framework_document("crcn")))
    (fault,) = refused.value.document_faults
    assert (fault.pointer, "choose a code of your own" in fault.message) == ("/code", True)
    await load(caller, write(tmp_path, "own.yaml", document=framework_document("house-1")))
    assert (await caller.get("/v1/frameworks/house-1")).json()["publisher"] == "The house"
    assert (await stranger.get("/v1/frameworks/house-1")).status_code == 404


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/frameworks/none", "framework_not_found"),
        ("/v1/frameworks/none/areas", "framework_not_found"),
        ("/v1/frameworks/none/competences", "framework_not_found"),
        ("/v1/frameworks/none/levels", "framework_not_found"),
        ("/v1/frameworks/none/learning-outcomes", "framework_not_found"),
        ("/v1/frameworks/crcn/learning-outcomes?competence=9.9", "competence_not_found"),
        ("/v1/competences/none/1.1", "framework_not_found"),
        ("/v1/competences/crcn/9.9", "competence_not_found"),
        ("/v1/crosswalks?from=digcomp-2.2&to=crcn", "crosswalk_not_found"),
    ],
)
async def test_what_is_not_there_is_not_found(caller: Caller, path: str, code: str) -> None:
    check_problem(await caller.get(path), 404, code=code)


async def test_a_crosswalk_needs_both_ends(caller: Caller) -> None:
    one = operation("referential_read_crosswalk")
    problem = check_problem(await caller.get("/v1/crosswalks"), 422, of=one)
    assert pointers(problem) == ["/query/from", "/query/to"]
    found = await caller.get("/v1/crosswalks", params={"from": "crcn", "to": "digcomp-2.2"})
    relations = {link["relation"] for link in found.json()["links"]}
    assert relations <= {"exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch"}
    assert found.json()["status"] in {"official", "unofficial"}


async def test_learning_outcomes_of_a_loaded_supplement(
    caller: Caller, stranger: Caller, tmp_path: Path
) -> None:
    path = "/v1/frameworks/digcomp-3.0/learning-outcomes"
    assert await data(caller, path) == []
    nodes = [outcome_node(n) for n in (2, 1)] + [outcome_node(3, competence="2.1", type="Skill")]
    await load(caller, write(tmp_path, "data.jsonld", document=supplement_document(*nodes)))
    found = await data(caller, path)
    assert [one["identifier"] for one in found] == ["LO1.1.01", "LO1.1.02", "LO2.1.03"]
    assert found[2] == {
        "identifier": "LO2.1.03",
        "competence": "2.1",
        "band": "highly_advanced",
        "kind": "skill",
        "ai_label": "AI-Implicit",
        "description": "Outcome 3",
    }
    assert await data(caller, f"{path}?competence=2.1") == found[2:]
    assert await data(stranger, path) == []
    first = await caller.get(path, params={"limit": 2})
    rest = await caller.get(path, params={"cursor": first.json()["next_cursor"]})
    assert first.json()["data"] + rest.json()["data"] == found


async def test_no_id_of_a_framework_breaks_the_door(caller: Caller) -> None:
    for code in (str(uuid4()).upper(), "A", "-", "x" * 41):
        problem = check_problem(await caller.get(f"/v1/frameworks/{code}"), 422)
        assert pointers(problem) == ["/path/code"]
