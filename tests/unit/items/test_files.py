"""Files to open: read back by other programs, the same bytes each time, nothing dangerous."""

import csv
import email
import email.policy
import io
import zipfile
from typing import Any

import openpyxl
import pypdf
import pytest
from odf import opendocument, table

from pacnum_api.domains.items.policy.expressions import ExpressionFailed
from pacnum_api.domains.items.policy.file_drawings import DrawingRejected, check_drawing
from pacnum_api.domains.items.policy.files import _content, find_file, rehearse, render
from pacnum_api.domains.items.policy.pack_ods import open_formula
from pacnum_api.domains.items.policy.wording import Wording, wording
from pacnum_api.domains.items.types import RenderedFile
from tests.support.authored_items import SVG, both, make_item

Document = dict[str, Any]
TEMPLATE = {
    "parameters": {
        "n": {"integer": [1000, 2000]},
        "jour": {"date": ["2026-01-05", "2026-03-30"]},
        "lignes": {
            "rows": 3,
            "columns": {
                "ref": {"sequence": "D-{:02d}"},
                "montant": {"decimal": [1.0, 9.0], "digits": 2},
                "jour": {"date": ["2026-01-05", "2026-03-30"]},
            },
        },
    }
}


def rendered(file: Document, *, seed: int = 3, locale: str = "fr", **changes: Any) -> RenderedFile:
    document = {"name": "file.bin", "alt": both("a file"), **file}
    item = make_item("single_choice", content={"files": [document]}, **changes)
    words = wording(item, seed=seed, locale=locale)
    rehearse(item.content.files[0], words)
    first, second = (render(item.content.files[0], words) for _ in range(2))
    assert first == second
    return first


def drawn(format_: str, **options: Any) -> RenderedFile:
    columns = [
        {"name": {"fr": "Réf.", "en": "Ref."}, "field": "ref"},
        {"name": {"fr": "Montant", "en": "Amount"}, "field": "montant"},
        {"name": {"fr": "Jour", "en": "Day"}, "field": "jour"},
        {"name": {"fr": "Double", "en": "Double"}, "value": "montant * 2"},
        {"name": {"fr": "N°", "en": "No."}, "value": "number ~ '/' ~ row.ref"},
    ]
    file = {"kind": "table", "format": format_, "columns": columns, "rows_from": "lignes"}
    return rendered(file, template=TEMPLATE, **options)


LITERAL = {
    "kind": "table",
    "columns": [{"name": "a"}, {"name": "b"}, {"name": "c", "value": "cells | length * number"}],
    "rows": [
        [1, {"fr": "oui", "en": "yes"}],
        [1.5, True],
        [None, "=SUM(A2:A3)"],
        ["{{ n }}", "{{ jour }}"],
    ],
    "sheet": {"fr": "Relevé", "en": "Statement"},
}


def rows_of(file: RenderedFile) -> list[list[str]]:
    text = file.content.decode("utf-8-sig")
    assert file.content.startswith(b"\xef\xbb\xbf")
    assert "\r\n" in text
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def test_csv_in_each_language() -> None:
    french, english = (rows_of(drawn("csv", locale=locale)) for locale in ("fr", "en"))
    assert french[0] == ["Réf.", "Montant", "Jour", "Double", "N°"]
    assert [row[0] for row in french[1:]] == ["D-01", "D-02", "D-03"]
    assert [row[4] for row in french[1:]] == ["1/D-01", "2/D-02", "3/D-03"]
    for one, other in zip(french[1:], english[1:], strict=True):
        assert one[1].replace(",", ".") == other[1]
        day, month, year = one[2].split("/")
        assert f"{year}-{month}-{day}" == other[2]


def test_csv_of_literal_cells() -> None:
    rows = rows_of(rendered({**LITERAL, "format": "csv"}, template=TEMPLATE))
    assert rows[1] == ["1", "oui", "2"]
    assert rows[2] == ["1,5", "VRAI", "4"]
    assert rows[3] == ["", "=SUM(A2:A3)", "6"]
    assert 1000 <= int(rows[4][0]) <= 2000
    english = rows_of(rendered({**LITERAL, "format": "csv"}, template=TEMPLATE, locale="en"))
    assert english[2] == ["1.5", "TRUE", "4"]


