"""The trail of a request: who and what every line that is logged on its way belongs to.

Data flow: whoever takes a request in (``request_log.begin``) sets the trail; authentication,
routing and services leave their marks on it; every log line in between, the libraries' too,
carries it; the request's own line and its span close it. A test session can therefore be followed
by its id from beginning to end. Session ids stand for nobody by themselves; an agent's id is never
put here.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(slots=True, eq=False)
class Trail:
    """One request under way: ``scope`` is its ASGI scope, ``started`` the performance counter's.

    ``span`` is what tracing writes of it, if it is traced; ``problem`` the code of the problem
    document that it was answered with; ``error`` the type of an exception that nobody expected.
    """

    request_id: str
    scope: Mapping[str, Any]
    started: float
    status: int = 0
    route: str | None = None
    client_id: UUID | str | None = None
    session_id: UUID | str | None = None
    trace_id: str | None = None
    span: Any = None
    problem: str | None = None
    error: str | None = None
    headers: tuple[tuple[bytes, bytes], ...] = field(init=False)

    def __post_init__(self) -> None:
        """The headers that every response carries."""
        self.headers = (
            (b"x-request-id", self.request_id.encode()),
            (b"x-content-type-options", b"nosniff"),
        )

    def members(self) -> dict[str, str]:
        """What a log line says of it: ``request_id``, and of the others those that are known."""
        said = {"request_id": self.request_id}
        client_id = self.client_id or _client_of(self.scope)
        if client_id is not None:
            said["client_id"] = str(client_id)
        session_id = self.session_id or _session_of(self.scope)
        if session_id is not None:
            said["session_id"] = str(session_id)
        if self.trace_id is not None:
            said["trace_id"] = self.trace_id
        return said


_current: ContextVar[Trail | None] = ContextVar("pacnum_trail", default=None)


def current_trail() -> Trail | None:
    """The trail of the request that this task serves."""
    return _current.get()


def enter_trail(trail: Trail | None) -> None:
    """From here on, lines logged by this task belong to that request; None: to none."""
    _current.set(trail)


def follow_session(session_id: UUID) -> None:
    """Say which session the present request is about, where its path does not: it is begun."""
    trail = _current.get()
    if trail is not None:
        trail.session_id = session_id


def note_problem(code: str) -> None:
    """Say with which problem the present request is answered."""
    trail = _current.get()
    if trail is not None:
        trail.problem = code


def _client_of(scope: Mapping[str, Any]) -> UUID | None:
    """The API client that calls: a program, not a person."""
    admission = scope["state"].get("admission")
    return None if admission is None else admission.principal.client_id


def _session_of(scope: Mapping[str, Any]) -> str | None:
    """The session in the path, whose place takes anything a caller writes: only ids pass."""
    parameters = scope.get("path_params")
    given = parameters.get("session_id") if parameters else None
    if given is None:
        return None
    text = str(given)
    return text.lower() if _UUID.fullmatch(text) else None
