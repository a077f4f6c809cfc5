"""Operations whose body is a file: it is not read before the caller is known, and never whole."""

from collections.abc import AsyncIterator, Callable, Collection
from typing import Annotated

from fastapi import Depends, Request

from pacnum_api.platform.auth.access import authenticate
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.http import PacnumRoute, UnsupportedMediaType
from pacnum_api.platform.uploads import Upload, receive_upload, room_for_upload


class UploadRoute(PacnumRoute):
    """A frame that leaves the body alone: ``uploaded`` reads it, piece by piece."""

    async def check_body(self, request: Request) -> None:
        """Nothing to check before the file is read."""


def uploaded(media_types: Collection[str]) -> Callable[..., AsyncIterator[Upload]]:
    """The dependency that is the file, which has arrived whole when the operation begins.

    Declare it after the caller, so that a wrong scope is refused unread, and before the unit of
    work, so that no transaction waits for a slow client. Raises UnsupportedMediaType.
    """

    async def receive(
        request: Request, caller: Annotated[Principal, Depends(authenticate)]
    ) -> AsyncIterator[Upload]:
        del caller
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in media_types:
            raise UnsupportedMediaType(f"The body must be sent as {' or '.join(media_types)}.")
        with room_for_upload() as file:
            upload = await receive_upload(request.stream(), file, media_type=media_type)
            request.state.body_digest = upload.sha256
            yield upload

    return receive