def test_xlsx_opens_with_its_types() -> None:
    file = rendered({**LITERAL, "format": "xlsx"}, template=TEMPLATE)
    assert file.media_type.endswith("spreadsheetml.sheet")
    sheet = openpyxl.load_workbook(io.BytesIO(file.content)).worksheets[0]
    assert sheet.title == "Relevé"
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[:4] == [("a", "b", "c"), (1, "oui", 2), (1.5, True, 4), (None, "=SUM(A2:A3)", 6)]
    assert isinstance(rows[4][0], int)
    assert hasattr(rows[4][1], "year")
    names = zipfile.ZipFile(io.BytesIO(drawn("xlsx").content)).infolist()
    assert {entry.date_time for entry in names} == {(2026, 1, 1, 0, 0, 0)}


def test_xlsx_writes_what_is_no_cell_as_text() -> None:
    file = {
        "kind": "table",
        "format": "xlsx",
        "columns": [{"name": "a", "value": "[1, 2]"}],
        "rows": [[]],
    }
    sheet = openpyxl.load_workbook(io.BytesIO(rendered(file).content)).worksheets[0]
    assert sheet["A2"].value == "[1, 2]"
    assert sheet.title == "Feuille1"


def test_ods_opens_with_its_types() -> None:
    file = rendered({**LITERAL, "format": "ods"}, template=TEMPLATE)
    archive = zipfile.ZipFile(io.BytesIO(file.content))
    assert archive.infolist()[0].filename == "mimetype"
    assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
    sheet = opendocument.load(io.BytesIO(file.content)).spreadsheet.getElementsByType(table.Table)[
        0
    ]
    assert sheet.getAttribute("name") == "Relevé"
    cells = [
        row.getElementsByType(table.TableCell) for row in sheet.getElementsByType(table.TableRow)
    ]
    assert [str(cell) for cell in cells[1]] == ["1", "oui", "2"]
    assert [cell.getAttribute("valuetype") for cell in cells[2]] == ["float", "boolean", "float"]
    assert b"xmlns:of=" in archive.read("content.xml")
    assert cells[3][1].getAttribute("formula") == "of:=SUM([.A2:.A3])"
    assert cells[4][1].getAttribute("valuetype") == "date"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=SUM(B2:B14)", "of:=SUM([.B2:.B14])"),
        ('=IF($A$1>10,"A1, oui",B2)', 'of:=IF([.$A$1]>10;"A1, oui";[.B2])'),
        ("=LOG10(A1)", "of:=LOG10([.A1])"),
    ],
)
def test_formulas_are_translated(formula: str, expected: str) -> None:
    assert open_formula(formula) == expected


@pytest.mark.parametrize("value", ["x", ["x"]])
def test_rows_must_be_a_list_of_rows(value: object) -> None:
    file = {
        "kind": "table",
        "format": "csv",
        "name": "f.csv",
        "alt": both("f"),
        "columns": [{"name": "a", "field": "a"}],
        "rows_from": "x",
    }
    item = make_item("single_choice", content={"files": [file]})
    with pytest.raises(TypeError, match="row"):
        render(item.content.files[0], Wording("fr", {"x": value}))


def test_texts_end_with_a_line_feed() -> None:
    note = {"kind": "text", "text": {"fr": "l'état\nciv", "en": "done\n"}}
    assert rendered(note).content == "l'état\nciv\n".encode()
    assert rendered(note, locale="en").content == b"done\n"


MAIL = {
    "kind": "email",
    "from": "Impôts <ne-pas-repondre@impots-gouv.example>",
    "to": {"fr": "agent@mairie.example", "en": "officer@mairie.example"},
    "reply_to": "autre@mairie.example",
    "date": "2026-03-02T08:30:00+01:00",
    "subject": {"fr": "Été : n° {{ n }}", "en": "Summer: no. {{ n }}"},
    "headers": {"Return-Path": "<x@envoi.example>", "Received": ["from a", "from b"]},
    "text": {"fr": "Bonjour à tous\nFin", "en": "Hello"},
    "attachments": ["facture.pdf"],
}


def test_emails_are_read_by_mail_programs() -> None:
    file = rendered(MAIL, template=TEMPLATE)
    assert file.media_type == "message/rfc822"
    message = email.message_from_bytes(file.content, policy=email.policy.default)
    assert message["From"] == "Impôts <ne-pas-repondre@impots-gouv.example>"
    assert message["To"] == "agent@mairie.example"
    assert message["Reply-To"] == "autre@mairie.example"
    assert message["Date"] == "Mon, 02 Mar 2026 08:30:00 +0100"
    assert message["Subject"].startswith("Été : n° 1")
    assert message.get_all("Received") == ["from a", "from b"]
    body = message.get_body()
    assert body is not None
    assert body.get_content() == "Bonjour à tous\r\nFin\r\n"
    assert [one.get_filename() for one in message.iter_attachments()] == ["facture.pdf"]


