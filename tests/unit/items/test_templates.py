"""Seeded generation: one seed, one item, in every language and for ever."""

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter

from pacnum_api.domains.items.policy import expressions
from pacnum_api.domains.items.policy.expressions import (
    ExpressionFailed,
    compute,
    evaluate,
    fill,
    print_day,
    print_number,
)
from pacnum_api.domains.items.policy.identity import ByIdentity
from pacnum_api.domains.items.policy.templates import TemplateExhausted, _drawn, draw
from pacnum_api.domains.items.policy.wording import Wording, wording
from pacnum_api.domains.items.schemas.authored_templates import AuthoredTemplate
from pacnum_api.domains.items.types import LOCALES, LocalisedText, Template
from tests.support.authored_items import both, make_item

EVERYTHING: dict[str, Any] = {
    "parameters": {
        "total": {"integer": [120, 480], "step": 10},
        "taux": {"decimal": [1.5, 4.5], "digits": 1},
        "service": {"choice": [{"fr": "l'état civil", "en": "civil registry"}, both("other")]},
        "deux": {"sample": ["a", "b", "c", "d"], "size": 2},
        "jour": {"date": ["2026-01-05", "2026-03-30"]},
        "lignes": {
            "rows": 4,
            "columns": {
                "ref": {"sequence": "D-{:04d}", "start": 210},
                "montant": {"integer": [15, 940]},
                "service": {"choice": [{"fr": "RH", "en": "HR"}, "SG"]},
            },
        },
    },
    "derived": {
        "somme": "lignes | sum(attribute='montant')",
        "maxi": "lignes | sort(attribute='montant') | last",
        "montants": "lignes | map(attribute='montant')",
        "nom": "{'fr': 'agent', 'en': 'officer'}",
    },
    "require": ["lignes | map(attribute='montant') | unique | list | length == 4"],
}


def template(document: dict[str, Any]) -> Template:
    return TypeAdapter(AuthoredTemplate).validate_python(document).build()


def values(document: dict[str, Any], seed: int = 1, locale: str = "fr") -> dict[str, Any]:
    return dict(draw(template(document), seed=seed, key="k").values[locale])


def test_every_kind_of_draw_stays_in_its_bounds() -> None:
    for seed in range(60):
        drawn = values(EVERYTHING, seed)
        assert drawn["total"] in range(120, 481, 10)
        assert 1.5 <= drawn["taux"] <= 4.5
        assert round(drawn["taux"], 1) == drawn["taux"]
        assert len(set(drawn["deux"])) == 2
        assert date(2026, 1, 5) <= drawn["jour"] <= date(2026, 3, 30)
        assert [row["ref"] for row in drawn["lignes"]] == ["D-0210", "D-0211", "D-0212", "D-0213"]


def test_bounds_are_reached() -> None:
    document = {"parameters": {"n": {"integer": [1, 3]}, "d": {"decimal": [0.1, 0.3], "digits": 1}}}
    drawn = [values(document, seed) for seed in range(80)]
    assert {one["n"] for one in drawn} == {1, 2, 3}
    assert {one["d"] for one in drawn} == {0.1, 0.2, 0.3}


GOLDEN = (460, 2.5, ["d", "a"], date(2026, 2, 24), 2284)


def test_a_draw_is_frozen() -> None:
    """Changing a draw would change what past sessions showed: this must never be edited."""
    drawn = values(EVERYTHING, 20260302)
    assert (drawn["total"], drawn["taux"], drawn["deux"], drawn["jour"], drawn["somme"]) == GOLDEN


def test_both_languages_come_from_one_draw() -> None:
    french, english = values(EVERYTHING, 5, "fr"), values(EVERYTHING, 5, "en")
    for name in ("total", "taux", "deux", "jour", "somme", "montants"):
        assert french[name] == english[name]
    assert (french["nom"], english["nom"]) == ("agent", "officer")
    assert {row["service"] for row in english["lignes"]} <= {"HR", "SG"}


def test_seeds_and_items_draw_differently() -> None:
    sums = {values(EVERYTHING, seed)["somme"] for seed in range(40)}
    assert len(sums) > 35
    other = draw(template(EVERYTHING), seed=1, key="other").values["fr"]
    assert other["somme"] != values(EVERYTHING, 1)["somme"]


