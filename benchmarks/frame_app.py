"""The service with a route of ``benchmarks.frame``: the bare handler inside the whole frame.

python -m uvicorn --factory benchmarks.frame_app:framed      (the benchmark starts it)
"""

from typing import Annotated

from fastapi import FastAPI, Security
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.frame_bare import ROUTE, reply
from pacnum_api.entrypoints.api import create_app
from pacnum_api.entrypoints.operations import Health
from pacnum_api.platform.auth.access import authenticate, authorise
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.http import make_router
from pacnum_api.platform.logging import configure_logging
from pacnum_api.platform.settings import get_settings

OPERATION = "/v1/benchmark/operation"


async def reply_to_caller(request: Request) -> Response:
    await authenticate(request)
    return await reply(request)


def framed() -> FastAPI:
    """The service with two more routes, before all others: finding a route is not what is asked."""
    configure_logging(get_settings().log_level)
    app = create_app()
    router = make_router("/benchmark", "benchmark")

    @router.get("/operation")
    async def read_operation(
        caller: Annotated[Principal, Security(authorise, scopes=[Scope.TEST_SESSIONS_RUN])],
    ) -> Health:
        del caller
        return Health(status="ok")

    app.router.routes[:0] = [Route(ROUTE, reply_to_caller), *router.routes]
    return app
