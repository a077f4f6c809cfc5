"""Calibrate a bank: answers in, findings out, and if wished a new version of the bank.

Data flow: the bank that a session would begin on now, and the answers to it: of the tenant's ended
tests, read in one short transaction, and of files → the pure calibration, outside of any
transaction, because it takes longer than one may idle → findings → on request new parameters as a
new bank version, in a second transaction that is refused if the bank has moved on meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pacnum_api.domains.items.service import (
    ItemBank,
    current_bank,
    get_bank,
    publish_parameters,
    wordings_of,
)
from pacnum_api.domains.items.types import BankHandle, ParameterStatus
from pacnum_api.domains.test_sessions.errors import NothingToCalibrate
from pacnum_api.domains.test_sessions.policy.calibration.answers import (
    AnswerTable,
    Source,
    tabulate,
)
from pacnum_api.domains.test_sessions.policy.calibration.order import (
    CalibratedBank,
    CalibrationOrder,
)
from pacnum_api.domains.test_sessions.policy.calibration.run import (
    CalibrationReport,
    calibrate_answers,
)
from pacnum_api.domains.test_sessions.service.answer_files import (
    ItemNames,
    read_answer_files,
    read_text,
)
from pacnum_api.domains.test_sessions.service.stored_answers import read_stored_answers
from pacnum_api.domains.test_sessions.types import AnchorRule, CalibrationRequest
from pacnum_api.kernel.errors import FieldFault, InvalidInput
from pacnum_api.platform.documents import DocumentFault, DocumentsRefused
from pacnum_api.platform.uow import UnitOfWork


@dataclass(frozen=True, eq=False)
class BankAnswers:
    """A bank with the answers that the database has to it; ``stored`` None if it was not asked."""

    bank: ItemBank
    names: ItemNames
    stored: Source | None


async def load_bank_answers(
    uow: UnitOfWork, framework: str, *, groups: Mapping[str, str], reads_tests: bool
) -> BankAnswers:
    """The newest bank of a framework and, if wished, what the tenant's ended tests say of it.

    Raises BankNotFound.
    """
    handle = await current_bank(uow, framework)
    bank = await get_bank(uow, handle.id)
    return BankAnswers(
        bank=bank,
        names=ItemNames(
            keys=[item.key for item in bank.items],
            wordings=await wordings_of(uow, handle.id),
            categories=bank.tables.parameters.categories.tolist(),
        ),
        stored=await read_stored_answers(uow, bank, groups=groups) if reads_tests else None,
    )


def gather_answers(
    loaded: BankAnswers, request: CalibrationRequest, *, groups: Mapping[str, str]
) -> AnswerTable:
    """All answers that the request is about, of the database and of files; ``groups`` by person.

    Raises DocumentsRefused, InvalidInput (competences), NothingToCalibrate.
    """
    sources = [] if loaded.stored is None else [loaded.stored]
    sources += read_answer_files(request.files, loaded.names, groups=groups)
    chosen = _competences(loaded.bank, request.competences)
    competence_of = np.array(loaded.bank.tables.competence_of, dtype=np.int64)
    is_wanted = np.ones(len(competence_of), dtype=np.bool_)
    if chosen is not None:
        is_wanted = np.isin(competence_of, chosen)
    table = tabulate(sources, is_wanted=is_wanted)
    if not len(table):
        raise NothingToCalibrate
    return table


def calibrate_bank(
    loaded: BankAnswers,
    table: AnswerTable,
    *,
    request: CalibrationRequest,
    say: Callable[[str], None],
) -> CalibrationReport:
    """Calibrate; some seconds of computing. ``say`` is told how far it is.

    Raises InvalidInput (competences), DocumentsRefused (the file of anchors).
    """
    bank = calibrated_bank(loaded.bank)
    order = CalibrationOrder(
        anchors=_anchors(bank, request.anchors),
        model=request.model,
        correlation=request.correlation,
        minimum_answers=request.minimum_answers,
        competences=_competences(loaded.bank, request.competences),
    )
    rng = np.random.default_rng(request.seed)
    return calibrate_answers(bank, table, order=order, rng=rng, say=say)


async def publish_calibration(
    uow: UnitOfWork, loaded: BankAnswers, *, report: CalibrationReport
) -> BankHandle | None:
    """Publish what was found as the tenant's newest bank; None if nothing would change.

    Raises BankSuperseded.
    """
    together = report.together
    if not report.changes and together is None:
        return None
    return await publish_parameters(
        uow,
        loaded.bank.handle.id,
        parameters=report.changes,
        population=None if together is None else together.population,
    )


def calibrated_bank(bank: ItemBank) -> CalibratedBank:
    """A bank as calibration looks at it."""
    return CalibratedBank(
        keys=tuple(item.key for item in bank.items),
        levels=tuple(item.level for item in bank.items),
        competence_of=bank.tables.competence_of,
        parameters=bank.parameters,
        codes=bank.competences,
        areas=tuple(competence.area for competence in bank.framework.competences),
        population=bank.population,
    )


def _competences(bank: ItemBank, codes: Sequence[str] | None) -> tuple[int, ...] | None:
    if codes is None:
        return None
    found = {code: bank.competence_index(code) for code in codes}
    faults = [
        FieldFault(f"/competences/{code}", f"expected a competence of {bank.framework.code}")
        for code, index in found.items()
        if index is None
    ]
    if faults:
        raise InvalidInput(faults=faults)
    return tuple(sorted(index for index in found.values() if index is not None))


def _anchors(bank: CalibratedBank, choice: AnchorRule | Path) -> frozenset[int]:
    if choice is AnchorRule.NONE:
        return frozenset()
    if isinstance(choice, AnchorRule):
        return bank.with_status(ParameterStatus.CALIBRATED)
    place = {key: index for index, key in enumerate(bank.keys)}
    lines = [text.strip() for text in read_text(choice).splitlines()]
    faults = [
        DocumentFault(choice, line, "", "expected the key of an item of the bank")
        for line, key in enumerate(lines, 1)
        if key and key not in place
    ]
    if faults:
        raise DocumentsRefused(faults)
    return frozenset(place[key] for key in lines if key)
