"""Items on the command line. Exit codes: 0 done, 1 refused, 2 wrong usage.

Imports that cost time are made inside the commands, so that ``pacnum --help`` answers at once.
"""

# ruff: noqa: PLC0415 - see above

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from pacnum_api.kernel.errors import DomainError
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.uow import UnitOfWork

app = typer.Typer(no_args_is_help=True, help="Items: check them, describe their format.")
bank_app = typer.Typer(no_args_is_help=True, help="Item banks.")

Paths = Annotated[list[Path], typer.Argument(help="Files, or folders of YAML files.")]
BankTenant = Annotated[
    str | None, typer.Option("--tenant", help="Its bank and tests; else the public one, all tests.")
]
ReportCeiling = Annotated[
    float, typer.Option(min=0.01, max=1.0, help="Greatest share of tests that may show an item.")
]
ItemsPerTest = Annotated[
    float | None, typer.Option(min=0.0, help="Of each competence; else as tests were counted.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


FrameworkCode = Annotated[str, typer.Option(help="Code of a framework with a published bank.")]
BankFile = Annotated[
    Path | None,
    typer.Option("--bank", exists=True, dir_okay=False, help="Parameters, CSV or JSON, instead."),
]
Synthetic = Annotated[int | None, typer.Option(help="Items of an invented bank, instead.")]
Competences = Annotated[
    str | None, typer.Option(help="Codes, with commas; of an invented bank their number.")
]
Agents = Annotated[int, typer.Option(help="Simulated agents.")]
Population = Annotated[
    str, typer.Option(help="normal, uniform (mean ± 3 sd), skewed, or a CSV file of abilities.")
]
Mean = Annotated[float, typer.Option(help="Mean of true abilities.")]
Deviation = Annotated[float, typer.Option(help="Standard deviation of true abilities.")]
Skewness = Annotated[float, typer.Option(help="Of a skewed population.")]
Correlation = Annotated[
    float | None, typer.Option(help="True, between all competences; else as assumed.")
]
Assumed = Annotated[
    float | None, typer.Option(help="What the engine assumes between all competences.")
]
TrueParameters = Annotated[
    bool, typer.Option(help="Answers from parameters drawn around the bank's.")
]
Purpose = Annotated[str, typer.Option(help="positioning, target or certification: whose rules.")]
Target = Annotated[int | None, typer.Option(help="Level to decide upon, for that purpose.")]
StandardError = Annotated[float | None, typer.Option(help="Stop at this standard error.")]
Certainty = Annotated[
    float | None, typer.Option(help="Stop at this probability of a level; above 1 never.")
]
MinItems = Annotated[int | None, typer.Option(help="Least items of a competence.")]
MaxItems = Annotated[int | None, typer.Option(help="Most items of a competence.")]
PoolSize = Annotated[int | None, typer.Option(help="Best items to draw among.")]
Ceiling = Annotated[
    float | None, typer.Option(help="Greatest share of tests that see an item; 1 for none.")
]
Algorithms = Annotated[
    str | None, typer.Option(help="Versions, with commas; left out, that of new sessions.")
]
Peers = Annotated[str, typer.Option(help="Of random, information, b-matching, tubes.")]
Seed = Annotated[int, typer.Option(help="Of agents, answers and draws.")]
Processes = Annotated[int, typer.Option(help="The result does not depend on it.")]
Wave = Annotated[
    int | None, typer.Option(help="Tests under way at once, under a ceiling; else one in 50.")
]
Out = Annotated[
    Path | None, typer.Option(help="Folder for JSON, CSV, SVG and PNG files.", file_okay=False)
]


@bank_app.callback()
def _bank() -> None:
    """Describe published banks."""


@app.command("lint")
def lint(
    paths: Paths, *, doubts: Annotated[bool, typer.Option(help="Also show doubts.")] = True
) -> None:
    """Check authored items without a database: every fault, and what deserves a second look.

    An enemy that no file has is a fault in folders; where a file is given by itself it is a doubt.
    """
    from pacnum_api.domains.items.service.read_documents import read_documents

    reading = read_documents(paths)
    for fault in reading.faults:
        typer.echo(f"fault  {fault}")
    for doubt in reading.doubts if doubts else ():
        typer.echo(f"doubt  {doubt}")
    typer.echo(
        f"{len(reading.heads)} items, {len(reading.faults)} faults, {len(reading.doubts)} doubts"
    )
    if reading.faults:
        raise typer.Exit(1)


@app.command("schema")
def schema() -> None:
    """Print the JSON schema of the authoring format."""
    from pacnum_api.domains.items.service.authoring_schema import authoring_schema

    typer.echo(authoring_schema(), nl=False)


@bank_app.command("report")
def report(  # noqa: PLR0913 - a command's options are its parameters
    framework: Annotated[str, typer.Option(help="Code of a framework.")] = "digcomp-2.2",
    *,
    tenant: BankTenant = None,
    ceiling: ReportCeiling = 0.25,
    items_per_test: ItemsPerTest = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Show what the published bank covers, how precisely it measures, what it lacks, its use."""
    from pacnum_api.domains.items import service
    from pacnum_api.platform.database import Database
    from pacnum_api.platform.local_database import run_with_database

    settings = service.ReportSettings(ceiling=ceiling, items_per_test=items_per_test)

    async def work(database: Database) -> service.BankReport:
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            owner, tenants = await _owner_and_users(uow, tenant)
        async with database.unit_of_work(owner) as uow:
            bank = await service.current_bank(uow, framework)
        uses = []
        for one in tenants:
            async with database.unit_of_work(one) as uow:
                uses.append(await service.read_bank_use(uow, bank.id))
        async with database.unit_of_work(owner) as uow:
            return await service.report_bank(uow, framework, settings=settings, uses=uses)

    try:
        found = run_with_database(work)
    except DomainError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from error
    typer.echo(service.report_json(found) if as_json else service.report_text(found))
    if out is not None:
        from pacnum_api.domains.items.service.report_bank.files import write_report

        for path in write_report(found, out):
            typer.echo(f"wrote {path}", err=True)


async def _owner_and_users(uow: UnitOfWork, tenant: str | None) -> tuple[UUID, Sequence[UUID]]:
    """Whose bank is meant, and whose tests count: all tenants' for the public one."""
    from pacnum_api.domains.clients import service as clients

    if tenant is None:
        return PUBLIC_TENANT_ID, await clients.list_tenant_ids(uow)
    owner = await clients.find_tenant(uow, tenant)
    return owner, [owner]


def simulate(  # noqa: PLR0913 - an argument for each option
    *,
    framework: FrameworkCode = "digcomp-2.2",
    bank: BankFile = None,
    synthetic: Synthetic = None,
    competences: Competences = None,
    agents: Agents = 1000,
    population: Population = "normal",
    mean: Mean = 0.0,
    sd: Deviation = 1.0,
    skewness: Skewness = 1.0,
    correlation: Correlation = None,
    assumed_correlation: Assumed = None,
    true_parameters: TrueParameters = False,
    purpose: Purpose = "positioning",
    target: Target = None,
    standard_error: StandardError = None,
    level_certainty: Certainty = None,
    min_items: MinItems = None,
    max_items: MaxItems = None,
    pool_size: PoolSize = None,
    ceiling: Ceiling = None,
    algorithm: Algorithms = None,
    peers: Peers = "",
    seed: Seed = 1,
    processes: Processes = 2,
    wave: Wave = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Simulate tests on a bank: length, bias, error, coverage, levels, exposure, overlap."""
    options = dict(locals())
    chosen = {name: options.pop(name) for name in ("framework", "out", "as_json")}
    try:
        _simulate(options, **chosen)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    except DomainError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from error


def _simulate(given: dict[str, Any], *, framework: str, out: Path | None, as_json: bool) -> None:
    from pacnum_api.domains.items.service.simulate_bank import simulate_bank
    from pacnum_api.domains.items.service.simulation_banks import SimulatedBank, published_bank
    from pacnum_api.domains.items.service.simulation_options import SimulationOptions
    from pacnum_api.domains.items.service.simulation_report import report_simulation
    from pacnum_api.domains.items.service.simulation_tables import simulation_tables
    from pacnum_api.platform.database import Database
    from pacnum_api.platform.local_database import run_with_database

    async def published(database: Database) -> SimulatedBank:
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            return await published_bank(uow, framework)

    def progress(engine: str, done: int) -> None:
        # A line that is written over again says nothing in a log.
        over, is_last = "\r" if sys.stderr.isatty() else "", done == options.agents
        if over or is_last:
            line = f"{over}{engine:<12}{done:>9,} of {options.agents:,} tests"
            typer.echo(line, err=True, nl=is_last)

    options = SimulationOptions(**given)
    bank = options.own_bank() or run_with_database(published)
    report = report_simulation(simulate_bank(bank, options.request(bank), progress=progress))
    typer.echo(report.as_json() if as_json else simulation_tables(report))
    if out is not None:
        from pacnum_api.domains.items.service.simulation_figures import draw_simulation

        out.mkdir(parents=True, exist_ok=True)
        written = [*report.write(out), *draw_simulation(report, out)]
        typer.echo(f"{len(written)} files in {out}", err=True)
