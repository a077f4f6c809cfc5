"""Facts that stop a request, free of any transport.

A domain raises the fact; ``platform.problems`` alone turns its kind into a status code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeAlias

JsonValue: TypeAlias = (
    bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)


class ErrorKind(StrEnum):
    """What sort of fact it is; each kind has exactly one HTTP status."""

    INVALID_INPUT = "invalid_input"
    MALFORMED = "malformed"
    UNSUPPORTED_MEDIA = "unsupported_media"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID_STATE = "invalid_state"
    GONE = "gone"
    PRECONDITION_FAILED = "precondition_failed"
    PRECONDITION_REQUIRED = "precondition_required"
    LIMIT = "limit"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One thing that is wrong with one value.

    ``pointer`` is an RFC 6901 JSON pointer into what was sent (``/competences/0``);
    ``message`` says what was expected.
    """

    pointer: str
    message: str


class DomainError(Exception):
    """The request cannot be carried out."""

    code: ClassVar[str] = "error"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID_STATE
    title: ClassVar[str] = "The request cannot be carried out"

    def __init__(
        self,
        detail: str | None = None,
        *,
        faults: Sequence[FieldFault] = (),
        extra: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Keep the fact; ``detail`` defaults to the class's own sentence.

        ``extra`` becomes extension members of the problem document (RFC 9457, section 3.2).
        """
        sentence = (type(self).__doc__ or self.title).strip().split("\n", 1)[0]
        self.detail = detail if detail is not None else sentence
        self.faults = tuple(faults)
        self.extra: Mapping[str, JsonValue] = dict(extra or {})
        super().__init__(self.detail)


class InvalidInput(DomainError):
    """Some values are not what was expected."""

    code = "invalid_input"
    kind = ErrorKind.INVALID_INPUT
    title = "Invalid input"


class PreconditionFailed(DomainError):
    """The resource has changed since the version named in If-Match."""

    code = "precondition_failed"
    kind = ErrorKind.PRECONDITION_FAILED
    title = "Precondition failed"


class PreconditionRequired(DomainError):
    """The resource exists: send its ETag in If-Match to replace it."""

    code = "precondition_required"
    kind = ErrorKind.PRECONDITION_REQUIRED
    title = "Precondition required"


class ConcurrentChange(DomainError):
    """Another request made the same thing at the same moment: read it, then try again."""

    code = "concurrent_change"
    kind = ErrorKind.CONFLICT
    title = "Concurrent change"


class ServiceUnavailable(DomainError):
    """The service cannot answer now. Try again shortly; the same request is safe to repeat."""

    code = "service_unavailable"
    kind = ErrorKind.UNAVAILABLE
    title = "Service unavailable"
