"""A keep-alive HTTP/1.1 connection that costs little beside the server that it measures.

Only what the benchmarks meet: responses with a Content-Length, one request at a time.
"""

import asyncio
from dataclasses import dataclass
from typing import cast

import httptools

PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """One connection; ``post`` and ``get`` wait for the whole reply.

    Servers close those that stand idle: ``reopen`` before a round.
    """

    def __init__(self, port: int, *, host: str = "127.0.0.1") -> None:
        self._host = host
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._waiting: asyncio.Future[Reply] | None = None

    async def reopen(self) -> None:
        self.close()
        self._parser = httptools.HttpResponseParser(self)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, self._host, self._port)

    @property
    def is_open(self) -> bool:
        """Whether the server has not hung up on it, as it does on those that stand idle."""
        return self._transport is not None and not self._transport.is_closing()

    async def post(self, path: str, body: bytes, *, token: str | None = None) -> Reply:
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return await self._ask(f"POST {path}", kind, body=body, token=token)

    async def get(self, path: str, *, token: str | None = None) -> Reply:
        return await self._ask(f"GET {path}", "", body=b"", token=token)

    async def _ask(self, line: str, kind: str, *, body: bytes, token: str | None) -> Reply:
        assert self._transport is not None
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        head = f"{line} HTTP/1.1\r\nHost: {self._host}\r\n{authorization}{kind}\r\n"
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Reply] = loop.create_future()
        self._waiting = waiting
        # cheaper than asyncio.timeout, which the client would pay at every request
        patience = loop.call_later(PATIENCE_SECONDS, _give_up, waiting)
        self._transport.write(head.encode("ascii") + body)
        try:
            return await waiting
        finally:
            patience.cancel()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    # --- asyncio.Protocol ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("the server hung up"))

    # --- httptools ---

    def on_message_begin(self) -> None:
        self._body = []

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        assert self._waiting is not None
        reply = Reply(self._parser.get_status_code(), b"".join(self._body))
        if not self._waiting.done():
            self._waiting.set_result(reply)


def _give_up(waiting: "asyncio.Future[Reply]") -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError(f"no reply within {PATIENCE_SECONDS} s"))