def test_requirements_are_met_by_drawing_again() -> None:
    document = {"parameters": {"n": {"integer": [1, 10]}}, "require": ["n > 7", "n != 9"]}
    drawn = [draw(template(document), seed=seed, key="k") for seed in range(40)]
    assert {one.values["fr"]["n"] for one in drawn} == {8, 10}
    assert max(one.draws for one in drawn) > 1


def test_a_draw_that_cannot_be_computed_is_drawn_again() -> None:
    document = {"parameters": {"n": {"integer": [0, 3]}}, "derived": {"share": "6 / n"}}
    assert {values(document, seed)["share"] for seed in range(40)} == {2.0, 3.0, 6.0}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"require": ["n > 10"]}, "n > 10"),
        ({"derived": {"x": "1 / (n - n)"}}, "division by zero"),
        ({"derived": {"x": "missing + 1"}}, "missing"),
        ({"derived": {"x": "missing"}}, "not defined"),
    ],
)
def test_hopeless_requirements_are_told(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(TemplateExhausted, match="no draw of 200") as caught:
        values({"parameters": {"n": {"integer": [1, 10]}}, **document})
    assert reason in str(caught.value)


def test_only_parameters_are_drawn() -> None:
    with pytest.raises(TypeError, match="is not a parameter"):
        _drawn("nonsense", None)  # type: ignore[arg-type]  # what the type checker would refuse


@pytest.mark.parametrize(
    ("number", "digits", "french", "english"),
    [
        (1234.5, None, "1\u202f234,5", "1,234.5"),
        (12, None, "12", "12"),
        (0.1 + 0.2, None, "0,3", "0.3"),
        (1234567.891, 2, "1\u202f234\u202f567,89", "1,234,567.89"),
        (5, 2, "5,00", "5.00"),
        (-1000, None, "-1\u202f000", "-1,000"),
    ],
)
def test_numbers_are_printed_for_the_reader(
    number: float, digits: int | None, *, french: str, english: str
) -> None:
    assert print_number(number, "fr", digits=digits) == french
    assert print_number(number, "en", digits=digits) == english


def test_days_are_printed_for_the_reader() -> None:
    assert print_day(date(2026, 1, 5), "fr") == "5 janvier 2026"
    assert print_day(date(2026, 8, 1), "fr") == "1er août 2026"
    assert print_day(date(2026, 8, 1), "en") == "1 August 2026"


@pytest.mark.parametrize("value", [True, "12", None])
def test_only_numbers_and_days_are_printed(value: object) -> None:
    with pytest.raises(ExpressionFailed, match="expects a number"):
        print_number(value, "fr")
    with pytest.raises(ExpressionFailed, match="expects a date"):
        print_day(value, "fr")


def test_functions_of_expressions() -> None:
    names = {"xs": [3, 1, 2], "jour": date(2026, 1, 30)}
    expressions = {
        "round(2.567, 1)": 2.6,
        "abs(-2)": 2,
        "min(xs) + max(xs) + sum(xs) + len(xs)": 13,
        "sorted(xs)": [1, 2, 3],
        "range(2, 8, 3) | list": [2, 5],
        "zip(xs, xs) | list": [(3, 3), (1, 1), (2, 2)],
        "int('3') + float('0.5')": 3.5,
        "str(3) ~ 'x'": "3x",
        "jour + days(2)": date(2026, 2, 1),
        "xs | map('string')": ["3", "1", "2"],
    }
    for expression, value in expressions.items():
        assert compute(expression, names, locale="fr") == value


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__.__mro__",
        "xs.append(4)",
        "cycler.__init__.__globals__",
        "range(100000000)",
        "range(3).__class__",
        "1 +",
        "1e308 * 10",
        "1e308 + 1e308",
        "xs[9]",
        "[1, 2, 3] | random",
        "open('/etc/passwd')",
    ],
)
def test_the_sandbox_holds(expression: str) -> None:
    with pytest.raises(ExpressionFailed):
        compute(expression, {"xs": [1]}, locale="fr")


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("10 ** (10 ** 9)", "4096 bits"),
        ("(-10) ** n", "4096 bits"),
        ("2 ** 4097", "4096 bits"),
        ("2 ** 4095 * 2", "4096 bits"),
        ("'a' * 10 ** 9", "10000 long"),
        ("n * 'ab'", "10000 long"),
        ("'a' * 10001", "10000 long"),
        ("[0] * n", "10000 long"),
        ("big * big", "number is too large"),
        ("big ** 2", "out of range"),
    ],
)
def test_a_computation_has_a_ceiling(expression: str, reason: str) -> None:
    values = {"n": 10**9, "big": 1e308}
    with pytest.raises(ExpressionFailed, match=reason):
        compute(expression, values, locale="fr")
    with pytest.raises(ExpressionFailed, match=reason):
        fill("{{ " + expression + " }}", values, locale="fr")


