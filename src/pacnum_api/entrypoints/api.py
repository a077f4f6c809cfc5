"""The HTTP application: ``create_app`` wires the domains to one database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from pacnum_api.domains.clients import endpoints as clients
from pacnum_api.domains.clients.service import ClientDirectory
from pacnum_api.domains.imports import endpoints as imports
from pacnum_api.domains.items import endpoints as items
from pacnum_api.domains.items.service import BANK_CHANNEL, BankNotices, count_banks
from pacnum_api.domains.organisations import endpoints as organisations
from pacnum_api.domains.recommendations import endpoints as recommendations
from pacnum_api.domains.referential import endpoints as referential
from pacnum_api.domains.results import endpoints as results
from pacnum_api.domains.test_sessions import endpoints as test_sessions
from pacnum_api.domains.test_sessions.service import AnswerDesk
from pacnum_api.domains.trainings import endpoints as trainings
from pacnum_api.entrypoints import operations
from pacnum_api.platform.auth.gate import Gate
from pacnum_api.platform.auth.key_store import KeyStore
from pacnum_api.platform.batches import PLANNER, Batches
from pacnum_api.platform.body_limit import BodyLimit
from pacnum_api.platform.cors import ClientCors
from pacnum_api.platform.database import Database
from pacnum_api.platform.error_handlers import AWAY, install_error_handlers
from pacnum_api.platform.head import HeadAsGet
from pacnum_api.platform.metrics import BANKS_IN_MEMORY, BATCH_ANSWERS, QUEUE_SECONDS
from pacnum_api.platform.notifications import Notifications
from pacnum_api.platform.openapi import build_openapi
from pacnum_api.platform.overload import Load, Overload, Patience
from pacnum_api.platform.pulse import Pulse
from pacnum_api.platform.rate_limits import RateLimiter, RateLimitHeaders
from pacnum_api.platform.request_log import RequestLog
from pacnum_api.platform.settings import Settings, get_settings
from pacnum_api.platform.stopping import stopping_in_order, until_empty
from pacnum_api.platform.telemetry import telemetry

_log = structlog.stdlib.get_logger("pacnum.api")

ROUTERS = (
    clients.api,
    referential.api,
    organisations.api,
    imports.api,
    items.api,
    test_sessions.api,
    results.api,
    trainings.api,
    recommendations.api,
    operations.api,
)


class Service(FastAPI):
    """FastAPI with the answer lane before everything, its own outermost layers included."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lane = test_sessions.AnswerLane(super().__call__, state=self.state)

    async def __call__(  # noqa: PLR0917 - the ASGI protocol
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve one request."""
        await self.lane(scope, receive, send)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. Its database is opened when it starts and closed when it stops."""
    chosen = settings or get_settings()
    app = Service(
        title="pacnum-api",
        version=version("pacnum-api"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # spans are ours to write (platform.tracing): FastAPI's name the path, and who is in it
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        redirect_slashes=False,  # an address is an address: no redirect that no route documents
        lifespan=lambda app: _lifespan(app, chosen),
    )
    for router in ROUTERS:
        app.include_router(router)
    operations.mount_docs(app)
    app.openapi = lambda: build_openapi(app)  # type: ignore[method-assign]  # FastAPI's documented way
    install_error_handlers(app)
    # the last one added is the outermost: even a 500 gets its CORS and rate-limit headers
    app.state.load = Load(
        chosen.max_requests_in_flight, wanted_seconds=chosen.wanted_request_seconds
    )
    app.add_middleware(HeadAsGet)
    app.add_middleware(Overload, load=app.state.load, patience=_patience(chosen))
    app.add_middleware(
        BodyLimit,
        max_bytes=chosen.max_body_bytes,
        larger={("POST", "/v1/imports"): chosen.max_import_bytes},
    )
    app.add_middleware(RequestLog)
    app.add_middleware(RateLimitHeaders)
    app.add_middleware(ClientCors)
    app.state.settings = chosen
    return app


def _patience(settings: Settings) -> Patience:
    return Patience(
        body_seconds=settings.body_timeout_seconds,
        request_seconds=settings.request_timeout_seconds,
        kept_bytes=settings.max_body_bytes,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    if settings.database_url is None:
        message = "PACNUM_DATABASE_URL is not set; `pacnum serve` starts an embedded PostgreSQL"
        raise RuntimeError(message)
    database = Database(
        settings.database_url,
        role=settings.database_role,
        pool_size=settings.database_pool_size,
        timeout_seconds=settings.database_timeout_seconds,
        wait_seconds=settings.database_wait_seconds,
    )
    keys = _keys(database, settings)
    directory = ClientDirectory(database)
    batches = Batches(partial(database.connect, **PLANNER), observe=_observe_batch)
    app.state.database = database
    app.state.answers = AnswerDesk(batches, database)
    app.state.gate = Gate(keys=keys, clients=directory, limits=RateLimiter(database))
    banks = BankNotices(database)
    notifications = Notifications(
        database,
        {"pacnum_keys": keys.drop, "pacnum_clients": directory.drop, BANK_CHANNEL: banks.hear},
    )
    pulse = Pulse(database, counts={BANKS_IN_MEMORY: count_banks})
    with telemetry():
        try:
            with stopping_in_order(app.state.load, drain_seconds=settings.drain_seconds):
                await _greet(keys)
                notifications.start()
                batches.start()
                pulse.start()
                yield
        finally:
            await until_empty(app.state.load)
            await pulse.stop()
            await batches.stop()
            await notifications.stop()
            await banks.stop()
            await database.close()


def _keys(database: Database, settings: Settings) -> KeyStore:
    issuer = settings.public_url.rstrip("/")
    return KeyStore(
        database, issuer=issuer, audience=f"{issuer}/v1", algorithm=settings.signing_algorithm
    )


async def _greet(keys: KeyStore) -> None:
    """Ask the database for the keys: a wrong address or role stops the process here.

    A database that is away does not. A process that takes the place of one that has died would end
    as well, and a supervisor gives up on all when one cannot start; so it starts, is not ready, and
    serves as soon as the database does.
    """
    try:
        await keys.ring()
    except AWAY as error:
        _log.warning("started_without_database", reason=type(error).__name__)


def _observe_batch(rows: int, longest_wait_seconds: float) -> None:
    BATCH_ANSWERS.observe(rows)
    QUEUE_SECONDS.observe(longest_wait_seconds)
