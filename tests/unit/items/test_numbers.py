"""Numbers as French and English readers type them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.domains.items.policy.expressions import print_number
from pacnum_api.domains.items.policy.numbers import from_json, is_near, readings

ONE = Decimal("1234.5")


@pytest.mark.parametrize(
    "typed",
    [
        "1234,5",
        "1234.5",
        "1 234,5",
        "1\u00a0234,50",
        "1\u202f234,5",
        "1,234.5",
        "1.234,5",
        "1'234.5",
        "+1 234,5",
        " 1234,500 ",
    ],
)
def test_one_number_many_writings(typed: str) -> None:
    assert readings(typed) == (ONE,)


@pytest.mark.parametrize(
    ("typed", "units", "number"),
    [
        ("−3", [], "-3"),
        ("–3", [], "-3"),
        ("- 3", [], "-3"),
        (",5", [], "0.5"),
        ("12.", [], "12"),
        ("1,234,567", [], "1234567"),
        ("1.234.567,8", [], "1234567.8"),
        ("12 345 678", [], "12345678"),
        ("12 %", [], "0.12"),
        ("12 %", ["%"], "12"),
        ("12,50 €", ["€"], "12.50"),
        ("€12", ["€"], "12"),
        ("€-5", ["€"], "-5"),
        ("-5 km", ["km"], "-5"),
        ("12 MO", ["Mo"], "12"),
        ("3 dossiers", ["", "dossiers"], "3"),
        ("12", ["€"], "12"),
        ("٣", [], "3"),
    ],
)
def test_signs_units_and_per_cent(typed: str, units: list[str], number: str) -> None:
    assert readings(typed, units) == (Decimal(number),)


@pytest.mark.parametrize("typed", ["1,234", "1.234"])
def test_three_digits_after_one_mark_have_two_readings(typed: str) -> None:
    assert set(readings(typed)) == {Decimal("1.234"), Decimal(1234)}


@pytest.mark.parametrize("typed", ["0,234", "1234,567", "1 234,567"])
def test_no_second_reading_where_it_makes_no_sense(typed: str) -> None:
    assert len(readings(typed)) == 1


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "  ",
        "-",
        "douze",
        "1 23",
        "12 34",
        "1,23,456",
        "1.2.3",
        "1e5",
        "²",
        "12 €",
        "--3",
        "€",
        "9" * 41,
        "1" + "0" * 15,
        "NaN",
        "inf",
        "0x10",
    ],
)
def test_no_number(typed: str) -> None:
    assert readings(typed) == ()


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.1, Decimal("0.1")),
        (12, Decimal(12)),
        (-3.5, Decimal("-3.5")),
        (float("nan"), None),
        (float("inf"), None),
        (10**15, None),
        pytest.param(10**5000, None, id="longer than Python prints"),
        (-1e300, None),
    ],
)
def test_json_numbers(value: float, number: Decimal | None) -> None:
    assert from_json(value) == number


@pytest.mark.parametrize(
    ("given_number", "key", "within", "decimals", "is_right"),
    [
        ("0.3", 0.1 + 0.2, 0, None, True),
        ("0.31", 0.3, 0, None, False),
        ("12.35", 12.345, 0, 2, True),  # half up
        ("12.34", 12.345, 0, 2, True),  # half to even
        ("12.33", 12.345, 0, 2, False),
        ("12.345", 12.345, 0, 2, False),  # two decimals were asked for
        ("12", 12.4, 0, 0, True),
        ("12.4", 12, 0, 0, False),
        ("99", 100, 1, None, True),
        ("98.99", 100, 1, None, False),
        ("101", 100, 1, 2, True),
        ("1000000.0001", 1_000_000, 0, None, True),  # below the noise of a computed key
    ],
)
def test_nearness(
    given_number: str, key: float, *, within: float, decimals: int | None, is_right: bool
) -> None:
    assert is_near(Decimal(given_number), key, within=within, decimals=decimals) is is_right


@given(
    st.decimals(-(10**9), 10**9, places=3, allow_nan=False),
    st.sampled_from(["fr", "en"]),
)
def test_what_the_service_prints_it_reads_back(number: Decimal, locale: str) -> None:
    assert number in readings(print_number(float(number), locale))


@given(st.text(max_size=50), st.lists(st.text(max_size=5), max_size=2))
def test_any_text_is_read_or_not_but_never_raises(text: str, units: list[str]) -> None:
    assert all(number.is_finite() for number in readings(text, units))
