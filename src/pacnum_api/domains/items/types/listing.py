"""What lists of items are asked for, and what a load did."""

from dataclasses import dataclass
from datetime import datetime

from pacnum_api.domains.items.types.bank import BankHandle
from pacnum_api.domains.items.types.names import ItemStatus, ItemType


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items; None does not filter."""

    framework: str | None = None
    competence: str | None = None
    level: int | None = None
    type: ItemType | None = None
    status: ItemStatus | None = None
    updated_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did, or would do: items by key, and the banks that it published."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    doubts: tuple[str, ...]
    banks: tuple[BankHandle, ...]
    is_dry_run: bool
