"""Languages, entity tags and texts, by rule and by chance."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.platform.etags import is_same, permits
from pacnum_api.platform.http import negotiate_locale, unstorable_texts

texts = st.text(max_size=5) | st.sampled_from(["\x00", "\ud800", "a/b~c\x00"])
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda child: st.lists(child, max_size=3) | st.dictionaries(texts, child, max_size=3),
    max_leaves=10,
)


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert negotiate_locale(header) in {"fr", "en"}


@given(st.floats(0.001, 1), st.floats(0.001, 1))
def test_the_better_language_wins_and_the_first_of_equals(french: float, english: float) -> None:
    expected = "fr" if french >= english else "en"
    assert negotiate_locale(f"fr;q={french:.6f}, en;q={english:.6f}") == expected or (
        f"{french:.6f}" == f"{english:.6f}"
    )


@pytest.mark.parametrize(
    ("header", "locale"),
    [(None, "fr"), ("fr-CA", "fr"), ("EN", "en"), ("*;q=0.5, en", "en"), (";q=1,en", "en")],
)
def test_some_headers(header: str | None, locale: str) -> None:
    assert negotiate_locale(header) == locale


@pytest.mark.parametrize(
    ("header", "same", "permitted"),
    [
        ("", False, False),
        ('"a"', True, True),
        ('W/"a"', True, False),
        ('"b", "a"', True, True),
        ('"b",W/"a"', True, False),
        ("*", True, True),
        ("a", False, False),
        ('"ab"', False, False),
        ('"b"', False, False),
    ],
)
def test_a_tag_matches_whole_or_not_at_all(header: str, *, same: bool, permitted: bool) -> None:
    assert is_same(header, '"a"') is same
    assert permits(header, '"a"') is permitted


def test_no_header_is_no_match() -> None:
    assert not is_same(None, '"a"')


@given(documents)
def test_a_document_without_findings_can_be_stored(document: object) -> None:
    found = unstorable_texts(document)
    text = json.dumps(document, ensure_ascii=False)
    is_clean = "\\u0000" not in text and not any("\ud800" <= one <= "\udfff" for one in text)
    assert (found == []) is is_clean


def test_findings_are_named_by_pointer() -> None:
    document = {"a": ["x", "\x00"], "b/c": {"~d": "\ud800"}, "\x00": {"deeper": "\x00"}}
    assert unstorable_texts(document) == ["", "/a/1", "/b~1c/~0d"]
    assert unstorable_texts("\x00") == [""]
    assert unstorable_texts(7) == []


@pytest.mark.parametrize(
    ("if_match", "expected"),
    [
        ('"a-1-fr"', True),
        ('"x", "a-1-en"', True),
        ("*", True),
        ('"a-1"', False),
        ('"a-11-fr"', False),
        ('W/"a-1-fr"', False),
        ("", False),
    ],
)
def test_if_match_names_a_version_strongly(if_match: str, *, expected: bool) -> None:
    assert any(permits(if_match, tag) for tag in ('"a-1-fr"', '"a-1-en"')) is expected
