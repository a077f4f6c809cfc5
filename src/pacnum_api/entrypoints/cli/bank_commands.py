"""``pacnum bank lint`` and ``pacnum bank preview``: an authored bank, read and looked at.

Neither needs a database. Without PATH both take the bank that ships, which must also cover every
level of its framework.
"""

# ruff: noqa: PLC0415 - see entrypoints.cli

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

Paths = Annotated[
    list[Path] | None, typer.Argument(help="Files, or folders of YAML files.", exists=True)
]
ProofsFolder = Annotated[
    Path | None,
    typer.Option("--proofs", exists=True, file_okay=False, help="Python files that find keys."),
]
Today = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Facts are held against this day.")
]


def lint(  # noqa: PLR0913 - a command's options are its parameters
    paths: Paths = None,
    *,
    proofs: ProofsFolder = None,
    seeds: Annotated[int, typer.Option(min=1, help="Variants of each template to try.")] = 200,
    today: Today = None,
    processes: Annotated[int, typer.Option(min=1, help="To share the work.")] = 2,
    doubts: Annotated[bool, typer.Option(help="Also show doubts.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Check a bank: leaks, reading level, repetitions, old facts, variants, keys proved again.

    Exit code 1 when there is a fault. The shipped bank is also held against what it must cover.
    """
    from pacnum_api.domains.items.service import lint_bank as service
    from pacnum_api.entrypoints.shipped_content import SHIPPED, SHIPPED_PROOFS

    rules = service.LintRules(
        today=(today or datetime.now(UTC)).date(),
        seeds=seeds,
        proofs_folder=proofs if paths else proofs or SHIPPED_PROOFS,
    )
    try:
        found = service.lint_bank(
            paths or SHIPPED.items,
            rules,
            whole=None if paths else _shipped_whole(),
            processes=processes,
            notice=_progress,
        )
    except service.ProofsUnreadable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    text = service.lint_json(found) if as_json else service.lint_text(found, with_doubts=doubts)
    typer.echo(text)
    if not found.is_clean:
        raise typer.Exit(1)


def preview(
    paths: Paths = None,
    *,
    out: Annotated[Path, typer.Option(help="Folder for the pages.", file_okay=False)],
    seed: Annotated[int, typer.Option(help="Which variant of templates, which order.")] = 0,
    keys: Annotated[bool, typer.Option(help="Also show keys, feedback and reasons.")] = False,
) -> None:
    """Write every item as an agent would see it, with its files, as static pages in fr and en."""
    from pacnum_api.domains.items.service.preview_bank import PreviewOptions, preview_bank
    from pacnum_api.entrypoints.shipped_content import SHIPPED

    pages = preview_bank(
        paths or SHIPPED.items, out, options=PreviewOptions(seed=seed, with_keys=keys)
    )
    for fault in pages.faults:
        typer.echo(f"fault  {fault}", err=True)
    typer.echo(f"{pages.items} items, {pages.files} files: {out / 'index.html'}")
    if pages.faults:
        raise typer.Exit(1)


def _shipped_whole() -> Any:
    """What the shipped bank must cover, a ``WholeBank``: every level of its framework."""
    from pacnum_api.domains.items.service.lint_bank import BankGoals, WholeBank
    from pacnum_api.entrypoints.shipped_content import shipped_framework

    framework = shipped_framework()
    return WholeBank(
        competences=tuple(one.code for one in framework.competences),
        levels=len(framework.levels),
        goals=BankGoals(),
    )


def _progress(items: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{items:>8,} items\r", err=True, nl=False)
