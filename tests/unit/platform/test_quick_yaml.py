"""The quick reader says what the slow one says, or nothing."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import pacnum_api
from pacnum_api.platform import quick_yaml
from pacnum_api.platform.documents import DocumentUnreadable, _Loader, _read_slowly, read_yaml
from pacnum_api.platform.quick_yaml import NotUsual, escaped, read_usual

HERE = Path("file.yaml")
CONTENT = sorted((Path(pacnum_api.__file__).parent / "content").rglob("*.yaml"))
RESOLVERS = _Loader.yaml_implicit_resolvers
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["no", "~", "", " ", "01000", "1.5", "a: b", "# x", "é\u2028", "-", "12:30"]),
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


def pointers(value: Any, pointer: str = "") -> list[str]:
    found = [pointer]
    if isinstance(value, dict):
        for name, inner in value.items():
            found += pointers(inner, f"{pointer}/{escaped(name)}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            found += pointers(inner, f"{pointer}/{place}")
    return found


def check_same(text: str) -> None:
    value, lines = read_usual(text, RESOLVERS)
    slow, locate = _read_slowly(text, HERE)
    assert repr(value) == repr(slow)
    assert lines == {pointer: locate(pointer) for pointer in pointers(slow)}


@pytest.mark.parametrize("path", CONTENT, ids=lambda path: path.name)
def test_what_ships_is_usual(path: Path) -> None:
    check_same(path.read_text("utf-8"))


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, True, False]))
def test_any_document_reads_the_same(document: Any, allow_unicode: bool, style: Any) -> None:  # noqa: FBT001 - hypothesis gives it
    text = yaml.safe_dump(
        document, allow_unicode=allow_unicode, default_flow_style=style, sort_keys=False
    )
    try:
        read_usual(text, RESOLVERS)
    except NotUsual:
        return
    check_same(text)


@given(st.text(st.sampled_from("ab: \n-[]{},'\"#&*!|>?1.~%@`\t\\"), max_size=24))
def test_any_text_reads_the_same(text: str) -> None:
    """Also one that is no document: what the quick one takes, the slow one takes for the same."""
    try:
        read_usual(text, RESOLVERS)
    except NotUsual:
        return
    try:
        slow, _ = _read_slowly(text, HERE)
    except DocumentUnreadable:
        return  # libyaml is a little more generous than PyYAML
    assert repr(read_usual(text, RESOLVERS)[0]) == repr(slow)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2",
        "1: one",
        "? [a]\n: 1",
        "{{a: 1}: 2}",
        "a: &x [1]\nb: *x",
        "a: !!str 1",
        "a: ! x",
        "a: !!seq [1]",
        "a: 1\n---\nb: 2",
        "%YAML 1.1\n---\na: 1",
        "a: [",
        "a: \x00",
        "a: \ud800",
        "[" * 101 + "]" * 101,
        "[" * 200_000 + "]" * 200_000,
        "a: " + "9" * 5000,
    ],
    ids=range(16),
)
def test_the_unusual_is_left_to_the_slow_one(text: str) -> None:
    with pytest.raises(NotUsual):
        read_usual(text, RESOLVERS)


def test_without_libyaml_everything_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    with pytest.raises(NotUsual):
        quick_yaml.read_usual("a: 1", RESOLVERS)
    assert read_yaml("a: 1", HERE)[0] == {"a": 1}
