"""The expressions of templates: Jinja2 in a sandbox, with native values.

An expression (``lignes | sum(attribute='montant')``) gives a value of its own type; a text with
``{{ }}`` gives text, in which the filters ``num`` and ``day`` speak the reader's language.
Everything undefined is an error, nothing can be changed, and no attribute that leads out of the
sandbox can be read (``ImmutableSandboxedEnvironment``). Powers, products and repetitions have
ceilings, and nothing is random but the draw.
"""

import re
from collections.abc import Iterator, Mapping, Sized
from datetime import date, timedelta
from functools import lru_cache
from math import isfinite
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pacnum_api.domains.items.types import LOCALES

_GROUP: Final = {"fr": "\u202f", "en": ","}
_POINT: Final = {"fr": ",", "en": "."}
_MONTHS: Final = {
    "fr": [
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ],
    "en": [
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ],
}
_WHOLE = re.compile(r"^\s*\{\{(?P<expression>(?:(?!\{\{|\}\}).)+)\}\}\s*$", re.DOTALL)
_SPEAKING: Final = re.compile(r"\|\s*(?:num|day)\b")
_RESULT: Final = "result"
_LONGEST: Final = 10_000
_MOST_BITS: Final = 4096
"""Of a whole number: some 1,200 digits, far more than any item shows."""


class ExpressionFailed(Exception):
    """An expression cannot be read, or not be computed from these values."""


def print_number(value: object, locale: str, *, digits: int | None = None) -> str:
    """A number as read in a locale: ``1 234,5`` (narrow no-break space) or ``1,234.5``.

    Without ``digits``, at most six decimals and no trailing zero.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExpressionFailed(f"num expects a number, not {value!r}")
    text = f"{value:,.{6 if digits is None else digits}f}"
    if digits is None:
        text = text.rstrip("0").rstrip(".")
    whole, _, decimals = text.partition(".")
    whole = whole.replace(",", _GROUP[locale])
    return whole + _POINT[locale] + decimals if decimals else whole


def print_day(value: object, locale: str) -> str:
    """A day as read in a locale: ``1er mars 2026`` or ``1 March 2026``."""
    if not isinstance(value, date):
        raise ExpressionFailed(f"day expects a date, not {value!r}")
    number = "1er" if locale == "fr" and value.day == 1 else str(value.day)
    return f"{number} {_MONTHS[locale][value.month - 1]} {value.year}"


def _days(count: int) -> timedelta:
    return timedelta(days=count)


def _range(*bounds: int) -> range:
    """``range`` with a ceiling: an expression must not fill the memory."""
    numbers = range(*bounds)
    if len(numbers) > _LONGEST:
        raise ExpressionFailed(f"range may give at most {_LONGEST} numbers")
    return numbers


def _product(left: Any, right: Any) -> object:
    for repeated, count in ((left, right), (right, left)):
        is_repetition = isinstance(repeated, Sized) and isinstance(count, int)
        if is_repetition and len(repeated) * count > _LONGEST:
            raise ExpressionFailed(f"a repetition may be at most {_LONGEST} long")
    return _small(left * right)


def _power(base: Any, exponent: Any) -> object:
    if isinstance(base, int) and isinstance(exponent, int):
        bits = max(abs(base) - 1, 0).bit_length()  # the base's logarithm, rounded up
        if bits * exponent > _MOST_BITS:
            raise ExpressionFailed(f"a whole number may have at most {_MOST_BITS} bits")
    return _small(base**exponent)


def _small(value: object) -> object:
    """The value itself: each step is held, so that no chain of them gets anywhere."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise ExpressionFailed(f"a whole number may have at most {_MOST_BITS} bits")
    if isinstance(value, float) and not isfinite(value):
        raise ExpressionFailed("the number is too large")
    return value


