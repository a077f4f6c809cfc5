"""What ships is sound by the domains' own checks, and a fault in it would be seen."""

import shutil
from pathlib import Path

import pytest

from tests.architecture.content import faults_of_content
from tests.architecture.source import ROOT

SHIPPED = ROOT / "src" / "pacnum_api" / "content"


def test_all_that_ships_is_sound() -> None:
    faults = faults_of_content(SHIPPED)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("frameworks", "starts_at: ", "starts_at: 9"),
        ("frameworks", "maximum_level: ", "maximum_level: 99"),
        ("crosswalks", "relation: ", "relation: un"),
        ("crosswalks", "target: ", "target: un"),
        ("trainings", "entry_level: ", "entry_level: 8 # "),
        ("trainings", "modality: ", "modality: un"),
        ("items", "key: ", "unknown: 1\n    key: "),
        ("items", "level: ", "level: 9"),
    ],
)
def test_a_fault_is_found(tmp_path: Path, kind: str, before: str, after: str) -> None:
    for needed in {"frameworks", kind} - {"items"}:
        shutil.copytree(SHIPPED / needed, tmp_path / needed)
    if kind == "items":
        first = min((SHIPPED / kind).rglob("*.yaml"))
        (tmp_path / kind).mkdir()
        shutil.copy(first, tmp_path / kind)
    assert not any(str(tmp_path / kind) in fault for fault in faults_of_content(tmp_path))
    broken = min((tmp_path / kind).rglob("*.yaml"))
    text = broken.read_text("utf-8")
    assert before in text
    broken.write_text(text.replace(before, after, 1), "utf-8")
    assert any(str(broken) in fault for fault in faults_of_content(tmp_path))
