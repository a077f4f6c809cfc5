"""The two base classes of everything that goes over the wire."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function


def _make_exact(node: object) -> None:
    if isinstance(node, dict):
        kind = node.get("type")  # of a node; in a list of fields, a field of that name
        if isinstance(kind, str) and kind in {"float", "bool"}:
            node["strict"] = True
        elif isinstance(kind, str) and kind == "int":
            whole = {**node}
            node.clear()
            node.update(no_info_before_validator_function(_check_number, whole))
            return
        for part in node.values():
            _make_exact(part)
    elif isinstance(node, list):
        for part in node:
            _make_exact(part)


def _check_number(value: object) -> object:
    """JSON Schema takes 8.0 for an integer, as pydantic does, but neither ``"8"`` nor ``true``."""
    if isinstance(value, (bool, str, bytes)):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


class In(BaseModel):
    """What a caller sends: unknown members are faults, not-a-number is not a number.

    Numbers and truth values are taken as JSON has them: pydantic would read ``"1"`` and ``true``
    as 1 and ``"no"`` as false, which the published schema does not say. Its own strict mode is no
    way out: it refuses the texts that ids, instants and enumerations are in JSON.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The usual schema, its numbers and truth values made exact."""
        schema = handler(source)
        _make_exact(schema)
        return schema


class Out(BaseModel):
    """What a caller gets: every member is always there, so it has no defaults."""

    model_config = ConfigDict(frozen=True, from_attributes=True, allow_inf_nan=False)


_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _check_rfc3339(value: object) -> object:
    """Pydantic would read a number, or a text that holds one, as seconds since 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC3339.fullmatch(value)):
        return value
    raise ValueError("expected an instant with its offset, as in 2026-03-02T08:30:00Z")


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("expected an instant of the years 1 to 9999 in UTC") from error


def rfc3339(value: datetime) -> str:
    """An instant as all of them look on the wire."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


UtcDatetime = Annotated[
    datetime,
    BeforeValidator(_check_rfc3339),
    AfterValidator(_in_utc),
    PlainSerializer(rfc3339, when_used="json"),
    Field(examples=["2026-03-02T08:30:00.000000Z"]),
]
"""An instant: RFC 3339 in UTC on the wire."""

FrameworkCode = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9.]+)*$",
        max_length=40,
        examples=["digcomp-2.2"],
        description="Stable code of a framework and its edition.",
    ),
]

CompetenceCode = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Za-z]+(\.[0-9A-Za-z]+)*$",
        max_length=20,
        examples=["1.3"],
        description="Code of a competence within its framework.",
    ),
]

Level = Annotated[
    int, Field(ge=0, le=8, examples=[4], description="Proficiency level; 0 is «not yet level 1».")
]
