"""What a file of agents has to look like."""

import pytest

from pacnum_api.domains.organisations.policy import (
    EXPECTED,
    NOT_AN_OBJECT,
    UNKNOWN_FIELD,
    Header,
    expectation,
    header_faults,
    separator_of,
)


@pytest.mark.parametrize(
    ("line", "separator"), [("issuer;value", ";"), ("issuer,value", ","), ("issuer", ",")]
)
def test_the_header_tells_the_separator(line: str, separator: str) -> None:
    assert separator_of(line) == separator


@pytest.mark.parametrize(
    ("cells", "fields"),
    [
        (("issuer", "value"), []),
        (("locale", "value", "issuer"), []),
        ((), ["issuer", "value"]),
        (("issuer", "locale"), ["value"]),
        (("issuer", "value", "name"), [""]),
        (("issuer", "value", "value"), [""]),
        (("Issuer", "value", "x", "x"), ["issuer", "", ""]),
    ],
)
def test_columns_are_known_needed_and_named_once(cells: tuple[str, ...], fields: list[str]) -> None:
    assert [name for name, _ in header_faults(cells)] == fields


def test_columns_come_in_any_order() -> None:
    header = Header(";", ("locale", "value", "issuer"))
    assert header.agents([["en", "a-1", "hr"], ["", "a-2", "hr"]]) == [
        ("hr", "a-1", "en"),
        ("hr", "a-2", "fr"),
    ]


def test_the_locale_may_be_left_out() -> None:
    assert Header(",", ("issuer", "value")).agents([["hr", "a-1"]]) == [("hr", "a-1", "fr")]


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ((), ("", NOT_AN_OBJECT)),
        (("value",), ("value", EXPECTED["value"])),
        ((0,), ("issuer", EXPECTED["issuer"])),
        ((2,), ("locale", EXPECTED["locale"])),
        (("Jeanne Dupont",), ("", UNKNOWN_FIELD)),
    ],
)
def test_a_fault_names_a_field_and_never_what_stood_there(
    location: tuple[object, ...], told: tuple[str, str]
) -> None:
    assert expectation(location) == told
