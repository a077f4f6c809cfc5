"""The server's side of a connection whose client is slow, silent or gone.

uvicorn closes a connection that stands idle between two requests, but waits without end for the
first byte of the first one, for the rest of a request's head, and for a client to read its answer.
Bodies are waited for in ``platform.overload``, where there is a request to answer to.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from pacnum_api.platform.problems import render_status
from pacnum_api.platform.settings import get_settings
from pacnum_api.platform.sockets import give_up_on_silence

TOLD: Final = "The head of the request did not arrive in time."


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with an end to each wait. Costs a request nothing but a comparison."""

    _head_timer: asyncio.TimerHandle | None = None
    _has_begun = False

    def connection_made(  # type: ignore[override]  # as uvicorn narrows it
        self, transport: asyncio.Transport
    ) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            give_up_on_silence(connection, seconds=get_settings().client_silence_seconds)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take what has come; if that was not all of a head, the rest is waited for."""
        super().data_received(data)
        if self._head_timer is None and not self._is_answering():
            self._await_head()

    def on_message_begin(self) -> None:
        """Remember that there is somebody to answer to."""
        self._has_begun = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop waiting."""
        self._has_begun = False
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = (
            self.cycle
        )  # uvicorn says it is never None; it begins so
        return cycle is not None and not cycle.response_complete

    def _await_head(self) -> None:
        seconds = get_settings().head_timeout_seconds
        self._head_timer = self.loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self._has_begun:
            self.transport.write(_timed_out())
        self.transport.close()


def _timed_out() -> bytes:
    response = render_status(408, TOLD, scope={}, headers={"Connection": "close"})
    head = b"".join(b"%s: %s\r\n" % header for header in response.raw_headers)
    return b"HTTP/1.1 408 Request Timeout\r\n" + head + b"\r\n" + bytes(response.body)
