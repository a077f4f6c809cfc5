"""Static pages show every item as an agent gets it; keys only to those who ask for them."""

import json
from pathlib import Path
from typing import Any

import pytest

from pacnum_api.domains.items.service.preview_bank import PreviewOptions, preview_bank
from tests.support.authored_items import TYPES, authored, both

FILES: list[dict[str, Any]] = [
    {
        "name": "t.csv",
        "kind": "table",
        "format": "csv",
        "columns": [{"name": "x"}],
        "rows": [[1], [None]],
    },
    {"name": "t.ods", "kind": "table", "format": "ods", "columns": [{"name": "x"}], "rows": [[1]]},
    {
        "name": "m.eml",
        "kind": "email",
        "from": "a@b.example",
        "to": "c@b.example",
        "date": "2026-11-25T10:00:00+01:00",
        "subject": both("<objet>"),
        "text": both("bonjour <b>"),
        "attachments": ["piece.pdf"],
    },
    {"name": "n.txt", "kind": "text", "text": both("note")},
    {"name": "p.pdf", "kind": "pdf", "title": both("titre"), "paragraphs": [both("corps")]},
    {
        "name": "d.svg",
        "kind": "svg",
        "svg": '<svg viewBox="0 0 9 9"><text x="1" y="1">Imprimer</text></svg>',
    },
]


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    folder.mkdir()
    items = [authored(of_type) for of_type in TYPES]
    files = [{"alt": both("file"), **file} for file in FILES]
    items.append(authored("numeric", key="1.1-5-fichiers", level=5, content={"files": files}))
    units = [{"id": "ko", "text": both("ko")}, {"id": "mo", "text": both("mo")}]
    items.append(
        authored(
            "numeric",
            key="1.1-6-unite",
            level=6,
            interaction={"units": units, "unit": None, "decimals": None},
            answer={"value": 3, "unit": "mo"},
            facts=[
                {
                    "statement": "fait",
                    "source": "loi",
                    "as_of": "2026-01-01",
                    "review_by": "2027-01-01",
                }
            ],
            outcomes=["LO1.1.01"],
        )
    )
    document = {"framework": "digcomp-2.2", "competence": "1.1", "items": items}
    (folder / "1.1.yaml").write_text(json.dumps(document))
    return folder


def test_pages_and_files_are_written(bank: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    written = preview_bank([bank], out, options=PreviewOptions(seed=0, with_keys=False))
    assert (written.items, written.files, written.faults) == (11, 14, ())
    assert sorted(path.name for path in out.iterdir()) == [
        *("1.1.en.html", "1.1.fr.html", "files", "index.html"),
    ]
    saved = out / "files" / "fr" / "1.1-5-fichiers"
    assert sorted(path.name for path in saved.iterdir()) == sorted(str(f["name"]) for f in FILES)
    page = (out / "1.1.fr.html").read_text()
    assert page.count("<article") == 11
    for text in (
        "situation (fr)",
        "question (fr)",
        "right (fr)",
        "&lt;objet&gt; (fr)",
        "piece.pdf",
    ):
        assert text in page, text
    assert "corps (fr)" in page
    assert 'aria-hidden="true" style="left: ' in page
    assert "1.1.fr.html" in (out / "index.html").read_text()
    assert "situation (en)" in (out / "1.1.en.html").read_text()


def test_keys_are_shown_to_reviewers_only(bank: Path, tmp_path: Path) -> None:
    hidden, shown = tmp_path / "hidden", tmp_path / "shown"
    preview_bank([bank], hidden, options=PreviewOptions(seed=0, with_keys=False))
    preview_bank([bank], shown, options=PreviewOptions(seed=0, with_keys=True))
    secrets = (
        "well done",
        "because",
        "why near",
        "1234.5",
        "copie cachée",
        "fait (loi",
        "LO1.1.01",
    )
    page, reviewed = ((folder / "1.1.fr.html").read_text() for folder in (hidden, shown))
    for secret in secrets:
        assert secret not in page, secret
        assert secret in reviewed, secret
    for pair in ("la (fr) → ra (fr)", "ea (fr) → keep (fr)", "b1 → good (fr)"):
        assert pair in reviewed, pair


def test_pages_load_nothing_and_run_nothing(bank: Path, tmp_path: Path) -> None:
    preview_bank([bank], tmp_path / "out", options=PreviewOptions(seed=3, with_keys=True))
    for path in (tmp_path / "out").glob("*.html"):
        page = path.read_text()
        assert "<script" not in page
        assert "http" not in page.replace("http-equiv", "")
        assert "<b>" not in page.split("bonjour")[-1][:9]


def test_faulty_items_are_left_out_and_named(bank: Path, tmp_path: Path) -> None:
    (bank / "2.yaml").write_text("framework: 1\n")
    written = preview_bank(
        [bank], tmp_path / "out", options=PreviewOptions(seed=0, with_keys=False)
    )
    assert written.items == 11
    assert written.faults
