"""Clients on the command line, for operators. Exit codes: 0 done, 1 refused, 2 wrong usage.

Imports that cost time are made inside the commands, so that ``pacnum --help`` answers at once.
"""

# ruff: noqa: PLC0415 - see above

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from pacnum_api.domains.clients.types import ClientDefinition, ClientSummary, NewSecret
from pacnum_api.kernel.errors import DomainError, ErrorKind
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID

app = typer.Typer(no_args_is_help=True, help="API clients: create, list, rotate, revoke.")

DEFAULT_TENANT = "default"
MOST_OVERLAP_HOURS = 24 * 90

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
ClientId = Annotated[UUID, typer.Argument(metavar="CLIENT_ID", help="As given at creation.")]


@app.command("create")
def create(  # noqa: PLR0913 - a command's options are its parameters
    *,
    name: Annotated[str, typer.Option(help="For people: which program this is.")],
    scopes: Annotated[str, typer.Option(help="Space-separated, in quotes.")],
    tenant: Annotated[str, typer.Option(help="Whose client; made when new.")] = DEFAULT_TENANT,
    cors_origin: Annotated[
        list[str] | None, typer.Option(help="Site whose pages may call; repeat it for more.")
    ] = None,
    rate_limit: Annotated[int, typer.Option(help="Requests a minute.")] = 6000,
    jwks: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Public keys (JWKS file) in place of a secret."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create an API client; its secret is shown this once."""
    from pacnum_api.domains.clients import service
    from pacnum_api.platform.database import Database
    from pacnum_api.platform.local_database import run_with_database

    with _refusals():
        definition = ClientDefinition(
            name=name,
            scopes=frozenset(scopes.split()),
            cors_origins=frozenset(cors_origin or []),
            rate_limit_per_minute=rate_limit,
            jwks=_read_jwks(jwks) if jwks is not None else None,
        )
        service.check_definition(definition)
        _check_tenant(tenant)

        async def work(database: Database) -> NewSecret:
            async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
                tenant_id = await service.find_tenant(uow, tenant, is_made_when_new=True)
            async with database.unit_of_work(tenant_id) as uow:
                return await service.create_client(uow, definition)

        _show_secret(run_with_database(work), as_json=as_json)


@app.command("list")
def list_(
    *,
    tenant: Annotated[str | None, typer.Option(help="Of this tenant; of all if none.")] = None,
    as_json: AsJson = False,
) -> None:
    """List API clients, revoked ones too. No secret is shown."""
    from pacnum_api.domains.clients import service
    from pacnum_api.platform.database import Database
    from pacnum_api.platform.local_database import run_with_database

    async def work(database: Database) -> list[ClientSummary]:
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            if tenant is None:
                tenants = await service.list_tenants(uow)
            else:
                tenants = [(await service.find_tenant(uow, tenant), tenant)]
        found: list[ClientSummary] = []
        for tenant_id, name in tenants:
            async with database.unit_of_work(tenant_id) as uow:
                found += await service.list_clients(uow, tenant=name)
        return found

    with _refusals():
        clients = run_with_database(work)
    if as_json:
        typer.echo(json.dumps([_as_dict(client) for client in clients], indent=2))
    else:
        _show_table(clients)


@app.command("rotate")
def rotate(
    client_id: ClientId,
    *,
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=MOST_OVERLAP_HOURS, help="The old secret's last hours.")
    ] = 24,
    as_json: AsJson = False,
) -> None:
    """Give a client a new secret; the old one stays good for a while."""
    from pacnum_api.domains.clients import service
    from pacnum_api.platform.database import Database
    from pacnum_api.platform.local_database import run_with_database

    async def work(database: Database) -> NewSecret:
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            tenant_id = await service.tenant_of_client(uow, client_id)
        async with database.unit_of_work(tenant_id) as uow:
            return await service.rotate_secret(
                uow, client_id, overlap=timedelta(hours=overlap_hours)
            )

    with _refusals():
        _show_secret(run_with_database(work), as_json=as_json)


