"""Measurement parameters and the name of a bank version."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pacnum_api.domains.items.types.item import Item
from pacnum_api.domains.items.types.names import ParameterStatus


class ParameterModel(StrEnum):
    """The response model that the parameters belong to."""

    LOGISTIC = "4pl"
    PARTIAL_CREDIT = "gpcm"


@dataclass(frozen=True, slots=True)
class ItemParameters:
    """Parameters on the theta scale (logistic, without the constant 1.7), with standard errors.

    ``4pl``: P(right) = c + (d - c) / (1 + exp(-a (theta - b))); ``steps`` is empty.
    ``gpcm``: step k of m has the threshold b + steps[k - 1]; ``c`` and ``d`` are not used.
    """

    model: ParameterModel
    a: float
    b: float
    c: float
    d: float
    steps: tuple[float, ...]
    sigma_a: float
    sigma_b: float
    status: ParameterStatus


@dataclass(frozen=True, slots=True)
class BankHandle:
    """One published bank version; it never changes."""

    id: UUID
    framework: str
    framework_version: int
    version: int
    content_hash: str
    item_count: int
    published_at: datetime

    def __str__(self) -> str:
        """As commands name it: ``digcomp-2.2 v3 (105 items)``."""
        return f"{self.framework} v{self.version} ({self.item_count} items)"


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One item of a bank version: the very wording, and how it measures."""

    item: Item
    item_id: UUID
    version_id: UUID
    parameters: ItemParameters
