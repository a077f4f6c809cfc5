"""Answers in files: pooled, exported under pseudonyms, refused by line."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from pacnum_api.domains.test_sessions.service.run_calibration import AnswersExported, Calibrated
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.documents import DocumentsRefused
from tests.support.calibrated_house import House, persons
from tests.support.ended_tests import EndedTest

HEADER = "person,item,category,group,wording\n"


async def exported(house: House, path: Path, **changes: Any) -> list[dict[str, str]]:
    done = await house.run(export=path, **changes)
    assert isinstance(done, AnswersExported)
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in file]
        return list(csv.DictReader(file))


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


async def faults_of(house: House, path: Path, text: str) -> list[tuple[int, str, str]]:
    write(path, text)
    with pytest.raises(DocumentsRefused) as refused:
        await house.calibrate(files=[path])
    assert {fault.path for fault in refused.value.document_faults} == {path}
    return [(one.line, one.pointer, one.message) for one in refused.value.document_faults]


async def test_an_export_says_the_same_and_names_nobody(house: House, tmp_path: Path) -> None:
    tests = await house.store(persons(150, seed=5))
    first = await exported(house, tmp_path / "first.csv")
    second = await exported(house, tmp_path / "second.jsonl")
    assert len(first) == len(second) == sum(len(test.items) for test in tests)
    assert set(first[0]) == {"person", "item", "category", "wording"}
    agents = {str(test.agent_id) for test in tests}
    names = {row["person"] for row in first}
    assert len(names) == 150
    assert not names & agents
    assert not names & {row["person"] for row in second}  # another key each time
    assert [row["person"] for row in first] == sorted(row["person"] for row in first)
    stored = await house.calibrate()
    pooled = await house.calibrate(tenant=house.name, files=[])
    read = await house.run(files=[tmp_path / "first.csv"], tenant=house.name)
    assert isinstance(read, Calibrated)
    assert len(read.report.table) == 2 * len(stored.report.table)  # stored and read: pooled
    assert stored.as_json() == pooled.as_json()


async def test_the_bank_of_everybody_is_calibrated_from_files(house: House, tmp_path: Path) -> None:
    rows = [(f"p{person}", "1.1-1-nobody", person % 2) for person in range(4)]
    path = tmp_path / "answers.csv"
    path.write_text("person,item,category\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    with pytest.raises(DocumentsRefused, match=":2: /item: expected the key of an item"):
        await house.calibrate(tenant=None, framework="digcomp-2.2", files=[path])
    bank = await house.newest()
    path.write_text(path.read_text().replace("1.1-1-nobody", bank.items[0].key))
    with pytest.raises(DocumentsRefused):  # the house's items are not everybody's
        await house.calibrate(tenant=None, framework="digcomp-2.2", files=[path])


async def test_groups_come_from_files_and_are_compared(house: House, tmp_path: Path) -> None:
    tests = await house.store(persons(360, seed=5))
    groups = tmp_path / "groups.csv"
    lines = [f"{test.agent_id},{'ab'[n % 2]}\n" for n, test in enumerate(tests)]
    groups.write_text("person,group\n" + "".join(lines))
    rows = await exported(house, tmp_path / "grouped.jsonl", groups=groups)
    assert {row["group"] for row in rows} == {"a", "b"}
    out = tmp_path / "out"
    done = await house.calibrate(groups=groups, competences=["2.1"], minimum_answers=50, out=out)
    assert {out / "dif.csv", out / "dif-1.svg", out / "dif-1.png"} <= set(done.files)
    table = done.report.table
    assert table.groups == ("a", "b")
    (comparison,) = done.report.scales[0].comparisons
    assert (comparison.reference, comparison.focal) == ("a", "b")
    assert "groups: a 180, b 180; the first is what others are compared with" in done.as_text()
    again = await house.calibrate(
        files=[tmp_path / "grouped.jsonl"], tenant=house.name, competences=["2.1"]
    )
    assert again.report.table.groups == ("a", "b")


async def test_every_fault_of_a_file_is_told_by_line_and_field(
    house: House, tmp_path: Path
) -> None:
    key, other = house.bank.items[0].key, house.bank.items[1].key
    name = "expected text of 1 to 200 characters"
    found = await faults_of(
        house,
        tmp_path / "answers.csv",
        HEADER
        + f"p1,{key},1,a,\n"
        + f"p1,{key},0,a,\n"  # twice
        + f"p1,{other},2,a,\n"
        + "p1,lost,x,a,\n"
        + f" ,{other},0,a,\n"
        + f"p2,{other},,b,\n"
        + f"p3,{key},0,c,\n"
        + f"p3,{other},0,d,\n"
        + f"p4,{key},0,{'x' * 201},\n"
        + f"p5,{key},0,a,,\n"  # one value too many
        + f"p5,{key},0\n",  # too few
    )
    assert found == [
        (3, "/item", "this person has answered it before, on line 2"),
        (4, "/category", "expected a whole number from 0 to 1"),
        (5, "/item", "expected the key of an item of the bank"),
        (6, "/person", name),
        (7, "/category", "expected a whole number from 0 to 1"),
        (9, "/group", "this person is in another group above"),
        (10, "/group", name),
        (11, "", "expected 5 values"),
        (12, "", "expected 5 values"),
    ]


async def test_what_is_no_such_file_is_refused(house: House, tmp_path: Path) -> None:
    await house.store_tests([EndedTest(new_id(), [0], [1])])
    path = tmp_path / "answers.csv"
    assert await faults_of(house, path, "person,item\n") == [
        (1, "", "expected the columns person, item, category")
    ]
    assert await faults_of(house, path, HEADER + 'p1,"1.1,1\n')  # an open quote
    assert await faults_of(house, tmp_path / "answers.txt", HEADER) == [
        (0, "", "expected a .csv or .jsonl file")
    ]
    lines = tmp_path / "answers.jsonl"
    key = house.bank.items[0].key
    said = await faults_of(
        house,
        lines,
        f'\n[1]\n{{"person": 5, "item": "{key}", "category": 1}}\n{{"person": "p", \n'
        f'{{"person": "p", "item": "{key}", "category": true}}\n',
    )
    assert [(line, field) for line, field, _ in said] == [
        (2, ""),
        (3, "/person"),
        (4, ""),
        (5, "/category"),
    ]
    lines.write_bytes(b"\xff\xfe")
    with pytest.raises(DocumentsRefused, match="expected UTF-8"):
        await house.calibrate(files=[lines])
    with pytest.raises(DocumentsRefused, match="No such file"):
        await house.calibrate(files=[tmp_path / "nowhere.csv"])
    with pytest.raises(DocumentsRefused, match="No such file"):
        await house.calibrate(anchors=tmp_path / "nowhere.txt")
    with pytest.raises(DocumentsRefused, match="No such file"):
        await house.calibrate(groups=tmp_path / "nowhere.csv")


async def test_faults_in_groups_are_told(house: House, tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("person,group\np,a\n,a\np,b\np,\n")
    with pytest.raises(DocumentsRefused) as refused:
        await house.calibrate(groups=path)
    assert [(one.line, one.pointer) for one in refused.value.document_faults] == [
        (3, "/person"),
        (4, "/group"),
        (5, "/group"),
    ]


async def test_answers_to_other_wordings_are_left_out_of_files(
    house: House, tmp_path: Path
) -> None:
    await house.store_tests([EndedTest(new_id(), [0, 1], [1, 0])])
    path = tmp_path / "answers.csv"
    (first, second) = await exported(house, path)
    path.write_text(
        HEADER + f"p1,{first['item']},1,,{first['wording']}\n" + "p1,lost,1,,0123456789abcdef\n"
    )
    done = await house.calibrate(files=[path])
    assert done.report.table.tally.other_wordings == 1
    assert len(done.report.table) == 3
    path.write_text(HEADER + f"p1,{first['item']},1,,{second['wording']}\n")
    with pytest.raises(DocumentsRefused, match="this is the wording of another item"):
        await house.calibrate(files=[path])