@app.command("revoke")
def revoke(client_id: ClientId, *, as_json: AsJson = False) -> None:
    """Shut a client out for good: no new token, and those it has die within seconds."""
    from pacnum_api.domains.clients import service
    from pacnum_api.platform.database import Database
    from pacnum_api.platform.local_database import run_with_database

    async def work(database: Database) -> None:
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            tenant_id = await service.tenant_of_client(uow, client_id)
        async with database.unit_of_work(tenant_id) as uow:
            await service.revoke_client(uow, client_id)

    with _refusals():
        run_with_database(work)
    _show({"client_id": str(client_id), "revoked": True}, as_json=as_json)


@app.command("rotate-keys")
def rotate_keys(
    *,
    emergency: Annotated[
        bool, typer.Option(help="A key has leaked: every token issued so far dies at once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the next key that signs access tokens; workers do so by themselves every 90 days."""
    from pacnum_api.platform.auth import key_store
    from pacnum_api.platform.database import Database
    from pacnum_api.platform.local_database import run_with_database
    from pacnum_api.platform.settings import get_settings

    async def work(database: Database) -> str:
        algorithm = get_settings().signing_algorithm
        return await key_store.rotate_keys(database, algorithm=algorithm, is_emergency=emergency)

    with _refusals():
        _show({"kid": run_with_database(work)}, as_json=as_json)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say what is wrong on stderr: 2 when the command was, 1 when the state of things is."""
    try:
        yield
    except DomainError as error:
        typer.echo(error.detail, err=True)
        for fault in error.faults:
            typer.echo(f"  {fault.pointer.removeprefix('/')}: {fault.message}", err=True)
        raise typer.Exit(2 if error.kind is ErrorKind.INVALID_INPUT else 1) from error


def _check_tenant(name: str) -> None:
    if name.strip() in {"", "*"} or "\x00" in name or len(name) > 100:
        message = "expected a name of 1 to 100 characters, and not *"
        raise typer.BadParameter(message, param_hint="--tenant")


def _read_jwks(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError as error:
        message = f"{path} is no JSON: {error}"
        raise typer.BadParameter(message, param_hint="--jwks") from error
    if not isinstance(document, dict):
        message = f'{path} is no key set: expected {{"keys": […]}}'
        raise typer.BadParameter(message, param_hint="--jwks")
    return document


def _show_secret(new: NewSecret, *, as_json: bool) -> None:
    shown: dict[str, object] = {"client_id": str(new.client_id)}
    if new.client_secret is not None:
        shown["client_secret"] = new.client_secret
    _show(shown, as_json=as_json)
    if new.client_secret is not None and not as_json:
        typer.echo("Keep the secret now: it is not shown again.", err=True)


def _show(shown: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(shown, indent=2))
        return
    for name, value in shown.items():
        typer.echo(f"{name:<14} {value}")


def _as_dict(client: ClientSummary) -> dict[str, object]:
    return {
        "client_id": str(client.client_id),
        "tenant": client.tenant,
        "name": client.name,
        "scopes": list(client.scopes),
        "cors_origins": list(client.cors_origins),
        "rate_limit_per_minute": client.rate_limit_per_minute,
        "auth_methods": list(client.auth_methods),
        "created_at": client.created_at.isoformat(),
        "revoked_at": client.revoked_at.isoformat() if client.revoked_at is not None else None,
    }


def _show_table(clients: Sequence[ClientSummary]) -> None:
    for client in clients:
        state = "revoked" if client.revoked_at is not None else "live"
        scopes = " ".join(client.scopes)
        typer.echo(f"{client.client_id}  {state:<7}  {client.tenant} / {client.name}  {scopes}")
    if not clients:
        typer.echo("No client yet: pacnum clients create --name … --scopes …", err=True)