_FUNCTIONS: Final[Mapping[str, object]] = {
    "round": round,
    "abs": abs,
    "min": min,
    "max": max,
    "sum": sum,
    "len": len,
    "range": _range,
    "sorted": sorted,
    "zip": zip,
    "int": int,
    "float": float,
    "str": str,
    "days": _days,
}
"""What expressions may call, unless a value has the name."""


def _environment(locale: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
    )
    # Jinja leaves these to us when it renders, and does not compute constants when it compiles
    environment.binop_table |= {"*": _product, "**": _power}
    environment.intercepted_binops = frozenset({"*", "**"})
    del environment.filters["random"]  # only the seed decides
    environment.globals.clear()  # a scope has its own

    def num(value: object, digits: int | None = None) -> str:
        return print_number(value, locale, digits=digits)

    def day(value: object) -> str:
        return print_day(value, locale)

    environment.filters |= {"num": num, "day": day}
    return environment


_ENVIRONMENTS: Final = {locale: _environment(locale) for locale in LOCALES}


def is_template(text: str) -> bool:
    """Whether the text holds an expression to compute."""
    return "{{" in text


def compute(expression: str, values: Mapping[str, object], *, locale: str) -> object:
    """The expression's value; what it generates lazily comes as a list. Raises ExpressionFailed."""
    try:
        context, _ = _run(_compiled(expression, _tongue(expression, locale)), values)
        value = context.vars[_RESULT]
        if isinstance(value, Iterator):
            value = list(value)
    except _FAILURES as error:
        raise ExpressionFailed(_reason(expression, error)) from error
    if isinstance(value, Undefined):
        raise ExpressionFailed(f"{expression!r}: a name or attribute in it is not defined")
    return value


def fill(text: str, values: Mapping[str, object], *, locale: str) -> str:
    """The text with its expressions replaced by their values. Raises ExpressionFailed."""
    try:
        return _run(_template(text, locale), values)[1]
    except _FAILURES as error:
        raise ExpressionFailed(_reason(text, error)) from error


def evaluate(text: str, values: Mapping[str, object], *, locale: str) -> object:
    """Like ``fill``, but a text that is one single expression keeps its value's own type."""
    whole = _WHOLE.match(text)
    if whole:
        return compute(whole["expression"].strip(), values, locale=locale)
    return fill(text, values, locale=locale)


# what a computation over drawn values can raise; anything else is a fault of this program
_FAILURES: Final = (
    TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    NameError,  # Jinja folds 1e308 + 1e308 to the name inf
    RecursionError,
    ExpressionFailed,
)


def _reason(source: str, error: Exception) -> str:
    shown = source if len(source) <= 80 else source[:77] + "…"
    return f"{shown!r}: {error}"


def _tongue(expression: str, locale: str) -> str:
    """The environment an expression needs: one for all languages where nothing is put in words.

    A bank has thousands of expressions, each of them some kilobytes when compiled.
    """
    return locale if _SPEAKING.search(expression) else LOCALES[0]


def _run(template: Template, values: Mapping[str, object]) -> tuple[Context, str]:
    """What a template sets and writes.

    The scope is one plain dict: Jinja's own way walks through a chain of maps at each call, and an
    item is hundreds of calls.
    """
    context = template.new_context({**_FUNCTIONS, **values}, shared=True)
    return context, "".join(template.root_render_func(context))


@lru_cache(maxsize=8192)
def _compiled(expression: str, locale: str) -> Template:
    """A template that sets the name ``_RESULT``, as Jinja's own expressions do."""
    environment = _ENVIRONMENTS[locale]
    parser = Parser(environment, expression, state="variable")
    read = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("nothing may follow the expression", read.lineno)
    assign = nodes.Assign(nodes.Name(_RESULT, "store"), read, lineno=1)
    program = nodes.Template([assign], lineno=1)
    program.set_environment(environment)
    return environment.from_string(program)


@lru_cache(maxsize=8192)
def _template(text: str, locale: str) -> Template:
    return _ENVIRONMENTS[locale].from_string(text)
