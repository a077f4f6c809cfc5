"""Requests that are too large or not text are refused before anybody reads them whole."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pacnum_api.platform.problems import render_status


class BodyLimit:
    """413 for bodies over the limit, announced or not; 400 for NUL or bad UTF-8 in the address.

    ``larger``: other limits, by method and path, of operations that do not hold the body.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bytes: int,
        larger: Mapping[tuple[str, str], int] = MappingProxyType({}),
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.larger = larger

    async def __call__(  # noqa: PLR0917 - the ASGI protocol
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve one request whose address and body are within bounds."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not _is_clean(scope):
            detail = "The address holds NUL characters or is not UTF-8."
            await render_status(400, detail, scope=scope)(scope, receive, send)
            return
        announced = _announced(scope)
        limit = self.larger.get((scope["method"], scope["path"]), self.max_bytes)
        detail = f"The body may have at most {limit} bytes."
        if announced is not None and announced > limit:
            response = render_status(413, detail, scope=scope, headers={"Connection": "close"})
            await response(scope, receive, send)
            return
        received = 0

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                # of this type because FastAPI turns any other into «malformed» while it reads
                raise HTTPException(413, detail, {"Connection": "close"})
            return message

        await self.app(scope, limited_receive, send)


def _is_clean(scope: Scope) -> bool:
    raw = scope.get("raw_path", b"") + b"?" + scope.get("query_string", b"")
    try:
        text = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return False
    return "\x00" not in text and "\ufffd" not in scope["path"]


def _announced(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            # 18 digits are enough to be too many, and Python refuses to read thousands of them
            return int(value[:18]) if value.isdigit() else None
    return None
