"""Pages of a list and the opaque cursors that lead from one to the next."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from pacnum_api.kernel.errors import DomainError, ErrorKind, FieldFault

T = TypeVar("T")
U = TypeVar("U")


class InvalidCursor(DomainError):
    """The cursor is not one that this service gave for this list."""

    code = "invalid_cursor"
    kind = ErrorKind.INVALID_INPUT
    title = "Invalid cursor"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, in its order, and the cursor of what follows (None at the end)."""

    items: Sequence[T]
    next_cursor: str | None


def encode_cursor(*parts: str) -> str:
    """Pack the sort key of a page's last row; the reader must not take it apart."""
    raw = json.dumps(parts, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str, *, parts: int) -> tuple[str, ...]:
    """Unpack a cursor of ``parts`` strings. Raises InvalidCursor on anything else."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _invalid() from error
    if not isinstance(values, list) or len(values) != parts:
        raise _invalid()
    if not all(isinstance(value, str) and "\x00" not in value for value in values):
        raise _invalid()
    return tuple(values)


def read_moment(part: str) -> datetime:
    """An aware instant out of a cursor. Raises InvalidCursor."""
    try:
        moment = datetime.fromisoformat(part)
    except ValueError as error:
        raise _invalid() from error
    if moment.tzinfo is None:
        raise _invalid()
    return moment


def read_id(part: str) -> UUID:
    """An identifier out of a cursor. Raises InvalidCursor."""
    try:
        return UUID(part)
    except ValueError as error:
        raise _invalid() from error


def _invalid() -> InvalidCursor:
    return InvalidCursor(
        faults=[FieldFault("/cursor", "expected the next_cursor of an earlier page")]
    )
