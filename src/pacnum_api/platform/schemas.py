"""The two base classes of everything that goes over the wire."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer


class In(BaseModel):
    """What a caller sends: unknown members are faults, not-a-number is not a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Out(BaseModel):
    """What a caller gets: every member is always there, so it has no defaults."""

    model_config = ConfigDict(frozen=True, from_attributes=True, allow_inf_nan=False)


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


UtcDatetime = Annotated[
    datetime,
    AfterValidator(_in_utc),
    PlainSerializer(_rfc3339, when_used="json"),
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
