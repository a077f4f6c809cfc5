"""Agents on the wire."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, TypeAdapter

from pacnum_api.domains.organisations.types import Agent
from pacnum_api.platform.schemas import In, Out, UtcDatetime

Issuer = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
        examples=["sirhius"],
        description="The system that gave the value.",
    ),
]
ExternalValue = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9._:@+-]+$",
        examples=["a-104729"],
        description="An opaque key; please no name and no e-mail address.",
    ),
]


class ExternalIdRead(Out):
    issuer: Issuer
    value: ExternalValue


class AgentUpsert(In):
    """What may be said about an agent: the language to be addressed in, and no more."""

    locale: Literal["fr", "en"] = "fr"


class AgentRead(Out):
    id: UUID
    external_id: ExternalIdRead
    locale: Literal["fr", "en"]
    created_at: UtcDatetime
    updated_at: UtcDatetime

    @classmethod
    def of(cls, agent: Agent) -> Self:
        return cls.model_validate(agent)


AgentCells = tuple[Issuer, ExternalValue, Literal["fr", "en"]]
"""One agent of a file, as it is copied to the database. A tuple and no model: of a hundred thousand
each is validated and forgotten, and a model would cost six times as much."""

AGENT_CELLS = TypeAdapter(AgentCells)
ALL_AGENT_CELLS = TypeAdapter(list[AgentCells])


class AgentLine(In):
    """One line of a file of JSON lines."""

    issuer: Issuer
    value: ExternalValue
    locale: Literal["fr", "en"] = "fr"
