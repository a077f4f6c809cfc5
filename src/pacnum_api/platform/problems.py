"""RFC 9457 problem documents: the only place that knows status codes.

A ``DomainError`` names a kind and a code; here the kind becomes a status, and each route gets the
documented responses of the errors that it declares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from pacnum_api.kernel.errors import DomainError, ErrorKind, FieldFault, JsonValue
from pacnum_api.platform.trail import note_problem

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:pacnum:problem:"

STATUS_OF_KIND: Final[Mapping[ErrorKind, int]] = {
    ErrorKind.INVALID_INPUT: 422,
    ErrorKind.MALFORMED: 400,
    ErrorKind.UNSUPPORTED_MEDIA: 415,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.INVALID_STATE: 409,
    ErrorKind.GONE: 410,
    ErrorKind.PRECONDITION_FAILED: 412,
    ErrorKind.PRECONDITION_REQUIRED: 428,
    ErrorKind.LIMIT: 429,
    ErrorKind.UNAVAILABLE: 503,
}

TITLES_OF_STATUS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("malformed_request", "Malformed request"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "Method not allowed"),
    406: ("not_acceptable", "Not acceptable"),
    408: ("request_timeout", "Request timeout"),
    413: ("body_too_large", "Body too large"),
    415: ("unsupported_media_type", "Unsupported media type"),
    500: ("internal_error", "Internal error"),
}
"""Code and title of the faults that no domain raises."""


class ProblemFault(BaseModel):
    """One value that is not what was expected."""

    pointer: str = Field(
        examples=["/competences/0"], description="JSON pointer (RFC 6901) into what was sent."
    )
    message: str = Field(examples=["expected the code of a competence of digcomp-2.2"])


class Problem(BaseModel):
    """Why a request was not carried out (RFC 9457). Some problems carry further members."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(
        examples=["urn:pacnum:problem:invalid_input"],
        description="Names the kind of problem; every value is explained in docs/problems.md.",
    )
    title: str = Field(examples=["Invalid input"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["Some values are not what was expected."])
    instance: str = Field(examples=["/v1/test-sessions"], description="Path of the request.")
    code: str = Field(examples=["invalid_input"], description="Stable name for programs.")
    errors: list[ProblemFault] = Field(description="What is wrong, value by value; may be empty.")
    request_id: str = Field(examples=["0197a2f0-58d0-7c65-b3a4-5d0d5a4f0c11"])


def status_of(error: type[DomainError]) -> int:
    """The HTTP status of an error's kind."""
    return STATUS_OF_KIND[error.kind]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a problem document says, before it meets a request."""

    status: int
    code: str
    title: str
    detail: str
    faults: Sequence[FieldFault] = ()
    extra: Mapping[str, JsonValue] = field(default_factory=dict)


def render(
    fault: Fault, scope: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The envelope; ``scope`` is the ASGI scope of the request."""
    note_problem(fault.code)
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + fault.code,
        "title": fault.title,
        "status": fault.status,
        "detail": fault.detail,
        "instance": str(scope.get("path", "")),
        "code": fault.code,
        "errors": [{"pointer": one.pointer, "message": one.message} for one in fault.faults],
        "request_id": str(scope.get("state", {}).get("request_id", "")),
    }
    body.update({name: value for name, value in fault.extra.items() if name not in body})
    answered = {"Cache-Control": "no-store", **(headers or {})}
    return JSONResponse(body, status_code=fault.status, headers=answered, media_type=MEDIA_TYPE)


def render_error(error: DomainError, scope: Mapping[str, Any]) -> JSONResponse:
    """A domain's fact as a response, with the headers its kind calls for."""
    headers: dict[str, str] = dict(getattr(error, "response_headers", {}))
    if error.kind is ErrorKind.UNAUTHENTICATED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    if error.kind in {ErrorKind.UNAVAILABLE, ErrorKind.LIMIT}:
        headers.setdefault("Retry-After", "1")
    fault = Fault(
        status=status_of(type(error)),
        code=error.code,
        title=error.title,
        detail=error.detail,
        faults=error.faults,
        extra=error.extra,
    )
    return render(fault, scope, headers=headers)


def render_status(
    status: int,
    detail: str,
    *,
    scope: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A fault of the protocol itself (unknown path, wrong method, body too large…)."""
    code, title = TITLES_OF_STATUS.get(status, (f"http_{status}", "HTTP error"))
    return render(
        Fault(status=status, code=code, title=title, detail=detail), scope, headers=headers
    )


def problems(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """The ``responses=`` of a route: one entry a status, one example an error."""
    documented: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        sentence = (error.__doc__ or error.title).strip().split("\n", 1)[0]
        _document(documented, status_of(error), fact=(error.code, error.title, sentence))
    return documented


def protocol_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Like ``problems``, for statuses that no domain error stands for (400, 413, 415…)."""
    documented: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        code, title = TITLES_OF_STATUS[status]
        _document(documented, status, fact=(code, title, f"{title}."))
    return documented


def merged(*documents: Mapping[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """Several ``responses=`` in one: examples of the same status stand side by side."""
    result: dict[int | str, dict[str, Any]] = {}
    for document in documents:
        for status, entry in document.items():
            if status not in result:
                result[status] = {**entry, "content": {**entry.get("content", {})}}
                continue
            known = result[status]["content"].setdefault(MEDIA_TYPE, {"examples": {}})
            added = entry.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
            result[status]["content"][MEDIA_TYPE] = {
                **known,
                "examples": {**known.get("examples", {}), **added},
            }
            result[status]["description"] = _joined(
                result[status]["description"], entry["description"]
            )
    return result


def _joined(first: str, second: str) -> str:
    return first if second in first else f"{first} {second}"


def _document(
    documented: dict[int | str, dict[str, Any]], status: int, *, fact: tuple[str, str, str]
) -> None:
    code, title, sentence = fact
    entry = documented.setdefault(
        status,
        {
            "description": "",
            "content": {
                MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
            },
        },
    )
    entry["description"] = _joined(entry["description"], f"`{code}`: {sentence}").strip()
    entry["content"][MEDIA_TYPE]["examples"][code] = {
        "summary": title,
        "value": {
            "type": TYPE_PREFIX + code,
            "title": title,
            "status": status,
            "detail": sentence,
            "instance": "/v1/…",
            "code": code,
            "errors": [],
            "request_id": "0197a2f0-58d0-7c65-b3a4-5d0d5a4f0c11",
        },
    }
