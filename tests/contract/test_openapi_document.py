"""The OpenAPI document: curated, committed, and what the code says now."""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pacnum_api.entrypoints.api import create_app
from pacnum_api.platform.settings import Settings
from tests.architecture.openapi import PROBLEM, Rules, faults_of_document
from tests.architecture.source import DOMAINS, ROOT

DOCUMENT = ROOT / "openapi" / "openapi.json"
PROBLEMS = ROOT / "docs" / "problems.md"


def rules() -> Rules:
    folders = [entry.name for entry in ROOT.joinpath(*DOMAINS).iterdir() if entry.is_dir()]
    codes = re.findall(r"^\| `(\w+)` \|", PROBLEMS.read_text("utf-8"), re.MULTILINE)
    return Rules(frozenset({*folders, "operations"} - {"__pycache__"}), frozenset(codes))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """What the application says, without a database."""
    return create_app(Settings(database_url="postgresql://")).openapi()


def test_the_committed_files_are_what_the_code_says(tmp_path: Path) -> None:
    """`make openapi` writes both; a process of its own, so that no test has a part in it."""
    program = Path(sys.executable).with_name("pacnum")
    targets = tmp_path / "openapi.json", tmp_path / "problems.md"
    options = ["--out", str(targets[0]), "--problems", str(targets[1])]
    subprocess.run([str(program), "openapi", *options], check=True, cwd=tmp_path)
    stale = [
        committed.name
        for committed, made in zip((DOCUMENT, PROBLEMS), targets, strict=True)
        if committed.read_bytes() != made.read_bytes()
    ]
    assert not stale, "run `make openapi` and read the difference: it is the contract"


def test_every_operation_is_curated(document: dict[str, Any]) -> None:
    faults = faults_of_document(document, rules())
    assert not faults, "\n".join(faults)


def test_the_committed_document_is_openapi_3_1() -> None:
    committed = json.loads(DOCUMENT.read_text("utf-8"))
    assert committed["openapi"].startswith("3.1")
    assert len(committed["paths"]) > 30


@pytest.fixture
def small() -> dict[str, Any]:
    """A document of one sound operation."""
    envelope = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {"gone": {}}}
    problem = {"description": "A problem.", "content": {PROBLEM: envelope}}
    operation = {
        "operationId": "items_submit_item",
        "summary": "Submit an item",
        "description": "Takes one item of the bank.",
        "tags": ["items"],
        "security": [{"client": ["items:write"]}],
        "parameters": [
            {"name": "item_id", "in": "path", "description": "Its id.", "schema": {}},
            {"name": "Idempotency-Key", "in": "header", "description": "Once.", "schema": {}},
        ],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/x/schemas/Item"}}}},
        "responses": {
            "201": {"content": {"application/json": {"schema": {"$ref": "#/x/schemas/Item"}}}},
            **{str(status): problem for status in (400, 401, 403, 404, 413, 415, 422, 429)},
        },
    }
    item = {"properties": {"name": {"type": "string", "examples": ["x"]}, "at": {"format": "date"}}}
    text = json.dumps(
        {
            "tags": [{"name": "items", "description": "Items."}],
            "paths": {"/v1/items/{item_id}": {"post": operation}},
            "components": {"schemas": {"Item": item}, "securitySchemes": {"client": {}}},
        }
    )
    sound: dict[str, Any] = json.loads(text)
    return sound


SMALL_RULES = Rules(frozenset({"items"}), frozenset({"gone"}))


def test_a_sound_operation_passes(small: dict[str, Any]) -> None:
    assert faults_of_document(small, SMALL_RULES) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("operationId", "submitItem"),
        ("operationId", "bank_submit_item"),
        ("operationId", "items_frobnicate_item"),
        ("operationId", None),
        ("summary", None),
        ("summary", "Submit an item."),
        ("description", "Submits"),
        ("tags", []),
        ("tags", ["unknown"]),
        ("security", None),
        ("security", [{"client": []}]),
        ("security", [{"other": ["items:write"]}]),
        ("parameters.0.description", None),
        ("parameters.1", None),
        ("responses.401", None),
        ("responses.404", None),
        ("responses.415", None),
        ("responses.201", None),
        ("responses.422", {"content": {"application/json": {"schema": {}}}}),
        (f"responses.422.content.{PROBLEM}.schema", {"$ref": "#/x/Other"}),
        (f"responses.422.content.{PROBLEM}.examples", {}),
        (f"responses.422.content.{PROBLEM}.examples", {"unexplained": {}}),
    ],
)
def test_a_fault_of_an_operation_is_found(small: dict[str, Any], place: str, value: object) -> None:
    target: Any = small["paths"]["/v1/items/{item_id}"]["post"]
    *steps, last = place.replace(PROBLEM, "problem").split(".")
    for step in steps:
        target = target[int(step) if isinstance(target, list) else step.replace("problem", PROBLEM)]
    if value is None:
        del target[int(last) if isinstance(target, list) else last]
    else:
        target[last] = value
    assert len(faults_of_document(small, SMALL_RULES)) == 1


def test_an_operation_id_used_twice_is_found(small: dict[str, Any]) -> None:
    methods = small["paths"]["/v1/items/{item_id}"]
    small["paths"]["/v1/other/{item_id}"] = copy.deepcopy(methods)
    assert len(faults_of_document(small, SMALL_RULES)) == 1


@pytest.mark.parametrize(
    "member",
    [
        {"type": "string"},
        {"type": ["string", "null"]},
        {"type": "array", "items": {"type": "number"}},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"properties": {"deep": {"type": "string"}}},
        {"additionalProperties": {"type": "string"}},
    ],
)
def test_a_member_without_example_is_found_once(
    small: dict[str, Any], member: dict[str, Any]
) -> None:
    small["components"]["schemas"]["Item"]["properties"]["more"] = member
    assert len(faults_of_document(small, SMALL_RULES)) == 1
    member["examples"] = ["given"]
    assert faults_of_document(small, SMALL_RULES) == []
