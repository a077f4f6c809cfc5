"""The whole of ``pacnum calibrate``: its transactions, its computing, its files."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pacnum_api.domains.clients import service as clients
from pacnum_api.domains.items.types import BankHandle
from pacnum_api.domains.test_sessions.policy.calibration.answers import AnswerTable
from pacnum_api.domains.test_sessions.policy.calibration.run import CalibrationReport
from pacnum_api.domains.test_sessions.service.answer_files import read_groups, write_answers
from pacnum_api.domains.test_sessions.service.calibrate_bank import (
    calibrate_bank,
    gather_answers,
    load_bank_answers,
    publish_calibration,
)
from pacnum_api.domains.test_sessions.service.calibration_files import json_text, write_report
from pacnum_api.domains.test_sessions.service.calibration_rows import document
from pacnum_api.domains.test_sessions.service.calibration_text import as_text
from pacnum_api.domains.test_sessions.types import CalibrationRequest
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database

_KEY_BYTES = 32


@dataclass(frozen=True, eq=False)
class AnswersExported:
    """What was written in place of a calibration."""

    bank: BankHandle
    path: Path
    table: AnswerTable

    def as_text(self) -> str:
        return (
            f"{self.path}: {len(self.table):,} answers of {len(self.table.persons):,} persons to "
            f"{self.bank}"
        )

    def as_json(self) -> str:
        return json_text(
            {
                "bank": _bank(self.bank),
                "export": str(self.path),
                "answers": len(self.table),
                "persons": len(self.table.persons),
            }
        )


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What was found, the files that were written, the bank that was published (None: none)."""

    bank: BankHandle
    report: CalibrationReport
    files: Sequence[Path]
    published: BankHandle | None
    was_wished: bool

    def as_text(self) -> str:
        parts = [f"{self.bank}", as_text(self.report), *(str(path) for path in self.files)]
        if self.published is not None:
            parts.append(f"published: {self.published}")
        elif self.was_wished:
            parts.append("Nothing has changed: no bank was published.")
        else:
            parts.append("Nothing was published: that takes --publish.")
        return "\n".join(parts)

    def as_json(self) -> str:
        return json_text(
            {
                "bank": _bank(self.bank),
                "published": None if self.published is None else _bank(self.published),
                "files": [str(path) for path in self.files],
                **document(self.report),
            }
        )


def _bank(handle: BankHandle) -> dict[str, object]:
    return {
        "id": str(handle.id),
        "framework": handle.framework,
        "framework_version": handle.framework_version,
        "version": handle.version,
        "item_count": handle.item_count,
    }


async def run_calibration(
    database: Database, request: CalibrationRequest, *, say: Callable[[str], None]
) -> AnswersExported | Calibrated:
    """Do what is asked; ``say`` is told how far it is.

    Raises TenantNotFound, BankNotFound, DocumentsRefused, InvalidInput, NothingToCalibrate,
    BankSuperseded.
    """
    groups = {} if request.groups is None else read_groups(request.groups)
    owner = await _owner(database, request.tenant)
    async with database.unit_of_work(owner) as uow:
        say("reading answers")
        loaded = await load_bank_answers(
            uow, request.framework, groups=groups, reads_tests=request.tenant is not None
        )
    table = gather_answers(loaded, request, groups=groups)
    if request.export is not None:
        key = secrets.token_bytes(_KEY_BYTES)  # known to this call alone, and forgotten after it
        write_answers(request.export, table, names=loaded.names, key=key)
        return AnswersExported(loaded.bank.handle, request.export, table)
    report = await asyncio.to_thread(calibrate_bank, loaded, table, request=request, say=say)
    files = [] if request.out is None else write_report(report, request.out)
    published = None
    if request.is_published:
        async with database.unit_of_work(owner) as uow:
            published = await publish_calibration(uow, loaded, report=report)
    return Calibrated(loaded.bank.handle, report, files, published, request.is_published)


async def _owner(database: Database, tenant: str | None) -> UUID:
    if tenant is None:
        return PUBLIC_TENANT_ID
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        return await clients.find_tenant(uow, tenant)
