"""Floor ``g0`` of the answer call: what storing an answer costs when nothing else is done.

A bare ASGI application over a plain asyncpg pool. One statement appends the answer and moves the
session's row on, and commits by itself. No authentication, no validation, no grading, no choice of
an item, no log; as the owner of the tables, so row-level security is not consulted either. The
reply is as long as the service's mean reply.

    python -m uvicorn benchmarks.floor:app      (``benchmarks.answer_call`` starts it)
"""

import json
import os
from uuid import UUID

import asyncpg
from starlette.types import Receive, Scope, Send

from benchmarks.one_answer import SAVE_ONE_ANSWER, arguments

URL = os.environ["FLOOR_DATABASE_URL"]
TENANT_ID = UUID(os.environ["FLOOR_TENANT_ID"])
REPLY = b'{"reply":"' + b"x" * (int(os.environ["FLOOR_REPLY_BYTES"]) - 12) + b'"}'
POOL_SIZE = 8
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(REPLY)).encode())]


async def no_reset(connection: asyncpg.Connection) -> None:
    del connection


class Floor:
    """Answers every POST to ``/<session id>`` by storing its body."""

    pool: asyncpg.Pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self.pool = await asyncpg.create_pool(
                URL,
                min_size=1,
                max_size=POOL_SIZE,
                reset=no_reset,
                server_settings={"plan_cache_mode": "force_generic_plan"},
            )
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self.pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = b""
        is_whole = False
        while not is_whole:
            message = await receive()
            body += message["body"]
            is_whole = not message.get("more_body", False)
        is_saved = await self.save(UUID(scope["path"][1:]), json.loads(body))
        status = 201 if is_saved else 409
        await send({"type": "http.response.start", "status": status, "headers": HEADERS})
        await send({"type": "http.response.body", "body": REPLY})

    async def save(self, session_id: UUID, answer: dict[str, object]) -> bool:
        given = arguments(TENANT_ID, session_id, answer=answer)
        async with self.pool.acquire() as connection:
            return await connection.fetchval(SAVE_ONE_ANSWER, *given) is not None


app = Floor()
