"""YAML whose values know their lines."""

from pathlib import Path

import pytest

from pacnum_api.platform.documents import (
    DocumentFault,
    DocumentUnreadable,
    escaped,
    load_yaml,
    read_yaml,
)

HERE = Path("file.yaml")


def test_scalars_are_what_writers_mean() -> None:
    text = (
        "[no, yes, on, true, False, 1, -2, 1.5, 01000, 12:30, 2026-01-05, ~, null, '1', 1_000, .5]"
    )
    data, _ = read_yaml(text, HERE)
    assert data == [
        *("no", "yes", "on", True, False, 1, -2, 1.5, "01000", "12:30", "2026-01-05"),
        *(None, None, "1", "1_000", ".5"),
    ]


def test_values_know_their_lines() -> None:
    data, locate = read_yaml("a:\n  - x\n  - b/c: 1\n\n    d: 2\n", HERE)
    assert data == {"a": ["x", {"b/c": 1, "d": 2}]}
    lines = {pointer: locate(pointer) for pointer in ("", "/a/0", "/a/1/b~1c", "/a/1/d")}
    assert lines == {"": 1, "/a/0": 2, "/a/1/b~1c": 3, "/a/1/d": 5}
    assert locate("/a/1/missing/deeper") == locate("/a/1")
    assert escaped("a/b~c") == "a~1b~0c"


def test_nothing_is_nothing() -> None:
    data, locate = read_yaml("# only a comment\n", HERE)
    assert data is None
    assert locate("/anything") == 1


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3", 3, "'a' is there twice"),
        ("x:\n  1: one", 2, "expected text as a key"),
        ("? [a]\n: 1", 1, "expected text as a key"),
        ("a: [1,\n", 2, "expected the node content"),
        ("a: &x [1]\nb: *x", 2, "aliases are not used here"),
        ("a: !!python/object:os.system x", 1, "could not determine a constructor"),
        ("a: 1\n---\nb: 2", 2, "another document"),
        ("a: \x00", 0, "unacceptable character"),
        ("[" * 3000 + "]" * 3000, 0, "nested too deeply"),
    ],
    ids=["twice", "number", "list", "open", "alias", "tag", "two", "nul", "deep"],
)
def test_what_is_no_document_is_told(text: str, line: int, *, message: str) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        read_yaml(text, HERE)
    assert caught.value.line == line
    assert message in caught.value.message
    assert str(HERE) in str(caught.value)


def test_a_text_nested_a_million_times_is_told_too() -> None:
    """libyaml's own composer would take the process down."""
    with pytest.raises(DocumentUnreadable, match="nested too deeply"):
        read_yaml("[" * 1_000_000, HERE)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable, match="No such file"):
        load_yaml(tmp_path / "lost.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: é".encode("latin-1"))
    with pytest.raises(DocumentUnreadable, match="expected UTF-8"):
        load_yaml(latin)
    latin.write_text("a: é", encoding="utf-8")
    assert load_yaml(latin)[0] == {"a": "é"}


def test_faults_read_like_a_compilers() -> None:
    assert str(DocumentFault(HERE, 3, "/a", "expected b")) == "file.yaml:3: /a: expected b"
    assert str(DocumentFault(HERE, 0, "", "gone")) == "file.yaml:0: /: gone"
