"""Every operation of the application, read from the document that it publishes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from pacnum_api.entrypoints.api import create_app
from pacnum_api.platform.settings import Settings

METHODS = ("get", "put", "post", "patch", "delete")
JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """One method of one path template, as documented."""

    id: str
    method: str
    path: str
    path_parameters: tuple[str, ...]
    query_parameters: tuple[str, ...]
    needed_query: tuple[str, ...]
    body_type: str | None
    needs_body: bool
    statuses: frozenset[int]
    scopes: frozenset[str]
    takes_session_tokens: bool

    @property
    def is_guarded(self) -> bool:
        """Whether it asks for a bearer token."""
        return bool(self.scopes)

    def address(
        self, values: Mapping[str, str] | None = None, *, query: Mapping[str, str] | None = None
    ) -> str:
        """The path with its parameters filled in; an unknown parameter is a KeyError."""
        given = {name: quote((values or {})[name], safe="") for name in self.path_parameters}
        asked = f"?{urlencode(query)}" if query else ""
        return self.path.format_map(given) + asked


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI document; no database is asked for it."""
    app = create_app(Settings(database_url="postgresql://nobody@localhost/nothing"))
    published: dict[str, Any] = app.openapi()
    return published


@lru_cache(maxsize=1)
def operations() -> tuple[Operation, ...]:
    """All of them, in the document's order."""
    return tuple(
        _operation(path, method, described)
        for path, methods in document()["paths"].items()
        for method, described in methods.items()
        if method in METHODS
    )


def _operation(path: str, method: str, described: Mapping[str, Any]) -> Operation:
    parameters = described.get("parameters", [])
    body = described.get("requestBody", {})
    schemes = {
        name: needed for one in described.get("security", []) for name, needed in one.items()
    }
    return Operation(
        id=described["operationId"],
        method=method.upper(),
        path=path,
        path_parameters=tuple(one["name"] for one in parameters if one["in"] == "path"),
        query_parameters=tuple(one["name"] for one in parameters if one["in"] == "query"),
        needed_query=tuple(
            one["name"] for one in parameters if one["in"] == "query" and one.get("required")
        ),
        body_type=next(iter(body.get("content", {})), None),
        needs_body=body.get("required", False),
        statuses=frozenset(int(status) for status in described["responses"]),
        scopes=frozenset(schemes.get("client", ())),
        takes_session_tokens="session" in schemes,
    )


def operation(operation_id: str) -> Operation:
    """The one of this id."""
    return next(one for one in operations() if one.id == operation_id)


def each(wanted: Callable[[Operation], object]) -> pytest.MarkDecorator:
    """A test for each operation of some sort; the test's parameter is called ``operation``."""
    chosen = [one for one in operations() if wanted(one)]
    assert chosen, "no operation is of this sort: the test would prove nothing"
    return pytest.mark.parametrize("operation", chosen, ids=_ids(chosen))


def _ids(chosen: Iterable[Operation]) -> list[str]:
    return [one.id for one in chosen]
