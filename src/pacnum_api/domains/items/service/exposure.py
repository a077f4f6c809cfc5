"""How often items are shown, counted for all processes at once.

Data flow: a test that begins locks its bank's counters, is told which groups of items it may use
and reserves them; when it ends, what it showed is counted and the reservation given back. The pure
rule is ``psychometrics.exposure``; here is its memory, one row for each tenant and bank.

The lock is held to the end of the transaction: whoever begins a test asks as late as it can.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import numpy as np

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.service.item_bank import ItemBank
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.arithmetic import BoolArray
from pacnum_api.psychometrics.exposure import Admission, Exposure, Limits, admit


@dataclass(frozen=True, eq=False)
class ExposureUse:
    """What a test that ends gives back: the groups that it had ``reserved`` (g,), the items shown.

    ``items`` are bank indices.
    """

    bank: ItemBank
    reserved: BoolArray
    items: Sequence[int]


async def begin_exposure(
    uow: UnitOfWork, bank: ItemBank, *, limits: Limits, need: int, left_out: BoolArray | None
) -> tuple[Admission, Exposure]:
    """What a test that begins now may use, and the counters that said so.

    The counters stay locked until the transaction ends; ``reserve_exposure`` writes the decision.
    ``limits``: of the competences asked about; ``need``: greatest number of items that the test
    takes of one of them; ``left_out`` (g,): groups that it shall not use, None for none.
    """
    exposure = await _locked(uow, bank)
    return admit(exposure, bank.groups, limits=limits, need=need, left_out=left_out), exposure


async def reserve_exposure(
    uow: UnitOfWork, bank: ItemBank, *, before: Exposure, reserved: BoolArray
) -> None:
    """Count the test and what it may show, in the transaction of ``begin_exposure``."""
    await repository.save_exposure(uow, bank.handle.id, exposure=before.begun(reserved))


async def end_exposure(uow: UnitOfWork, uses: Iterable[ExposureUse]) -> None:
    """Count what tests that end have shown, and give back what they had reserved.

    Each test ends once, so each is counted once. Banks are locked in the order of their ids: two
    that end many tests at once cannot wait for each other.
    """
    by_bank = sorted(uses, key=_bank_id)
    for _, group in groupby(by_bank, key=_bank_id):
        ended = list(group)
        bank = ended[0].bank
        shown = np.sum([bank.groups.shown(use.items) for use in ended], axis=0)
        free = np.sum([use.reserved.astype(np.int64) for use in ended], axis=0)
        if not await repository.end_exposure(uow, bank.handle.id, shown=shown, free=free):
            await repository.add_exposure_if_new(uow, bank.handle.id, groups=len(bank.groups))
            await repository.end_exposure(uow, bank.handle.id, shown=shown, free=free)


def _bank_id(use: ExposureUse) -> UUID:
    return use.bank.handle.id


async def _locked(uow: UnitOfWork, bank: ItemBank) -> Exposure:
    bank_id = bank.handle.id
    exposure = await repository.lock_exposure(uow, bank_id)
    if exposure is None:  # the first test on this bank, or one of several that are the first
        await repository.add_exposure_if_new(uow, bank_id, groups=len(bank.groups))
        exposure = await repository.lock_exposure(uow, bank_id)
    assert exposure is not None  # noqa: S101 - it is there, by us or by whoever was faster
    return exposure
