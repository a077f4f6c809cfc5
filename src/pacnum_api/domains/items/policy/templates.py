"""Seeded generation: from a template and a seed to the values of one item.

Both languages are computed from the same draw, and every requirement must hold in both, so a seed
means the same item to every reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import singledispatch
from typing import Final

from pacnum_api.domains.items.policy.expressions import ExpressionFailed, compute
from pacnum_api.domains.items.policy.seeded_stream import SeededStream
from pacnum_api.domains.items.types import (
    LOCALES,
    DateRange,
    DecimalRange,
    IntegerRange,
    OneOf,
    Rows,
    SampleOf,
    Sequence,
    Template,
)

MAXIMUM_DRAWS: Final = 200


class TemplateExhausted(Exception):
    """No draw met the requirements; a template that is checked when loaded does not get here."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The values by locale, and how many draws it took."""

    values: Mapping[str, Mapping[str, object]]
    draws: int


def draw(template: Template, *, seed: int, key: str) -> Drawn:
    """Draw until every requirement holds. Raises TemplateExhausted after ``MAXIMUM_DRAWS``."""
    stream = SeededStream(seed, key, "template")
    reason = "no requirement"
    for attempt in range(1, MAXIMUM_DRAWS + 1):
        raw = {name: _drawn(parameter, stream) for name, parameter in template.parameters.items()}
        try:
            values = {locale: _derived(template, raw, locale=locale) for locale in LOCALES}
            unmet = _unmet(template, values)
        except ExpressionFailed as error:
            reason = str(error)
            continue
        if unmet is None:
            return Drawn(values, attempt)
        reason = unmet
    raise TemplateExhausted(f"no draw of {MAXIMUM_DRAWS} was accepted; the last: {reason}")


def _derived(template: Template, raw: Mapping[str, object], *, locale: str) -> dict[str, object]:
    values = {name: read_in(value, locale) for name, value in raw.items()}
    for name, expression in template.derived.items():
        values[name] = read_in(compute(expression, values, locale=locale), locale)
    return values


def _unmet(template: Template, values: Mapping[str, Mapping[str, object]]) -> str | None:
    for requirement in template.require:
        for locale in LOCALES:
            if not compute(requirement, values[locale], locale=locale):
                return requirement
    return None


def read_in(value: object, locale: str) -> object:
    """The value with every ``{fr, en}`` in it read in one language."""
    if isinstance(value, dict):
        if value.keys() == {"fr", "en"}:
            return value[locale]
        return {name: read_in(member, locale) for name, member in value.items()}
    if isinstance(value, list):
        return [read_in(member, locale) for member in value]
    return value


@singledispatch
def _drawn(parameter: object, stream: SeededStream) -> object:  # noqa: ARG001 - the shape of all
    raise TypeError(f"{parameter!r} is not a parameter")


@_drawn.register
def _integer(parameter: IntegerRange, stream: SeededStream) -> int:
    count = (parameter.high - parameter.low) // parameter.step + 1
    return parameter.low + parameter.step * stream.below(count)


@_drawn.register
def _decimal(parameter: DecimalRange, stream: SeededStream) -> float:
    # whole steps over a power of ten: one correctly rounded division, the same on every machine
    scale: int = 10**parameter.digits
    low, high = round(parameter.low * scale), round(parameter.high * scale)
    return (low + stream.below(high - low + 1)) / scale


@_drawn.register
def _one_of(parameter: OneOf, stream: SeededStream) -> object:
    return stream.one_of(parameter.values)


@_drawn.register
def _sample(parameter: SampleOf, stream: SeededStream) -> list[object]:
    return list(stream.shuffled(parameter.values)[: parameter.size])


@_drawn.register
def _day(parameter: DateRange, stream: SeededStream) -> object:
    length = (parameter.last - parameter.first).days + 1
    return parameter.first + timedelta(days=stream.below(length))


@_drawn.register
def _rows(parameter: Rows, stream: SeededStream) -> list[dict[str, object]]:
    return [
        {
            name: (
                column.pattern.format(column.start + number)
                if isinstance(column, Sequence)
                else _drawn(column, stream)
            )
            for name, column in parameter.columns.items()
        }
        for number in range(parameter.count)
    ]
