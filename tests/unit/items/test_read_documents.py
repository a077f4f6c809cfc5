"""From files to items: every fault at once, with file, line and field."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pacnum_api.domains.items.policy.parameters import basis_of
from pacnum_api.domains.items.schemas.authoring import ITEM_ADAPTER
from pacnum_api.domains.items.service.authoring_schema import authoring_schema
from pacnum_api.domains.items.service.read_documents import (
    Reading,
    ReadItem,
    read_documents,
)
from pacnum_api.domains.items.service.stored_documents import document_of, hash_of
from pacnum_api.domains.items.types import Item, ItemHead
from tests.support.authored_items import TYPES, authored

CONTENT = Path(__file__).parents[3] / "src/pacnum_api/content/items"


def write(folder: Path, *items: dict[str, Any], name: str = "1.1.yaml", **head: Any) -> Path:
    path = folder / name
    document = {"framework": "digcomp-2.2", "competence": "1.1", "items": list(items), **head}
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), "utf-8")
    return path


def told(reading: Reading) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.message) for fault in reading.faults]


def item_of(reading: Reading, read: ReadItem) -> Item:
    """The item of what is stored of it."""
    document = json.loads(reading.documents.get(read.document))
    used = {"status": read.head.status.value, "tryout": read.head.is_tryout}
    again = ITEM_ADAPTER.validate_python({**document, **used})
    return again.build(framework=read.head.framework, competence=read.head.competence)


def test_all_types_are_read(tmp_path: Path) -> None:
    write(tmp_path, *(authored(of_type) for of_type in TYPES))
    (tmp_path / "notes.txt").write_text("not an item file")
    reading = read_documents([tmp_path])
    assert told(reading) == []
    assert [read.head.type for read in reading.items] == list(TYPES)
    assert {read.head.competence for read in reading.items} == {"1.1"}


def test_faults_have_their_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(
        "framework: digcomp-2.2\n"
        "competence: '1.1'\n"
        "items:\n"
        "  - key: 1.1-1-a\n"
        "    level: 9\n"
        "    type: numeric\n"
        "    status: actif\n"
        "    content:\n"
        "      stem: {fr: Combien}\n"
        "      interaction: {decimal: 2}\n"
        "    answer: {value: douze}\n"
        "  - type: essay\n",
        "utf-8",
    )
    reading = read_documents([path])
    found = {fault.pointer: (fault.line, fault.message) for fault in reading.faults}
    assert found["/items/0/level"] == (5, "Input should be less than or equal to 8")
    assert found["/items/0/status"][0] == 7
    assert found["/items/0/content/stem/en"] == (9, "Field required")
    assert found["/items/0/content/interaction/decimal"][0] == 10
    assert found["/items/0/feedback"] == (4, "Field required")
    assert found["/items/1"][0] == 12
    assert "single_choice" in found["/items/1"][1]
    assert str(reading.faults[0]).startswith(f"{path}:")
    assert reading.items == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "expected the node content"),
        ("a: 1\na: 2", "is there twice"),
        ("just text", "valid dictionary"),
        ("", "valid dictionary"),
    ],
)
def test_unreadable_files_are_told(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    assert message in told(read_documents([tmp_path]))[0][1]
    assert "No such file" in told(read_documents([tmp_path / "lost.yaml"]))[0][1]


def test_faults_of_meaning_are_placed_too(tmp_path: Path) -> None:
    write(tmp_path, authored("single_choice", answer={"choice": "lost"}))
    assert told(read_documents([tmp_path])) == [
        (
            "/items/0/answer/choice",
            "1.1-3-single-choice: expected ids among right, near, far, off",
        )
    ]


def test_faults_between_items(tmp_path: Path) -> None:
    write(tmp_path, authored("numeric"), authored("numeric", enemies=["1.1-3-lost"]))
    reading = read_documents([tmp_path])
    assert [pointer for pointer, _ in told(reading)] == ["/key", "/enemies"]
    assert "also at" in reading.faults[0].message
    assert "no item 1.1-3-lost" in reading.faults[1].message


def test_an_enemy_of_a_file_by_itself_may_be_elsewhere(tmp_path: Path) -> None:
    path = write(tmp_path, authored("numeric", enemies=["1.1-3-ordering"]))
    reading = read_documents([path])
    assert told(reading) == []
    assert [doubt.pointer for doubt in reading.doubts] == ["/enemies"]
    assert reading.lost_enemies({("digcomp-2.2", "1.1-3-ordering")}) == ()
    assert len(reading.lost_enemies({("digcomp-3.0", "1.1-3-ordering")})) == 1
    other = write(tmp_path, authored("ordering"), name="other.yaml")
    reading = read_documents([path, other])
    assert reading.faults == ()
    assert "/enemies" not in [doubt.pointer for doubt in reading.doubts]


def test_doubts_are_placed(tmp_path: Path) -> None:
    path = write(tmp_path, authored("numeric"), authored("numeric", key="1.1-3-other"))
    (doubt,) = read_documents([tmp_path]).doubts
    assert (doubt.path, doubt.pointer) == (path, "/content/stem")
    assert doubt.line > 1


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    (
        "numeric",
        {
            "interaction": {
                "unit": {"fr": "a", "en": "a"},
                "units": [{"id": "a", "text": {"fr": "a", "en": "a"}}],
            }
        },
        "not both",
    ),
    ("numeric", {"answer": {"tolerance": {}}}, "either absolute or relative"),
    ("numeric", {"answer": {"tolerance": {"absolute": -1}}}, "0 or more"),
    (
        "numeric",
        {
            "facts": [
                {"statement": "s", "source": "s", "as_of": "2026-01-02", "review_by": "2026-01-01"}
            ]
        },
        "review_by after as_of",
    ),
    ("numeric", {"template": {"parameters": {"n": {"integer": [9, 1]}}}}, "low < high"),
    (
        "numeric",
        {"template": {"parameters": {"n": {"decimal": [9, 1], "digits": 1}}}},
        "low < high",
    ),
    (
        "numeric",
        {"template": {"parameters": {"n": {"sample": ["a", "b"], "size": 3}}}},
        "number of values",
    ),
    (
        "numeric",
        {"template": {"parameters": {"n": {"date": ["2026-01-02", "2026-01-01"]}}}},
        "first before last",
    ),
    (
        "numeric",
        {"template": {"parameters": {"n": {"rows": 2, "columns": {"r": {"sequence": "D"}}}}}},
        "place for the number",
    ),
    (
        "numeric",
        {"template": {"parameters": {"n": {"rows": 2, "columns": {"r": {"sequence": "{x}"}}}}}},
        "format of one number",
    ),
    ("numeric", {"template": {"parameters": {"n": {"nothing": 2}}}}, "discriminator"),
    (
        "cloze",
        {"interaction": {"blanks": [{"id": "a", "kind": "choice"}, {"id": "b", "kind": "text"}]}},
        "2 or more options",
    ),
    ("cloze", {"answer": {"blanks": {"pick": {}}}}, "expected choice, accepted or value"),
    (
        "matching",
        {
            "interaction": {
                "right": [{"id": n, "text": {"fr": n, "en": n}} for n in "abc"],
                "left": [{"id": n, "text": {"fr": n, "en": n}} for n in "abcd"],
            }
        },
        "at least as many",
    ),
    ("numeric", {"content": {"stem": {"fr": "a\x07", "en": "b"}}}, "no control character"),
    (
        "numeric",
        {
            "content": {
                "files": [
                    {
                        "name": "a.csv",
                        "alt": {"fr": "a", "en": "a"},
                        "kind": "table",
                        "format": "csv",
                        "columns": [{"name": "a"}],
                    }
                ]
            }
        },
        "either rows or rows_from",
    ),
    (
        "numeric",
        {
            "content": {
                "files": [
                    {
                        "name": "a.csv",
                        "alt": {"fr": "a", "en": "a"},
                        "kind": "table",
                        "format": "csv",
                        "rows": [],
                        "columns": [{"name": "a", "value": "1", "field": "a"}],
                    }
                ]
            }
        },
        "value or field",
    ),
]


@pytest.mark.parametrize(("of_type", "changes", "message"), BROKEN)
def test_the_format_is_strict(
    tmp_path: Path, of_type: str, *, changes: dict[str, Any], message: str
) -> None:
    write(tmp_path, authored(of_type, **changes))
    found = told(read_documents([tmp_path]))
    assert found
    assert message in found[0][1], found
    assert not found[0][1].startswith("Value error")


def test_the_shipped_bank_is_whole() -> None:
    reading = read_documents([CONTENT], tries_out=False)  # the bank's gate tries them
    assert [str(fault) for fault in reading.faults] == []
    items = [item_of(reading, read) for read in reading.items]
    assert len(items) >= 504
    by_competence = {item.competence: 0 for item in items}
    for item in items:
        by_competence[item.competence] += 1
    assert len(by_competence) == 21
    assert min(by_competence.values()) >= 24
    for of_type in TYPES:
        assert sum(item.type == of_type for item in items) >= 4, of_type
    assert sum(bool(item.content.files) for item in items) >= 15
    assert sum(item.template is not None for item in items) >= 15
    for read in reading.items:  # what is stored reads back as the same item
        document = json.loads(reading.documents.get(read.document))
        assert (
            document_of(ITEM_ADAPTER.validate_python({**document, "status": "draft"})) == document
        )
        content = {"competence": read.head.competence, "item": document}
        assert hash_of(content) == read.content_hash
        item = item_of(reading, read)
        assert (ItemHead.of(item), basis_of(item)) == (read.head, read.basis)


def test_the_schema_that_ships_is_that_of_the_code() -> None:
    """After a change of the format: ``pacnum items schema > …/content/items/schema.json``."""
    assert (CONTENT / "schema.json").read_text("utf-8") == authoring_schema()
