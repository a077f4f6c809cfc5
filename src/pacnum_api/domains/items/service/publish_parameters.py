"""New measurement parameters for the items of a bank: a new version, never a change of one."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.errors import BankSuperseded
from pacnum_api.domains.items.models import ItemBankRow
from pacnum_api.domains.items.service.banks import BANK_CHANNEL, content_hash_of, handle_of
from pacnum_api.domains.items.types import BankHandle, ItemParameters
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.population import Population

WORDING_DIGITS = 16
"""Of the hash of a wording, in hexadecimal: enough to tell the wordings of one item apart."""


async def wordings_of(uow: UnitOfWork, bank_id: UUID) -> tuple[str, ...]:
    """What names the wording of each item of a bank, by index, in every installation alike.

    Raises BankNotFound, also for another tenant's bank.
    """
    row = await repository.get_bank(uow, bank_id)
    return tuple(entry["content_hash"][:WORDING_DIGITS] for entry in row.entries)


async def publish_parameters(
    uow: UnitOfWork,
    bank_id: UUID,
    *,
    parameters: Mapping[int, ItemParameters],
    population: Population | None,
) -> BankHandle:
    """Publish a bank of the same item versions with other parameters, as the tenant's newest.

    ``parameters``: by index; items that are not named keep theirs. ``population``: how the
    competences hang together; None keeps what the bank has. Sessions that are running stay on their
    bank; the next ones begin on this. Raises BankNotFound, and BankSuperseded if ``bank_id`` is no
    longer the bank that a session of this tenant would begin on.
    """
    base = await repository.get_bank(uow, bank_id)
    await repository.lock_loading(uow, base.framework)
    newest = await repository.get_newest_bank(uow, base.framework)
    if newest.id != bank_id:
        raise BankSuperseded
    own = await repository.find_own_newest_bank(uow, base.framework)
    entries = [
        {**entry, "parameters": _stored(parameters[index])} if index in parameters else entry
        for index, entry in enumerate(base.entries)
    ]
    stored_population = base.population if population is None else _population(population)
    bank = ItemBankRow(
        id=new_id(),
        tenant_id=uow.tenant_id,
        framework=base.framework,
        framework_version=base.framework_version,
        version=1 if own is None else own.version + 1,
        entries=entries,
        population=stored_population,
        content_hash=content_hash_of(
            base.framework_version, entries, population=stored_population
        ),
        item_count=base.item_count,
        published_at=uow.now,
    )
    repository.add_all(uow, [bank])
    await uow.session.flush()
    await uow.notify(BANK_CHANNEL, str(bank.id))
    return handle_of(bank)


def _stored(parameters: ItemParameters) -> dict[str, Any]:
    return {**asdict(parameters), "steps": list(parameters.steps)}


def _population(population: Population) -> dict[str, Any]:
    return {
        "correlation": population.correlation.tolist(),
        "strengths": list(population.strengths),
        "weights": list(population.weights),
    }
