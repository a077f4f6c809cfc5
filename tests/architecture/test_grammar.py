"""Every domain speaks the one grammar: the same files, the same arrows between them."""

from pathlib import Path

import pytest

from tests.architecture.grammar import (
    MAY_IMPORT,
    misplaced,
    not_only_a_docstring,
    unlawful_imports,
)
from tests.architecture.source import DOMAINS, ROOT, modules, parse

FOLDER = ROOT.joinpath(*DOMAINS)


def domain_folders() -> list[Path]:
    return [entry for entry in FOLDER.iterdir() if entry.is_dir() and entry.name != "__pycache__"]


def faults(unit: str, line: str) -> list[str]:
    return list(unlawful_imports(parse(f"src/pacnum_api/domains/items/{unit}.py", line)))


@pytest.mark.parametrize(
    ("unit", "line"),
    [
        ("policy", "from pacnum_api.domains.items.repository import get_item"),
        ("policy/grading", "from pacnum_api.domains.items.schemas import ItemRead"),
        ("types", "from pacnum_api.domains.items import errors"),
        ("schemas", "import pacnum_api.domains.items.models"),
        ("endpoints", "from pacnum_api.domains.items import repository"),
        ("endpoints", "from pacnum_api.domains.items.policy import grade"),
        ("repository", "from pacnum_api.domains.items.service import get_bank"),
        ("service", "from pacnum_api.domains.items.access import ItemReader"),
        ("service", "from pacnum_api.domains.items import bank_of"),
        ("service", "from pacnum_api.domains import items"),
        ("service", "from .repository import get_item"),
        ("service", "from pacnum_api.domains.clients.repository import get_client"),
        ("service", "from pacnum_api.domains.clients import models"),
        ("service", "from pacnum_api.domains.clients.service.purge import purge"),
        ("policy", "from pacnum_api.domains.clients.service import list_tenant_ids"),
        ("service", "from sqlalchemy import select"),
        ("service/submit", "import asyncpg"),
        ("endpoints", "def f():\n    from pacnum_api.domains.items import repository"),
    ],
)
def test_an_unlawful_import_is_found(unit: str, line: str) -> None:
    assert len(faults(unit, line)) == 1


@pytest.mark.parametrize(
    ("unit", "line"),
    [
        ("policy", "from pacnum_api.domains.items.types import Item"),
        ("policy/grading", "from pacnum_api.domains.items.policy.numbers import read_number"),
        ("service", "from pacnum_api.domains.items import policy, repository"),
        ("service", "from pacnum_api.domains.clients import service as clients"),
        ("service", "from pacnum_api.domains.clients.errors import ClientNotFound"),
        ("service", "from pacnum_api.platform.uow import UnitOfWork"),
        ("types", "from pacnum_api.psychometrics.models import Model"),
        ("repository", "from sqlalchemy import select"),
    ],
)
def test_a_lawful_import_passes(unit: str, line: str) -> None:
    assert faults(unit, line) == []


def test_other_files_are_found(tmp_path: Path) -> None:
    for name in ("__init__.py", "types.py", "utils.py", "notes.md", "service.py"):
        (tmp_path / name).touch()
    (tmp_path / "service").mkdir()
    (tmp_path / "helpers").mkdir()
    found = " ".join(misplaced(tmp_path))
    assert found.count(str(tmp_path)) == 4
    assert all(name in found for name in ("utils.py", "notes.md", "helpers", "service"))


def test_a_domain_without_its_own_description_is_found(tmp_path: Path) -> None:
    assert len(list(misplaced(tmp_path))) == 1


@pytest.mark.parametrize(("text", "found"), [('"""Why."""', 0), ('"""Why."""\nx = 1', 1), ("", 1)])
def test_an_init_says_what_the_domain_is_about_and_nothing_else(text: str, found: int) -> None:
    module = parse("src/pacnum_api/domains/items/__init__.py", text)
    assert len(list(not_only_a_docstring(module))) == found


def test_domains_have_only_the_files_of_the_grammar() -> None:
    offences = [offence for folder in domain_folders() for offence in misplaced(folder)]
    stray = [entry.name for entry in FOLDER.glob("*.py") if entry.name != "__init__.py"]
    assert not offences, "\n".join(offences)
    assert not stray
    assert len(domain_folders()) >= 8


def test_domains_import_what_the_table_allows() -> None:
    tree = modules("src/pacnum_api/domains")
    checks = (unlawful_imports, not_only_a_docstring)
    offences = [offence for module in tree for check in checks for offence in check(module)]
    assert not offences, "\n".join(offences)


def test_the_table_has_no_circle() -> None:
    known: set[str] = set()
    waiting = dict(MAY_IMPORT)
    while waiting:
        ready = {unit for unit, imports in waiting.items() if imports <= known}
        assert ready, f"a circle among {sorted(waiting)}"
        known |= ready
        waiting = {unit: imports for unit, imports in waiting.items() if unit not in ready}
