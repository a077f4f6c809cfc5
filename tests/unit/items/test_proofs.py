"""Cases open files with real readers; what a proof says becomes a response of each type."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pacnum_api.domains.items.policy.grading import grade
from pacnum_api.domains.items.service.lint_bank.cases import (
    Answer,
    Case,
    ProofFailed,
    match,
    number,
    only,
)
from pacnum_api.domains.items.service.lint_bank.proofs import (
    ProofsUnreadable,
    case_of,
    load_proofs,
    proof_faults,
    response_of,
)
from pacnum_api.domains.items.types import Item
from tests.support.authored_items import both, make_item

ROWS = [["a", 1, 2.5, "2026-11-25"], ["b", None, True, "=SUM(B2:B3)"]]


def with_files(*files: dict[str, Any], **changes: Any) -> Item:
    content = {"files": [{"alt": both("file"), **file} for file in files]}
    return make_item("numeric", content=content, **changes)


def table(suffix: str) -> dict[str, Any]:
    columns = [{"name": name} for name in ("nom", "nombre", "part", "jour")]
    return {
        "name": f"t.{suffix}",
        "kind": "table",
        "format": suffix,
        "columns": columns,
        "rows": ROWS,
    }


def opened(*files: dict[str, Any], locale: str = "fr") -> Case:
    return case_of(with_files(*files), seed=0, locale=locale)


def test_tables_are_read_as_office_suites_read_them() -> None:
    case = opened(table("csv"), table("xlsx"), table("ods"))
    header = ["nom", "nombre", "part", "jour"]
    assert case.rows(".csv") == [
        header,
        ["a", "1", "2,5", "2026-11-25"],
        ["b", "", "VRAI", "=SUM(B2:B3)"],
    ]
    assert case.rows(".xlsx") == [
        header,
        ["a", 1, 2.5, "2026-11-25"],
        ["b", None, True, "=SUM(B2:B3)"],
    ]
    assert case.rows(".ods") == [
        header,
        ["a", 1, 2.5, "2026-11-25"],
        ["b", None, "True", "=SUM([.B2:.B3])"],
    ]
    assert case.table(".xlsx")[0] == {"nom": "a", "nombre": 1, "part": 2.5, "jour": "2026-11-25"}
    assert case.table(place=1) == case.table(".xlsx")


def test_messages_notes_pages_and_drawings() -> None:
    message = {
        "name": "m.eml",
        "kind": "email",
        "from": "a@b.example",
        "to": "c@b.example",
        "date": "2026-11-25T10:00:00+01:00",
        "subject": both("objet"),
        "headers": {"X-Spam": "oui"},
        "text": both("ligne é"),
    }
    note = {"name": "n.txt", "kind": "text", "text": both("note")}
    page = {"name": "p.pdf", "kind": "pdf", "title": both("titre"), "paragraphs": [both("corps")]}
    drawing = {
        "name": "d.svg",
        "kind": "svg",
        "svg": '<svg viewBox="0 0 9 9"><text x="1" y="1">Imprimer</text></svg>',
    }
    case = opened(message, note, page, drawing, locale="en")
    assert case.message()["X-Spam"] == "oui"
    assert case.body() == "ligne é (en)\n"
    assert case.text() == "note (en)\n"
    assert case.pages() == "titre (en) corps (en)"
    assert case.printed().splitlines() == ["titre (en)", "corps (en)"]
    assert [piece for piece in case.drawing().itertext() if piece.strip()] == ["Imprimer"]


def test_what_is_not_there_is_said() -> None:
    case = opened(table("csv"))
    with pytest.raises(ProofFailed, match=r"no file 0 of '\.pdf' among"):
        case.file(".pdf")
    with pytest.raises(ProofFailed, match="no file 1 of"):
        case.rows(place=1)
    other = Case("fr", {}, {"m.eml": b"Content-Type: image/png\r\n\r\n"})
    with pytest.raises(ProofFailed, match="no text"):
        other.body()


def test_question_and_parts() -> None:
    case = case_of(make_item("single_choice"), seed=0, locale="en")
    assert (case.scenario, case.stem) == ("situation (en)", "question (en)")
    assert sorted(case.texts()) == ["far (en)", "near (en)", "off (en)", "right (en)"]
    bare = case_of(make_item("numeric", content={"scenario": None}), seed=0, locale="fr")
    assert bare.scenario == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("1 234,5", 1234.5), ("1,234.5", 1234.5), ("1\u202f234", 1234), ("12 %", 12)),
        *(("30 €", 30), ("−3", -3), (7, 7), (2.5, 2.5)),
    ],
)
def test_printed_numbers(text: object, value: float) -> None:
    assert number(text) == value


def test_no_number() -> None:
    with pytest.raises(ProofFailed, match="'douze' is not a number"):
        number("douze")


def test_one_thing_and_a_pattern_must_be_there() -> None:
    assert only(iter("a")) == "a"
    for found in ("", "ab"):
        with pytest.raises(ProofFailed, match="found instead of one"):
            only(found)
    assert match(r"(\d+) h", "à 9 h")[1] == "9"
    assert match("B", "abc", flags=re.IGNORECASE)[0] == "b"
    with pytest.raises(ProofFailed, match="is not in 'midi'"):
        match(r"\d", "midi")


ANSWERS: dict[str, Answer] = {
    "single_choice": "right",
    "multiple_choice": {"yes1", "yes2", "yes3"},
    "short_text": "copie cachée",
    "numeric": 1234.5,
    "cloze": ["good", "tableur", 12],
    "ordering": ["first", "second", "third", "fourth"],
    "matching": {"la": "ra", "lb": "rb", "lc": "rc"},
    "categorisation": {"ea": "keep", "eb": "keep", "ec": "drop", "ed": "drop"},
    "hotspot": ["top_right"],
}


@pytest.mark.parametrize("of_type", ANSWERS)
def test_what_is_said_becomes_a_response(of_type: str) -> None:
    item = make_item(of_type)
    for seed in range(4):
        case = case_of(item, seed=seed, locale="fr")
        said = response_of(item, ANSWERS[of_type], case=case)
        assert grade(item, seed=seed, response=said).is_correct


def test_a_unit_is_said_with_the_number() -> None:
    units = [{"id": "ko", "text": both("ko")}, {"id": "mo", "text": both("mo")}]
    item = make_item(
        "numeric", interaction={"units": units, "unit": None}, answer={"value": 3, "unit": "mo"}
    )
    case = case_of(item, seed=0, locale="fr")
    assert grade(item, seed=0, response=response_of(item, [3, "mo"], case=case)).is_correct


def test_words_must_name_one_part() -> None:
    item = make_item("single_choice")
    case = case_of(item, seed=0, locale="fr")
    for said in ("(fr)", "nowhere"):
        with pytest.raises(ProofFailed, match="names"):
            response_of(item, said, case=case)
    exact = response_of(item, "right (fr)", case=case)
    assert exact == response_of(item, "right", case=case)


def test_every_variant_is_proved() -> None:
    template = {"parameters": {"n": {"integer": [1, 99]}}}
    note = {"name": "n.txt", "kind": "text", "text": {"fr": "{{ n }}", "en": "{{ n }}"}}
    item = with_files(note, template=template, answer={"value": "{{ n }}"})
    assert list(proof_faults(item, lambda case: int(case.text()))) == []
    (fault,) = proof_faults(item, lambda case: min(int(case.text()), 50))
    assert fault.startswith("seed ")
    assert list(proof_faults(item, lambda case: number(case.text()), seeds=0)) == []


def test_a_folder_of_proofs_is_run(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("PROOFS = {'a': lambda case: len(case.files)}\nJUDGED = {}\n")
    (tmp_path / "two.py").write_text("PROOFS = {}\nJUDGED = {'b': 'why'}\n")
    found = load_proofs(tmp_path)
    assert found.functions["a"](opened(table("csv"))) == 1
    assert found.judged == {"b": "why"}
    assert load_proofs(None).functions == {}
    (tmp_path / "three.py").write_text("raise OSError('broken')\n")
    with pytest.raises(ProofsUnreadable, match=r"three\.py cannot be run: OSError: broken"):
        load_proofs(tmp_path)


def test_dates_are_read_as_the_formats_keep_them() -> None:
    template = {"parameters": {"jour": {"date": [date(2026, 1, 1), date(2026, 12, 31)]}}}
    file = {**table("csv"), "columns": [{"name": "jour"}], "rows": [["{{ jour }}"]]}
    item = with_files(file, template=template, answer={"value": 1})
    french, english = (case_of(item, seed=0, locale=locale).rows() for locale in ("fr", "en"))
    day = date.fromisoformat(english[1][0])
    assert french[1][0] == f"{day:%d/%m/%Y}"
