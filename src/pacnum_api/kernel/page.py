"""Pages of a list and the opaque cursors that lead from one to the next."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
    if not all(isinstance(value, str) and _is_text(value) for value in values):
        raise _invalid()
    return tuple(values)


def _is_text(part: str) -> bool:
    """Whether a database could hold it: a forged cursor may have NUL and halves of characters."""
    return "\x00" not in part and not any("\ud800" <= one <= "\udfff" for one in part)


def page_of(
    items: Sequence[T], *, key: Callable[[T], str], limit: int, cursor: str | None
) -> Page[T]:
    """A page of a list that is held whole; ``key`` names each of its items.

    Raises InvalidCursor, also when the item it names has gone.
    """
    start = 0
    if cursor is not None:
        (last,) = decode_cursor(cursor, parts=1)
        names = [key(item) for item in items]
        if last not in names:
            raise _invalid()
        start = names.index(last) + 1
    shown = items[start : start + limit]
    has_more = len(items) > start + limit
    return Page(shown, encode_cursor(key(shown[-1])) if has_more else None)


def read_moment(part: str) -> datetime:
    """An instant out of a cursor, in UTC. Raises InvalidCursor."""
    try:
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None:
            raise _invalid()
        return moment.astimezone(UTC)  # an offset may lead out of the years that there are
    except (ValueError, OverflowError) as error:
        raise _invalid() from error


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
