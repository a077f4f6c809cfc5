"""Publishing frameworks from files: every fault by line, all or nothing, never changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from pacnum_api.domains.referential.service import load_documents
from pacnum_api.domains.referential.types import LoadReport
from pacnum_api.platform.database import Database
from pacnum_api.platform.documents import DocumentsRefused
from tests.support.callers import Caller
from tests.support.frameworks import (
    crosswalk_document,
    framework_document,
    outcome_node,
    supplement_document,
    write,
)

Document = dict[str, Any]


async def load(caller: Caller, *paths: Path, dry_run: bool = False) -> LoadReport:
    database: Database = caller.app.state.database
    async with database.unit_of_work(caller.tenant_id) as uow:
        return await load_documents(uow, list(paths), dry_run=dry_run)


async def faults(caller: Caller, *paths: Path) -> list[tuple[str, str, str]]:
    """File name, text of the line and pointer of every fault."""
    with pytest.raises(DocumentsRefused) as caught:
        await load(caller, *paths)
    found = []
    for fault in caught.value.document_faults:
        lines = fault.path.read_text("utf-8", "replace").splitlines() if fault.path.exists() else []
        line = lines[fault.line - 1].strip() if fault.line else ""
        found.append((fault.path.name, line, fault.pointer))
        assert str(fault) in caught.value.detail
    return found


async def kept(owner: asyncpg.Connection, caller: Caller) -> int:
    tables = ("framework_versions", "crosswalk_versions", "learning_outcomes")
    counts = [
        await owner.fetchval(f"SELECT count(*) FROM {table} WHERE tenant_id = $1", caller.tenant_id)  # noqa: S608 - constants
        for table in tables
    ]
    return sum(counts)


async def test_a_folder_is_published_and_the_report_names_it(
    caller: Caller, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    deeper = tmp_path / "deeper"
    deeper.mkdir()
    write(tmp_path, "a.yaml", document=crosswalk_document())
    write(deeper, "b.yml", document=framework_document())
    write(deeper, "notes.txt", document="not looked at")
    report = await load(caller, tmp_path)
    assert report.added == ("house v1", "house → digcomp-2.2 v1")
    assert (report.unchanged, report.dry_run, report.tenant_id) == ((), False, caller.tenant_id)
    again = await load(caller, tmp_path)
    assert (again.added, again.unchanged) == ((), report.added)
    assert await kept(owner, caller) == 2


async def test_a_dry_run_says_the_same_and_keeps_nothing(
    caller: Caller, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    write(tmp_path, "a.yaml", document=framework_document())
    write(tmp_path, "b.json", document=supplement_document(outcome_node(1)))
    report = await load(caller, tmp_path, dry_run=True)
    assert report.added == ("house v1", "1 learning outcomes")
    assert report.dry_run
    assert await kept(owner, caller) == 0


def without(name: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        del document[name]

    return change


def put(*path: str | int, value: object) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


WRONG = [
    (without("levels"), "", "{"),
    (put("version", value=0), "/version", '"version": 0,'),
    (put("code", value="House"), "/code", '"code": "House",'),
    (put("title", "fr", value=""), "/title/fr", '"fr": "",'),
    (put("colour", value="red"), "/colour", '"colour": "red"'),
    (put("competences", 1, "area", value="9"), "/competences/1/area", '"area": "9",'),
    (put("competences", 1, "code", value="2.1"), "/competences/1/code", '"code": "2.1",'),
    (put("levels", 1, "starts_at", value=-2), "/levels/1/starts_at", '"starts_at": -2,'),
    (put("levels", 1, "level", value=3), "/levels/1/level", '"level": 3,'),
    (put("levels", 1, "starts_at", value=7), "/levels/1/starts_at", '"starts_at": 7,'),
    (put("bands", 1, "levels", value=[3]), "/bands", '"bands": ['),
    (put("points", "maximum_level", value=5), "/points/maximum_level", '"maximum_level": 5'),
    (put("correlation", "within_area", value=-0.9), "/correlation", '"correlation": {'),
    (
        put("correlation", "overrides", value=[{"between": ["1.1", "9.9"], "value": 0.1}]),
        "/correlation/overrides",
        '"overrides": [',
    ),
]


@pytest.mark.parametrize(("change", "pointer", "line"), WRONG, ids=[one[1] for one in WRONG])
async def test_a_fault_is_told_by_line(
    caller: Caller, tmp_path: Path, *, change: Callable[[Document], None], pointer: str, line: str
) -> None:
    document = framework_document()
    change(document)
    found = await faults(caller, write(tmp_path, "wrong.yaml", document=document))
    if pointer:
        assert ("wrong.yaml", line, pointer) in found
    else:
        assert found == [("wrong.yaml", line, "/levels")]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"code: house\nversion: [1\n", 3),
        (b"code: house\ncode: again\n", 2),
        (b"code: \xff\n", 0),
        (b"- &a [x]\n- *a\n", 2),
        (b"1: x\n", 1),
        (b"code: \x07\n", 0),
        (b"[" * 20_000, 0),
    ],
)
async def test_what_cannot_be_read_is_told_by_line(
    caller: Caller, tmp_path: Path, *, content: bytes, line: int
) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(DocumentsRefused) as caught:
        await load(caller, path)
    assert [(one.path, one.line) for one in caught.value.document_faults] == [(path, line)]


async def test_a_file_that_is_not_there(caller: Caller, tmp_path: Path) -> None:
    assert await faults(caller, tmp_path / "none.yaml") == [("none.yaml", "", "")]


async def test_crosswalks_lead_between_competences_that_exist(
    caller: Caller, tmp_path: Path
) -> None:
    links = [
        {"source": "9.9", "target": "1.1", "relation": "exactMatch"},
        {"source": "1.1", "target": "9.8", "relation": "exactMatch"},
        {"source": "1.1", "target": "9.8", "relation": "closeMatch"},
    ]
    files = [
        write(tmp_path, "house.yaml", document=framework_document()),
        write(tmp_path, "links.yaml", document=crosswalk_document(links=links)),
        write(tmp_path, "nowhere.yaml", document=crosswalk_document(target="nowhere")),
        write(
            tmp_path,
            "kind.yaml",
            document=crosswalk_document(links=[{**links[0], "relation": "same"}]),
        ),
    ]
    assert await faults(caller, *files) == [
        ("kind.yaml", '"relation": "same"', "/links/0/relation"),
        ("links.yaml", '"source": "9.9",', "/links/0/source"),
        ("links.yaml", '"target": "9.8",', "/links/1/target"),
        ("links.yaml", "{", "/links/2"),
        ("links.yaml", '"target": "9.8",', "/links/2/target"),
        ("nowhere.yaml", '"target": "nowhere",', "/target"),
    ]


async def test_one_fault_anywhere_and_nothing_is_loaded(
    caller: Caller, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    write(tmp_path, "a.yaml", document=framework_document())
    write(tmp_path, "b.yaml", document=framework_document("other", version=0))
    write(tmp_path, "c.json", document=supplement_document(outcome_node(1)))
    assert [name for name, _, _ in await faults(caller, tmp_path)] == ["b.yaml"]
    assert await kept(owner, caller) == 0


async def test_a_published_version_never_changes(
    caller: Caller, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    await load(caller, write(tmp_path, "house.yaml", document=framework_document()))
    await load(caller, write(tmp_path, "links.yaml", document=crosswalk_document()))
    changed = write(tmp_path, "house.yaml", document=framework_document(publisher="Another"))
    links = write(tmp_path, "links.yaml", document=crosswalk_document(status="official"))
    assert await faults(caller, changed, links) == [
        ("house.yaml", '"version": 1,', "/version"),
        ("links.yaml", '"version": 1,', "/version"),
    ]
    raised = framework_document(publisher="Another", version=2)
    report = await load(caller, write(tmp_path, "house.yaml", document=raised))
    assert report.added == ("house v2",)
    assert await kept(owner, caller) == 3


async def test_another_tenant_may_publish_under_the_same_code(
    caller: Caller, stranger: Caller, tmp_path: Path
) -> None:
    path = write(tmp_path, "house.yaml", document=framework_document())
    for one in (caller, stranger):
        assert (await load(one, path)).added == ("house v1",)


async def test_a_supplement_is_corrected_by_identifier(
    caller: Caller, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    nodes = [outcome_node(1), outcome_node(2)]
    path = write(tmp_path, "data.jsonld", document=supplement_document(*nodes))
    assert (await load(caller, path)).added == ("2 learning outcomes",)
    assert (await load(caller, path)).unchanged == ("2 learning outcomes",)
    nodes[1] = outcome_node(2, description="Corrected", type="Attitude")
    write(tmp_path, "data.jsonld", document=supplement_document(*nodes))
    assert (await load(caller, path)).added == ("2 learning outcomes",)
    row = await owner.fetchrow(
        "SELECT description, kind, band FROM learning_outcomes "
        "WHERE tenant_id = $1 AND identifier = 'LO1.1.02'",
        caller.tenant_id,
    )
    assert tuple(row) == ("Corrected", "attitude", "highly_advanced")


async def test_faults_of_a_supplement_are_told_by_line(caller: Caller, tmp_path: Path) -> None:
    nodes = [
        outcome_node(1),
        outcome_node(1),
        outcome_node(3, type="Wisdom"),
        outcome_node(4, description=""),
    ]
    del nodes[0]["unused"]
    document = supplement_document(*nodes)
    path = write(tmp_path, "data.jsonld", document=document)
    found = await faults(caller, path)
    assert [pointer for _, _, pointer in found] == [
        "/@graph/3/@id",
        "/@graph/4/type",
        "/@graph/5/description",
    ]
    assert found[1][1] == '"type": "Wisdom",'
    missing = outcome_node(5)
    del missing["ai_label"]
    write(tmp_path, "data.jsonld", document=supplement_document(missing))
    assert [pointer for _, _, pointer in await faults(caller, path)] == ["/@graph/2/ai_label"]


@pytest.mark.parametrize("graph", ["text", [], [{"@type": "Competence"}]], ids=json.dumps)
async def test_a_graph_without_outcomes_is_refused(
    caller: Caller, tmp_path: Path, graph: object
) -> None:
    path = write(tmp_path, "data.jsonld", document={"@graph": graph})
    assert [pointer for _, _, pointer in await faults(caller, path)] == ["/@graph"]


@pytest.mark.parametrize("publisher", ["The house", "Another"], ids=["same", "other content"])
async def test_two_files_of_one_version_are_a_fault(
    caller: Caller, tmp_path: Path, publisher: str
) -> None:
    files = [
        write(tmp_path, "a.yaml", document=framework_document()),
        write(tmp_path, "b.yaml", document=framework_document(publisher=publisher)),
        write(tmp_path, "c.yaml", document=crosswalk_document()),
        write(tmp_path, "d.yaml", document=crosswalk_document()),
    ]
    assert await faults(caller, *files) == [
        ("b.yaml", '"version": 1,', "/version"),
        ("d.yaml", '"version": 1,', "/version"),
    ]


async def test_a_code_of_all_tenants_is_taken(caller: Caller, tmp_path: Path) -> None:
    own = write(tmp_path, "own.yaml", document=framework_document("crcn", version=9))
    assert await faults(caller, own) == [("own.yaml", '"code": "crcn",', "/code")]