def test_below_the_ceiling_all_is_computed() -> None:
    expressions = {
        "2 ** 4095": 2**4095,
        "(-1) ** n": 1,
        "0 ** n": 0,
        "1 ** n": 1,
        "2 ** -1": 0.5,
        "2.5 ** 2": 6.25,
        "7 * 1.5": 10.5,
        "'a' * 10000": "a" * 10_000,
        "3 * [0]": [0, 0, 0],
        "'a' * -5": "",
    }
    for expression, value in expressions.items():
        assert compute(expression, {"n": 10**9}, locale="fr") == value


def test_a_value_hides_a_function_of_its_name() -> None:
    assert compute("sum + 1", {"sum": 2}, locale="fr") == 3
    assert fill("{{ sum }}", {"sum": 2}, locale="fr") == "2"


def test_nothing_follows_an_expression() -> None:
    with pytest.raises(ExpressionFailed, match="nothing may follow"):
        compute("1 + 1 2", {}, locale="fr")


def test_texts_are_filled_in_the_readers_language() -> None:
    names = {"n": 1234.5, "jour": date(2026, 1, 5)}
    assert (
        fill("{{ n | num }} : {{ jour | day }}\n", names, locale="en")
        == "1,234.5 : 5 January 2026\n"
    )
    assert fill("{{ n | num(2) }}", names, locale="fr") == "1\u202f234,50"
    with pytest.raises(ExpressionFailed, match="…"):
        fill("{{ missing }}" + "x" * 100, names, locale="fr")


def test_a_lone_expression_keeps_its_type() -> None:
    assert evaluate(" {{ 1 + 1 }} ", {}, locale="fr") == 2
    assert evaluate("{{ 1 }}{{ 2 }}", {}, locale="fr") == "12"
    assert evaluate("{{ '}' }} x", {}, locale="fr") == "} x"


def test_wording_of_an_item_that_draws_nothing() -> None:
    words = wording(make_item("numeric"), seed=1, locale="en")
    assert words == Wording("en", None)
    assert words.say(LocalisedText("{{ x }}", "{{ y }}")) == "{{ y }}"
    assert words.cell(LocalisedText("un", "one")) == "one"
    assert words.cell(3) == 3
    assert words.number(3.5) == 3.5


def test_wording_of_a_template() -> None:
    words = Wording("fr", {"n": 3, "half": 0.5})
    assert words.cell("{{ n * 2 }}") == 6
    assert words.cell("plain") == "plain"
    assert words.plain("n = {{ n }}") == "n = 3"
    assert words.number("{{ n }}") == 3
    assert words.number("{{ half }}") == 0.5
    assert words.number("{{ n }}.25") == 3.25


@pytest.mark.parametrize("source", ["{{ 'x' }}", "{{ [1] }}", "{{ 10 ** 400 }}"])
def test_what_is_no_number_is_told(source: str) -> None:
    with pytest.raises(ExpressionFailed, match="expected a number"):
        Wording("fr", {}).number(source)


def test_templates_are_cached_by_identity() -> None:
    one, two = template(EVERYTHING), template(EVERYTHING)
    assert ByIdentity(one) == ByIdentity(one)
    assert ByIdentity(one) != ByIdentity(two)
    assert ByIdentity(one) != one


def test_languages_share_what_is_not_put_in_words() -> None:
    before = expressions._compiled.cache_info().currsize
    values = {locale: compute("1000 + 234 * 2 - 1", {}, locale=locale) for locale in LOCALES}
    assert values == {"fr": 1467, "en": 1467}
    assert expressions._compiled.cache_info().currsize == before + 1
    assert compute("1234.5 |num", {}, locale="en") == "1,234.5"
    assert compute("1234.5 |num", {}, locale="fr") == "1\u202f234,5"
    assert expressions._compiled.cache_info().currsize == before + 3
