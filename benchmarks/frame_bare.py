"""The bare end of ``benchmarks.frame``: a Starlette route, and a sink for what is exported.

Nothing of the service is imported, so that its memory costs these nothing.

    python -m uvicorn benchmarks.frame_bare:bare      (the benchmark starts it)
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

ROUTE = "/route"


async def reply(request: Request) -> Response:
    del request
    return JSONResponse({"status": "ok"})


bare = Starlette(routes=[Route(ROUTE, reply)])


async def sink(scope: Scope, receive: Receive, send: Send) -> None:
    """Takes whatever is exported, and keeps nothing."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})
