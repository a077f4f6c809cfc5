"""``pacnum bank lint`` and ``preview``: what they print, and how they end."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pacnum_api.entrypoints.cli import app
from tests.support.authored_items import authored, both

runner = CliRunner()


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    return write(tmp_path / "bank", authored("numeric", outcomes=["LO1.1.01"]))


def write(folder: Path, *items: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    document = {"framework": "digcomp-2.2", "competence": "1.1", "items": list(items)}
    (folder / "1.1.yaml").write_text(json.dumps(document))
    return folder


def test_a_clean_bank_ends_with_0(bank: Path) -> None:
    said = runner.invoke(app, ["bank", "lint", str(bank), "--processes", "1", "--seeds", "3"])
    assert said.exit_code == 0, said.output
    assert said.stdout.endswith("1 items, 0 faults, 0 doubts\n")


def test_json_is_one_document(bank: Path) -> None:
    said = runner.invoke(app, ["bank", "lint", str(bank), "--processes", "1", "--json"])
    assert json.loads(said.stdout)["seeds"] == 200


def test_a_fault_ends_with_1(tmp_path: Path) -> None:
    facts = [{"statement": "s", "source": "x", "as_of": "2026-01-01", "review_by": "2026-06-01"}]
    folder = write(tmp_path / "bank", authored("numeric", facts=facts))
    options = ["--processes", "1", "--no-doubts", "--today"]
    old = runner.invoke(app, ["bank", "lint", str(folder), *options, "2026-06-02"])
    assert (old.exit_code, old.stdout.count("fault  ")) == (1, 1)
    assert "doubt" not in old.stdout.splitlines()[0]
    fresh = runner.invoke(app, ["bank", "lint", str(folder), *options, "2026-06-01"])
    assert fresh.exit_code == 0


def test_proofs_that_cannot_be_run_are_named(bank: Path, tmp_path: Path) -> None:
    proofs = tmp_path / "proofs"
    proofs.mkdir()
    (proofs / "p.py").write_text("PROOFS = {\n")
    options = ["--processes", "1", "--proofs", str(proofs)]
    said = runner.invoke(app, ["bank", "lint", str(bank), *options])
    assert said.exit_code == 1
    assert "p.py cannot be run: SyntaxError" in said.stderr
    assert "Traceback" not in said.output


def test_pages_are_written_and_faults_named(bank: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = runner.invoke(app, ["bank", "preview", str(bank), "--out", str(out)])
    assert said.exit_code == 0, said.output
    assert said.stdout == f"1 items, 0 files: {out / 'index.html'}\n"
    write(bank, authored("numeric"), authored("ordering", level=9))
    said = runner.invoke(app, ["bank", "preview", str(bank), "--out", str(out)])
    assert said.exit_code == 1
    assert said.stderr.startswith("fault  ")


def test_the_shipped_bank_is_what_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bank: Path
) -> None:
    """Without PATH the shipped bank is held against its framework, with its own proofs."""
    from pacnum_api.entrypoints import shipped_content  # noqa: PLC0415 - what the command reads

    paths = shipped_content.ContentPaths(items=(bank,))
    monkeypatch.setattr(shipped_content, "SHIPPED", paths)
    said = runner.invoke(app, ["bank", "lint", "--processes", "1", "--seeds", "1"])
    assert said.exit_code == 1
    assert "1.2 level 1: 0 of 3 items" in said.stdout
    assert "5.4 level 8: 0 of 3 items" in said.stdout
    note = {"name": "n.txt", "kind": "text", "alt": both("note"), "text": both("note")}
    write(bank, authored("numeric", content={"files": [note]}))
    said = runner.invoke(app, ["bank", "lint", "--processes", "1", "--seeds", "1"])
    assert "has files, and no proof finds its key in them" in said.stdout