def test_a_plain_email_has_one_part() -> None:
    plain = {name: value for name, value in MAIL.items() if name not in {"attachments", "reply_to"}}
    message = email.message_from_bytes(rendered(plain, template=TEMPLATE).content)
    assert not message.is_multipart()
    assert message["Reply-To"] is None


@pytest.mark.parametrize("broken", [{"date": "hier"}, {"to": "a@b.example\nBcc: c@d.example"}])
def test_headers_that_cannot_be_are_told(broken: Document) -> None:
    with pytest.raises(ExpressionFailed, match="header"):
        rendered({**MAIL, **broken}, template=TEMPLATE)


def test_pdfs_hold_their_words() -> None:
    page = {
        "kind": "pdf",
        "title": {"fr": "Relevé d’œuvres – 10 €", "en": "Statement"},
        "paragraphs": [{"fr": "Total : 1\u202f234 €", "en": "Total"}, both("second")],
    }
    file = rendered(page)
    assert file.media_type == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(file.content))
    text = reader.pages[0].extract_text()
    assert "Relevé d’œuvres – 10 €" in text
    assert "234 €" in text
    assert "second (fr)" in text
    with pytest.raises(ExpressionFailed, match="cannot be printed"):
        rendered({**page, "title": both("→")})


def test_drawings_get_their_namespace() -> None:
    assert rendered({"kind": "svg", "svg": SVG}).content.startswith(
        b'<svg xmlns="http://www.w3.org/2000/svg"'
    )
    named = SVG.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"')
    assert rendered({"kind": "svg", "svg": named}).content == named.encode()


def inside(markup: str, attributes: str = "") -> str:
    return f'<svg viewBox="0 0 10 10" {attributes}>{markup}</svg>'


@pytest.mark.parametrize(
    "markup",
    [
        '<text x="1" font-family="sans-serif">été</text>',
        '<defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs>',
        '<rect fill="url(#g)"/>',
        '<use href="#g"/>',
        '<!-- a comment --><g style="fill:red"/>',
    ],
)
def test_static_drawings_pass(markup: str) -> None:
    assert check_drawing(inside(markup)).width == 10


@pytest.mark.parametrize(
    "svg",
    [
        inside("<script>alert(1)</script>"),
        inside("<foreignObject/>"),
        inside("<image href='x.png'/>"),
        inside("<a href='https://x.example'/>"),
        inside("<style>*{}</style>"),
        inside("<rect onclick='x()'/>"),
        inside("<use href='https://x.example/#a'/>"),
        inside("<use xlink:href='//x.example' xmlns:xlink='http://www.w3.org/1999/xlink'/>"),
        inside("<rect fill='url(https://x.example/a)'/>"),
        inside("<rect style='fill:URL( \"https://x.example\" )'/>"),
        inside("<rect style='@import x'/>"),
        inside("<text font-family='Comic Sans'/>"),
        inside("<x:rect xmlns:x='urn:other'/>"),
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG,
        "<?xml version='1.0'?><?php x?>" + SVG,
        inside("<![CDATA[x]]>"),
        "<svg",
        "no drawing",
        "<html/>",
        SVG.replace("0 0 100 50", "0 0 100"),
        SVG.replace("0 0 100 50", "0 0 0 50"),
        SVG.replace("viewBox", "viewbox"),
    ],
)
def test_dangerous_drawings_do_not(svg: str) -> None:
    with pytest.raises(DrawingRejected):
        check_drawing(svg)


def test_files_are_found_by_the_readers_name() -> None:
    file = {
        "name": {"fr": "note.txt", "en": "memo.txt"},
        "alt": both("n"),
        "kind": "text",
        "text": both("t"),
    }
    item = make_item("single_choice", content={"files": [file]})
    found = find_file(item, "memo.txt", seed=1, locale="en")
    assert found is not None
    assert found.content == b"t (en)\n"
    assert find_file(item, "memo.txt", seed=1, locale="fr") is None


def test_only_files_are_rendered() -> None:
    with pytest.raises(TypeError, match="is not a file"):
        _content("nonsense", None)  # type: ignore[arg-type]  # what the type checker would refuse
