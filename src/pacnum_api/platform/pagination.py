"""Lists over HTTP: ``limit`` and ``cursor`` in, an envelope and a ``Link`` header out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from pacnum_api.kernel.page import Page
from pacnum_api.platform.schemas import Out

T = TypeVar("T")
U = TypeVar("U")

DEFAULT_LIMIT = 50
MAXIMUM_LIMIT = 200


class Paged(Out, Generic[T]):
    """A page of a list; ``next_cursor`` is null on the last one."""

    data: list[T]
    next_cursor: str | None = Field(examples=[None])


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What part of a list is asked for, and where the answer's headers go."""

    limit: int
    cursor: str | None
    request: Request
    response: Response

    def envelope(self, page: Page[T], read: Callable[[T], U]) -> Paged[U]:
        """The page on the wire; a further page is also announced as ``Link: rel="next"``."""
        if page.next_cursor is not None:
            url = self.request.url.include_query_params(cursor=page.next_cursor)
            target = f"{url.path}?{url.query}"
            self.response.headers["Link"] = f'<{target}>; rel="next"'
        return Paged[U](data=[read(item) for item in page.items], next_cursor=page.next_cursor)


def _page_request(
    request: Request,
    response: Response,
    *,
    limit: Annotated[
        int, Query(ge=1, le=MAXIMUM_LIMIT, description="Rows a page, at most.")
    ] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None,
        Query(
            max_length=500,
            pattern=r"^[A-Za-z0-9_-]+$",
            description="The `next_cursor` of the page before; opaque.",
        ),
    ] = None,
) -> PageRequest:
    return PageRequest(limit=limit, cursor=cursor, request=request, response=response)


PageParams = Annotated[PageRequest, Depends(_page_request)]
