"""Health, metrics and the documentation page."""

import asyncio
import ipaddress
import secrets
from importlib.resources import files
from typing import Literal

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from pacnum_api.kernel.errors import DomainError, ErrorKind, ServiceUnavailable
from pacnum_api.platform.http import database_of
from pacnum_api.platform.metrics_page import MEDIA_TYPE, metrics_page
from pacnum_api.platform.problems import problems
from pacnum_api.platform.revisions import head_revision
from pacnum_api.platform.schemas import Out

api = APIRouter(tags=["operations"])


class MetricsRefused(DomainError):
    """Metrics are read from loopback or with the metrics token."""

    code = "metrics_refused"
    kind = ErrorKind.FORBIDDEN
    title = "Metrics refused"


class Health(Out):
    status: Literal["ok"]


class Readiness(Out):
    status: Literal["ok"]
    migration: str = Field(examples=["0008"], description="Revision the database is at.")


@api.get(
    "/healthz",
    operation_id="operations_read_health",
    summary="Is the process alive?",
    description="Answers without touching the database: restart the process when it does not.",
)
async def read_health() -> Health:
    return Health(status="ok")


@api.get(
    "/readyz",
    operation_id="operations_read_readiness",
    summary="Can the process serve?",
    description="The database answers and its migrations are at least those of this version.",
    responses=problems(ServiceUnavailable),
)
async def read_readiness(request: Request) -> Readiness:
    try:
        async with database_of(request).engine.connect() as connection:
            found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise ServiceUnavailable("The database does not answer.") from error
    # Ahead is fine: an upgrade migrates first, and processes of the version before serve on until
    # they are replaced. Revisions are numbers of four digits, so they sort.
    if found is None or str(found) < head_revision():
        raise ServiceUnavailable(f"The database is at {found}, expected {head_revision()}.")
    return Readiness(status="ok", migration=str(found))


@api.get(
    "/metrics",
    operation_id="operations_read_metrics",
    summary="Metrics for Prometheus",
    description="Counters and histograms of all processes that serve this port, in the Prometheus "
    "text format; loopback or token only.",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Metrics."},
        **problems(MetricsRefused),
    },
)
async def read_metrics(request: Request) -> Response:
    if not _may_read_metrics(request):
        raise MetricsRefused
    page = await asyncio.to_thread(metrics_page)  # adding up what several processes counted is work
    return Response(page, media_type=MEDIA_TYPE)


def _may_read_metrics(request: Request) -> bool:
    token = request.app.state.settings.metrics_token
    if token is not None:
        given = request.headers.get("authorization", "")
        return secrets.compare_digest(given.encode(), f"Bearer {token}".encode())
    try:
        return ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False


def mount_docs(app: FastAPI) -> None:
    """``/docs`` with its scripts and styles served from here: it works without internet."""
    static = files("fastapi_offline").joinpath("static")
    app.mount("/docs/assets", StaticFiles(directory=str(static)), name="docs-assets")

    async def read_docs() -> Response:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="pacnum-api",
            swagger_js_url="/docs/assets/swagger-ui-bundle.js",
            swagger_css_url="/docs/assets/swagger-ui.css",
            swagger_favicon_url="/docs/assets/favicon.png",
        )

    app.add_api_route("/docs", read_docs, include_in_schema=False)
