"""No more requests at once than can be answered soon; the others are asked to come back.

A process that takes on everything answers everything late, and clients that have given up by then
send it all again. So a request that finds the process full gets its 503 at once. What counts is
work: a request takes its place when its body has arrived, so that slow clients hold none, and gives
it back when its response has been handed over.

How many places there are follows from how fast they come free. By Little's law, requests in flight
= rate x time of each: where requests take longer than wanted, as many are let in as the present
rate answers in the wanted time, be it the processor, a lock or the database that slows them down.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pacnum_api.kernel.errors import ServiceUnavailable
from pacnum_api.platform.metrics import OVERLOAD_REFUSALS
from pacnum_api.platform.problems import render_error, render_status

ALWAYS_SERVED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""What tells an operator and a supervisor how it stands, above all when it stands badly."""

READINESS: Final = "/readyz"
FULL: Final = "Too many requests at once. Try again shortly; the same request is safe to repeat."
LATE: Final = "It took too long. Try again shortly; the same request is safe to repeat."
STOPPING: Final = (
    "This process is stopping. Another one answers; the same request is safe to repeat."
)
REVIEW_SECONDS: Final = 0.5
ALWAYS_LET_IN: Final = 16
"""As many as two pools have connections: a few slow reports must not close the door."""

_log = structlog.stdlib.get_logger("pacnum.overload")


class Load:
    """The requests that this process works on, and the most it takes on at once.

    ``limit`` is never exceeded; ``wanted_seconds`` is what a request may take on average before
    fewer are let in, though never fewer than ``ALWAYS_LET_IN``. Whoever answers requests outside of
    ``Overload`` shares the count: enter, answer, leave. One event loop uses it, without a lock.
    """

    def __init__(
        self,
        limit: int,
        *,
        wanted_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = limit
        self.allowed = limit
        """The limit of the moment."""
        self.in_flight = 0
        self.refused = 0
        """Since the process began."""
        self.is_stopping = False
        """Still serving, but no longer ready: a proxy shall go elsewhere."""
        self._wanted_seconds = wanted_seconds
        self._clock = clock
        self._looked_at = self._review_began = clock()
        self._request_seconds = 0.0  # time spent in flight by all requests, since the last review
        self._left = 0

    def try_enter(self) -> bool:
        """Take a place; False, and nothing to give back, when there is none."""
        self._look()
        if self.in_flight >= self.allowed:
            self.refused += 1
            return False
        self.in_flight += 1
        return True

    def leave(self) -> None:
        """Give the place back."""
        self._look()
        self.in_flight -= 1
        self._left += 1

    def _look(self) -> None:
        now = self._clock()
        self._request_seconds += self.in_flight * (now - self._looked_at)
        self._looked_at = now
        if now - self._review_began >= REVIEW_SECONDS:
            self._review(now - self._review_began)
            self._review_began = now
            self._request_seconds = 0.0
            self._left = 0

    def _review(self, seconds: float) -> None:
        if self._request_seconds > self._wanted_seconds * max(self._left, 1):
            affordable = int(self._left / seconds * self._wanted_seconds)
            self.allowed = min(self.limit, max(ALWAYS_LET_IN, affordable))
        else:
            self.allowed = min(self.limit, self.allowed * 2)


@dataclass(frozen=True, slots=True)
class Patience:
    """``body_seconds``: for a body to arrive. ``request_seconds``: from there to the response.

    ``kept_bytes``: what is kept of a body while it arrives; a longer one is read on by whoever it
    is for, within ``request_seconds``.
    """

    body_seconds: float
    request_seconds: float
    kept_bytes: int


class Overload:
    """ASGI layer: 503 when the process is full or late, 408 when a body does not come."""

    def __init__(self, app: ASGIApp, *, load: Load, patience: Patience) -> None:
        self.app = app
        self.load = load
        self.patience = patience

    async def __call__(  # noqa: PLR0917 - the ASGI protocol
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve one request, or say at once that it will not be."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal: str | None = scope.get("state", {}).get("refusal")
        if refusal is not None:  # by who stands before this layer, and has waited already
            await _refuse(refusal, scope=scope, send=send)
            return
        if self.load.is_stopping:
            send = _closing(send)
            if scope["path"] == READINESS:
                await _refuse(STOPPING, scope=scope, send=send)
                return
        if scope["path"] in ALWAYS_SERVED:
            await self.app(scope, receive, send)
        elif not _announces_body(scope):
            await self._admit(scope, receive, send)
        else:
            await self._await_body(scope, receive, send)

    async def _await_body(  # noqa: PLR0917 - the ASGI protocol
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        body = _Body(receive, kept_bytes=self.patience.kept_bytes)
        try:
            async with asyncio.timeout(self.patience.body_seconds):
                has_come = await body.has_come()
        except TimeoutError:
            detail = f"The body did not arrive within {self.patience.body_seconds:g} seconds."
            response = render_status(408, detail, scope=scope, headers={"Connection": "close"})
            await response(scope, receive, send)
            return
        if has_come:  # else its sender has gone, and nobody waits for a response
            await self._admit(scope, body.receive, send)

    async def _admit(  # noqa: PLR0917 - the ASGI protocol
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if not self.load.try_enter():
            OVERLOAD_REFUSALS.inc()
            await _refuse(FULL, scope=scope, send=send)
            return
        try:
            await self._serve(scope, receive, send)
        finally:
            self.load.leave()

    async def _serve(  # noqa: PLR0917 - the ASGI protocol
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        has_begun = False
        reason = LATE

        async def send_and_see(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            if not deadline.expired():
                deadline.reschedule(None)  # there is an answer: its length is its reader's affair
            await send(message)

        try:
            async with asyncio.timeout(self.patience.request_seconds) as deadline:
                await self.app(scope, receive, send_and_see)
        except TimeoutError:
            if has_begun:
                raise
            _log.warning("request_too_long", request_id=scope["state"].get("request_id"))
        except asyncio.CancelledError:
            # the server stops and has waited long enough: the task ends here, with an answer
            if has_begun:
                raise
            reason = STOPPING
        else:
            return
        await _refuse(reason, scope=scope, send=send)


class _Body:
    """A body kept while it arrives, and given on as if it came then."""

    def __init__(self, receive: Receive, *, kept_bytes: int) -> None:
        self._receive = receive
        self._kept_bytes = kept_bytes
        self._messages: list[Message] = []
        self._refusal: HTTPException | None = None

    async def has_come(self) -> bool:
        """Wait until all of it, or as much as is kept, is there; False when its sender left."""
        kept = 0
        while kept <= self._kept_bytes:
            try:
                message = await self._receive()
            except HTTPException as refusal:  # too large: for whoever reads it to answer
                self._refusal = refusal
                return True
            if message["type"] == "http.disconnect":
                return False
            self._messages.append(message)
            kept += len(message.get("body", b""))
            if not message.get("more_body", False):
                break
        self._messages.reverse()
        return True

    async def receive(self) -> Message:
        if self._messages:
            return self._messages.pop()
        if self._refusal is not None:
            raise self._refusal
        return await self._receive()


def _announces_body(scope: Mapping[str, Any]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


async def _refuse(detail: str, *, scope: Scope, send: Send) -> None:
    with suppress(OSError):  # its reader may have gone
        await render_error(ServiceUnavailable(detail), scope)(scope, _nothing, send)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _closing(send: Send) -> Send:
    """Ask the client to open a new connection for what follows: to a process that stays."""

    async def send_and_close(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (b"connection", b"close")]
            message = {**message, "headers": headers}
        await send(message)

    return send_and_close
