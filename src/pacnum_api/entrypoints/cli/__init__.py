"""The ``pacnum`` command. Exit codes: 0 done, 1 failed, 2 wrong usage.

Imports that cost time are made inside the commands, so that ``pacnum --help`` answers at once.
"""

# ruff: noqa: PLC0415 - see above

import gc
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from pacnum_api.domains.clients.cli import app as clients_app
from pacnum_api.domains.items.cli import app as items_app
from pacnum_api.domains.items.cli import bank_app, simulate
from pacnum_api.domains.test_sessions.cli import calibrate
from pacnum_api.entrypoints.cli.bank_commands import lint, preview
from pacnum_api.entrypoints.cli.load_commands import app as load_app
from pacnum_api.kernel.errors import DomainError
from pacnum_api.platform.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Adaptive measurement of digital competences, and the training that follows.",
)
db_app = typer.Typer(no_args_is_help=True, help="Migrations.")
app.add_typer(db_app, name="db")
app.add_typer(load_app, name="load")
app.add_typer(clients_app, name="clients")
app.add_typer(bank_app, name="bank")
bank_app.command("lint")(lint)
bank_app.command("preview")(preview)
app.add_typer(items_app, name="items")
app.command("simulate")(simulate)
app.command("calibrate")(calibrate)


def main() -> None:
    """Run the command line; a refused request is one line on standard error."""
    try:
        app()
    except DomainError as error:
        typer.echo(f"{error.title}: {error.detail}", err=True)
        sys.exit(1)


@app.command("serve")
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes.")] = None,
) -> None:
    """Serve the API. Without PACNUM_DATABASE_URL an embedded PostgreSQL is started and used."""
    from pacnum_api.platform.logging import configure_logging
    from pacnum_api.platform.metrics_folder import shared_metrics
    from pacnum_api.platform.settings import get_settings

    settings = get_settings()
    configure_logging(settings.log_level)
    processes = workers or settings.workers
    address = host or settings.host
    chosen_port = _free_port(address) if port == 0 else (port or settings.port)
    os.environ.setdefault("PACNUM_PUBLIC_URL", f"http://{address}:{chosen_port}")
    with (
        shared_metrics(processes),  # before anything is loaded that counts
        _service_url(settings, meanwhile=lambda: _load("pacnum_api.entrypoints.served")) as url,
    ):
        os.environ["PACNUM_DATABASE_URL"] = url  # the worker processes read their settings anew
        get_settings.cache_clear()
        if settings.database_url is None:
            _publish_shipped_content(url)

        from pacnum_api.entrypoints.server import run_server
        from pacnum_api.platform.metrics_page import metrics_port

        with metrics_port(settings.metrics_port, host=settings.metrics_host):
            run_server(get_settings(), host=address, port=chosen_port, workers=processes)


@contextmanager
def _service_url(settings: Settings, *, meanwhile: Callable[[], object]) -> Iterator[str]:
    """The database to serve; one that somebody else runs needs no machinery to start or migrate."""
    if settings.database_url is not None:
        meanwhile()
        yield settings.database_url
        return

    from pacnum_api.platform.local_database import database_url

    with database_url(settings, meanwhile=meanwhile) as url:
        yield url


def _load(module: str) -> None:
    """Import what takes most of a second, without looking for garbage: there is none yet."""
    # before numpy is loaded: the service's matrices are small, and a thread for each core in each
    # process would only take turns with the others
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()
    try:
        import_module(module)
    finally:
        gc.enable()


def _publish_shipped_content(url: str) -> None:
    """An embedded database starts with what ships; an external one is its operator's to fill."""
    import asyncio

    from pacnum_api.entrypoints.shipped_content import publish_shipped_content
    from pacnum_api.platform.database import Database
    from pacnum_api.platform.settings import get_settings

    async def publish() -> None:
        database = Database(url, role=get_settings().database_role, pool_size=1)
        try:
            await publish_shipped_content(database, only_if_empty=True)
        finally:
            await database.close()

    asyncio.run(publish())


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@app.command("worker")
def worker() -> None:
    """Do the background work: imports, expiries, purges, key renewal. Any number may run."""
    from pacnum_api.entrypoints.worker import run_worker
    from pacnum_api.platform.local_database import run_with_database
    from pacnum_api.platform.logging import configure_logging
    from pacnum_api.platform.metrics_page import metrics_port
    from pacnum_api.platform.settings import get_settings
    from pacnum_api.platform.telemetry import telemetry

    settings = get_settings()
    configure_logging(settings.log_level)
    with metrics_port(settings.metrics_port, host=settings.metrics_host), telemetry():
        run_with_database(lambda database: run_worker(database, settings))


@app.command("demo")
def demo(
    *,
    once: Annotated[bool, typer.Option(help="End after the agent.")] = False,
    port: Annotated[int, typer.Option(help="If taken, the next free one.")] = 8000,
    seed: Annotated[int, typer.Option(help="Of the simulated agent.")] = 2026,
) -> None:
    """Play one simulated agent over HTTP and print every step; then keep serving."""
    from pacnum_api.platform.local_database import database_url
    from pacnum_api.platform.logging import configure_logging
    from pacnum_api.platform.settings import get_settings

    started = time.perf_counter()
    configure_logging("warning")
    settings = get_settings()
    with database_url(settings, meanwhile=lambda: _load("pacnum_api.entrypoints.demo")) as url:
        from pacnum_api.entrypoints.demo import Wishes, run_demo

        wishes = Wishes(port=port, seed=seed, keeps_serving=not once, started=started)
        run_demo(settings, url, wishes=wishes)


@app.command("openapi")
def openapi(
    *,
    out: Annotated[Path | None, typer.Option(help="File to write; else stdout.")] = None,
    problems: Annotated[
        Path | None, typer.Option(help="File for the list of problems (Markdown).")
    ] = None,
) -> None:
    """Print the OpenAPI document."""
    from pacnum_api.entrypoints.api import create_app
    from pacnum_api.entrypoints.problem_pages import problems_page
    from pacnum_api.platform.settings import Settings

    document = create_app(Settings(database_url="postgresql://")).openapi()
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
    if problems is not None:
        problems.write_text(problems_page(), encoding="utf-8")


@db_app.command("upgrade")
def upgrade(revision: Annotated[str, typer.Argument()] = "head") -> None:
    """Bring the database up to a revision."""
    from pacnum_api.platform import migrations

    with _owner_url() as url:
        migrations.upgrade(url, revision)


@db_app.command("downgrade")
def downgrade(revision: Annotated[str, typer.Argument()]) -> None:
    """Take the database back to a revision; `base` removes everything."""
    from pacnum_api.platform import migrations

    with _owner_url() as url:
        migrations.downgrade(url, revision)


@db_app.command("current")
def current() -> None:
    """Say at which revision the database is."""
    from pacnum_api.platform import migrations

    with _owner_url() as url:
        typer.echo(migrations.current(url) or "empty")


@db_app.command("check")
def check() -> None:
    """Exit 1 unless the database is at the revision that this version needs."""
    from pacnum_api.platform import migrations

    with _owner_url() as url:
        found = migrations.current(url)
    typer.echo(f"database: {found or 'empty'}, needed: {migrations.head_revision()}")
    if found != migrations.head_revision():
        raise typer.Exit(1)


def _owner_url() -> AbstractContextManager[str]:
    from pacnum_api.platform.local_database import owner_url
    from pacnum_api.platform.settings import get_settings

    return owner_url(get_settings())
